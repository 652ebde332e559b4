"""A letter becomes a mail that others can read, and the same letter always becomes the same bytes."""

import base64 as stdlib_base64
import email
import email.policy
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from services.mailer.adapters.mime import File, Letter, Wire, assemble
from services.mailer.adapters.mime.encoding import Shared, base64, quoted_printable

TEXT = "Beste Änna,\r\n\r\nTot ziens in de zaal. = En kosten: €10 \r\n.\r\nFrom hier\r\n".encode()
HTML = ("<p class='a'>Beste Änna,</p>\r\n" + "<b>lang</b>" * 200 + "\r\n").encode()
PDF = bytes(range(256)) * 120
TERMS = b"terms" * 20_000

LETTER = Letter(
    message_id="<7.1@sender.example>",
    date=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
    sender_name="Sales",
    sender_address="sales@sender.example",
    recipient_name="Änna de Vries",
    recipient_email="anna@bakery.example",
    subject="Uitnodiging één",
    text=TEXT,
    html=HTML,
    boundary_seed="7",
)


def file(name: str, content: bytes, content_type: str = "application/pdf") -> File:
    return File(name, content_type, hashlib.sha256(content).hexdigest(), content)


def shared_file(content: bytes, fetched: list[str]) -> File:
    def fetch() -> bytes:
        fetched.append("once more")
        return content

    return File("terms.pdf", "application/pdf", hashlib.sha256(content).hexdigest(), fetch)


