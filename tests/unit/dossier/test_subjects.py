"""An item as AFAS clients record it: every shape and style that they have, the item that comes of it, and its number."""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from services.dossier.application import attachments as files
from services.dossier.domain.afas.links import Party
from services.dossier.domain.afas.subject import read_subject
from services.dossier.domain.afas.translation import request_of
from services.dossier.domain.intake import read
from shared.contracts.dossier import DossierItemRecorded
from tests.unit.dossier.afas import MEMO, PATH, Client, a_link, a_subject, furnish
from tests.unit.dossier.conftest import House

PNG = b64encode(b"\x89PNG a picture").decode()
FILE = {"Fields": {"FileName": "oven.png", "FileStream": PNG}}
U1, U2 = "U112E249248E7AF8B68A64BA5DF850577", "U307682E043316A0DCFF663B12C496196"


@pytest.fixture
async def client(house: House) -> Client:
    await furnish(house)
    return Client(house)


async def recorded(client: Client, body: Any) -> DossierItemRecorded:
    await client.record(body)
    [item] = await client.house.told(DossierItemRecorded)
    assert isinstance(item, DossierItemRecorded)
    return item


def fields_of(item: DossierItemRecorded) -> dict[str, Any]:
    assert item.fields is not None
    return item.fields.model_dump(mode="json", exclude_none=True, exclude={"item_number"})


ELEMENT = {"Fields": {"StId": MEMO, "Ds": "Gebeld over de oven"}}
AT = {"Element": {"Fields": {"SfTp": 3, "SfId": "1000744"}}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"KnSubject": {"Element": ELEMENT | {"Objects": {"KnSubjectLink": AT}}}}, id="objects as an object"),
        pytest.param({"KnSubject": {"Element": ELEMENT | {"Objects": [{"KnSubjectLink": AT}]}}}, id="objects as a list"),
        pytest.param({"KnSubject": {"Element": [ELEMENT | {"Objects": [{"KnSubjectLink": AT}]}]}}, id="element as a list"),
        pytest.param({"KnSubject": {"Element": ELEMENT | {"Objects": {"KnSubjectLink": {"Element": [AT["Element"]]}}}}}, id="link as a list"),
        pytest.param({"KnSubject": {"Element": ELEMENT | {"Objects": [{"KnSubjectLink": [AT]}]}}}, id="a list of links"),
        pytest.param({"knsubject": {"element": {"fields": {"stid": "15", "DS": "Gebeld over de oven"}, "OBJECTS": [{"knsubjectlink": AT}]}}}, id="other capitals"),
        pytest.param({"KnSubject": {"Element": {"@SbId": "", **ELEMENT, "Objects": {"KnSubjectLink": AT}}}}, id="an empty key"),
        pytest.param({"KnSubject": {"Element": {"Fields": {"@Action": "insert", "SbId": 7, "StId": "15", "Ds": "Gebeld over de oven"}, "Objects": {"KnSubjectLink": AT}}}}, id="an action and a number"),
    ],
)  # fmt: skip
def test_a_body_is_read_in_every_shape(body: Any) -> None:
    subject = read_subject(body, "insert")

    assert (subject.type_code, subject.given) == (MEMO, {"subject": "Gebeld over de oven"})
    assert subject.links is not None
    assert subject.links.parties == [Party("organisation", "1000744")]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda body: b"\xef\xbb\xbf" + body, id="a byte order mark"),
        pytest.param(lambda body: b" \r\n" + body + b"\n", id="white space around it"),
        pytest.param(lambda body: b'"' + body.replace(b'"', b'\\"') + b'"', id="JSON within a JSON text"),
    ],
)
@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_is_read_whatever_it_calls_itself(client: Client, form: Any, kind: str) -> None:
    body = form(b'{"KnSubject":{"Element":{"Fields":{"StId":15,"Ds":"Gebeld"}}}}')
    headers = {"Content-Type": kind} if kind else {}

    number = await client.record(body, **headers)

    assert number == "1"


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"St": True}, {"completed": True}),
        ({"St": "true"}, {"completed": True}),
        ({"St": "1", "SbBl": "0"}, {"completed": True, "blocked": False}),
        ({"St": 1, "SbBl": 0}, {"completed": True, "blocked": False}),
        ({"St": "False"}, {"completed": False}),
        ({"FvF1": "1"}, {"feature_value_1": 1}),
        ({"FvF1": 2, "FvF2": "3", "FvF3": 9}, {"feature_value_1": 2, "feature_value_2": 3, "feature_value_3": 9}),
        ({"FeCo": "12"}, {"feature_combination_id": 12}),
        ({"EmId": "000256"}, {"responsible_id": "000256"}),
        ({"EmId": 256}, {"responsible_id": "256"}),
        ({"SaId": "BEL", "ScId": "WEB"}, {"action_type": "BEL", "source_code": "WEB"}),
        ({"ViPr": "H"}, {"priority": "high"}),
        ({"ViPr": "N"}, {"priority": "normal"}),
        ({"ViPr": "L"}, {"priority": "low"}),
        ({"ViPr": "", "EmId": None, "DtFr": ""}, {}),
        ({"Da": "2026-01-22T10:00:00"}, {"submitted_at": "2026-01-22T09:00:00Z"}),
        ({"Da": "2026-07-22T10:00:00"}, {"submitted_at": "2026-07-22T08:00:00Z"}),
        ({"Da": "2026-07-22T10:00:00.1230000Z"}, {"submitted_at": "2026-07-22T08:00:00.123000Z"}),
        ({"Da": "2026-07-22T10:00:00+00:00"}, {"submitted_at": "2026-07-22T10:00:00Z"}),
        ({"DtFr": "2026-03-02", "DtTo": "2026-03-04T00:00:00"}, {"start_date": "2026-03-02", "end_date": "2026-03-04"}),
        ({"DtFr": "2026-03-02T10:30:00"}, {"start_date": "2026-03-02T09:30:00+00:00"}),
        ({"St": True, "DtSt": "2026-03-29T03:30:00"}, {"completed": True, "completed_at": "2026-03-29T01:30:00Z"}),
        ({"MarkOpened": "1", "ProfileId": "3", "id": "wf-1"}, {"extra": {"MarkOpened": True, "ProfileId": 3, "id": "wf-1"}}),
        ({"SbPa": "oven.png"}, {"extra": {"SbPa": "oven.png"}}),
        ({U1: "2026-03-01", U2: 7}, {"custom_fields": {U1: "2026-03-01", U2: 7}}),
        ({"stid": MEMO, "sBtX": "Met *nadruk*"}, {}),
    ],
)  # fmt: skip
def test_a_field_is_read_in_every_spelling(given: dict[str, Any], fields: dict[str, Any]) -> None:
    subject = read_subject(a_subject(**given), "insert")

    assert read(request_of(subject, subject.given, "memo", ()), "1").own_fields() == fields


