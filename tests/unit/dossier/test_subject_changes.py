"""What AFAS clients do with an item they know by its number: change it, add to it, move it on, delete it, look at it."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from services.dossier.domain.identity import file_id_of
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_type import ItemTypeFacts
from shared.contracts.dossier import (
    DossierItemChanged,
    DossierItemDeleted,
    DossierItemRecorded,
    DossierItemRequested,
    ResponseAdded,
)
from tests.unit.dossier.afas import MEMO, PATH, Client, a_link, a_subject, an_update, furnish
from tests.unit.dossier.conftest import House

ANNA = a_link(SfTp=3, SfId="1000744", CdId=1005, PjId="P1", SiUn=1)
U1, U2 = "U112E249248E7AF8B68A64BA5DF850577", "U307682E043316A0DCFF663B12C496196"
FILE = {"Fields": {"FileName": "oven.txt", "FileStream": b64encode(b"heet").decode()}}
STEP = {"WfNm": "handle", "TkNm": "assess", "AcNm": "accept", "Tx": "Terecht"}


@pytest.fixture
async def client(house: House) -> Client:
    await furnish(house)
    return Client(house)


async def item_of(client: Client, number: str = "1") -> DossierItem:
    return await client.house.dossier.subjects._numbers.item(int(number))


def a_response(number: Any, objects: Any = None, **fields: Any) -> dict[str, Any]:
    element = {"Fields": {"SbId": number, **fields}} | ({"Objects": objects} if objects else {})
    return {"KnReaction": {"Element": element}}


def a_step(number: Any, **fields: Any) -> dict[str, Any]:
    return {"KnWorkflow": {"Element": {"@SbId": "2", "Fields": {"SbId": number, **STEP, **fields}}}}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"EmId": "000256"}, {"responsible_id": "000256", "priority": "high"}),
        ({"ViPr": ""}, {}),
        ({"ViPr": None, "ScId": "WEB"}, {"source_code": "WEB"}),
        ({"St": "1", "DtSt": "2026-03-02T10:00:00"}, {"completed": True, "completed_at": "2026-03-02T09:00:00Z", "priority": "high"}),
        ({"FvF1": "2"}, {"feature_value_1": 2, "priority": "high"}),
        ({"StId": MEMO, "UsId": "profit"}, {"priority": "high"}),
    ],
)  # fmt: skip
async def test_what_is_given_is_written_and_what_is_empty_is_cleared(
    client: Client, change: dict[str, Any], fields: dict[str, Any]
) -> None:
    """R-23: an item's fields can be changed later."""
    number = await client.record(a_subject(ViPr="H"))

    answered = await client.done("PUT", PATH, an_update(number, **change))

    assert answered == number
    assert (await item_of(client)).fields == {"item_number": 1, **fields}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"KnSubject": {"Element": {"Fields": {"SbId": 1, "EmId": "7"}}}}, id="number among the fields"),
        pytest.param({"KnSubject": {"Element": {"@SbId": "1", "Fields": {"SbId": "1", "EmId": "7"}}}}, id="number twice"),
        pytest.param({"KnSubject": {"Element": [{"@SbId": 1, "Fields": {"@Action": "update", "EmId": "7"}}]}}, id="with its action"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_the_number_of_an_item_stands_in_either_place(client: Client, body: Any, method: str) -> None:
    await client.record()
    updates = "@Action" in str(body) or method == "PUT"

    await client.done(method, PATH, body if updates else a_subject(SbId=1, EmId="7"))

    item = await item_of(client, "1" if updates else "2")
    assert item.fields["responsible_id"] == "7"


async def test_custom_fields_and_what_an_item_is_about_are_changed_one_by_one(client: Client) -> None:
    objects = [ANNA, {"KnS51": {"Element": {"Fields": {U1: "a", U2: "b"}}}}]
    number = await client.record(a_subject(objects, MarkOpened=True))

    objects = [a_link(PjId="", CaId=3), {"KnS51": {"Element": {"Fields": {U1: "", U2: "c"}}}}]
    await client.done("PUT", PATH, an_update(number, objects, ProfileId=4))

    fields = (await item_of(client)).fields
    assert fields["custom_fields"] == {U2: "c"}
    assert fields["sub_destinations"] == [{"kind": "campaign", "number": "3"}]
    assert fields["extra"] == {"MarkOpened": True, "ProfileId": 4, "KnSubjectLink": [{"SiUn": 1}]}


@pytest.mark.parametrize(
    ("link", "contact"),
    [
        ({"SfTp": 3, "SfId": "1000744"}, "1005"),
        ({"ToBC": True, "BcId": "1000744", "CdId": ""}, None),
        ({"CdId": ""}, None),
        ({"CdId": "1005"}, "1005"),
        ({}, "1005"),
    ],
)
async def test_the_contact_of_an_item_may_be_another_one(
    client: Client, link: dict[str, Any], contact: str | None
) -> None:
    """R-23: the sub-destinations of an item can be changed, its destination can't."""
    number = await client.record(a_subject([ANNA]))

    await client.done("PUT", PATH, an_update(number, [a_link(**link)]))

    assert (await item_of(client)).destinations == [
        {"kind": "organisation", "number": "1000744", "contact_id": contact}
    ]


@pytest.mark.parametrize(
    ("update", "field"),
    [
        (an_update("1", [a_link(SfTp=2, SfId="000256")]), "KnSubjectLink"),
        (an_update("1", StId=16), "StId"),
        (an_update("1", UsId="ander"), "UsId"),
        (an_update("99", EmId="7"), "The entered value for 'Dossier item' does not exist (99)."),
        ({"KnSubject": {"Element": {"Fields": {"EmId": "7"}}}}, "SbId: This field is required."),
        ({"KnSubject": {"Element": {"@SbId": 1, "Fields": {"SbId": 2}}}}, "SbId"),
        (an_update("1", [{"KnSubjectAttachment": {"Element": {"Fields": {"FileName": "a", "FileStream": "?"}}}}], EmId="7"), "FileStream"),
    ],
)  # fmt: skip
async def test_what_stays_as_it_is_is_refused_whole(client: Client, update: Any, field: str) -> None:
    """R-23: the destinations of an item can't be changed."""
    await client.record(a_subject([ANNA]))

    said = await client.refused("PUT", PATH, update)

    assert said["externalMessage"].startswith(field)


async def test_a_subject_is_changed(client: Client) -> None:
    number = await client.record()

    await client.done("PUT", PATH, an_update(number, Ds="Teruggebeld", SbTx="Opgelost"))

    item = await item_of(client)
    assert (item.subject, item.comment) == ("Teruggebeld", "Opgelost")
    [message] = await client.house.told(DossierItemChanged)
    assert (message.changed, message.subject) == (("subject", "comment"), "Teruggebeld")
    said = await client.refused("PUT", PATH, an_update(number, Ds=""))
    assert said["externalMessage"] == "Ds: This field is required."


async def test_files_are_added_once_however_often_they_are_sent(client: Client) -> None:
    """R-24: changing an attachment is adding the other one."""
    number = await client.record()
    body = an_update(number, {"KnSubjectAttachment": {"Element": [FILE, FILE]}}, EmId="7")

    for _ in range(2):
        await client.done("POST", f"{PATH}/KnSubjectAttachment", body)

    item = await item_of(client)
    assert [file["filename"] for file in item.attachments.values()] == ["oven.txt", "oven.txt"]
    assert item.fields["responsible_id"] == "7"


@pytest.mark.parametrize("path", ["/SubjectConnector/{number}/{file_id}", "/SubjectConnector?SubjectId={number}&FileId={file_id}"])  # fmt: skip
async def test_a_file_of_an_item_is_read_back(client: Client, path: str) -> None:
    number = await client.record(a_subject({"KnSubjectAttachment": {"Element": FILE}}))
    file_id = file_id_of((await item_of(client)).id, 1).hex.upper()

    answer = await client.ask("GET", path.format(number=number, file_id=file_id))

    said = answer.json()
    assert (said["filename"], said["mimetype"], b64decode(said["filedata"])) == ("oven.txt", "text/plain", b"heet")
    other = await client.refused("GET", path.format(number=number, file_id="0" * 32), None)
    assert other["externalMessage"].startswith("FileId")


@pytest.mark.parametrize(("visible", "internal"), [({"VaRe": "I"}, True), ({"VaRe": "EI"}, False), ({}, True)])
@pytest.mark.parametrize("root", ["KnReaction", "KnSubjectReaction"])
async def test_a_response_is_added(client: Client, visible: dict[str, Any], internal: bool, root: str) -> None:
    number = await client.record(a_subject([ANNA]))
    body = {
        root: a_response(number, {"KnReactionAttachment": {"Element": FILE}}, SbTx="Zij komt", **visible)["KnReaction"]
    }

    for _ in range(2):
        await client.done("POST", "/connectors/KnSubjectReaction", body)

    [response] = await client.house.told(ResponseAdded)
    assert (response.text, response.internal, response.by) == ("Zij komt", internal, "profit")
    assert len((await item_of(client)).attachments) == 1


async def test_whoever_may_see_an_item_may_respond_to_it(client: Client) -> None:
    """R-23: responses can always be added by who may see the item."""
    number = await client.record()
    reader = Client(client.house, "reader", "read")

    await reader.done("POST", "/connectors/KnSubjectReaction", a_response(number, SbTx="Gezien"))
    barred = await reader.ask("POST", "/connectors/KnSubjectReaction", a_response(number, {"KnReactionAttachment": {"Element": FILE}}, SbTx="x"))  # fmt: skip

    assert barred.status_code == 403
    assert len(await client.house.told(ResponseAdded)) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (a_response(1), "SbTx: This field is required."),
        (a_response("", SbTx="x"), "SbId: This field is required."),
        (a_response(99, SbTx="x"), "The entered value for 'Dossier item' does not exist (99)."),
        (a_response(1, SbTx="x", VaRe="E"), "VaRe: This value cannot be here; expected is I, EI."),
        (a_response(1, SbTx="x", RTId=4), "RTId: There is no field 'RTId'; leave it out."),
    ],
)
async def test_a_wrong_response_is_refused(client: Client, body: Any, message: str) -> None:
    await client.record()

    said = await client.refused("POST", "/connectors/KnSubjectReaction", body)

    assert said["externalMessage"] == message


