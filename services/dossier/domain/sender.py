"""Senders: the name and address that mails go out under."""

import re
from collections.abc import Iterator
from typing import Any, Self

from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.operator import ME
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control, is_email

_UNANSWERED = ("noreply", "donotreply", "dontreply", "nietbeantwoorden", "geenantwoord")


class SenderFacts(BaseModel):
    """What is set of a sender; the name may be empty, the address may not (A8)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field("", max_length=200)
    address: str = Field(max_length=320)

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it."""
        wrongs = [Wrong("name", "control_character")] if has_control(self.name) else []
        return wrongs if is_email(self.address) else [*wrongs, Wrong("address", "invalid_sender_address")]


def unknown_sender(sender_id: str) -> Wrong:
    """Return that there is no such sender; `me` is one for a person with an address only (R-6)."""
    if sender_id == ME:
        return Wrong("sender_id", "sender_me_is_nobody")
    return Wrong("sender_id", "unknown_sender", {"sender": sender_id[:80]})


def doubts(address: str, dkim_domain: str | None) -> Iterator[Wrong]:
    """Yield what speaks against mailing from an address (R-5): answers get lost, or receivers will not trust it."""
    local, _, domain = address.lower().rpartition("@")
    if re.sub(r"[-_.]", "", local).startswith(_UNANSWERED):
        yield Wrong("sender_address", "sender_takes_no_answers")
    if dkim_domain and not f".{domain}".endswith(f".{dkim_domain.lower()}"):
        yield Wrong("sender_address", "sender_domain_not_signed", {"domain": dkim_domain})


class Sender(Aggregate):
    """A sender as it was set."""

    TOPIC = "dossier.Sender"

    class Created(Aggregate.Created):
        """The first fact of a sender."""

        TOPIC = "dossier.Sender.Created"

    class Recorded(Created):
        """A sender was set up."""

        TOPIC = "dossier.Sender.Recorded"

        sender_id: str
        facts: dict[str, Any]

    class Changed(Aggregate.Event):
        """A sender was set otherwise."""

        TOPIC = "dossier.Sender.Changed"

        facts: dict[str, Any]

        def apply(self, aggregate: Aggregate) -> None:
            """Let the sender be as set."""
            assert isinstance(aggregate, Sender)  # noqa: S101 -- the library types it as any aggregate
            aggregate.facts = self.facts

    def __init__(self, sender_id: str, facts: dict[str, Any]) -> None:
        self.sender_id = sender_id
        self.facts = facts

    @classmethod
    def record(cls, name: str, facts: dict[str, Any]) -> Self:
        """Set up a sender."""
        return cls._create(cls.Recorded, id=setup_id_of("sender", name), sender_id=name, facts=facts)

    def change(self, facts: dict[str, Any]) -> None:
        """Set the sender otherwise, if it is otherwise."""
        if facts != self.facts:
            self.trigger_event(self.Changed, facts=facts)
