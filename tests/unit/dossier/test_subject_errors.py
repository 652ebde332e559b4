"""What an AFAS client is told when it is refused: three keys, in its language, with the field that is wrong (§5.5)."""

import json
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.dossier.domain.afas.problems import RULE, UNEXPECTED, UNKNOWN
from services.dossier.domain.afas.subject import read_subject
from services.dossier.domain.refusal import Refused
from services.dossier.web import body as bodies
from shared.access import token_of_afas
from shared.store import StoreUnavailable
from tests.unit.dossier.afas import MEMO, PATH, Client, a_link, a_subject, furnish
from tests.unit.dossier.conftest import House

FILE = {"KnSubjectAttachment": {"Element": {"Fields": {"FileName": "a.txt", "FileStream": "YQ=="}}}}


@pytest.fixture
async def client(house: House) -> Client:
    await furnish(house)
    return Client(house)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (a_subject(Vreemd=1), "Vreemd", "afas_unknown_field"),
        (a_subject({"KnSubjectLien": {}}), "KnSubjectLien", "afas_unknown_object"),
        (a_subject([a_link(ToXX=True)]), "ToXX", "afas_unknown_field"),
        (a_subject([{"KnS51": {"Element": {"Fields": {"U12": 1}}}}]), "U12", "afas_unknown_field"),
        ({"KnOrganisation": {}}, "KnOrganisation", "afas_unknown_object"),
        ({"KnSubject": {"Elements": {}}}, "Elements", "afas_unknown_field"),
        ({"KnSubject": {"Element": {"Velden": {}}}}, "Velden", "afas_unknown_field"),
        ({"KnSubject": {"Element": [{"Fields": {}}, {"Fields": {}}]}}, "Element", "afas_one_element"),
        ({}, "Element", "afas_one_element"),
        ([], "Element", "afas_one_element"),
        ([{"KnSubject": {}}], "", "afas_not_object"),
        (7, "", "afas_not_object"),
        ({"KnSubject": 7}, "KnSubject", "afas_not_object"),
        ({"KnSubject": {"Element": "x"}}, "KnSubject.Element", "afas_not_object"),
        ({"KnSubject": {"Element": {"Fields": [1]}}}, "Fields", "afas_not_object"),
        (a_subject("nergens"), "Objects", "afas_not_object"),
        (a_subject(StId=None), "StId", "missing"),
        (a_subject(Ds=""), "Ds", "missing"),
        (a_subject(Ds="x" * 256), "Ds", "too_long"),
        (a_subject(SaId="TELEFOON"), "SaId", "too_long"),
        (a_subject(StId="vijftien"), "StId", "afas_not_integer"),
        (a_subject(FvF1=1.5), "FvF1", "afas_not_integer"),
        (a_subject(FvF1=10**19), "FvF1", "afas_not_integer"),
        (a_subject(St="ja"), "St", "afas_not_boolean"),
        (a_subject(St=2), "St", "afas_not_boolean"),
        (a_subject(Da="22-01-2026"), "Da", "afas_not_date"),
        (a_subject(Da=20260122), "Da", "afas_not_date"),
        (a_subject(Da="0001-01-01T00:00:00"), "Da", "afas_not_date"),
        (a_subject(Ds=True), "Ds", "afas_not_text"),
        (a_subject(Ds=["x"]), "Ds", "afas_not_text"),
        (a_subject(ViPr="X"), "ViPr", "wrong_value"),
        (a_subject(**{"@Action": "merge"}), "@Action", "wrong_value"),
        (a_subject(**{"@Action": "update"}), "SbId", "missing"),
        (a_subject(ds="Anders"), "ds", "afas_twice"),
        (a_subject([a_link(SfTp=5, SfId="1")]), "SfTp", "wrong_value"),
        (a_subject([a_link(SfTp=4)]), "SfId", "missing"),
        (a_subject([a_link(SfId="10001")]), "SfTp", "missing"),
        (a_subject([a_link(ToSR=True)]), "BcId", "missing"),
        (a_subject([{"KnSubjectAttachment": {"Element": {"Fields": {"FileName": "a.txt"}}}}]), "FileStream", "missing"),
        (a_subject([{"KnSubjectAttachment": {"Element": {"Fields": {"FileStream": "YQ=="}}}}]), "FileName", "missing"),
        (a_subject([{"KnSubjectAttachment": {"Element": {"Fields": {"FileId": "A" * 32}}}}]), "FileId", "afas_unknown_file"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_its_name(body: Any, field: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_subject(body, "insert")

    assert (field, code) in [(wrong.field, wrong.code) for wrong in refused.value.wrongs]


@pytest.mark.parametrize(
    ("body", "number", "english"),
    [
        (a_subject(Vreemd=1), RULE, "Vreemd: There is no field 'Vreemd'; leave it out."),
        (a_subject(StId=99), UNKNOWN, "The entered value for 'Dossier item type' does not exist."),
        (a_subject(StId=-6), UNKNOWN, "The entered value for 'Dossier item type' does not exist."),
        (a_subject([a_link(ToEm=True, BcId="7")]), UNKNOWN, "The entered value for 'Employee' does not exist."),
        (a_subject([a_link(SfTp=3, SfId="1000744", CdId=7)]), UNKNOWN, "The entered value for 'Contact' does not exist."),
        (a_subject([a_link(SfTp=3, SfId="1000744")], StId=17), RULE, "This destination is not valid for this dossier item type."),
        (a_subject(StId=16, ViPr="H"), RULE, "ViPr: An item of this type has no field 'ViPr'; leave it out."),
        (a_subject(StId=16, SbTx="x"), RULE, "SbTx: An item of this type has no field 'SbTx'; leave it out."),
        (a_subject(FILE, StId=16), RULE, "KnSubjectAttachment: Files cannot be linked to an item of this type; leave the attachments out."),
        (a_subject(FeCo=99), UNKNOWN, "FeCo: There is no feature combination 99 of this type."),
        (a_subject(SbHi=99), UNKNOWN, "The entered value for 'Dossier item' does not exist (99)."),
        (a_subject(DtFr="2026-03-04", DtTo="2026-03-02"), RULE, "DtTo: The end date lies before the start date."),
        (a_subject(Ds="twee\nregels"), RULE, "Ds: The subject may not hold a line break or another control character."),
        (a_subject({"KnSubjectAttachment": {"Element": {"Fields": {"FileName": "a", "FileStream": "é"}}}}), RULE, "FileStream: The content is not valid base64."),
        (b"<KnSubject/>", RULE, "The body is not valid JSON (line 1, column 1)."),
        (b'{"KnSubject":"\\ud800"}', RULE, "KnSubject: This field holds characters that are not text."),
    ],
)  # fmt: skip
async def test_a_refusal_names_the_field_and_what_to_do(client: Client, body: Any, number: int, english: str) -> None:
    """R-17: a field may be given only if it is on for the type; R-20: so may a kind of destination."""
    said = await client.refused("POST", PATH, body)

    assert (said["externalMessage"], said["errorNumber"]) == (english, number)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("nl-nl", "Deze bestemming is niet geldig voor dit type dossieritem."),
        ("nl-be", "Deze bestemming is niet geldig voor dit type dossieritem."),
        ("", "Deze bestemming is niet geldig voor dit type dossieritem."),
        ("en-us", "This destination is not valid for this dossier item type."),
        ("fr-fr", "This destination is not valid for this dossier item type."),
        ("de-de", "This destination is not valid for this dossier item type."),
    ],
)
async def test_a_refusal_speaks_the_language_of_the_client(client: Client, asked: str, message: str) -> None:
    said = await client.refused("POST", PATH, a_subject([a_link(SfTp=3, SfId="1000744")], StId=17), asked)

    assert said["externalMessage"] == message


