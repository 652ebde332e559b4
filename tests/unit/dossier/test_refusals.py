"""A request that can't be is refused whole, with each thing wrong by field, code and words in two languages."""

import json
import re
import tomllib
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dossier.adapters.texts import LOCALES, TomlTexts
from services.dossier.application import attachments as files
from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.intake import Intake, parse
from services.dossier.domain.intake import read as read_request
from services.dossier.domain.refusal import Refused, Wrong, path_of
from services.dossier.web.body import REQUEST
from shared.contracts.dossier import IntakeRefused, IntakeRepeated, RunStarted
from tests.unit.dossier.conftest import House, a_destination, a_request

CAME = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
ANNA = {"name": "Anna", "email": "anna@home.example"}


def merged(**merge: Any) -> list[dict[str, Any]]:
    return [a_destination(merge=merge)]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown field": ({"colour": "red"}, "colour", "unknown_field"),
    "unknown field of a destination": ({"destinations": [a_destination(x=1)]}, "destinations[0].x", "unknown_field"),
    "no type": ({"type": None}, "type", "wrong_type"),
    "number that is no text": ({"destinations": [a_destination(number=1000)]}, "destinations[0].number", "wrong_type"),
    "flag that is no flag": ({"record_separately": "yes"}, "record_separately", "wrong_type"),
    "issue method of no kind": ({"issue_method": "fax"}, "issue_method", "wrong_value"),
    "unknown type": ({"type": "parcel"}, "type", "unknown_type"),
    "note that is mailed": ({"type": "note"}, "issue_method", "issue_method_not_of_type"),
    "incoming mail that is mailed": ({"type": "incoming_mail"}, "issue_method", "issue_method_not_of_type"),
    "no subject": ({"subject": "  "}, "subject", "missing"),
    "subject of two lines": ({"subject": "Een\r\nBcc: x"}, "subject", "subject_line_break"),
    "subject with a control character": ({"subject": "Een\x07"}, "subject", "subject_line_break"),
    "subject with a line separator": ({"subject": "Een\u2028twee"}, "subject", "subject_line_break"),
    "long subject": ({"subject": "x" * 256}, "subject", "too_long"),
    "long comment": ({"comment": "x" * 100_001}, "comment", "too_long"),
    "NUL in a text": ({"comment": "a\x00b"}, "comment", "not_text"),
    "unknown body layout": ({"body_text": None, "body_layout_id": "x"}, "body_layout_id", "unknown_layout"),
    "unknown attachment layout": ({"attachment_layout_id": "x"}, "attachment_layout_id", "unknown_layout"),
    "letter as a body": ({"body_text": None, "body_layout_id": "brief"}, "body_layout_id", "layout_kind"),
    "body as a letter": ({"attachment_layout_id": "plain"}, "attachment_layout_id", "layout_kind"),
    "letter that is no PDF": (
        {"attachment_layout_id": "brief", "attachment_read_only": False},
        "attachment_read_only",
        "layout_is_pdf_only",
    ),
    "read-only nothing": ({"attachment_read_only": True}, "attachment_read_only", "read_only_needs_attachment_layout"),
    "body twice": ({"body_layout_id": "plain"}, "body_text", "body_typed_and_layout"),
    "letter without a layout": ({"issue_method": "document"}, "attachment_layout_id", "missing"),
    "required merge field": (
        {"body_text": None, "body_layout_id": "welcome", "destinations": merged(colour="red")},
        "destinations[0].merge.table",
        "merge_field_missing",
    ),
    "blank merge field": (
        {"body_text": None, "body_layout_id": "welcome", "destinations": merged(table=" ")},
        "destinations[0].merge.table",
        "merge_field_missing",
    ),
    "long merge value": ({"destinations": merged(a=["x" * 10_001])}, "destinations[0].merge.a", "too_long"),
    "much merge data": (
        {"destinations": merged(**{f"a{n}": "x" * 9_000 for n in range(30)})},
        "destinations[0].merge",
        "merge_too_large",
    ),
    "deep merge data": (
        {"destinations": merged(a=json.loads("[" * 60 + "]" * 60))},
        "destinations[0].merge.a[0][0][0][0][0]",
        "too_deep",
    ),
    "destination twice": (
        {
            "destinations": [
                a_destination("1", contact_id="2"),
                a_destination("1", kind="contact_person", contact_id="2"),
            ]
        },
        "destinations[1]",
        "duplicate_destination",
    ),
    "unknown kind": (
        {"destinations": [a_destination(kind="planet")]},
        "destinations[0].kind",
        "unknown_destination_kind",
    ),
    "number with a bar": ({"destinations": [a_destination("1|2")]}, "destinations[0].number", "wrong_number"),
    "contact person of nobody": (
        {"destinations": [a_destination(kind="contact_person")]},
        "destinations[0].contact_id",
        "missing",
    ),
    "unknown contact": (
        {"destinations": [{"kind": "person", "number": "9"}]},
        "destinations[0]",
        "unknown_contact",
    ),
    "unknown contact person": (
        {"destinations": [{"kind": "organisation", "number": "9", "contact_id": "1"}]},
        "destinations[0]",
        "unknown_contact",
    ),
    "invalid address": (
        {"destinations": [a_destination(recipient={"email": "anna@"})]},
        "destinations[0].recipient.email",
        "invalid_email",
    ),
    "name of two lines": (
        {"destinations": [a_destination(recipient={"name": "Anna\nBcc: x", "email": "a@home.example"})]},
        "destinations[0].recipient.name",
        "control_character",
    ),
    "long name": (
        {"destinations": [a_destination(recipient={"name": "x" * 201})]},
        "destinations[0].recipient.name",
        "too_long",
    ),
    "time without a zone": (
        {"destinations": [a_destination(recipient={"as_of": "2026-03-02T09:15:00"})]},
        "destinations[0].recipient.as_of",
        "wrong_value",
    ),
    "time as a number": (
        {"destinations": [a_destination(recipient={"as_of": 1})]},
        "destinations[0].recipient.as_of",
        "wrong_type",
    ),
    "unknown sender": ({"sender_id": "nobody"}, "sender_id", "unknown_sender"),
    "no sender": ({"sender_id": None}, "sender_id", "sender_missing"),
    "sender without an address": ({"sender_address": ""}, "sender_address", "sender_missing"),
    "invalid sender address": ({"sender_address": "sales@"}, "sender_address", "invalid_sender_address"),
    "consent not attested": (
        {"destinations": [a_destination("1"), a_destination("2")]},
        "consent_attested",
        "consent_not_attested",
    ),
    "nobody to mail": ({"destinations": []}, "destinations", "no_valid_addressees"),
    "nobody with an address": (
        {"destinations": [a_destination(recipient={"name": "Anna"})]},
        "destinations",
        "no_valid_addressees",
    ),
    "an address is missing and may not be": (
        {
            "destinations": [a_destination("1"), a_destination("2", recipient={"name": "Anna"})],
            "missing_addresses": "refuse",
            "consent_attested": True,
        },
        "destinations[1]",
        "address_missing",
    ),
    "content that is no base64": (
        {"attachments": [{"filename": "a.pdf", "content": "%%"}]},
        "attachments[0].content",
        "not_base64",
    ),
    "file that was never put": (
        {"attachments": [{"filename": "a.pdf", "sha256": "0" * 64}]},
        "attachments[0].sha256",
        "unknown_attachment",
    ),
    "file without content": ({"attachments": [{"filename": "a.pdf"}]}, "attachments[0].content", "content_or_sha256"),
    "file name with a path": (
        {"attachments": [{"filename": "../a.pdf", "content": ""}]},
        "attachments[0].filename",
        "wrong_filename",
    ),
    "content type that is none": (
        {"attachments": [{"filename": "a.pdf", "content": "", "content_type": "a/b\r\nX: y"}]},
        "attachments[0].content_type",
        "wrong_value",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_refused_with_field_and_code(house: House, what: str) -> None:
    other, field, code = REFUSED[what]

    problem = await house.refused(a_request(**other))

    assert (problem["status"], problem["code"]) == (422, code)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize("field", ["type", "subject", "request_id"])
async def test_what_is_required_is_missed_by_name(house: House, field: str) -> None:
    body = a_request()
    del body[field]

    problem = await house.refused(body)

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, "missing")]


