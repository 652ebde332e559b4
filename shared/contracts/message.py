"""What every published message has in common, and the small values that travel in several of them."""

from collections.abc import Iterator
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An unchangeable value; unknown fields of a newer publisher are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Frozen):
    """A fact that a service tells: its NATS subject is `SUBJECT`, the second word of which is the publisher."""

    SUBJECT: ClassVar[str]


def every_kind(base: type[Message] = Message) -> Iterator[type[Message]]:
    """Yield each published kind of message that has been imported."""
    for kind in base.__subclasses__():
        if hasattr(kind, "SUBJECT"):
            yield kind
        yield from every_kind(kind)


class Destination(Frozen):
    """Where an item is recorded: a kind and number, and the contact person chosen there if any."""

    kind: str
    number: str
    contact_id: str | None = None


class Recipient(Frozen):
    """Who gets a mail: the destination's resolved name, address and language. Personal; absent once erased."""

    name: str = ""
    email: str | None = None
    language: str = "nl"
    address_of: str | None = None  # "contact" or "destination": whose address A1 found; None when given


class Sender(Frozen):
    """The sender name and sender address as resolved for the item."""

    sender_id: str | None = None
    name: str = ""
    address: str


class LayoutVersion(Frozen):
    """One version of a document layout: `sha256` names the blob that holds its layout document."""

    layout_id: str
    version: int
    sha256: str


class BlobRef(Frozen):
    """Bytes by reference: SHA-256 in hex and size in bytes."""

    sha256: str
    size: int


class Attachment(BlobRef):
    """A file that goes along, by reference."""

    filename: str
    content_type: str


class Parts(Frozen):
    """What was made for one recipient: text and HTML body, and the attachment from a layout."""

    text: BlobRef | None = None
    html: BlobRef | None = None
    attachment: Attachment | None = None


class OfItem(Message):
    """A fact about an item of a run."""

    run_id: UUID
    item_id: UUID


class OfMail(OfItem):
    """A fact about one mail: the `ordinal`-th made for the row `processing_id` (item × destination)."""

    processing_id: UUID
    mail_id: UUID
    ordinal: int = 1
    person: str | None = None  # key id of the contact, "kind|number|contact_id#generation"