async def test_a_comment_stays_as_it_was_written(client: Client) -> None:
    text = "**VET** \r\n _Cursief_ \r\n++Onderstreept++ ~~door~~ \r\n# KOP 1 <b>&amp;</b>"

    item = await recorded(client, a_subject(SbTx=text))

    assert item.comment == text


@pytest.mark.parametrize(
    ("link", "at"),
    [
        ({"SfTp": 2, "SfId": "000256"}, ["employee|000256|"]),
        ({"SfTp": "3", "SfId": 1000744}, ["organisation|1000744|"]),
        ({"SfTp": 3, "SfId": "1000585"}, ["person|1000585|"]),
        ({"SfTp": 4, "SfId": "10001", "DoCRM": True}, ["sales_relation|10001|"]),
        ({"SfTp": 8, "SfId": "81"}, ["income_tax_client|81|"]),
        ({"SfTp": 9, "SfId": "82"}, ["corporate_tax_client|82|"]),
        ({"SfTp": 10, "SfId": 1}, ["employer|1|"]),
        ({"SfTp": "11", "SfId": "50013", "BcId": "1000744"}, ["purchase_relation|50013|"]),
        ({"SfTp": "17", "SfId": "000256", "DoCRM": "1"}, ["applicant|000256|"]),
        ({"SfTp": 66, "SfId": "83"}, ["vat_client|83|"]),
        ({"SfTp": 3, "SfId": "1000744", "CdId": 1005}, ["organisation|1000744|1005"]),
        ({"SfTp": 4, "SfId": "10001", "BcId": "1000744", "CdId": 1005}, ["organisation|1000744|1005"]),
        ({"SfTp": 3, "BcId": "1000744"}, ["organisation|1000744|"]),
        ({"SfTp": 1}, []),
        ({"ToBC": True, "BcId": "1000744"}, ["organisation|1000744|"]),
        ({"ToBC": "1", "BcId": 1000744, "CdId": "1005"}, ["organisation|1000744|1005"]),
        ({"ToEM": "true", "BcId": "000256"}, ["employee|000256|"]),
        ({"ToSR": True, "BcId": "10001"}, ["sales_relation|10001|"]),
        ({"ToPR": "1", "BcId": "50013"}, ["purchase_relation|50013|"]),
        ({"ToPR": "1", "BcId": "1000744", "CdId": "1005"}, ["organisation|1000744|1005"]),
        ({"ToPR": "1", "BcId": "1000744"}, ["purchase_relation|50013|"]),
        ({"SfTp": 11, "SfId": "50013", "CdId": "1005"}, ["organisation|1000744|1005"]),
        ({"ToSR": "1", "BcId": "1000744"}, ["organisation|1000744|"]),
        ({"ToCl": 1, "BcId": "81"}, ["income_tax_client|81|"]),
        ({"ToCV": 1, "BcId": "82"}, ["corporate_tax_client|82|"]),
        ({"ToOb": 1, "BcId": "83"}, ["vat_client|83|"]),
        ({"ToEr": 1, "BcId": "1"}, ["employer|1|"]),
        ({"ToAp": 1, "BcId": "000256"}, ["applicant|000256|"]),
        ({"ToBC": True, "ToEm": True, "ToAp": False, "BcId": "000256"}, ["employee|000256|"]),
        ({"BcId": "1000744"}, ["organisation|1000744|"]),
        ({"PjId": "910004"}, []),
        ({"DoCRM": False}, []),
        ({"DoCRM": "0", "ToBC": True, "BcId": "1000744"}, []),
        ({}, []),
    ],
)  # fmt: skip
async def test_a_destination_is_found_in_every_style(client: Client, link: dict[str, Any], at: list[str]) -> None:
    """R-1: a contact is one of its organisation; R-22: a relation has roles; R-27: an item may have no destination."""
    if "ToEm" in link:
        await client.house.ask("PUT", "/contacts/organisation/000256", {"name": "Oven"})
        at = ["organisation|000256|", *at]

    item = await recorded(client, a_subject([a_link(**link)]))

    assert [f"{one.kind}|{one.number}|{one.contact_id or ''}" for one in item.destinations] == at


