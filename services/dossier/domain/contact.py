"""Contacts: organisations, persons, contact persons and every other kind, as this dossier knows them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from eventsourcing.domain import Aggregate
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.dossier.domain.identity import KINDS, Address, contact_id_of
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.domain.text import has_control, is_number, not_text

Language = Literal["nl", "en"]
Consent = Literal["granted", "denied", "unknown"]
_NUMBER_LENGTH = 80
_FIELDS_SIZE = 10_000


def _only_text(value: Any) -> Any:
    if value is not None and not isinstance(value, str | datetime):
        raise ValueError("an ISO 8601 text")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_only_text)]


class ContactFacts(BaseModel):
    """What can be said of a contact; an address is kept as given, and whether it is valid shows at checking."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field("", max_length=200)
    email: str | None = Field(None, max_length=320)
    language: Language = "nl"
    consent: Consent = "unknown"
    organisation: str | None = Field(None, max_length=_NUMBER_LENGTH)
    blocked: bool = False
    fields: dict[str, Any] = {}

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it."""
        lines = {"name": self.name, "email": self.email or "", "organisation": self.organisation or ""}
        wrongs = [Wrong(name, "control_character") for name, text in lines.items() if has_control(text)]
        if nested := list(not_text(self.fields, ("fields",))):
            return [*wrongs, *nested]
        if sum(len(name) + len(str(value)) for name, value in self.fields.items()) > _FIELDS_SIZE:
            wrongs.append(Wrong("fields", "too_long", {"most": _FIELDS_SIZE}))
        return wrongs


class ContactRecord(ContactFacts):
    """One contact record as an upstream system gives it (`uitpost.intake.contact`)."""

    kind: str
    number: str = Field(max_length=_NUMBER_LENGTH)
    contact_id: str | None = Field(None, max_length=_NUMBER_LENGTH)
    as_of: Moment | None = None

    def address(self) -> Address:
        """Return where the contact stands."""
        return Address.of(self.kind, self.number, self.contact_id)

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it."""
        return [*address_wrongs(self.kind, self.number, self.contact_id), *super().wrongs()]

    def given(self) -> dict[str, Any]:
        """Return the facts that the record states, without those it is silent on."""
        return self.model_dump(exclude_unset=True, include=set(ContactFacts.model_fields))


def contact_said(said: Any) -> ContactRecord:
    """Return the contact record that parsed JSON makes; raise `Refused` with everything wrong in it."""
    record = as_said(ContactRecord, said)
    if wrongs := record.wrongs():
        raise Refused(wrongs)
    return record


def address_wrongs(kind: str, number: str, contact_id: str | None, place: str = "") -> list[Wrong]:
    """Return what is wrong with a kind, number and contact id found at the path `place`."""
    wrongs = []
    if kind not in KINDS:
        wrongs.append(Wrong(f"{place}kind", "unknown_destination_kind", {"kind": kind[:40]}))
    if not is_number(number):
        wrongs.append(Wrong(f"{place}number", "wrong_number"))
    if contact_id and not is_number(contact_id):
        wrongs.append(Wrong(f"{place}contact_id", "wrong_number"))
    if kind == "contact_person" and not contact_id:
        wrongs.append(Wrong(f"{place}contact_id", "missing"))
    return wrongs


@dataclass(frozen=True, slots=True)
class Known:
    """A contact as it stands in the table of contacts."""

    address: Address
    generation: int = 0
    name: str = ""
    email: str | None = None
    email_valid: bool = False
    language: Language = "nl"
    consent: Consent = "unknown"
    organisation: str | None = None
    blocked: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    as_of: datetime | None = None

    @property
    def person(self) -> str:
        """The id of the key that seals this contact's personal fields."""
        return self.address.person(self.generation)


_STATED = tuple(ContactFacts.model_fields)
_DEFAULTS = ContactFacts().model_dump()


class Contact(Aggregate):
    """The record of one contact."""

    TOPIC = "dossier.Contact"

    class Created(Aggregate.Created):
        """The first fact of a contact."""

        TOPIC = "dossier.Contact.Created"

    class Recorded(Created):
        """A contact was entered, by hand or from upstream."""

        TOPIC = "dossier.Contact.Recorded"
        PERSONAL: ClassVar[tuple[str, ...]] = ("name", "email", "fields")

        kind: str
        number: str
        contact_id: str | None
        person: str | None
        as_of: datetime
        name: str | None
        email: str | None
        fields: dict[str, Any] | None
        language: str
        consent: str
        organisation: str | None
        blocked: bool

    class Changed(Aggregate.Event):
        """Other facts hold of the contact from now on; all of them are stated."""

        TOPIC = "dossier.Contact.Changed"
        PERSONAL: ClassVar[tuple[str, ...]] = ("name", "email", "fields")

        person: str | None
        as_of: datetime
        name: str | None
        email: str | None
        fields: dict[str, Any] | None
        language: str
        consent: str
        organisation: str | None
        blocked: bool

        def apply(self, aggregate: Aggregate) -> None:
            """Let the contact be as stated."""
            for name in (*_STATED, "as_of"):
                setattr(aggregate, name, getattr(self, name))

    def __init__(
        self,
        kind: str,
        number: str,
        contact_id: str | None,
        person: str | None,
        as_of: datetime,
        name: str | None,
        email: str | None,
        fields: dict[str, Any] | None,
        language: Language,
        consent: Consent,
        organisation: str | None,
        blocked: bool,
    ) -> None:
        self.address = Address(kind, number, contact_id)
        self.person = person
        self.as_of = as_of
        self.name = name
        self.email = email
        self.fields = fields
        self.language = language
        self.consent = consent
        self.organisation = organisation
        self.blocked = blocked

    @classmethod
    def record(cls, address: Address, as_of: datetime, facts: dict[str, Any]) -> Self:
        """Enter a contact of which these facts are known."""
        return cls._create(
            cls.Recorded,
            id=contact_id_of(address),
            **address._asdict(),
            person=address.person(),
            as_of=as_of,
            **(_DEFAULTS | facts),
        )

    def change(self, as_of: datetime, facts: dict[str, Any]) -> None:
        """Let these facts hold, unless newer ones are known or nothing would change."""
        stated = {name: getattr(self, name) for name in _STATED}
        if as_of > self.as_of and stated | facts != stated:
            self.trigger_event(self.Changed, person=self.person, as_of=as_of, **(stated | facts))
