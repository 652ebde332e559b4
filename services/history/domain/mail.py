"""The mails of a line, as its timeline tells them: the first, and one for each time it was sent again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from services.history.domain.making import made_with


@dataclass(frozen=True)
class Mail:
    """What became of one mail of a line."""

    mail_id: UUID
    ordinal: int
    resend_of: UUID | None
    status: str
    reason: str | None
    attempts: int
    requested_at: datetime
    updated_at: datetime
    message_id: str | None
    wire_sha256: str | None
    letter_sha256: str | None
    making: dict[str, Any]  # body_layout, attachment_layout, engines


def mails_of(timeline: Iterable[Mapping[str, Any]]) -> list[Mail]:
    """Return the mails that a timeline (in order of ordinal, stage and position) tells of."""
    mails: list[Mail] = []
    for ordinal, facts in groupby(timeline, itemgetter("ordinal")):
        if ordinal:
            mails.append(_mail(list(facts), mails[-1] if mails else None))
    return mails


def _mail(facts: list[Mapping[str, Any]], before: Mail | None) -> Mail:
    """Return a mail; it sends again the one before it, if its line had any (A11)."""
    last = facts[-1]
    return Mail(
        mail_id=last["mail_id"],
        ordinal=last["ordinal"],
        resend_of=before.mail_id if before else None,
        status=last["status"],
        reason=last["reason"],
        attempts=max(fact["attempt"] or 0 for fact in facts),
        requested_at=min(fact["at"] for fact in facts),
        updated_at=max(fact["at"] for fact in facts),
        message_id=next((fact["message_id"] for fact in reversed(facts) if fact["message_id"]), None),
        wire_sha256=next((fact["wire_sha256"] for fact in reversed(facts) if fact["wire_sha256"]), None),
        letter_sha256=next((fact["letter_sha256"] for fact in reversed(facts) if fact["letter_sha256"]), None),
        making=_making(facts, before),
    )


def _making(facts: list[Mapping[str, Any]], before: Mail | None) -> dict[str, Any]:
    """Return what a mail is made with: of the parts of the mail before, by whatever made those."""
    made = made_with(fact["made_with"] for fact in facts)
    if before and not made["engines"] and any(fact["what"] == "rendered" for fact in facts):
        made["engines"] = before.making["engines"]
    return made