@pytest.mark.parametrize(
    "step",
    [{}, {"WfNm": "AFHANDELEN", "TkNm": "Beoordelen", "AcNm": "akkoord"}, {"WfNm": "Handle", "TkNm": "Assess", "AcNm": "Accept"}],
)  # fmt: skip
async def test_an_item_moves_on_in_its_workflow(client: Client, step: dict[str, Any]) -> None:
    """R-21: an item is in the workflow of its type or its features."""
    number = await client.record(a_subject([ANNA], StId=18))

    for _ in range(2):
        await client.done("POST", "/connectors/KnSubjectWorkflowReaction", a_step(number, **step))

    [message] = await client.house.told(DossierItemChanged)
    assert message.step_done.text == "Terecht"
    assert message.task.step == "complete"


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"WfNm": "post"}, "WfNm"),
        ({"TkNm": "complete"}, "TkNm"),
        ({"TkNm": "vertalen"}, "TkNm"),
        ({"AcNm": "return"}, "AcNm"),
        ({"AcNm": ""}, "AcNm"),
    ],
)
async def test_a_wrong_step_is_refused(client: Client, step: dict[str, Any], field: str) -> None:
    number = await client.record(a_subject(StId=18))

    said = await client.refused("POST", "/connectors/KnSubjectWorkflowReaction", a_step(number, **step))

    assert said["externalMessage"].startswith(f"{field}: ")


