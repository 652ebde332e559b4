"""Contacts: organisations, persons, contact persons and every other kind, as this dossier knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self

from eventsourcing.domain import Aggregate

from services.dossier.domain.contact_facts import MERGED, PERSONAL, Consent, ContactFacts, Language, Medium
from services.dossier.domain.identity import Address, contact_id_of

DEFAULTS = ContactFacts().model_dump()


@dataclass(frozen=True, slots=True)
class Known:
    """A contact as it stands in the table of contacts; its facts are those of `ContactFacts`."""

    address: Address
    generation: int = 0
    name: str = ""
    email: str | None = None
    email_valid: bool = False
    private_email: str | None = None
    phone: str | None = None
    letter_salutation: str | None = None
    attention_line: str | None = None
    function: str | None = None
    department: str | None = None
    person_number: str | None = None
    preferred_medium: Medium | None = None
    correspondence: bool = True
    language: Language = "nl"
    consent: Consent = "unknown"
    consent_date: str | None = None
    consent_proof: str | None = None
    organisation: str | None = None
    blocked: bool = False
    bounced: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    as_of: datetime | None = None

    @property
    def person(self) -> str:
        """The id of the key that seals this contact's personal fields."""
        return self.address.person(self.generation)

    @property
    def mergeable(self) -> dict[str, Any]:
        """What a layout that declares it as a merge field finds: facts of the contact, and fields of its own."""
        facts = {name: value for name in MERGED if (value := getattr(self, name))}
        return facts | self.fields if facts else self.fields


def is_news(known: Known, as_of: datetime | None, facts: Mapping[str, Any]) -> bool:
    """Return whether what is said of a contact, None being now, changes anything."""
    at = as_of or known.as_of
    if at is None or (as_of and known.as_of and as_of <= known.as_of):
        return at is None
    stated = {name: getattr(known, name) for name in DEFAULTS}
    return _then(stated, facts, at) != stated


class Stand(NamedTuple):
    """What a contact said of mailings: from when, by what proof, and to which address."""

    consent: str
    date: str | None
    proof: str | None
    email: str | None
    as_of: datetime


class Contact(Aggregate):
    """The record of one contact; what is personal of its facts is sealed, and gone once its key is."""

    TOPIC = "dossier.Contact"

    class Created(Aggregate.Created):
        """The first fact of a contact."""

        TOPIC = "dossier.Contact.Created"

    class Recorded(Created):
        """A contact was entered, by hand or from upstream."""

        TOPIC = "dossier.Contact.Recorded"
        PERSONAL: ClassVar[tuple[str, ...]] = ("personal",)

        kind: str
        number: str
        contact_id: str | None
        person: str | None
        as_of: datetime
        facts: dict[str, Any]
        personal: dict[str, Any] | None

    class Changed(Aggregate.Event):
        """Other facts hold of the contact from now on; all are stated but those that are as of any contact."""

        TOPIC = "dossier.Contact.Changed"
        PERSONAL: ClassVar[tuple[str, ...]] = ("personal",)

        person: str | None
        as_of: datetime
        facts: dict[str, Any]
        personal: dict[str, Any] | None

        def apply(self, aggregate: Aggregate) -> None:
            """Let the contact be as stated."""
            assert isinstance(aggregate, Contact)  # noqa: S101 -- the library types it as any aggregate
            aggregate.take(self.as_of, self.facts, self.personal)

    def __init__(
        self,
        kind: str,
        number: str,
        contact_id: str | None,
        person: str | None,
        as_of: datetime,
        facts: dict[str, Any],
        personal: dict[str, Any] | None,
    ) -> None:
        self.address = Address(kind, number, contact_id)
        self.person = person
        self.stands: list[Stand] = []
        self.take(as_of, facts, personal)

    @classmethod
    def record(cls, address: Address, as_of: datetime, facts: Mapping[str, Any]) -> Self:
        """Enter a contact of which these facts are known."""
        person = address.person()
        said = _parted(_then(DEFAULTS, facts, as_of))
        identity = contact_id_of(address)
        return cls._create(cls.Recorded, id=identity, **address._asdict(), person=person, as_of=as_of, **said)

    def change(self, as_of: datetime, facts: Mapping[str, Any]) -> None:
        """Let these facts hold, unless newer ones are known or nothing would change."""
        stated = _then(self.facts, facts, as_of)
        if as_of > self.as_of and stated != self.facts:
            self.trigger_event(self.Changed, person=self.person, as_of=as_of, **_parted(stated))

    def note_bounce(self, email: str) -> None:
        """Note that mail to this address was refused after sending, if it is still the contact's."""
        if self.facts["email"] == email and not self.facts["bounced"]:
            stated = self.facts | {"bounced": True}
            self.trigger_event(self.Changed, person=self.person, as_of=self.as_of, **_parted(stated))

    def take(self, as_of: datetime, facts: dict[str, Any], personal: dict[str, Any] | None) -> None:
        """Let these facts be the contact's, whatever was before."""
        self.as_of = as_of
        self.facts = DEFAULTS | facts | (personal or {})
        self._note_stand()

    def _note_stand(self) -> None:
        said = self.facts
        stand = Stand(said["consent"], said["consent_date"], said["consent_proof"], said["email"], self.as_of)
        before = self.stands[-1] if self.stands else Stand("unknown", None, None, None, self.as_of)
        if stand[:3] != before[:3]:
            self.stands.append(stand)


def _then(stated: Mapping[str, Any], facts: Mapping[str, Any], as_of: datetime) -> dict[str, Any]:
    """Return what then holds: another address has not bounced, another consent is of today where no day is said."""
    holds = {**stated, **facts}
    if "bounced" not in facts and holds["email"] != stated["email"]:
        holds["bounced"] = False
    if holds["consent"] == "unknown":
        return {**holds, "consent_date": None, "consent_proof": None}
    if "consent" in facts:
        day = facts.get("consent_date")
        is_same = facts["consent"] == stated["consent"] and (not day or day == stated["consent_date"])
        before = stated if is_same else {"consent_date": as_of.date().isoformat(), "consent_proof": None}
        holds |= {name: facts.get(name) or before[name] for name in ("consent_date", "consent_proof")}
    return holds


def stated_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return of facts those that are not as they are of any contact: most contacts have few of them."""
    return {name: value for name, value in facts.items() if value != DEFAULTS[name]}


def _parted(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts apart from those that are sealed."""
    stated = stated_of(facts)
    personal = {name: stated.pop(name) for name in PERSONAL & stated.keys()}
    return {"facts": stated, "personal": personal}