async def test_everything_that_is_wrong_is_said_at_once(house: House) -> None:
    people = [a_destination("1", recipient={"name": "x\ny"}), {"kind": "planet", "number": "2"}]

    problem = await house.refused(a_request(subject="a\nb", destinations=people), "nl")

    assert problem["code"] == "invalid"
    assert problem["detail"] == "3 dingen kloppen niet; er is niets vastgelegd."
    assert [error["field"] for error in problem["errors"]] == [
        "subject",
        "destinations[0].recipient.name",
        "destinations[1].kind",
    ]


async def test_no_mail_goes_without_a_mail_server(tmp_path: Path) -> None:
    """FR-32, FR-33, FR-107, A21."""
    house = House(tmp_path)

    problem = await house.refused(a_request(sender_id=None, sender_address="sales@house.example"), "nl")

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("issue_method", "mail_server_not_configured")
    ]
    assert problem["detail"] == "Er is geen e-mailserver ingesteld; stel die eerst in bij de omgevingsinstellingen."
    await house.store.close()


async def test_words_name_what_they_speak_of(house: House) -> None:
    people = [{"kind": "person", "number": "9"}]

    dutch = await house.refused(a_request(destinations=people), "nl-BE, en;q=0.5")
    english = await house.refused(a_request(destinations=people))

    assert dutch["errors"][0]["detail"] == "Het contact person 9 is niet bekend; geef ook recipient."
    assert english["errors"][0]["detail"] == "The contact person 9 is not known; give its recipient too."


