"""Previews: one sample of a message, made with one recipient's data, looked at or mailed to the sender alone (A7)."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar, Self
from uuid import UUID

import orjson
from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.identity import mail_id_of
from services.dossier.domain.intake import Intake, read
from services.dossier.domain.refusal import Refused, Wrong, as_said

_FIRST = "destinations[0]"


class SampleWish(BaseModel):
    """Which recipient's message is shown, counted from 0, and whether it is mailed to the sender too."""

    model_config = ConfigDict(extra="forbid", strict=True)

    recipient: int = Field(0, ge=0)
    send: bool = False


class PreviewRequest(Intake, SampleWish):
    """A request to record dossier items, of which one message is to be shown; its request_id need not be there."""

    request_id: str = Field("preview", min_length=1, max_length=200)


def read_preview(said: Any) -> tuple[Intake, SampleWish]:
    """Return what parsed JSON asks to preview, with the chosen destination alone; the others have no say in it.

    Raises `Refused` with everything that is wrong.
    """
    given = said if isinstance(said, dict) else {}
    wish = as_said(SampleWish, {name: given[name] for name in SampleWish.model_fields if name in given})
    rest = {name: value for name, value in given.items() if name not in SampleWish.model_fields}
    destinations = given.get("destinations")
    if isinstance(destinations, list):
        rest.pop("record_separately", None)  # one sample is one message, however its item is recorded
        rest["destinations"] = destinations[wish.recipient : wish.recipient + 1]
    try:
        intake = read(rest if given else said, "preview")
    except Refused as refused:
        raise Refused(numbered(refused.wrongs, wish.recipient), refused.status) from None
    if not intake.destinations:
        raise Refused([Wrong("recipient", "no_such_destination", {"recipient": wish.recipient})])
    return intake, wish


def method_wrongs(intake: Intake, wish: SampleWish) -> list[Wrong]:
    """Return why a request, issued as its type says, has no sample or none that can be mailed."""
    if intake.issue_method == "none":
        return [Wrong("issue_method", "nothing_to_preview")]
    if wish.send and intake.issue_method != "email":
        return [Wrong("send", "preview_mail_needs_email")]
    return []


def numbered(wrongs: Iterable[Wrong], number: int) -> list[Wrong]:
    """Return what is wrong with the one destination under the number that it has in the whole request."""
    place = f"destinations[{number}]"
    return [
        replace(wrong, field=place + wrong.field.removeprefix(_FIRST)) if wrong.field.startswith(_FIRST) else wrong
        for wrong in wrongs
    ]


def hash_of(intake: Intake, wish: SampleWish) -> str:
    """Return the hash of what is asked, so that the same key is not used for something else."""
    asked = {"intake": intake.content_hash(), "recipient": wish.recipient}
    return sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Preview(Aggregate):
    """One sample that was mailed to a sender: for the audit, of no run, no item and no row."""

    TOPIC = "dossier.Preview"

    class Created(Aggregate.Created):
        """The first fact of a preview."""

        TOPIC = "dossier.Preview.Created"

    class Requested(Created):
        """Somebody had a sample mailed to the sender; `parts` are of the contact's data."""

        TOPIC = "dossier.Preview.Requested"
        PERSONAL: ClassVar[tuple[str, ...]] = ("parts",)

        mail_id: UUID
        content_hash: str
        person: str | None
        destination: dict[str, Any]
        content: dict[str, Any]
        layouts: list[dict[str, Any]]
        parts: dict[str, Any] | None
        requested_by: str | None

    def __init__(self, mail_id: UUID, content_hash: str, content: dict[str, Any]) -> None:
        self.mail_id = mail_id
        self.content_hash = content_hash
        self.content = content

    @property
    def sent_to(self) -> str:
        """The sender address, which gets it."""
        return str(self.content["sender"]["address"])

    @classmethod
    def request(cls, preview_id: UUID, **facts: Any) -> Self:
        """Have a sample mailed."""
        return cls._create(cls.Requested, id=preview_id, mail_id=mail_id_of(preview_id, 1), **facts)
