"""What a request may say (architecture §10, "Upstream events"), and which of it is wrong in itself."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.contact_facts import Language, Moment, address_wrongs
from services.dossier.domain.identity import Address
from services.dossier.domain.item_fields import ItemFields
from services.dossier.domain.refusal import TOLD, Refused, Wrong, as_said
from services.dossier.domain.text import has_control, is_email, not_text

DESTINATIONS = 100_000  # of one request
MERGE_VALUE = 10_000  # characters
_MERGE_SIZE = 1_000_000  # bytes of one destination's merge data, so that its message stays below 8 MB
_ON_ONE_ITEM = 5_000_000  # bytes that the destinations of one item take in its message
_FILENAME = 255
_CONTENT_TYPE = r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}"


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class GivenRecipient(_Given):
    """The addressee as the upstream system knows it."""

    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=320)
    language: Language | None = None
    as_of: Moment | None = None


class GivenDestination(_Given):
    """One destination with its merge data."""

    kind: str
    number: str = Field(max_length=80)
    contact_id: str | None = Field(None, max_length=80)
    merge: dict[str, Any] = {}
    recipient: GivenRecipient | None = None

    @property
    def address(self) -> Address:
        """Where the item is recorded."""
        return Address.of(self.kind, self.number, self.contact_id)


class GivenAttachment(_Given):
    """A file that goes along: its content, or the hash of one that was put before."""

    filename: str = Field(min_length=1, max_length=_FILENAME)
    content_type: str | None = Field(None, pattern=f"^{_CONTENT_TYPE}$")
    content: str | None = None
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class Intake(ItemFields):
    """One request to record dossier items, each with these fields of its own."""

    request_id: str = Field(min_length=1, max_length=200)
    type: str
    subject: str = Field(max_length=255)
    comment: str = Field("", max_length=100_000)
    destinations: list[GivenDestination] = Field([], max_length=DESTINATIONS)
    record_separately: bool = False
    issue_method: Literal["none", "document", "email"] = "none"
    sender_id: str | None = None
    sender_name: str | None = Field(None, max_length=200)
    sender_address: str | None = Field(None, max_length=320)
    body_layout_id: str | None = None
    body_text: str | None = Field(None, max_length=100_000)
    attachment_layout_id: str | None = None
    attachment_read_only: bool | None = None
    attachments: list[GivenAttachment] = Field([], max_length=100)
    missing_addresses: Literal["continue", "refuse"] = "continue"
    consent_attested: bool = False
    submitted_by: str | None = Field(None, max_length=200)

    @property
    def separately(self) -> bool:
        """Whether each destination gets an item of its own; a single destination always does (table in §1.6)."""
        return self.record_separately or len(self.destinations) == 1

    @property
    def is_mailing(self) -> bool:
        """Whether it has two or more recipients, so that consent matters (A12)."""
        return len(self.destinations) > 1

    def content_hash(self) -> str:
        """Return the hash of what is asked, whatever its spelling in JSON."""
        said = self.model_dump(mode="json")
        for name in ItemFields.model_fields.keys() & {name for name, value in said.items() if value is None}:
            del said[name]  # so that a field of the item that is new to requests is none to those of before
        return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def is_content_type(text: str) -> bool:
    """Return whether this is a content type, without parameters (RFC 6838 §4.2)."""
    return re.fullmatch(_CONTENT_TYPE, text) is not None


def parse(body: bytes) -> Any:
    """Return what a JSON body says; raise `Refused` for one that is no JSON or holds what is no text."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = _parse_as_python(body)
    else:
        if b"\\u0000" not in body:  # the one way to write NUL; a lone surrogate is no JSON to orjson
            return said
    if wrongs := list(not_text(said)):
        raise Refused(wrongs)
    return said


def _parse_as_python(body: bytes) -> Any:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        place = error.colno if isinstance(error, json.JSONDecodeError) else 0
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        raise Refused([Wrong("", "malformed_json", {"line": line, "column": place})], status=400) from None
    if wrongs := list(not_text(said)):
        raise Refused(wrongs)
    raise Refused([Wrong("", "malformed_json", {"line": 0, "column": 0})], status=400)


def read(said: Any, request_id: str | None = None) -> Intake:
    """Return the request that parsed JSON makes; `request_id` is for one that names none itself.

    Raises `Refused` with everything that is wrong in it by itself.
    """
    if isinstance(said, dict) and said.get("request_id") is None and request_id is not None:
        said = {**said, "request_id": request_id}
    intake = as_said(Intake, said)
    if wrongs := [wrong for wrong, _ in zip(_wrongs(intake), range(TOLD), strict=False)]:
        raise Refused(wrongs)
    return intake


