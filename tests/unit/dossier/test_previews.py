"""One sample is shown with a recipient's own data, and mailed to the sender and to nobody else when that is wished."""

from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.dossier.application import previewing
from services.dossier.outbox import told
from shared.contracts.dossier import PreviewRequested
from shared.contracts.renderer import Fault
from shared.relay import topics_of
from tests.unit.dossier.conftest import House, a_destination, a_request

PREVIEW = "/dossier-items/preview"


def a_mailing(**other: Any) -> dict[str, Any]:
    """Return a request for three mails, two with a letter of their own data."""
    destinations = [a_destination(str(number), merge={"table": number}) for number in (1, 2, 3)]
    given = a_request(body_layout_id="welcome", body_text=None, attachment_layout_id="brief", destinations=destinations)
    del given["request_id"]
    return given | other


async def test_a_sample_is_shown_part_by_part_with_the_recipients_own_data(house: House) -> None:
    """FR-42: what would be sent to a recipient can be looked at before anything is sent."""
    answer = await house.ask("POST", PREVIEW, a_mailing(recipient=1))

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["recipient"] == {
        "index": 1,
        "kind": "organisation",
        "number": "2",
        "contact_id": None,
        "name": "Bakkerij 2",
        "email": "post@bakery2.example",
        "language": "nl",
        "left_out": None,
    }
    [wanted] = house.renderer.wanted
    assert wanted.to.merge == {"table": 2}
    assert (wanted.draft.subject, wanted.keep) == ("Uitnodiging", False)
    assert wanted.draft.body_layout is not None
    assert wanted.draft.attachment_layout is not None
    assert (shown["sender"]["address"], shown["sent_to"], shown["faults"]) == ("sales@house.example", None, [])
    assert (len(shown["parts"]["pages"]), shown["parts"]["page_count"]) == (2, 3)
    place = f"/previews/{shown['preview_id']}"
    for path, kind, content in (
        ("text", "text/plain; charset=utf-8", b"Dag Bakkerij 2"),
        ("html", "text/html; charset=utf-8", b"<p>Dag Bakkerij 2</p>"),
        ("attachment", "application/pdf", b"%PDF-1.7"),
        ("pages/2", "image/png", b"\x89PNG 2"),
    ):
        part = await house.ask("GET", f"{place}/{path}")
        assert (part.status_code, part.headers["content-type"], part.content) == (200, kind, content)
        assert part.headers["content-disposition"].startswith("inline; filename*=utf-8''")
        assert part.headers["content-security-policy"].startswith("sandbox ")
        assert "script-src" not in part.headers["content-security-policy"]
        assert part.headers["x-content-type-options"] == "nosniff"
        assert part.headers["cache-control"] == "no-store"
    assert await house.told(PreviewRequested) == []


async def test_a_sample_works_before_the_body_is_typed_and_for_who_will_get_no_mail(house: House) -> None:
    """A7: merged with the first recipient's data unless another is chosen, before and after the body is typed."""
    nobody = a_destination("9", recipient={"name": "Zonder adres"})
    body = a_request(body_text=None, destinations=[nobody, a_destination()])

    shown = (await house.ask("POST", PREVIEW, body)).json()

    assert (shown["recipient"]["index"], shown["recipient"]["left_out"]) == (0, "missing")
    assert house.renderer.wanted[0].draft.body_text == ""


async def test_what_is_wrong_with_another_recipient_keeps_no_sample_from_being_shown(house: House) -> None:
    body = a_mailing(recipient=0)
    body["destinations"][1] = {"kind": "nowhere", "number": ""}

    assert (await house.ask("POST", PREVIEW, body)).status_code == 200


async def test_a_layout_that_cannot_be_merged_is_shown_by_field_and_line(house: House) -> None:
    fault = Fault(layout_id="welcome", language="nl", field="merge.table", line=4, detail="no value")
    house.renderer.faults["1"] = fault

    shown = (await house.ask("POST", PREVIEW, a_mailing())).json()

    assert shown["faults"] == [fault.model_dump()]
    assert shown["parts"] == {"text": None, "html": None, "attachment": None, "pages": [], "page_count": 0}
    gone = await house.ask("GET", f"/previews/{shown['preview_id']}/text")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_preview")


