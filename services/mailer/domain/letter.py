"""A letter, as it comes in, and the wire bytes, as they go out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True)
class File:
    """A file that goes along; `sha256` (hex) is of its content.

    `content` given as bytes is personal and encoded for this mail alone; given as a way to get it, it is shared by
    many mails: encoded once, kept by its hash, and fetched only when it is not kept.
    """

    filename: str
    content_type: str
    sha256: str
    content: bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Letter:
    """One mail to one recipient. Addresses are ASCII (domains in their xn-- form); text and HTML are UTF-8.

    `message_id` and `references` are with their angle brackets, several references with blanks between them;
    `date` is aware; `boundary_seed` is unlike that of a letter with other parts; `extra` holds headers beyond the usual
    ones, such as X-Preview or List-Unsubscribe, sent as they are.
    """

    message_id: str
    date: datetime
    sender_name: str
    sender_address: str
    recipient_name: str
    recipient_email: str
    subject: str
    text: bytes | None
    html: bytes | None
    boundary_seed: str
    files: tuple[File, ...] = ()
    references: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Wire:
    """A mail as it goes over the wire: 7-bit, lines ended by CRLF, dots not yet doubled.

    `head` is the header block with the empty line after it, so that a kept head and a body made again are the mail.
    """

    head: bytes
    body: bytes

    @cached_property
    def data(self) -> bytes:
        """The whole mail."""
        return self.head + self.body

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the whole mail, in hex."""
        digest = hashlib.sha256(self.head)
        digest.update(self.body)
        return digest.hexdigest()