@pytest.mark.parametrize(
    "objects",
    [None, [], {}, "", [{"KnSubjectLink": {}}], {"KnSubjectLink": None}, [{"KnSubjectLink": {"Element": {}}}], [{"KnSubjectLink": {"Element": []}}]],
)  # fmt: skip
async def test_an_item_may_have_no_destination(client: Client, objects: Any) -> None:
    """R-27: an item without any destination is valid."""
    item = await recorded(client, a_subject(objects))

    assert item.destinations == ()


async def test_several_links_are_several_destinations_of_one_item(client: Client) -> None:
    links = [a_link(SfTp=3, SfId="1000744"), a_link(SfTp=2, SfId="000256"), a_link(ToBC=True, BcId="1000744")]

    item = await recorded(client, a_subject(links))

    assert [one.kind for one in item.destinations] == ["organisation", "employee"]
    assert not item.record_separately


async def test_what_an_item_is_about_is_kept(client: Client) -> None:
    link = a_link(SfTp=4, SfId="10001", SiUn=1, SiTp="1", SiId="V008001", PjId="0010", CaId=9, VaIt="Art", BiId="B1")

    item = await recorded(client, a_subject(link))

    about = {one["kind"]: one["number"] for one in fields_of(item)["sub_destinations"]}
    assert about == {"sales_invoice": "V008001", "project": "0010", "campaign": "9", "item": "B1"}
    assert fields_of(item)["extra"] == {"KnSubjectLink": [{"SiUn": 1, "SiTp": 1, "VaIt": "Art"}]}


async def test_custom_fields_are_kept_as_they_came(client: Client) -> None:
    item = await recorded(client, a_subject([{"KnS51": {"Element": {"Fields": {U1: "11:00", U2: True}}}}]))

    assert fields_of(item) == {"custom_fields": {U1: "11:00", U2: True}}


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param({"KnSubjectAttachment": {"Element": FILE}}, id="one"),
        pytest.param({"KnSubjectAttachment": {"Element": [FILE, FILE]}}, id="one list of elements"),
        pytest.param([{"KnSubjectAttachment": {"Element": FILE}}, {"KnSubjectAttachment": {"Element": [FILE]}}], id="several objects"),
    ],
)  # fmt: skip
async def test_files_come_along(client: Client, objects: Any) -> None:
    """R-24: an item has several attachments, and their names need not be unique."""
    item = await recorded(client, a_subject(objects))

    assert len(item.attachments) == (1 if objects == {"KnSubjectAttachment": {"Element": FILE}} else 2)
    assert {(one.filename, one.content_type) for one in item.attachments} == {("oven.png", "image/png")}
    assert client.house.blobs.get(item.attachments[0].sha256) == b"\x89PNG a picture"