async def test_a_refusal_is_found_in_the_log_by_its_reference(client: Client) -> None:
    with capture_logs() as log:
        said = await client.refused("POST", PATH, a_subject(Vreemd="Anna de Vries"))

    [entry] = [one for one in log if one.get("reference") == said["profitLogReference"]]
    assert len(said["profitLogReference"]) == 32
    assert entry["codes"] == ["afas_unknown_field"]
    assert "Anna" not in str(entry)


async def test_an_error_that_nobody_foresaw_has_the_three_keys_and_is_in_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("Anna de Vries")

    monkeypatch.setattr(client.house.dossier.subjects, "ask", fail)
    with capture_logs() as log:
        said = await client.refused("POST", PATH, a_subject())

    assert (said["externalMessage"], said["errorNumber"]) == ("An unexpected error has occurred.", UNEXPECTED)
    assert said["profitLogReference"] in str(log)


async def test_a_store_that_is_away_is_said_with_when_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(client.house.dossier.subjects, "ask", fail)
    answer = await client.ask("POST", PATH, a_subject())

    assert answer.status_code == 503
    assert answer.json().keys() == {"error", "retry_after"}
    assert answer.headers["Retry-After"] == str(answer.json()["retry_after"])


async def test_a_body_above_the_limit_is_refused_as_too_large(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-8: a request with its files has a limit."""
    monkeypatch.setattr(bodies.whole, "__defaults__", (100, "request_too_large"))

    answer = await client.ask("POST", PATH, a_subject(SbTx="x" * 100))

    assert answer.status_code == 413
    assert answer.json().keys() == {"externalMessage", "errorNumber", "profitLogReference"}


def _form(xml: str) -> str:
    return f"AfasToken {b64encode(xml.encode()).decode()}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "AfasToken",
        "AfasToken ???",
        _form("<token><version>1</version><data>12</data></token>"),
        _form(f"<token><version>1</version><data>{'A' * 64}</data></token>"),
        _form(f"<token><version>2</version><data>{'A' * 64}</data></token>"),
        "AfasToken " + b64encode(b"\xff\xfe").decode(),
        "Bearer uitpost_unknown",
        "Basic eDp5",
    ],
)
async def test_a_wrong_token_is_told_so(client: Client, header: str) -> None:
    answer = await client.ask("POST", PATH, a_subject(), Authorization=header)

    assert answer.status_code == 401
    assert "uitpost token create --afas" in answer.json()["externalMessage"]


async def test_a_token_that_may_only_read_may_not_record(client: Client) -> None:
    reader = Client(client.house, "reader", "read")

    barred = [
        await reader.ask("POST", PATH, a_subject()),
        await reader.ask("PUT", PATH, a_subject(SbId=1)),
        await reader.ask("DELETE", f"{PATH}/KnSubject/@SbId/1"),
    ]

    assert [answer.status_code for answer in barred] == [403] * 3
    assert (await reader.ask("GET", "/ProfitVersion")).status_code == 200


async def test_a_token_is_good_in_either_form(client: Client) -> None:
    bearer = await client.ask("POST", PATH, a_subject(), Authorization=f"Bearer {client.token}")
    native = await client.ask("POST", PATH, a_subject(), Authorization=f"Bearer {client.house.token}")

    assert bearer.status_code == native.status_code == 201


@pytest.mark.parametrize(
    ("form", "token"),
    [
        (f" <token>\r\n<version>1</version><data>{'0aB' * 21}F</data>\n</token>\n", "uitpost_" + "0ab" * 21 + "f"),
        (f"<token><version>1</version><data>{'g' * 64}</data></token>", None),
        ("", None),
    ],
)
def test_the_form_of_a_token_is_read(form: str, token: str | None) -> None:
    assert token_of_afas(b64encode(form.encode()).decode()) == token


_NAMES = st.sampled_from(
    ["KnSubject", "Element", "Fields", "Objects", "KnSubjectLink", "KnSubjectAttachment", "KnS51", "StId", "Ds", "SbId",
     "@SbId", "@Action", "SfTp", "SfId", "BcId", "ToBC", "FileName", "FileStream", "FvF1", "Da", "DtFr", "St", "SbHi",
     "KnReaction", "SbTx", "VaRe", "KnWorkflow", "WfNm", "TkNm", "AcNm", "U112E249248E7AF8B68A64BA5DF850577"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["15", MEMO, "insert"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(_NAMES, _VALUES, max_size=2) | _VALUES)
def test_no_body_is_read_otherwise_than_as_an_item_or_a_refusal(body: Any) -> None:
    for action in ("insert", "update"):
        with suppress(Refused):
            assert read_subject(body, action).action


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=60)
    | st.fixed_dictionaries({"KnSubject": st.fixed_dictionaries({"Element": _VALUES})})
    | st.builds(lambda fields: a_subject(**fields), st.dictionaries(_NAMES, _VALUES, max_size=4)),
    path=st.sampled_from([PATH, f"{PATH}/KnSubjectAttachment", "/connectors/KnSubjectReaction", "/connectors/KnSubjectWorkflowReaction"]),
)  # fmt: skip
async def test_no_body_is_answered_without_the_three_keys(client: Client, body: Any, path: str) -> None:
    content = body if isinstance(body, bytes) else json_of(body)

    answer = await client.ask("POST", path, content)

    assert answer.status_code in {201, 500}
    if answer.status_code == 500:
        assert answer.json().keys() == {"externalMessage", "errorNumber", "profitLogReference"}
        assert answer.json()["errorNumber"] != UNEXPECTED


def json_of(body: Any) -> bytes:
    """Return the body as JSON, whatever is in it."""
    return json.dumps(body).encode()
