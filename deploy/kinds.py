"""The kinds of events there are: what upstream systems tell the dossier, and what the services tell."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from services.dossier.domain.contact_facts import ContactRecord
from services.dossier.domain.intake import Intake
from shared.contracts import dossier, every_kind, mailer, renderer
from shared.messaging.topology import STREAMS, stream_of

_PUBLISHERS = {module.__name__ for module in (dossier, renderer, mailer)}
TOLD_TO_US: dict[str, type[BaseModel]] = {"dossier-item": Intake, "contact": ContactRecord}
OURS = tuple(STREAMS[publisher][0] for publisher in ("intake", "dossier", "renderer", "mailer"))


@dataclass(frozen=True)
class Kind:
    """One kind of event: its name for people, the subject it lies under, and the model of its data."""

    name: str
    subject: str
    model: type[BaseModel]

    @property
    def stream(self) -> str:
        """The stream that holds it."""
        return stream_of(self.subject)

    @property
    def about(self) -> str:
        """What it means, in a sentence."""
        return (self.model.__doc__ or "").partition("\n")[0]


def kinds() -> Iterator[Kind]:
    """Yield every kind of event."""
    for name, model in TOLD_TO_US.items():
        yield Kind(name, f"uitpost.intake.{name}", model)
    for message in every_kind():
        if message.__module__ in _PUBLISHERS:
            yield Kind(message.SUBJECT.split(".")[2], message.SUBJECT, message)


def kind_of(name: str) -> Kind | None:
    """Return the kind of this name, subject or class name, None where there is none."""
    return next((kind for kind in kinds() if name in (kind.name, kind.subject, kind.model.__name__)), None)
