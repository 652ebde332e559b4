"""A small aggregate with a personal field, told as `DossierItemRequested`: what store, relay and inbox are tried with."""

from datetime import UTC, date, datetime
from functools import singledispatch
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4, uuid5

from eventsourcing.domain import Aggregate

from shared.contracts import Message
from shared.contracts.dossier import DossierItemRequested
from shared.contracts.message import Destination, Recipient

RUN = UUID("6c0e5b0e-7a53-4b0e-9f0e-0d6f1f6f9a01")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ON = date(2026, 3, 2)


class Parcel(Aggregate):
    TOPIC = "tests.Parcel"

    class Created(Aggregate.Created):
        TOPIC = "tests.Parcel.Created"

    class Posted(Created):
        TOPIC = "tests.Parcel.Posted"
        PERSONAL: ClassVar[tuple[str, ...]] = ("recipient",)
        ALIKE: ClassVar[tuple[str, ...]] = ("run", "on")
        person: str | None
        recipient: dict[str, Any] | None
        number: int
        run: UUID
        on: date | None

    class Weighed(Aggregate.Event):
        TOPIC = "tests.Parcel.Weighed"  # nobody is told of it
        grams: int

        def apply(self, aggregate: Aggregate) -> None:
            assert isinstance(aggregate, Parcel)
            aggregate.grams = self.grams

    class Noted(Aggregate.Event):
        TOPIC = "tests.Parcel.Noted"
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("text",)
        person: str | None
        text: str | None

        def apply(self, aggregate: Aggregate) -> None:
            assert isinstance(aggregate, Parcel)
            aggregate.text = self.text

    def __init__(
        self, person: str | None, recipient: dict[str, Any] | None, number: int, run: UUID, on: date | None
    ) -> None:
        self.person = person
        self.recipient = recipient
        self.number = number
        self.run = run
        self.on = on
        self.grams = 0
        self.text: str | None = None

    @classmethod
    def post(
        cls, number: int = 1, *, identity: UUID | None = None, person: str | None = "person|1#1", name: str = "Anna"
    ) -> Self:
        recipient = {"name": name, "email": "anna@bakery.example"} if person else None
        return cls._create(
            cls.Posted,
            id=identity or uuid4(),
            person=person,
            recipient=recipient,
            number=number,
            run=RUN,
            on=ON,
        )

    def note(self, text: str, person: str | None) -> None:
        self.trigger_event(self.Noted, text=text, person=person)

    def weigh(self, grams: int) -> None:
        self.trigger_event(self.Weighed, grams=grams)


@singledispatch
def told(_event: object) -> Message | None:
    """Word an event; None for what stays private."""
    return None


@told.register
def _(event: Parcel.Posted) -> Message:
    return DossierItemRequested(
        run_id=event.run,
        item_id=event.originator_id,
        processing_id=event.originator_id,
        mail_id=uuid5(event.originator_id, "1"),
        ordinal=event.number,
        person=event.person,
        destination=Destination(kind="person", number=str(event.number)),
        recipient=Recipient(**event.recipient) if event.recipient else None,
        type="outgoing_mail",
        subject=f"Parcel {event.number}",
        issue_method="email",
        record_separately=True,
        document_date=event.on or AT.date(),
        requested_at=AT,
    )
