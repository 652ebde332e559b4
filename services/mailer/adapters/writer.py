"""Writes mails from their kept parts, signs them, and rebuilds a message as it was handed over."""

from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm

from services.mailer.adapters.dkim import Signer
from services.mailer.adapters.mime import assemble
from services.mailer.adapters.secrets import SecretMissing, resolved
from services.mailer.domain.delivery import Delivery
from services.mailer.domain.letter import File, Letter, Wire
from services.mailer.domain.server import ServerUnavailable
from shared.blobs import Blob, Blobs
from shared.contracts.dossier import MailServerSet
from shared.contracts.message import Attachment, Parts


class PartsWriter:
    """Writes the same bytes for the same mail: everything in them follows from what was recorded."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._signers: dict[tuple[str, str, str], Signer] = {}

    def write(self, delivery: Delivery, server: MailServerSet) -> Wire:
        """Return the wire form, signed where the server has a DKIM key.

        Raises `BlobMissing` or `BlobDamaged` where a part is gone, ValueError where the mail can't be written, and
        `ServerUnavailable` where the key is not to be had: an unsigned mail is not what was set up.
        """
        letter = self._letter(delivery)
        wire = assemble(letter)
        signer = self._signer(server)
        if signer is None:
            return wire
        return Wire(signer.sign(wire.head, wire.body, letter.date) + wire.head, wire.body)

    def keeps(self, delivery: Delivery) -> bool:
        """Return whether all parts of the mail are still kept."""
        return all(self._blobs.has(sha256) for sha256 in _all_of(delivery))

    def keep_on(self, delivery: Delivery) -> bool:
        """Keep the parts of the mail for as long as if they were made now; return whether all are still kept."""
        return self._blobs.keep_on(_all_of(delivery))

    def rebuild(self, delivery: Delivery, parts: Parts | None = None) -> bytes:
        """Return the message of the last attempt: its recorded header block, and the body made of the parts again.

        The boundaries are those that the header block names, also of other parts than were sent.
        """
        return (delivery.head or b"") + assemble(self._letter(delivery, parts)).body

    def hold(self, message: bytes) -> str:
        """Keep a message until it is fetched and swept; return its hash."""
        return self._blobs.put_many([Blob(message, "a_day")])[0].sha256

    def _letter(self, delivery: Delivery, instead: Parts | None = None) -> Letter:
        parts = instead or Parts.model_validate(delivery.parts)
        recipient = delivery.recipient or {}
        own = [parts.attachment] if parts.attachment else []
        return Letter(
            message_id=delivery.message_id,
            date=delivery.requested_at or delivery.created_on,
            sender_name=delivery.sender.get("name") or "",
            sender_address=delivery.sender["address"],
            recipient_name=recipient.get("name") or "",
            recipient_email=recipient.get("email") or "",
            subject=delivery.subject,
            text=self._blobs.get(parts.text.sha256) if parts.text else None,
            html=self._blobs.get(parts.html.sha256) if parts.html else None,
            boundary_seed=" ".join(_all_of(delivery)),
            files=(
                *(self._file(file, self._blobs.get(file.sha256)) for file in own),
                *(self._file(file, None) for file in _shared(delivery)),
            ),
            extra=(("X-Preview", "yes"),) if delivery.is_preview else (),
            references=delivery.message_id_of(delivery.resend_of) if isinstance(delivery.resend_of, UUID) else None,
        )

    def _file(self, file: Attachment, content: bytes | None) -> File:
        fetch = content if content is not None else (lambda: self._blobs.get(file.sha256))
        return File(file.filename, file.content_type, file.sha256, fetch)

    def _signer(self, server: MailServerSet) -> Signer | None:
        if not (server.dkim_domain and server.dkim_selector and server.dkim_secret_ref):
            return None
        key = (server.dkim_domain, server.dkim_selector, server.dkim_secret_ref)
        if key not in self._signers:
            try:
                self._signers[key] = Signer(key[0], key[1], resolved(key[2]))
            except (SecretMissing, ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it is encrypted
                raise ServerUnavailable("dkim", None, str(error), permanent=True) from error
        return self._signers[key]


def _all_of(delivery: Delivery) -> list[str]:
    parts = Parts.model_validate(delivery.parts)
    own = [ref for ref in (parts.text, parts.html, parts.attachment) if ref]
    return [ref.sha256 for ref in [*own, *_shared(delivery)]]


def _shared(delivery: Delivery) -> list[Attachment]:
    return [Attachment.model_validate(attachment) for attachment in delivery.attachments]
