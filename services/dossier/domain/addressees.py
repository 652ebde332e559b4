"""Each destination of a request, decided: its merge data, its address, its consent, and what is wrong with any."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.dossier.domain.address import ConsentMode, Exclusion, exclusion, resolve
from services.dossier.domain.contact import Known
from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.frozen import Row
from services.dossier.domain.identity import Address
from services.dossier.domain.intake import Intake
from services.dossier.domain.refusal import TOLD, Wrong

_NOTED = (
    20 * TOLD
)  # things wrong with neighbouring destinations: more than are told, for whoever counts whom they concern
Fields = Sequence[tuple[str, str, bool]]  # layout id, field name, whether it is required
Collections = Sequence[tuple[str, Sequence[str]]]  # layout id, kinds of destination whose data it takes


@dataclass
class Addressees:
    """Neighbouring destinations of a request, decided: number `first` and those after it.

    `unknown_consent` are the numbers of those that get a mail while nobody knows whether they want it, `denied_consent`
    of those that get one though they do not want mailings, since it is for them alone (A12).
    """

    first: int = 0
    rows: list[Row] = field(default_factory=list)
    wrongs: list[Wrong] = field(default_factory=list)
    unknown_consent: list[int] = field(default_factory=list)
    denied_consent: list[int] = field(default_factory=list)


@dataclass
class Tally:
    """What all addressees of a request come to, added up as they are decided."""

    destinations: int = 0
    excluded: Counter[Exclusion] = field(default_factory=Counter)
    unknown_consent: int = 0
    wrong: int = 0  # things, of the addressees themselves
    without_address: list[tuple[int, str]] = field(default_factory=list)  # number and reason, of the first ones

    def add(self, addressees: Addressees) -> None:
        """Count these in."""
        self.destinations += len(addressees.rows)
        self.unknown_consent += len(addressees.unknown_consent)
        self.wrong += len(addressees.wrongs)
        for number, row in enumerate(addressees.rows, addressees.first):
            if row.exclusion is None:
                continue
            self.excluded[row.exclusion] += 1
            if row.exclusion[0] == "no_address" and len(self.without_address) < TOLD:
                self.without_address.append((number, row.exclusion[1]))

    @property
    def reasons(self) -> dict[str, int]:
        """How many get no mail, by reason."""
        counted: Counter[str] = Counter()
        for (_, reason), count in self.excluded.items():
            counted[reason] += count
        return dict(counted)

    def issue_wrongs(self, intake: Intake, mode: ConsentMode) -> Iterator[Wrong]:
        """Yield why nothing can be mailed to these addressees as things stand (A10, A12)."""
        if intake.issue_method != "email":
            return
        if intake.missing_addresses == "refuse" and self.without_address:
            for number, reason in self.without_address:
                yield Wrong(f"destinations[{number}]", f"address_{reason}")
        elif self.excluded.total() == self.destinations:
            yield Wrong("destinations", "no_valid_addressees")
        elif mode == "attest" and intake.is_mailing and self.unknown_consent and not intake.consent_attested:
            yield Wrong("consent_attested", "consent_not_attested", {"count": self.unknown_consent})


def decide(
    intake: Intake,
    first: int,
    destinations: Sequence[GivenDestination],
    known: Mapping[str, Known],
    fields: Fields,
    mode: ConsentMode,
    now: datetime,
    collections: Collections = (),
) -> Addressees:
    """Return these destinations of the request decided, over the contacts `known` by place."""
    decided = Addressees(first)
    required = [(layout, name) for layout, name, needed in fields if needed]
    for number, destination in enumerate(destinations, first):
        address = destination.address
        contact, base = known.get(address.place), known.get(address.base.place)
        merge = _merged(destination, contact or base, fields)
        if len(decided.wrongs) < _NOTED:
            place = f"destinations[{number}]"
            decided.wrongs += _contact_wrongs(destination, address, contact, base, place)
            decided.wrongs += _collection_wrongs(destination.kind, collections, place)
            decided.wrongs += _merge_wrongs(merge, required, place)
        given = destination.recipient.model_dump(exclude={"as_of"}) if destination.recipient else None
        resolved = resolve(contact, base, given)
        left_out = (
            exclusion(resolved.verdict, mode, mailing=intake.is_mailing) if intake.issue_method == "email" else None
        )
        if left_out is None and resolved.consent == "unknown":
            decided.unknown_consent.append(number)
        if left_out is None and resolved.consent == "denied":
            decided.denied_consent.append(number)
        person = contact.person if contact else address.person()
        stated = _stated(destination, contact, now)
        decided.rows.append(Row(address, person, left_out, resolved.recipient, merge, *stated))
    return decided


def _stated(
    destination: GivenDestination, contact: Known | None, now: datetime
) -> tuple[dict[str, Any] | None, str | None]:
    """Return what the request makes known of an addressee and as of when: an unknown one, or one it knows newer."""
    given = destination.recipient
    if given is None:
        return None, None
    as_of = given.as_of
    if contact is not None and (as_of is None or contact.as_of is None or as_of <= contact.as_of):
        return None, None
    facts = {name: value for name, value in given.model_dump(exclude={"as_of"}).items() if value}
    return facts, (as_of or now).isoformat()


def _merged(destination: GivenDestination, contact: Known | None, fields: Fields) -> dict[str, Any]:
    """Return the merge data: what is given, and from the contact's own fields those that a layout declares."""
    if contact is None or not fields:
        return destination.merge
    own = contact.mergeable
    return {name: own[name] for _, name, _ in fields if name in own} | destination.merge


def _contact_wrongs(
    destination: GivenDestination, address: Address, contact: Known | None, base: Known | None, place: str
) -> Iterator[Wrong]:
    standing = base or contact
    if standing and standing.address.kind != address.kind:
        values = {"number": address.number, "kind": standing.address.kind}
        yield Wrong(f"{place}.number", "number_taken", values)
    elif contact is None and destination.recipient is None:
        shown = f"{address.kind} {address.number}{' ' + address.contact_id if address.contact_id else ''}"
        yield Wrong(place, "unknown_contact", {"contact": shown})


def _collection_wrongs(kind: str, collections: Collections, place: str) -> Iterator[Wrong]:
    for layout, kinds in collections:
        if kind not in kinds:
            values = {"layout": layout, "kind": kind, "kinds": ", ".join(kinds)}
            yield Wrong(f"{place}.kind", "layout_of_other_data", values)


def _merge_wrongs(merge: Mapping[str, Any], required: Sequence[tuple[str, str]], place: str) -> Iterator[Wrong]:
    for layout, name in required:
        value = merge.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            yield Wrong(f"{place}.merge.{name}", "merge_field_missing", {"layout": layout, "name": name})