def read(wire: Wire) -> EmailMessage:
    message = email.message_from_bytes(wire.data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not [part.defects for part in message.walk() if part.defects]
    return message


def structure(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def content_of(message: EmailMessage, content_type: str) -> bytes:
    (content,) = [part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == content_type]
    assert isinstance(content, bytes)
    return content


def test_a_letter_with_everything_reads_back_byte_for_byte() -> None:
    letter = replace(
        LETTER, files=(file("brief.pdf", PDF), file("voorwaarden é.bin", TERMS, "application/octet-stream"))
    )

    message = read(assemble(letter))

    assert structure(message) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
        "application/octet-stream",
    ]
    assert content_of(message, "text/plain") == TEXT
    assert content_of(message, "text/html") == HTML
    assert content_of(message, "application/pdf") == PDF
    assert content_of(message, "application/octet-stream") == TERMS
    assert [part.get_filename() for part in message.iter_attachments()] == ["brief.pdf", "voorwaarden é.bin"]


def test_the_headers_say_who_to_whom_and_that_a_machine_sent_it() -> None:
    letter = replace(LETTER, references="<6.1@sender.example>", extra=(("X-Preview", "yes"),))

    message = read(assemble(letter))

    assert {name: str(value) for name, value in message.items() if name != "Content-Type"} == {
        "Date": "Tue, 24 Nov 2026 08:30:00 +0000",
        "From": "Sales <sales@sender.example>",
        "To": "Änna de Vries <anna@bakery.example>",
        "Subject": "Uitnodiging één",
        "Message-ID": "<7.1@sender.example>",
        "References": "<6.1@sender.example>",
        "Auto-Submitted": "auto-generated",
        "X-Preview": "yes",
        "MIME-Version": "1.0",
    }


@pytest.mark.parametrize(
    ("text", "html", "files", "kinds"),
    [
        (TEXT, None, (), ["text/plain"]),
        (None, HTML, (), ["text/html"]),
        (TEXT, HTML, (), ["multipart/alternative", "text/plain", "text/html"]),
        (None, None, (), ["text/plain"]),
        (TEXT, None, (file("a.pdf", PDF),), ["multipart/mixed", "text/plain", "application/pdf"]),
        (b"", b"", (), ["multipart/alternative", "text/plain", "text/html"]),
    ],
)
def test_a_letter_has_no_more_structure_than_it_needs(
    text: bytes | None, html: bytes | None, files: tuple[File, ...], kinds: list[str]
) -> None:
    message = read(assemble(replace(LETTER, text=text, html=html, files=files)))

    assert structure(message) == kinds


def test_the_same_letter_gives_the_same_bytes() -> None:
    letter = replace(LETTER, files=(file("brief.pdf", PDF),))

    assert assemble(letter).data == assemble(replace(letter)).data
    assert assemble(letter).sha256 == hashlib.sha256(assemble(letter).data).hexdigest()


def test_another_letter_has_other_boundaries_and_one_letter_has_two() -> None:
    letter = replace(LETTER, files=(file("brief.pdf", PDF),))

    message, other = read(assemble(letter)), read(assemble(replace(letter, boundary_seed="8")))

    boundaries = {part.get_boundary() for whole in (message, other) for part in whole.walk() if part.is_multipart()}
    assert len(boundaries) == 4


def test_a_kept_head_and_the_body_made_again_are_the_mail() -> None:
    wire = assemble(LETTER)

    again = Wire(wire.head, assemble(replace(LETTER, subject="another")).body)

    assert wire.head.endswith(b"\r\n\r\n")
    assert again.data == wire.data


def test_a_letter_cannot_close_its_own_part() -> None:
    inner = assemble(LETTER)
    boundary = read(inner).get_boundary()
    forged = f"--{boundary}--\r\n--{boundary}\r\nContent-Type: application/pdf\r\n\r\nevil\r\n".encode()

    message = read(assemble(replace(LETTER, text=forged)))

    assert structure(message) == ["multipart/alternative", "text/plain", "text/html"]
    assert content_of(message, "text/plain") == forged


@given(some.binary(max_size=400))
def test_the_wire_is_clean_whatever_the_text_is(text: bytes) -> None:
    data = assemble(replace(LETTER, text=text, files=(file("a.bin", text),))).data

    assert data.isascii()
    assert b"\x00" not in data
    assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
    assert max(len(line) for line in data.split(b"\r\n")) <= 200
    assert data.endswith(b"\r\n")


@given(some.one_of(some.text(max_size=500), some.text(some.sampled_from("a =\t.\r\né"), max_size=300)))
@example("trailing blank \r\nand tab\t\r\n")
@example("x" * 3000)
@example(".\r\n..\r\n")
@example("no end")
def test_a_text_reads_back_with_its_line_ends_in_canonical_form(text: str) -> None:
    canonical = text.replace("\r\n", "\n").replace("\r", "\n")
    canonical += "" if canonical.endswith("\n") or not canonical else "\n"

    message = read(assemble(replace(LETTER, text=text.encode("utf-8", "replace"), html=None)))

    assert message.get_payload(decode=True) == canonical.replace("\n", "\r\n").encode("utf-8", "replace")


@given(some.binary(max_size=400))
def test_base64_is_the_stdlibs_in_lines_of_76(content: bytes) -> None:
    assert base64(content) == stdlib_base64.encodebytes(content).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


@given(some.binary(max_size=400))
def test_no_text_can_look_like_a_boundary(text: bytes) -> None:
    assert b"=_" not in quoted_printable(text)


def test_a_shared_file_is_fetched_once_for_many_mails() -> None:
    fetched: list[str] = []
    shared = Shared()
    letter = replace(LETTER, files=(shared_file(TERMS, fetched),))

    messages = [read(assemble(replace(letter, boundary_seed=str(number)), shared)) for number in range(3)]

    assert len(fetched) == 1
    assert all(content_of(message, "application/pdf") == TERMS for message in messages)


def test_the_shared_file_used_longest_ago_goes_when_there_are_too_many() -> None:
    fetched: list[str] = []
    shared = Shared(limit=300_000)
    first, second, third = (shared_file(letter * 100_000, fetched) for letter in (b"a", b"b", b"c"))

    for each in (first, second, first, third, first):
        assemble(replace(LETTER, files=(each,)), shared)
    assert len(fetched) == 3
    assemble(replace(LETTER, files=(second,)), shared)

    assert len(fetched) == 4


def test_a_shared_file_larger_than_the_store_is_sent_and_not_kept() -> None:
    fetched: list[str] = []
    letter = replace(LETTER, files=(shared_file(TERMS, fetched),))
    shared = Shared(limit=1000)

    wires = [assemble(letter, shared), assemble(letter, shared)]

    assert len(fetched) == 2
    assert content_of(read(wires[1]), "application/pdf") == TERMS


def test_what_cannot_be_sent_is_refused_by_the_name_of_its_header() -> None:
    with pytest.raises(ValueError, match=r"^Subject"):
        assemble(replace(LETTER, subject="a\r\nBcc: c@evil.example"))