async def test_a_preview_mail_is_asked_for_once_and_leaves_an_audit_event_and_nothing_else(house: House) -> None:
    """A7: to the resolved sender address; no item, no run, no contact; one event says who, when, whose data, layouts."""
    files = [{"filename": "route.txt", "content": b64encode(b"left, right").decode()}]

    answer = await house.ask("POST", PREVIEW, a_mailing(recipient=2, send=True, attachments=files))

    assert answer.status_code == 202, answer.text
    assert answer.json()["sent_to"] == "sales@house.example"
    requested = (await house.told())[-1]
    assert isinstance(requested, PreviewRequested)
    assert str(requested.preview_id) == answer.json()["preview_id"]
    assert (requested.destination.number, requested.requested_by) == ("3", "crm-0")
    assert (requested.sender.address, requested.subject) == ("sales@house.example", "Uitnodiging")
    assert [layout.layout_id for layout in requested.layouts] == ["welcome", "brief"]
    assert requested.parts is not None
    assert requested.parts.text is not None
    assert house.blobs.get(requested.parts.text.sha256) == b"Dag Bakkerij 3"
    assert [house.blobs.get(file.sha256) for file in requested.attachments] == [b"left, right"]
    assert {type(message).__name__ for message in await house.told()} <= {
        *("MailServerSet", "WorkflowRecorded", "WorkflowSet"),
        "PreviewRequested",
    }
    assert (await house.ask("GET", "/contacts/organisation/3")).status_code == 404


async def test_a_sender_name_and_address_given_for_this_message_are_the_ones_it_goes_to(house: House) -> None:
    """FR-44: the resolved sender address gets it, not the one that the sender has by itself."""
    body = a_mailing(send=True, sender_name="Anders", sender_address="elsewhere@house.example")

    assert (await house.ask("POST", PREVIEW, body)).json()["sent_to"] == "elsewhere@house.example"

    [requested] = await house.told(PreviewRequested)
    assert (requested.sender.name, requested.sender.address) == ("Anders", "elsewhere@house.example")


async def test_the_audit_event_holds_the_contacts_data_sealed(house: House) -> None:
    await house.ask("POST", PREVIEW, a_mailing(send=True))
    [requested] = await house.told(PreviewRequested)
    assert requested.parts is not None

    house.store.keyring.erase(requested.person)

    assert (await house.told(PreviewRequested))[0].parts is None
    stored = (await house.store.notifications(0, 1000, topics_of(told)))[-1]
    assert b"Bakkerij" not in stored.state


async def test_every_preview_mail_is_one_more_but_the_same_key_is_the_same_mail(house: House) -> None:
    """FR-43: exactly one message for each time it is asked for."""
    once = await house.ask("POST", PREVIEW, a_mailing(send=True))
    more = await house.ask("POST", PREVIEW, a_mailing(send=True))
    keyed = [await house.ask("POST", PREVIEW, a_mailing(send=True), **{"Idempotency-Key": "k"}) for _ in range(2)]
    other = await house.ask("POST", PREVIEW, a_mailing(send=True, recipient=1), **{"Idempotency-Key": "k"})

    assert len(await house.told(PreviewRequested)) == 3
    assert once.json()["preview_id"] != more.json()["preview_id"]
    assert keyed[0].json() == keyed[1].json()
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")


async def test_what_became_of_the_mail_can_be_asked(house: House) -> None:
    preview = (await house.ask("POST", PREVIEW, a_mailing(send=True))).json()

    shown = (await house.ask("GET", f"/previews/{preview['preview_id']}")).json()

    assert shown == preview | {"mail": {"status": "sent", "code": 250, "text": "Ok"}}