def _wrongs(intake: Intake) -> Iterator[Wrong]:
    yield from _text_wrongs(intake)
    yield from intake.field_wrongs()
    yield from slot_wrongs(intake)
    for number, file in enumerate(intake.attachments):
        yield from attachment_wrongs(file, f"attachments[{number}].")
    yield from _destination_wrongs(intake)


def _text_wrongs(intake: Intake) -> Iterator[Wrong]:
    if has_control(intake.subject):
        yield Wrong("subject", "subject_line_break")
    elif not intake.subject.strip():
        yield Wrong("subject", "missing")
    for name in ("request_id", "sender_name", "submitted_by"):
        if has_control(getattr(intake, name) or ""):
            yield Wrong(name, "control_character")
    if intake.sender_address and not is_email(intake.sender_address):
        yield Wrong("sender_address", "invalid_sender_address")


def slot_wrongs(intake: Intake) -> Iterator[Wrong]:
    """Yield what is wrong with the slots of body and attachment (table in §1.3)."""
    if intake.body_layout_id and intake.body_text:
        yield Wrong("body_text", "body_typed_and_layout")
    if intake.attachment_read_only and not intake.attachment_layout_id:
        yield Wrong("attachment_read_only", "read_only_needs_attachment_layout")
    if intake.issue_method == "document" and not intake.attachment_layout_id:
        yield Wrong("attachment_layout_id", "missing")
    if intake.issue_method == "email" and not (intake.sender_id or intake.sender_address):
        yield Wrong("sender_id", "sender_missing")


def attachment_wrongs(file: GivenAttachment, place: str = "") -> Iterator[Wrong]:
    """Yield what is wrong by itself with a file found at the path `place`."""
    if has_control(file.filename) or "/" in file.filename or "\\" in file.filename:
        yield Wrong(f"{place}filename", "wrong_filename")
    if (file.content is None) == (file.sha256 is None):
        yield Wrong(f"{place}content", "content_or_sha256")


def _destination_wrongs(intake: Intake) -> Iterator[Wrong]:
    seen: dict[str, int] = {}
    size = 0
    for number, destination in enumerate(intake.destinations):
        place = f"destinations[{number}]."
        if wrongs := address_wrongs(destination.kind, destination.number, destination.contact_id, place):
            yield from wrongs
            continue
        d = destination.address.d
        if d in seen:
            yield Wrong(f"destinations[{number}]", "duplicate_destination", {"first": f"destinations[{seen[d]}]"})
        seen.setdefault(d, number)
        size += len(d) * 4 + 50
        yield from _recipient_wrongs(destination.recipient, f"{place}recipient.")
        yield from _merge_wrongs(destination.merge, f"{place}merge")
    if not intake.separately and size > _ON_ONE_ITEM:
        yield Wrong("destinations", "too_many_on_one_item")


def _recipient_wrongs(recipient: GivenRecipient | None, place: str) -> Iterator[Wrong]:
    if recipient is None:
        return
    if has_control(recipient.name or ""):
        yield Wrong(f"{place}name", "control_character")
    if recipient.email and not is_email(recipient.email):
        yield Wrong(f"{place}email", "invalid_email")


def _merge_wrongs(merge: dict[str, Any], place: str) -> Iterator[Wrong]:
    size = 0
    for name, value in merge.items():
        if isinstance(value, str):
            if len(value) > MERGE_VALUE:
                yield Wrong(f"{place}.{name}", "too_long", {"most": MERGE_VALUE})
            size += len(value) * 4
        elif isinstance(value, dict | list):
            if wrongs := list(not_text(value, (f"{place}.{name}",))):
                yield from wrongs
                continue
            size += sum(_sizes(value))
            if _longest(value) > MERGE_VALUE:
                yield Wrong(f"{place}.{name}", "too_long", {"most": MERGE_VALUE})
        size += len(name) * 4 + 20
    if size > _MERGE_SIZE:
        yield Wrong(place, "merge_too_large", {"most": _MERGE_SIZE})


def _sizes(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield len(name) * 4 + 4
            yield from _sizes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _sizes(part)
    else:
        yield len(value) * 4 if isinstance(value, str) else 20


def _longest(value: Any) -> int:
    if isinstance(value, dict):
        return max(map(_longest, value.values()), default=0)
    if isinstance(value, list):
        return max(map(_longest, value), default=0)
    return len(value) if isinstance(value, str) else 0
