"""What is to be made for one recipient, what came of it, and the promise of whoever makes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.blobs import Lasts
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import LayoutJudged
from shared.contracts.message import BlobRef, LayoutVersion, Parts
from shared.contracts.renderer import Fault


@dataclass(frozen=True, slots=True)
class Job:
    """The parts to make for one recipient.

    `context` is what layouts see: recipient {name, email, language}, subject, date (YYYY-MM-DD),
    sender {name, address}, destination {kind, number, contact_id} and merge {…}. With `generic`, the
    recipient's own values give way to the names of their fields, as in «recipient.name» (A4).
    `body_text` is a typed body: it becomes the text part exactly as it is (FR-13). `read_only` asks for a PDF,
    else a Word layout gives its .docx (A6). The parts are stored unless they are not `kept`; with `shown_pages`
    they are stored for looking at as well, with so many pages as images. With `letter`, a Word document that was made
    of the attachment layout (its SHA-256), no values are merged: it becomes a PDF as it stands, to be printed.
    """

    language: str
    context: Mapping[str, Any]
    body_layout: LayoutVersion | None = None
    body_text: str | None = None
    attachment_layout: LayoutVersion | None = None
    read_only: bool = True
    generic: bool = False
    lasts: Lasts = "for_good"
    kept: bool = True
    shown_pages: int | None = None
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The parts as stored, the engines (name → version) that made them, and what they warned of.

    `shown` is the blob with the `Preview`, where one was asked for.
    """

    parts: Parts
    engines: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    shown: BlobRef | None = None


class LimitReached(Fault):
    """A fault of a job that took too long, needed too much memory, or took its worker down with it."""


class EngineUnavailable(RuntimeError):
    """The engine itself failed (its disk, its blobs, its start); the jobs are not to blame and may be tried again."""


class Engine(Protocol):
    """Makes the parts of mails and letters: the same layout, context and date give the same bytes."""

    async def make(self, jobs: Sequence[Job], *, urgent: bool = False) -> list[Made | Fault]:
        """Make and durably store all parts of each job, and answer in the order of the jobs; urgent ones go first.

        A job that cannot be merged is answered by a `Fault` (`LimitReached` for a limit) and spoils no other.
        Raises `EngineUnavailable` when nothing is known of any of them.
        """
        ...


class Reader(Protocol):
    """Reads layouts as closely as if something were to be made of them."""

    async def read(self, document: LayoutDocument) -> LayoutJudged:
        """Return what is wrong with a layout whose files are stored; raise `EngineUnavailable`."""
        ...