@pytest.mark.parametrize(
    ("other", "field", "code"),
    [
        ({"sender_id": None}, "sender_id", "sender_missing"),
        ({"sender_id": "nobody"}, "sender_id", "unknown_sender"),
        ({"recipient": 3}, "recipient", "no_such_destination"),
        ({"recipient": -1}, "recipient", "wrong_value"),
        ({"send": "yes"}, "send", "wrong_type"),
        ({"recipients": 1}, "recipients", "unknown_field"),
        ({"destinations": []}, "recipient", "no_such_destination"),
        ({"body_layout_id": "gone"}, "body_layout_id", "unknown_layout"),
        ({"subject": ""}, "subject", "missing"),
        ({"issue_method": "none", "sender_id": None}, "issue_method", "nothing_to_preview"),
        ({"issue_method": "document", "body_layout_id": None}, "send", "preview_mail_needs_email"),
    ],
)
async def test_a_preview_mail_that_cannot_be_is_refused(
    house: House, other: dict[str, Any], field: str, code: str
) -> None:
    """FR-43: a sender address is needed, and a message."""
    answer = await house.ask("POST", PREVIEW, a_mailing(send=True) | other)

    assert answer.status_code == 422, answer.text
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert await house.told(PreviewRequested) == []


async def test_a_field_that_a_recipient_lacks_is_named_under_its_own_number(house: House) -> None:
    body = a_mailing(recipient=2)
    del body["destinations"][2]["merge"]

    errors = (await house.ask("POST", PREVIEW, body)).json()["errors"]

    assert [(error["field"], error["code"]) for error in errors] == [
        ("destinations[2].merge.table", "merge_field_missing")
    ]


async def test_without_a_mail_server_a_sample_is_shown_but_not_mailed(tmp_path: Path) -> None:
    """A21: a preview mail needs a configured mail server."""
    house = House(tmp_path)
    body = a_request(sender_id=None, sender_address="sales@house.example")

    shown = await house.ask("POST", PREVIEW, body)
    mailed = await house.ask("POST", PREVIEW, body | {"send": True})

    assert shown.status_code == 200
    assert (mailed.status_code, mailed.json()["code"]) == (422, "mail_server_not_configured")
    await house.store.close()


async def test_a_preview_mail_whose_layout_cannot_be_merged_is_refused(house: House) -> None:
    house.renderer.faults["1"] = Fault(layout_id="brief", language="nl", field="merge.x", line=2, detail="Anna")

    answer = await house.ask("POST", PREVIEW, a_mailing(send=True))

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "attachment_layout_id", "layout_fault")
    assert "field merge.x, line 2" in error["detail"]
    assert "Anna" not in answer.text
    assert await house.told(PreviewRequested) == []


@pytest.mark.parametrize("send", [False, True])
async def test_a_renderer_that_does_not_answer_is_said_so(house: House, send: bool) -> None:
    house.renderer.away = True

    answer = await house.ask("POST", PREVIEW, a_mailing(send=send))

    assert (answer.status_code, answer.json()["code"]) == (503, "renderer_no_answer")
    assert await house.told(PreviewRequested) == []


async def test_a_preview_ends_and_nothing_of_it_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "KEPT", timedelta(0))
    shown = (await house.ask("POST", PREVIEW, a_mailing())).json()
    monkeypatch.undo()
    stays = (await house.ask("POST", PREVIEW, a_mailing())).json()
    before = len(house.blobs._kept)

    await house.dossier.rehearsal.previewing.sweep()

    assert (await house.ask("GET", f"/previews/{shown['preview_id']}")).status_code == 404
    assert (await house.ask("GET", f"/previews/{shown['preview_id']}/text")).status_code == 404
    assert (await house.ask("GET", f"/previews/{stays['preview_id']}/text")).status_code == 200
    assert len(house.blobs._kept) == before - 1


async def test_a_part_that_is_not_there_is_not_found(house: House) -> None:
    preview_id = (await house.ask("POST", PREVIEW, a_mailing())).json()["preview_id"]

    answers = [await house.ask("GET", f"/previews/{preview_id}/pages/{number}") for number in (0, 3)]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "unknown_preview_part")] * 2
