"""Drafts: messages that nothing is recorded of yet, which the renderer is asked to try or to show; its answers."""

from datetime import date
from typing import Any

from pydantic import ConfigDict

from shared.contracts.dossier import IssueMethod
from shared.contracts.message import BlobRef, Destination, Frozen, LayoutVersion, Parts, Recipient, Sender
from shared.contracts.renderer import Fault


class Draft(Frozen):
    """What the messages to all recipients would have in common."""

    subject: str
    issue_method: IssueMethod
    sender: Sender | None = None
    body_layout: LayoutVersion | None = None
    body_text: str | None = None
    attachment_layout: LayoutVersion | None = None
    attachment_read_only: bool = True
    document_date: date


class Addressee(Frozen):
    """One recipient of a draft."""

    destination: Destination
    recipient: Recipient | None = None
    merge: dict[str, Any] | None = None


class TryOut(Frozen):
    """Asked of the renderer: what would come of a draft for each of these recipients; nothing of it is kept."""

    draft: Draft
    to: tuple[Addressee, ...]


class Tried(Frozen):
    """What would come of one recipient's message: its fault, or none and what the engines would warn of."""

    fault: Fault | None = None
    warnings: tuple[str, ...] = ()


class TriedOut(Frozen):
    """What would come of each message, in the order of the question."""

    results: tuple[Tried, ...]


class PreviewWanted(Frozen):
    """Asked of the renderer: show a draft for one recipient, up to so many pages; `keep` its parts to be sent too."""

    draft: Draft
    to: Addressee
    pages: int = 10
    keep: bool = False


class PreviewMade(Frozen):
    """The blob that holds the `Preview`, and the parts where they were wanted too (neither for good); or the fault."""

    preview: BlobRef | None = None
    parts: Parts | None = None
    engines: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    fault: Fault | None = None


class Preview(Frozen):
    """One recipient's message to be looked at: a blob of JSON that `mark` makes unlike any other, bytes in base64.

    `pages` are the first pages of the attachment as PNG images, `page_count` says how many it has (0 = not known).
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")

    mark: str
    text: str | None = None
    html: str | None = None
    attachment: bytes | None = None
    filename: str | None = None
    content_type: str | None = None
    pages: tuple[bytes, ...] = ()
    page_count: int = 0
