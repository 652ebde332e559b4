"""What history hears: every message that changes a line, a run or an item, and what the server says was given up."""

from functools import partial

from services.history.application.ports import Projection
from services.history.domain.changes import KINDS
from shared.messaging import Inbox

HEARS = KINDS
_PUBLISHERS = ("dossier", "renderer", "mailer")


def inbox(projection: Projection) -> Inbox:
    """Return history's ears: each publisher is followed in order, from the place that the read model has reached."""
    inbox = Inbox("history")
    for publisher in _PUBLISHERS:
        kinds = [kind for kind in KINDS if kind.SUBJECT.split(".")[1] == publisher]
        inbox.follows(publisher, kinds, partial(projection.place, publisher), partial(projection.project, publisher))
    inbox.follows("advisories", [], partial(projection.place, "advisories"), projection.bury)
    return inbox
