"""Puts a letter together: headers, then text and HTML as alternatives, then the files."""

import hashlib
from typing import NamedTuple

from services.mailer.adapters.mime.encoding import Shared, base64, quoted_printable
from services.mailer.adapters.mime.headers import file_headers, mailbox, message_ids, moment, unstructured, verbatim
from services.mailer.domain.letter import File, Letter, Wire

_shared = Shared()


class _Part(NamedTuple):
    """A part with its own headers; its content is in pieces, so that large ones are copied once."""

    headers: bytes
    content: list[bytes]


def assemble(letter: Letter, shared: Shared = _shared) -> Wire:
    """Return the wire bytes of a letter. Raises ValueError, naming the header, on what can't be sent."""
    part = _body(letter)
    if letter.files:
        part = _together("mixed", letter, [part, *(_file(file, shared) for file in letter.files)])
    return Wire(_head(letter, part.headers), b"".join(part.content))


def _head(letter: Letter, of_part: bytes) -> bytes:
    return b"".join(
        [
            moment("Date", letter.date),
            mailbox("From", letter.sender_name, letter.sender_address),
            mailbox("To", letter.recipient_name, letter.recipient_email),
            unstructured("Subject", letter.subject),
            message_ids("Message-ID", letter.message_id),
            message_ids("References", letter.references) if letter.references else b"",
            b"Auto-Submitted: auto-generated\r\n",
            *(verbatim(name, value) for name, value in letter.extra),
            b"MIME-Version: 1.0\r\n",
            of_part,
            b"\r\n",
        ]
    )


def _body(letter: Letter) -> _Part:
    html = None if letter.html is None else _text("html", letter.html)
    if html and letter.text is None:
        return html
    text = _text("plain", letter.text or b"")
    return _together("alternative", letter, [text, html]) if html else text


def _text(subtype: str, content: bytes) -> _Part:
    headers = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    return _Part(headers.encode(), [quoted_printable(content)])


def _file(file: File, shared: Shared) -> _Part:
    content = file.content
    coded = base64(content) if isinstance(content, bytes) else shared.base64(file.sha256, content)
    headers = file_headers(file.filename, file.content_type) + b"Content-Transfer-Encoding: base64\r\n"
    return _Part(headers, [coded])


def _together(subtype: str, letter: Letter, parts: list[_Part]) -> _Part:
    """Return several parts as one. Its boundary has `=_` in it, which neither encoding can produce."""
    mark = hashlib.sha256(f"{subtype} {letter.boundary_seed}".encode()).hexdigest()[:32]
    boundary = b"=_" + mark.encode()
    content: list[bytes] = []
    for part in parts:
        content += [b"--", boundary, b"\r\n", part.headers, b"\r\n", *part.content, b"\r\n"]
    content += [b"--", boundary, b"--\r\n"]
    return _Part(b"Content-Type: multipart/" + subtype.encode() + b';\r\n boundary="' + boundary + b'"\r\n', content)
