"""Whatever a name, subject or file name holds, it reads back as it was, or is refused: it never becomes a header."""

import email
import email.policy
import re
from base64 import b64decode
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from services.mailer.adapters.mime.headers import file_headers, mailbox, message_ids, moment, unstructured, verbatim

CODED_WORD = re.compile(rb"(?<=[ \n])=\?utf-8\?b\?([A-Za-z0-9+/=]*)\?=(?=[ \r])")
CONTROL = "\x00\x01\x08\n\x0b\x0c\r\x1b\x1f\x7f\x85\x9f\u2028\u2029\ud800"
INVISIBLE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
words = some.text(some.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=300)
mostly_ascii = some.text(some.sampled_from("abc XYZ.,;:<>@\"\\'()[]=?_é€😀\t"), max_size=120)


def read(header: bytes) -> EmailMessage:
    message = email.message_from_bytes(header + b"\r\n", policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert len(message.keys()) == header.count(b"\r\n") - header.count(b"\r\n ")
    return message


def without_blanks(words: str) -> str:
    """Return words as far as the stdlib's address parser is to be trusted: it adds and drops blanks of coded ones."""
    return "".join(words.split())


def decoded(header: bytes) -> str:
    """Return a coded display name with all its blanks, by the stdlib's other decoder."""
    phrase = header.decode().removeprefix("To: ").rpartition("<")[0].strip()
    return str(make_header(decode_header(phrase)))


def assert_lines_hold(header: bytes, longest: int = 78) -> None:
    assert header.endswith(b"\r\n")
    assert header.isascii()
    assert all(len(line) <= longest for line in header.split(b"\r\n"))
    for word in CODED_WORD.findall(header):
        assert b64decode(word).decode()  # each by itself: no character lies half in one and half in the next


@given(some.one_of(words, mostly_ascii))
@example("")
@example(" leading and trailing ")
@example("=?utf-8?q?not_coded_by_us?=")
@example("a" * 255)
@example("😀" * 100)
@example("Invitation 2026, with thanks")
def test_a_subject_reads_back_as_it_was(subject: str) -> None:
    """A15."""
    header = unstructured("Subject", subject)

    assert_lines_hold(header)
    assert read(header)["Subject"] == subject


@given(some.one_of(words, mostly_ascii))
@example("")
@example("Doe, John <john@evil.example>")
@example('Anna "the baker" de Vries')
@example("back\\slash")
@example("double  blank")
@example("Jürgen Müller (Köln)")
@example("a@b.example, c@d.example")
@example("=?utf-8?q?x?=")
@example("x" * 70)
def test_a_display_name_reads_back_as_it_was_and_adds_no_address(display: str) -> None:
    header = mailbox("To", display, "b@there.example")

    assert_lines_hold(header)
    (address,) = read(header)["To"].addresses
    assert address.addr_spec == "b@there.example"
    assert without_blanks(address.display_name) == without_blanks(display)
    assert (decoded(header) if b"=?utf-8?b?" in header else address.display_name) == display.strip()


@given(some.one_of(words, mostly_ascii).map(lambda name: re.sub(r"[/\\\t]", "", INVISIBLE.sub("", name))[:190] + "."))
@example("invoice.pdf")
@example('quote".pdf')
@example("über uns €.pdf")
@example("😀" * 100 + ".pdf")
@example("a;b=c.pdf")
@example("100%25.pdf")
@example("é';*0*.pdf")
@example(".pdf")
def test_a_file_name_reads_back_as_it_was(name: str) -> None:
    header = file_headers(name, "application/pdf")

    message = read(header)
    assert message["Content-Disposition"].params["filename"] == name.strip()
    assert message.get_content_type() == "application/pdf"
    assert_lines_hold(header, longest=230)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.pdf", "a.pdf"),
        ("folder/", "attachment"),
        ("", "attachment"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_hostile_file_name_is_made_harmless(name: str, kept: str) -> None:
    assert read(file_headers(name, "application/pdf"))["Content-Disposition"].params["filename"] == kept


def test_a_file_name_beyond_ascii_has_a_plain_one_beside_it_for_old_readers() -> None:
    header = file_headers("über €.pdf", "application/pdf")

    assert b"filename*=utf-8''%C3%BCber%20%E2%82%AC.pdf;" in header
    assert b'filename="_ber _.pdf"' in header


@pytest.mark.parametrize("control", CONTROL)
def test_a_control_character_is_refused_by_the_name_of_its_header(control: str) -> None:
    value = f"a{control}Bcc: c@evil.example"

    with pytest.raises(ValueError, match=r"^Subject"):
        unstructured("Subject", value)
    with pytest.raises(ValueError, match=r"^From"):
        mailbox("From", value, "a@sender.example")
    with pytest.raises(ValueError, match=r"^To"):
        mailbox("To", "A", f"a{control}@sender.example")
    with pytest.raises(ValueError, match=r"^Content-Disposition"):
        file_headers(value, "application/pdf")
    with pytest.raises(ValueError, match=r"^Content-Type"):
        file_headers("a.pdf", f"application/pdf{control}")
    with pytest.raises(ValueError, match=r"^Message-ID"):
        message_ids("Message-ID", f"<a{control}@sender.example>")
    with pytest.raises(ValueError, match=r"^X-Preview"):
        verbatim("X-Preview", value)


@pytest.mark.parametrize(
    "address",
    [
        "jürgen@there.example",
        "b@müller.example",
        "b",
        "",
        "b@c@d.example",
        "b c@d.example",
        "<b@c.example>",
        "a@b.example,c@d.example",
    ],
)
def test_an_address_that_is_none_or_not_ascii_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"^To: not an ASCII address"):
        mailbox("To", "B", address)


@pytest.mark.parametrize("name", ["X-A\r\nBcc", "X A", "X:A", "", "X-Ä", "1-X", "X" * 41])
def test_a_header_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a header name"):
        verbatim(name, "yes")


def test_a_long_unsubscribe_address_stays_whole() -> None:
    address = "<https://mail.example/unsubscribe/" + "t" * 300 + ">"

    header = verbatim("List-Unsubscribe", address)

    assert header == f"List-Unsubscribe: {address}\r\n".encode()


def test_a_line_no_server_must_take_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^X-Long: longer than 998"):
        verbatim("X-Long", "x" * 1000)
    with pytest.raises(ValueError, match=r"^Message-ID: longer than 998"):
        message_ids("Message-ID", f"<{'x' * 1000}@a.example>")


def test_a_header_beyond_ascii_is_never_sent_as_it_is() -> None:
    with pytest.raises(ValueError, match=r"^X-Preview: beyond printable ASCII"):
        verbatim("X-Preview", "é")


def test_references_are_folded_between_message_ids() -> None:
    header = message_ids("References", "<1@sender.example> <2@sender.example>")

    assert header == b"References: <1@sender.example>\r\n <2@sender.example>\r\n"


@pytest.mark.parametrize(
    "value", ["1@sender.example", "<1@sender.example> and more", "<>", "<a b@c.example>", "<é@c.example>"]
)
def test_a_message_id_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^References: not a message id"):
        message_ids("References", value)


def test_a_date_is_sent_in_utc() -> None:
    assert (
        moment("Date", datetime.fromisoformat("2026-11-24T09:30:00+01:00"))
        == b"Date: Tue, 24 Nov 2026 08:30:00 +0000\r\n"
    )


def test_a_date_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Date: without a time zone"):
        moment("Date", datetime(2026, 11, 24, tzinfo=UTC).replace(tzinfo=None))


def test_a_file_that_may_not_be_base64_under_its_own_type_goes_as_bytes() -> None:
    header = file_headers("mail.eml", "message/rfc822")

    assert b"Content-Type: application/octet-stream\r\n" in header
