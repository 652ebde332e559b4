"""What history hears: every message that changes a line, a run or an item, and what was given up; and its door."""

from functools import partial

from services.history.application import History
from services.history.application.ports import Projection
from services.history.domain.changes import KINDS
from shared.contracts.asks import RunFound, RunWanted
from shared.messaging import Asked, Inbox

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


def asked(history: History) -> Asked:
    """Return the door of history."""
    doors = Asked("history")

    @doors.answers("run", RunWanted)
    async def run(wanted: RunWanted) -> RunFound:
        """Say how far a run is."""
        return RunFound(run_id=wanted.run_id, complete=await history.is_complete(wanted.run_id))

    return doors