async def test_an_item_in_no_workflow_moves_nowhere(client: Client) -> None:
    number = await client.record()

    await client.refused("POST", "/connectors/KnSubjectWorkflowReaction", a_step(number))


@pytest.mark.parametrize("by_action", [False, True])
async def test_a_deleted_item_is_gone(client: Client, by_action: bool) -> None:
    """R-26: items can be deleted."""
    number = await client.record(a_subject([ANNA], StId=18))
    item_id = (await item_of(client)).id

    for _ in range(2):
        if by_action:
            await client.done("PUT", PATH, an_update(number, **{"@Action": "delete"}))
        else:
            answer = await client.ask("DELETE", f"{PATH}/KnSubject/@SbId/{number}")
            assert (answer.status_code, answer.json()) == (200, {})

    [deleted] = await client.house.told(DossierItemDeleted)
    assert (deleted.item_id, deleted.by) == (item_id, "profit")
    assert (await client.refused("PUT", PATH, an_update(number, EmId="7")))["externalMessage"].endswith("(1).")
    assert (await client.house.ask("PATCH", f"/dossier-items/{item_id}", {"priority": "low"})).status_code == 404
    assert (await client.house.ask("GET", "/tasks")).json()["items"] == []


async def test_after_it_was_deleted_the_same_body_is_another_item(client: Client) -> None:
    numbers = []
    for _ in range(3):
        numbers.append(await client.record())
        assert await client.record() == numbers[-1]
        await client.ask("DELETE", f"{PATH}/KnSubject/@SbId/{numbers[-1]}")

    assert numbers == ["1", "2", "3"]


