"""What can be said of a contact, by hand, by a list or from upstream, and what of it is wrong in itself."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.dossier.domain.identity import KINDS, Address
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.domain.text import has_control, is_number, not_text

Language = Literal["nl", "en"]
Consent = Literal["granted", "denied", "unknown"]
Medium = Literal["email", "fax", "in_person", "post", "telephone"]
_NUMBER_LENGTH = 80
_FIELDS_SIZE = 10_000


def _only_text(value: Any) -> Any:
    if value is not None and not isinstance(value, str | datetime):
        raise ValueError("an ISO 8601 text")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_only_text)]
_Day = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date"})]
_Line = Annotated[str, Field(max_length=200)]
_Number = Annotated[str, Field(max_length=_NUMBER_LENGTH)]

PERSONAL = frozenset(
    {
        "name",
        "email",
        "private_email",
        "phone",
        "letter_salutation",
        "attention_line",
        "function",
        "department",
        "person_number",
        "consent_proof",
        "fields",
    }
)
MERGED = ("letter_salutation", "attention_line", "function", "department", "phone")  # where a layout declares them


class ContactFacts(BaseModel):
    """What can be said of a contact; an address is kept as given, and whether it is valid shows at checking.

    `email` is the business address, the one that is written to; it is `bounced` once mail to it was refused after
    sending, until another one is said. `private_email` is kept and never used (R-1). Consent is what its owner said of
    mailings to `email`, with the day and the proof of it (R-29). `person_number` is the number of the person that a
    contact person is (R-2).
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Line = ""
    email: str | None = Field(None, max_length=320)
    private_email: str | None = Field(None, max_length=320)
    phone: str | None = Field(None, max_length=80)
    letter_salutation: _Line | None = None
    attention_line: _Line | None = None
    function: _Line | None = None
    department: _Line | None = None
    person_number: _Number | None = None
    preferred_medium: Medium | None = None
    correspondence: bool = True
    language: Language = "nl"
    consent: Consent = "unknown"
    consent_date: _Day | None = None
    consent_proof: str | None = Field(None, max_length=2_000)
    organisation: _Number | None = None
    blocked: bool = False
    bounced: bool = False
    fields: dict[str, Any] = {}

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it."""
        lines = {name: text for name in _LINES if (text := getattr(self, name))}
        wrongs: list[Wrong] = []
        if has_control("".join(lines.values())):  # of all at once, since of nearly everybody none does
            wrongs = [Wrong(name, "control_character") for name, text in lines.items() if has_control(text)]
        if self.consent_date and not _is_day(self.consent_date):
            wrongs.append(Wrong("consent_date", "wrong_date"))
        if self.consent == "unknown":
            said = {"consent_date": self.consent_date, "consent_proof": self.consent_proof}
            wrongs += [Wrong(name, "consent_not_said") for name, value in said.items() if value]
        if not self.fields:
            return wrongs
        if nested := list(not_text(self.fields, ("fields",))):
            return [*wrongs, *nested]
        if sum(len(name) + len(str(value)) for name, value in self.fields.items()) > _FIELDS_SIZE:
            wrongs.append(Wrong("fields", "too_long", {"most": _FIELDS_SIZE}))
        return wrongs


_LINES = (
    "name",
    "email",
    "private_email",
    "phone",
    "letter_salutation",
    "attention_line",
    "function",
    "department",
    "person_number",
    "organisation",
)


_FACTS = frozenset(ContactFacts.model_fields)


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
        return {name: getattr(self, name) for name in _FACTS & self.model_fields_set}


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


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
