"""Checks: what a request would come to for each of its addressees, before anything of it is recorded (FR-93…98)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from services.dossier.domain.address import ConsentMode
from services.dossier.domain.addressees import Addressees
from services.dossier.domain.frozen import Row
from services.dossier.domain.identity import Address
from services.dossier.domain.intake import Intake
from services.dossier.domain.refusal import TOLD, Wrong
from shared.contracts.drafts import Tried

Status = Literal["no_address", "no_consent", "render_failed", "refused", "flagged"]
MISSING: tuple[Status, ...] = ("no_address", "no_consent")  # left out of the mailing: the separate view (FR-96, A12)
FAULT = ("layout", "language", "name", "line")  # where a layout could not be merged; the name is the field's
_FAULTS = 100  # places in layouts that are told apart
_OF_ONE = re.compile(r"destinations\[(\d+)\]")
_NOBODY = {"unknown_contact", "number_taken"}  # of whom nothing more can be said
_SEEN_OTHERWISE = {"consent_not_attested", "no_valid_addressees"}  # what a check says in its own way


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to be said of one addressee: `code` and `values` are for words, `said` are an engine's own."""

    number: int
    address: Address
    name: str
    email: str | None
    status: Status
    reason: str
    code: str
    field: str
    values: dict[str, Any]
    said: str | None = None


@dataclass
class Check:
    """How far a check is, and what it found; `unknown` and `denied` count by consent who would get the message."""

    total: int = 0
    issue_method: str = "none"
    checked: int = 0
    gets: int = 0
    unknown: int = 0
    denied: int = 0
    counts: Counter[tuple[Status, str]] = field(default_factory=Counter)
    faults: Counter[tuple[Any, ...]] = field(default_factory=Counter)  # by the values of FAULT
    errors: list[Wrong] = field(default_factory=list)
    warnings: list[Wrong] = field(default_factory=list)
    attestation_needed: bool = False
    can_send: bool = False
    can_continue: bool = False
    _first: dict[str, int] = field(default_factory=dict)  # who else has this address, by the number of the first

    def note(self, addressees: Addressees, tried: dict[int, Tried]) -> list[Finding]:
        """Count these addressees in, and return what is to be said of them; `tried` are the results by number."""
        wrongs = wrongs_by_number(addressees.wrongs)
        unknown, denied = set(addressees.unknown_consent), set(addressees.denied_consent)
        found: list[Finding] = []
        for number, row in enumerate(addressees.rows, addressees.first):
            hinders = list(_hindrances(number, row, wrongs.get(number, ()), tried.get(number)))
            found += hinders
            self.checked += 1
            if hinders:
                continue
            self.gets += 1
            self.unknown += number in unknown
            self.denied += number in denied
            found += self._flags(number, row, tried.get(number))
        self.counts.update((one.status, one.reason) for one in found)
        self._count_faults(one for one in found if one.status == "render_failed")
        return found

    def conclude(self, intake: Intake, wrongs: Sequence[Wrong], mode: ConsentMode) -> None:
        """Say what the request comes to, everything wrong with it being known."""
        mails = intake.issue_method == "email"
        refused = any(status == "refused" for status, _ in self.counts)
        left_out = any(status in MISSING for status, _ in self.counts)
        self.errors = [w for w in wrongs if not _OF_ONE.match(w.field) and w.code not in _SEEN_OTHERWISE]
        if (self.total or mails) and not self.gets and not refused:
            self.errors.append(Wrong("destinations", "no_valid_addressees"))
        if mails and intake.missing_addresses == "refuse" and any(status == "no_address" for status, _ in self.counts):
            self.errors.append(Wrong("missing_addresses", "missing_addresses_refused"))
        self.warnings = list(self._warnings(intake))
        asked = mails and mode == "attest" and intake.is_mailing and not intake.consent_attested
        self.attestation_needed = asked and self.unknown > 0
        self.can_continue = not self.errors and not refused
        spotless = not left_out and not any(status == "render_failed" for status, _ in self.counts)
        self.can_send = self.can_continue and spotless and not self.attestation_needed

    def _count_faults(self, found: Iterable[Finding]) -> None:
        for one in found:
            place = tuple(one.values[name] for name in FAULT)
            if place in self.faults or len(self.faults) < _FAULTS:
                self.faults[place] += 1

    def _warnings(self, intake: Intake) -> Iterator[Wrong]:
        if intake.issue_method != "email":
            return
        if not intake.body_layout_id and not (intake.body_text or "").strip():
            yield Wrong("body_text", "empty_body")
        if not intake.is_mailing and (self.unknown or self.denied):
            yield Wrong("destinations[0]", "consent_denied" if self.denied else "consent_unknown")

    def _flags(self, number: int, row: Row, tried: Tried | None) -> Iterator[Finding]:
        email = (row.recipient or {}).get("email")
        if email and self.issue_method == "email":
            first = self._first.setdefault(email.lower(), number)
            if first != number:
                yield _finding(number, row, "flagged", "same_address", "same_address", {"other": first})
        for warning in tried.warnings if tried else ():
            yield _finding(number, row, "flagged", "layout_warning", "layout_warning", {}, warning)


def wrongs_by_number(wrongs: Sequence[Wrong]) -> dict[int, list[Wrong]]:
    """Return what is wrong with single addressees, by their number."""
    by_number: dict[int, list[Wrong]] = {}
    for wrong in wrongs:
        if place := _OF_ONE.match(wrong.field):
            by_number.setdefault(int(place[1]), []).append(wrong)
    return by_number


def _hindrances(number: int, row: Row, wrongs: Sequence[Wrong], tried: Tried | None) -> Iterator[Finding]:
    """Yield why an addressee gets no message as things stand."""
    for wrong in wrongs[:TOLD]:
        yield _finding(number, row, "refused", wrong.code, wrong.code, wrong.values, field=wrong.field)
    if any(wrong.code in _NOBODY for wrong in wrongs):
        return
    if row.exclusion:
        status, reason = row.exclusion
        code = f"address_{reason}" if status == "no_address" else f"consent_{reason}"
        yield _finding(number, row, "no_address" if status == "no_address" else "no_consent", reason, code, {})
    elif tried and tried.fault:
        fault = tried.fault
        values = {"layout": fault.layout_id, "language": fault.language, "name": fault.field, "line": fault.line}
        yield _finding(number, row, "render_failed", "render_failed", "layout_fault", values, fault.detail)


def _finding(
    number: int,
    row: Row,
    status: Status,
    reason: str,
    code: str,
    values: dict[str, Any],
    said: str | None = None,
    field: str | None = None,
) -> Finding:
    recipient = row.recipient or {}
    return Finding(
        number=number,
        address=row.address,
        name=recipient.get("name") or "",
        email=recipient.get("email"),
        status=status,
        reason=reason,
        code=code,
        field=field or f"destinations[{number}]",
        values=values,
        said=said,
    )