async def test_the_one_file_of_old_clients_stands_among_the_fields(client: Client) -> None:
    item = await recorded(client, a_subject(SbPa="C:\\brieven\\oven.png", FileTrans="1", FileStream=PNG))

    assert [one.filename for one in item.attachments] == ["oven.png"]
    assert fields_of(item) == {}


async def test_an_item_has_a_number_of_its_own_from_then_on(client: Client) -> None:
    numbers = [await client.record(a_subject(Ds=f"Gebeld {n}")) for n in range(3)]

    items = await client.house.told(DossierItemRecorded)
    assert numbers == ["1", "2", "3"]
    assert [item.fields.item_number for item in items] == [1, 2, 3]
    assert {item.submitted_by for item in items} == {"profit"}


async def test_who_submitted_it_and_what_caused_it_may_be_said(client: Client) -> None:
    cause = await client.record()

    await client.record(a_subject(UsId="ALLARDJ", SbHi=cause))

    first, second = await client.house.told(DossierItemRecorded)
    assert (second.submitted_by, second.fields.cause_item_id) == ("ALLARDJ", first.item_id)


async def test_the_same_body_again_is_the_same_item(client: Client) -> None:
    first, again = [await client.record() for _ in range(2)]
    other = await Client(client.house, "another").record()

    assert (first, again, other) == ("1", "1", "2")
    assert len(await client.house.told(DossierItemRecorded)) == 2


async def test_the_same_body_twice_at_once_is_one_item(client: Client) -> None:
    body = a_subject([a_link(SfTp=3, SfId="1000744"), {"KnSubjectAttachment": {"Element": FILE}}])

    numbers = await asyncio.gather(*(client.record(body) for _ in range(6)))

    assert len(set(numbers)) == 1
    assert len(await client.house.told(DossierItemRecorded)) == 1


async def test_the_same_body_is_the_same_item_after_a_restart(client: Client) -> None:
    number = await client.record()
    await client.house.store.close()

    other = House(client.house.folder, blobs=client.house.blobs)
    client.house = other
    try:
        assert await client.record() == number
        assert len(await other.told(DossierItemRecorded)) == 1
    finally:
        await other.store.close()


async def test_a_quarter_of_an_hour_later_it_is_another_item(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await client.record()
    monkeypatch.setattr("services.dossier.adapters.tables.subjects.AGAIN", -1.0)

    assert await client.record() != first


async def test_a_key_is_the_same_item_for_ever(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.dossier.adapters.tables.subjects.AGAIN", -1.0)
    key = {"Idempotency-Key": "crm-7"}

    first, again = await client.record(**key), await client.record(a_subject({}), **key)
    other = await client.ask("POST", "/connectors/KnSubject", a_subject(Ds="Anders"), **key)

    assert first == again
    assert other.status_code == 500
    assert len(await client.house.told(DossierItemRecorded)) == 1


async def test_an_item_accepted_before_a_crash_is_recorded_when_it_is_asked_for(client: Client) -> None:
    async def die(run_id: object) -> None:
        raise RuntimeError

    numbers = client.house.dossier.subjects._numbers
    settle, numbers._settle = numbers._settle, die
    body = a_subject([a_link(SfTp=3, SfId="1000744")])
    died = await client.ask("POST", "/connectors/KnSubject", body)
    numbers._settle = settle

    again = await client.record(body)

    assert died.status_code == 500
    assert again == "1"
    assert len(await client.house.told(DossierItemRecorded)) == 1


async def test_on_postgresql_it_is_the_same(tmp_path: Path, postgres_url: str) -> None:
    house = House(tmp_path, url=postgres_url)
    await furnish(house)
    client = Client(house)
    body = a_subject([a_link(SfTp=3, SfId="1000744")])

    numbers = await asyncio.gather(*(client.record(body) for _ in range(4)))
    numbers.append(await client.record(a_subject()))

    try:
        assert len(set(numbers[:4])) == 1
        assert numbers[4] != numbers[0]
        assert len(await house.told(DossierItemRecorded)) == 2
    finally:
        await house.store.close()


async def test_files_that_are_not_mailed_may_be_larger(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-8: 30 MB can be mailed, 75 MB be registered."""
    monkeypatch.setattr(files, "FILE", 4)
    monkeypatch.setattr(files, "REGISTERED", len(b"\x89PNG a picture"))

    await client.record(a_subject({"KnSubjectAttachment": {"Element": FILE}}))
    said = await client.refused("POST", PATH, a_subject({"KnSubjectAttachment": {"Element": [FILE, FILE]}}))

    assert said["externalMessage"].startswith("KnSubjectAttachment: ")
