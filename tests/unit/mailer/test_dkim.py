"""Signatures hold for a verifier of other hands (dkimpy), and break when a mail is changed on its way."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as some

from services.mailer.adapters.dkim import Signer
from services.mailer.adapters.mime import Letter, assemble

AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
LETTER = Letter(
    message_id="<7.1@sender.example>",
    date=AT,
    sender_name="Verkoop, één",
    sender_address="sales@sender.example",
    recipient_name="Anna de Vries",
    recipient_email="anna@bakery.example",
    subject="Uitnodiging voor een bijeenkomst die een lange naam heeft, zodat zij gevouwen wordt: één",
    text=b"Beste Anna\r\n\r\n",
    html=b"<p>Beste Anna</p>",
    boundary_seed="7",
    references="<6.1@sender.example> <5.1@sender.example>",
    extra=(
        ("List-Unsubscribe", "<https://sender.example/u/1>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ),
)
RSA = rsa.generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()


def pem(key: PrivateKeyTypes) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def verifies(mail: bytes, key: rsa.RSAPrivateKey | Ed25519PrivateKey) -> bool:
    """Ask dkimpy, which finds the public key where a name server would have it."""
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        kind = b"rsa"
    else:
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        kind = b"ed25519"
    record = b"v=DKIM1; k=" + kind + b"; p=" + base64.b64encode(public)
    return bool(
        dkim.verify(mail, dnsfunc=lambda name, timeout: record if name == b"s1._domainkey.sender.example." else None)
    )


def signed(key: rsa.RSAPrivateKey | Ed25519PrivateKey, letter: Letter = LETTER) -> bytes:
    wire = assemble(letter)
    return Signer("sender.example", "s1", pem(key)).sign(wire.head, wire.body, AT) + wire.data


@pytest.fixture(params=[RSA, ED25519], ids=["RSA", "Ed25519"])
def key(request: pytest.FixtureRequest) -> rsa.RSAPrivateKey | Ed25519PrivateKey:
    key: rsa.RSAPrivateKey | Ed25519PrivateKey = request.param
    return key


def test_a_signature_holds(key: rsa.RSAPrivateKey | Ed25519PrivateKey) -> None:
    mail = signed(key)

    assert verifies(mail, key)
    assert all(len(line) <= 200 for line in mail.split(b"\r\n\r\n")[0].split(b"\r\n"))


def test_the_same_mail_gives_the_same_signature(key: rsa.RSAPrivateKey | Ed25519PrivateKey) -> None:
    assert signed(key) == signed(key)


@pytest.mark.parametrize(
    ("there", "changed"),
    [
        (b"sales@sender.example", b"evil@sender.example"),
        (b"anna@bakery.example", b"evil@bakery.example"),
        (b"Beste", b"Beter"),
        (b"2026 08:30:00", b"2026 08:30:01"),
        (b"https://sender.example/u/1", b"https://sender.example/u/2"),
        (b"=One-Click", b"=Two-Click"),
        (b"<5.1@sender.example>", b"<4.1@sender.example>"),
        (b"\r\nDate:", b"\r\nFrom: evil@sender.example\r\nDate:"),
    ],
)
def test_a_changed_mail_does_not_verify(there: bytes, changed: bytes) -> None:
    mail = signed(ED25519)
    assert there in mail

    assert not verifies(mail.replace(there, changed), ED25519)


def test_the_absence_of_a_second_sender_is_signed_too() -> None:
    mail = signed(ED25519)  # dkimpy would refuse a second one anyway, others would not

    (names,) = re.findall(rb"\bh=([a-z:-]+);", mail)
    assert names.split(b":").count(b"from") == mail.lower().count(b"\r\nfrom:") + 1


def test_refolded_headers_still_verify() -> None:
    mail = signed(ED25519)

    refolded = mail.replace(b"<6.1@sender.example>\r\n <5.1", b"<6.1@sender.example>  <5.1")

    assert refolded != mail
    assert verifies(refolded, ED25519)


@given(
    some.text(some.sampled_from("a \r\n"), max_size=12).map(
        lambda text: text.replace("\r", "").replace("\n", "\r\n").encode()
    )
)
def test_a_body_counts_without_its_empty_last_lines(body: bytes) -> None:
    head = assemble(LETTER).head

    line = Signer("sender.example", "s1", pem(ED25519)).sign(head, body, AT)

    assert verifies(line + head + body, ED25519)
    assert verifies(line + head + body + b"\r\n\r\n", ED25519)
    assert not verifies(line + head + body + b"\r\n\r\nevil", ED25519)


def test_a_mail_without_optional_headers_verifies() -> None:
    mail = signed(ED25519, replace(LETTER, references=None, extra=()))

    assert verifies(mail, ED25519)


def test_the_time_of_signing_is_the_one_given() -> None:
    wire = assemble(LETTER)
    signer = Signer("sender.example", "s1", pem(ED25519))

    assert f"t={int(AT.timestamp())};".encode() in signer.sign(wire.head, wire.body, AT + timedelta(milliseconds=500))


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="RSA or Ed25519"):
        Signer("sender.example", "s1", pem(ec.generate_private_key(ec.SECP256R1())))


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        Signer("sender.example", "s1", "not a key")