async def test_a_refused_request_reserves_nothing(house: House) -> None:
    await house.refused(a_request(subject="a\nb"))

    answer = await house.ask("POST", "/dossier-items", a_request())

    assert answer.status_code == 202


async def test_an_accepted_request_id_with_other_content_is_refused(house: House) -> None:
    await house.ask("POST", "/dossier-items", a_request())

    problem = await house.refused(a_request(subject="Iets anders"))

    assert (problem["status"], problem["code"]) == (409, "request_id_reused")


async def test_the_same_content_in_other_words_of_json_is_the_same_request(house: House) -> None:
    first = await house.ask("POST", "/dossier-items", a_request())

    again = await house.ask("POST", "/dossier-items", dict(reversed(a_request(comment="").items())))

    assert again.json() == first.json()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b"{'a': 1}", "malformed_json"),
        (b'{"a": 1}{', "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b"[" * 100_000, "malformed_json"),
        (b'{"subject": NaN}', "wrong_type"),
        (b'{"subject": "\\ud800"}', "not_text"),
        (b'{"a\\u0000": 1}', "not_text"),
    ],
)
async def test_what_is_no_json_or_no_text_is_refused(house: House, body: bytes, code: str) -> None:
    assert (await house.refused(body))["code"] == code


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"'])
async def test_json_that_is_no_request_is_refused(house: House, body: bytes) -> None:
    assert (await house.refused(body))["code"] == "wrong_type"


async def test_a_number_is_of_an_organisation_or_of_a_person(house: House) -> None:
    await house.ask("PUT", "/contacts/organisation/1", {"name": "Bakkerij"})

    problem = await house.refused(a_request(destinations=[a_destination("1", kind="person")]))

    assert problem["errors"][0]["code"] == "number_taken"
    assert (await house.ask("PUT", "/contacts/person/1", {})).json()["code"] == "number_taken"