@pytest.mark.parametrize("number", ["99", "een", "-1", "9" * 30])
async def test_what_is_no_item_cannot_be_deleted(client: Client, number: str) -> None:
    await client.refused("DELETE", f"{PATH}/KnSubject/@SbId/{number}", None)


async def mailed(client: Client) -> str:
    """Record an item whose type mails it of itself."""
    on = {"issue_method": "email", "sender_id": "sales", "body_layout_id": "plain"}
    facts = {"name": {"nl": "Post uit"}, "code": 20, "on_intake": on}
    await client.house.dossier.item_types.put("mailed", ItemTypeFacts.model_validate(facts))
    await client.house.ask("PUT", "/contacts/organisation/1000744", {"name": "Oven", "email": "post@oven.example"})
    return await client.record(a_subject([a_link(SfTp=3, SfId="1000744")], StId=20))


async def test_an_item_is_mailed_where_its_type_says_so(client: Client) -> None:
    await mailed(client)

    [requested] = await client.house.told(DossierItemRequested)
    assert (requested.recipient.email, requested.subject) == ("post@oven.example", "Gebeld over de oven")
    [recorded] = await client.house.told(DossierItemRecorded)
    assert recorded.issue_method == "email"


@pytest.mark.parametrize(("complete", "status"), [(True, 200), (False, 500), (None, 503)])
async def test_an_item_with_mail_under_way_is_not_deleted(client: Client, complete: bool | None, status: int) -> None:
    number = await mailed(client)
    client.house.history.complete = complete

    answer = await client.ask("DELETE", f"{PATH}/KnSubject/@SbId/{number}")

    assert answer.status_code == status
    assert len(await client.house.told(DossierItemDeleted)) == (status == 200)


async def test_clients_ask_what_there_is_to_write(client: Client) -> None:
    version = await client.ask("GET", "/ProfitVersion")
    listed = await client.ask("GET", "/metainfo", language="nl-nl")
    shown = await client.ask("GET", "/Metainfo/update/knsubject", language="nl-nl")
    unknown = await client.refused("GET", "/metainfo/update/KnOrganisation", None)

    assert version.json()["version"]
    assert {"id": "KnSubject", "description": "Dossieritem"} in listed.json()["updateConnectors"]
    fields = {field["fieldId"]: field for field in shown.json()["fields"]}
    assert fields["Ds"] == {"fieldId": "Ds", "primaryKey": False, "dataType": "string", "label": "Onderwerp", "mandatory": True, "length": 255, "decimals": 0}  # fmt: skip
    assert [one["name"] for one in shown.json()["objects"]] == ["KnSubjectLink", "KnSubjectAttachment"]
    assert unknown["externalMessage"] == "There is no such connector."
