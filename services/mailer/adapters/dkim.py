"""Signs mails by DKIM (RFC 6376, relaxed/simple), with RSA or Ed25519 (RFC 8463), the same mail always alike."""

import re
from base64 import b64encode
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"references",
    b"auto-submitted",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"mime-version",
    b"content-type",
)

_BLANKS = re.compile(rb"[ \t]+")
_FIELDS = re.compile(rb"\r\n(?![ \t])")
_SIGNATURE_WIDTH = 72


class Signer:
    """Signs for one domain under one selector. Raises ValueError for a key that is neither RSA nor Ed25519."""

    def __init__(self, domain: str, selector: str, private_key_pem: str) -> None:
        key = load_pem_private_key(private_key_pem.encode(), password=None)
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise ValueError("a DKIM key is RSA or Ed25519")  # noqa: TRY004 - a setting is wrong, not a type
        self._key = key
        algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"
        self._start = f"v=1; a={algorithm}; c=relaxed/simple; d={domain}; s={selector}; ".encode("ascii")

    def sign(self, head: bytes, body: bytes, at: datetime) -> bytes:
        """Return the DKIM-Signature line to stand before `head`; `at` is an aware time that stays with the mail."""
        fields = _fields_of(head)
        names = [name for name in SIGNED if name in fields]
        tags = b"%st=%d;\r\n h=%s;\r\n bh=%s;\r\n b=" % (
            self._start,
            at.timestamp(),
            b":".join([b"from", *names]),  # From twice: a second one put in later breaks the signature (§8.15)
            b64encode(sha256(_simple(body)).digest()),
        )
        signed = b"".join(name + b":" + _relaxed(fields[name]) + b"\r\n" for name in names)
        signature = b64encode(self._signature_of(signed + b"dkim-signature:" + _relaxed(tags)))
        lines = [signature[i : i + _SIGNATURE_WIDTH] for i in range(0, len(signature), _SIGNATURE_WIDTH)]
        return b"DKIM-Signature: " + tags + b"\r\n ".join(lines) + b"\r\n"

    def _signature_of(self, signed: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(signed, PKCS1v15(), SHA256())
        return self._key.sign(sha256(signed).digest())


def _fields_of(head: bytes) -> dict[bytes, bytes]:
    """Return the headers by name in small letters; of several of one name the last, which is the one verified."""
    fields = (field.partition(b":") for field in _FIELDS.split(head) if field)
    return {name.strip().lower(): value for name, _, value in fields}


def _relaxed(value: bytes) -> bytes:
    """Return a header's value unfolded, its blanks made one (RFC 6376 §3.4.2)."""
    return _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip()


def _simple(body: bytes) -> bytes:
    """Return a body without its empty last lines (RFC 6376 §3.4.3)."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n") and body != b"\r\n":
        return body
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n"