async def test_files_have_a_size_that_a_mail_can_take(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-8."""
    monkeypatch.setattr(files, "FILE", 10)
    six, eleven = (b64encode(b"x" * size).decode() for size in (6, 11))

    put = (await house.ask("POST", "/attachments?filename=a", b"x" * 6)).json()["sha256"]
    four = {"filename": "b", "content": b64encode(b"x" * 4).decode()}

    alone = await house.refused(a_request(attachments=[{"filename": "a", "content": eleven}]))
    together = await house.refused(a_request(attachments=[{"filename": "a", "content": six}] * 2))
    before = await house.refused(a_request(attachments=[{"filename": "a", "sha256": put}, four, four]))
    just = await house.ask("POST", "/dossier-items", a_request(attachments=[{"filename": "a", "sha256": put}, four]))

    assert alone["errors"][0]["code"] == "attachment_too_large"
    assert together["errors"][0]["code"] == before["errors"][0]["code"] == "attachments_too_large"
    assert just.status_code == 202, "as large as a mail can take is not too large"


async def test_a_body_too_large_is_not_taken_in(house: House) -> None:
    """R-8: 30 MB a file, 75 MB a request; what is just as large is taken in."""
    file = await house.ask("POST", "/attachments", b"x" * (files.FILE + 1))
    fits = await house.ask("POST", "/attachments?filename=a", b"x" * files.FILE)
    padded = json.dumps(a_request()).encode()
    whole = await house.ask("POST", "/dossier-items", padded + b" " * (REQUEST - len(padded)))

    request = await house.ask("POST", "/dossier-items", b" " * (REQUEST + 1))

    assert (file.status_code, file.json()["code"]) == (413, "attachment_too_large")
    assert (request.status_code, request.json()["code"]) == (413, "request_too_large")
    assert (fits.status_code, whole.status_code) == (201, 202)


async def test_a_refused_message_is_on_record_once(house: House) -> None:
    body = json.dumps(a_request(subject="a\nb")).encode()

    for _ in range(2):
        await house.dossier.upstream.dossier_item(body, CAME, 7)
    await house.dossier.upstream.dossier_item(b"no json", CAME, 8)
    await house.dossier.upstream.contact(b'{"kind": "planet", "number": "1"}', CAME, 9)

    first, second, third = await house.told(IntakeRefused)
    assert (first.request_id, first.code) == ("crm-1", "subject_line_break")
    assert first.detail == "Het onderwerp mag geen regeleinde of ander besturingsteken bevatten."
    assert (second.request_id, second.code) == (None, "malformed_json")
    assert (third.code, third.errors[0].field) == ("unknown_destination_kind", "kind")


async def test_a_request_that_comes_again_is_told_of_once_for_each_time(house: House) -> None:
    """A23: whoever missed the answer by a message gets it when he repeats, the message heard again gives none more."""
    body = json.dumps(a_request()).encode()

    for number in (7, 8, 8, 9):
        await house.dossier.upstream.dossier_item(body, CAME, number)
    other = json.dumps(a_request(subject="Anders")).encode()
    await house.dossier.upstream.dossier_item(other, CAME, 10)

    [run] = await house.told(RunStarted)
    assert [(one.request_id, one.run_id) for one in await house.told(IntakeRepeated)] == [("crm-1", run.run_id)] * 2
    assert [one.code for one in await house.told(IntakeRefused)] == ["request_id_reused"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/senders/x"),
        ("PUT", "/mail-servers/x"),
        ("PUT", "/layouts/x"),
        ("PUT", "/contacts/person/1"),
        ("POST", "/contacts/import"),
        ("POST", "/dossier-items"),
        ("POST", "/attachments"),
    ],
)
async def test_who_may_only_read_changes_nothing(house: House, method: str, path: str) -> None:
    house.token = house.access.create_token("reader", ["read"])

    assert (await house.ask(method, path, {})).status_code == 403
    assert (await house.ask("GET", "/contacts")).status_code == 200


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(sorted(Intake.model_fields)), _JSON, max_size=4),
    st.dictionaries(st.sampled_from(sorted(GivenDestination.model_fields)), _JSON, max_size=3),
)
def test_whatever_json_comes_it_is_a_request_or_refused_by_field(whole: dict[str, Any], part: dict[str, Any]) -> None:
    body = json.dumps({**a_request(destinations=[a_destination(**part)]), **whole}).encode()

    try:
        outcome = read_request(parse(body)).content_hash()
    except Refused as refused:
        outcome = refused.code

    assert outcome


def test_every_code_has_words_in_each_language() -> None:
    source = "\n".join(path.read_text("utf-8") for path in LOCALES.parent.rglob("*.py"))
    codes = set(re.findall(r'Wrong\([^()]*?"([a-z0-9_]+)"(?:, \{|\))', source)) | set(
        re.findall(r'_refused\("([a-z_]+)"', source)
    )

    for language in ("nl", "en"):
        assert codes - set(_words(language)) == set()
    assert len(codes) > 40


def test_both_languages_have_the_same_codes_and_values() -> None:
    def values(texts: dict[str, str]) -> dict[str, set[str]]:
        return {code: set(re.findall(r"\{(\w+)\}", text)) for code, text in texts.items()}

    assert values(_words("nl")) == values(_words("en"))


def test_no_code_has_its_words_in_two_files(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / "nl").mkdir(exist_ok=True)
        (tmp_path / "nl" / f"{name}.toml").write_text('missing = "Dit veld is verplicht."\n', "utf-8")

    with pytest.raises(ValueError, match="missing"):
        TomlTexts(tmp_path)


def _words(language: str) -> dict[str, str]:
    return {
        code: text
        for path in (LOCALES / language).glob("*.toml")
        for code, text in tomllib.loads(path.read_text("utf-8")).items()
    }


def test_a_path_is_written_as_in_json() -> None:
    assert path_of(("destinations", 3, "merge", "table")) == "destinations[3].merge.table"
    assert Wrong("a", "missing") == Wrong("a", "missing", {})
