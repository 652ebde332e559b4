"""What a request may say (architecture §10, "Upstream events"), and which of it is wrong in itself."""

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from services.dossier.domain.destinations import DESTINATIONS, GivenDestination, destination_wrongs
from services.dossier.domain.item_fields import ItemFields
from services.dossier.domain.refusal import TOLD, Refused, Wrong, as_said
from services.dossier.domain.text import has_control, is_email, not_text

_FILENAME = 255
_CONTENT_TYPE = r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}"


class GivenAttachment(BaseModel):
    """A file that goes along: its content, or the hash of one that was put before."""

    model_config = ConfigDict(extra="forbid", strict=True)

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
    destinations: Sequence[GivenDestination] = Field([], max_length=DESTINATIONS)
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
    _is_shown: bool = PrivateAttr(default=False)

    @property
    def is_shown(self) -> bool:
        """Whether an operator saw its sender name and address, so that no setting changes them any more (row 10)."""
        return self._is_shown

    def as_shown(self) -> Self:
        """Return the request, noted as one whose sender name and address an operator saw."""
        self._is_shown = True
        return self

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
        said = self.model_dump(mode="json", exclude={"destinations"})
        for name in ItemFields.model_fields.keys() & {name for name, value in said.items() if value is None}:
            del said[name]  # so that a field of the item that is new to requests is none to those of before
        hashed = sha256()
        between = b"{"
        for name in sorted([*said, "destinations"]):
            hashed.update(between + orjson.dumps(name) + b":")
            for part in self._destinations_as_json() if name == "destinations" else (_as_json(said[name]),):
                hashed.update(part)
            between = b","
        hashed.update(b"}")
        return hashed.hexdigest()

    def _destinations_as_json(self) -> Iterator[bytes]:
        """Yield the array bit by bit: it may be larger than memory should hold."""
        between = b"["
        for destination in self.destinations:
            yield between + _as_json(destination.model_dump(mode="json"))
            between = b","
        yield b"]" if self.destinations else b"[]"


def _as_json(said: Any) -> bytes:
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


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
    if wrongs := list(islice(wrongs_in(intake), TOLD)):
        raise Refused(wrongs)
    return intake


def wrongs_in(intake: Intake) -> Iterator[Wrong]:
    """Yield what is wrong in a request by itself, whatever stands outside of it."""
    yield from _text_wrongs(intake)
    yield from intake.field_wrongs()
    yield from slot_wrongs(intake)
    for number, file in enumerate(intake.attachments):
        yield from attachment_wrongs(file, f"attachments[{number}].")
    mailing = intake.is_mailing and intake.issue_method == "email"
    yield from destination_wrongs(intake.destinations, separately=intake.separately, mailing=mailing)


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
