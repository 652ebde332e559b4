"""`uitpost item` and `uitpost task`: what becomes of items, from the command line."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from tests.unit.deploy.stand_in import StandIn
from tests.unit.deploy.test_cli import Uitpost, api, uitpost

__all__ = ["api", "uitpost"]
ITEM = "/dossier-items/7b1f6f5e-0000-4000-8000-000000000001"
ID = ITEM.rpartition("/")[2]
ROW = "7b1f6f5e-0000-4000-8000-000000000002"


def test_an_item_is_changed_field_by_field(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """R-23: fields have the form that the API takes, and an empty value clears one."""
    api.answer(f"PATCH {ITEM}", {"item_id": ID, "version": 4})
    (tmp_path / "more.json").write_text(json.dumps({"end_date": "2026-03-04", "priority": "low"}))

    done = uitpost(
        *("item", "change", ID, "responsible_id=000256", "completed=yes", "blocked=no", "feature_value_1=2"),
        *("feature_value_2=", "comment=", 'sub_destinations=[{"kind": "project", "number": "1"}]', "priority=high"),
        *("-f", str(tmp_path / "more.json"), "--version", "3"),
    )

    assert (done.code, done.out) == (0, f"item_id\t{ID}\nversion\t4\n")
    assert api.bodies(f"PATCH {ITEM}") == [
        {
            "end_date": "2026-03-04",
            "priority": "high",
            "responsible_id": "000256",
            "completed": True,
            "blocked": False,
            "feature_value_1": 2,
            "feature_value_2": None,
            "comment": "",
            "sub_destinations": [{"kind": "project", "number": "1"}],
        }
    ]
    assert api.headers(f"PATCH {ITEM}")["If-Match"] == '"3"'


def test_a_change_that_says_nothing_is_wrong_use(uitpost: Uitpost, api: StandIn) -> None:
    ended = [
        uitpost("item", "change", ID, *said) for said in ([], ["priority"], ["completed=x"], ["feature_value_1=x"])
    ]

    assert [one.code for one in ended] == [2, 2, 2, 2]
    assert api.asked == []


def test_a_response_a_file_and_its_removal_are_asked_for(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """R-23, R-24."""
    api.answer(f"POST {ITEM}/responses", {"n": 1}, status=201)
    api.answer(f"POST {ITEM}/attachments", {"n": 2}, status=201)
    api.answer(f"DELETE {ITEM}/attachments/2", None, status=204)
    (tmp_path / "route.pdf").write_bytes(b"one")

    ended = [
        uitpost("item", "respond", ID, "Gebeld", "--internal"),
        uitpost("item", "attach", ID, str(tmp_path / "route.pdf")),
        uitpost("item", "detach", ID, "2"),
    ]

    assert [one.code for one in ended] == [0, 0, 0]
    assert api.bodies(f"POST {ITEM}/responses") == [{"text": "Gebeld", "internal": True}]
    content = b64encode(b"one").decode()
    assert api.bodies(f"POST {ITEM}/attachments") == [
        {"filename": "route.pdf", "content": content, "content_type": "application/pdf"}
    ]
    assert api.headers(f"POST {ITEM}/attachments")["Idempotency-Key"]


def test_items_are_listed_of_a_dossier_or_by_what_is_looked_for(uitpost: Uitpost, api: StandIn) -> None:
    """FR-4, R-27."""
    item = {"item_id": ID, "recorded_at": "2026-03-02", "type": "note", "subject": "Gebeld", "submitted_by": "jan"}
    api.answer("GET /contacts/organisation/10%2F1/dossier", {"items": [item], "next": None})
    api.answer("GET /contacts/organisation/10/dossier", {"items": [item], "next": None})
    api.answer("GET /dossier-items", {"items": [item, item], "next": None})

    dossier = uitpost("item", "list", "--at", "organisation/10/5")
    found = uitpost("item", "list", "-q", "bel", "--without-destination", "--limit", "2")

    assert dossier.out == f"{ID}\t2026-03-02\tnote\tGebeld\tjan\n"
    assert len(found.out.splitlines()) == 2
    assert uitpost("item", "list", "--at", "organisation/10", "-q", "x").code == 2
    assert uitpost("item", "list", "--at", "10").code == 2


def test_tasks_are_listed_shown_done_and_assigned(uitpost: Uitpost, api: StandIn) -> None:
    """FR-68: the tasks of a workflow are done from the command line too."""
    task = {"item_id": ID, "due_on": "2026-03-04", "overdue": True, "step": "assess", "type": "note", "subject": "S"}
    api.answer("GET /tasks", {"items": [task], "next": None})
    api.answer(f"GET {ITEM}/workflow", {"task": task})
    api.answer(f"POST {ITEM}/workflow", {"task": None})
    api.answer(f"POST {ITEM}/workflow/assign", {"task": task})

    listed = uitpost("task", "list", "--overdue", "--assigned-to", "256")
    ended = [
        uitpost("task", "show", ID),
        uitpost("task", "do", ID, "accept", "--text", "Goed", "--step", "assess"),
        uitpost("task", "assign", ID, "311"),
        uitpost("task", "assign", ID),
    ]

    assert listed.out == f"{ID}\t2026-03-04\tyes\tassess\t\tnote\tS\n"
    assert [one.code for one in ended] == [0, 0, 0, 0]
    assert api.bodies(f"POST {ITEM}/workflow") == [{"action": "accept", "text": "Goed", "step": "assess"}]
    assert api.bodies(f"POST {ITEM}/workflow/assign") == [{"to": "311"}, {"to": None}]


@pytest.mark.parametrize("outcome", ["kept", "remade-equal", "remade-different"])
def test_the_message_of_an_item_is_saved_and_how_it_was_had_is_said(
    uitpost: Uitpost, api: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    """FR-50, R-16: of an item with one row, or of a row; on stderr, so that stdout may be the message."""
    monkeypatch.chdir(tmp_path)
    unknown = {"title": "x", "detail": "This dossier item is not known.", "code": "unknown_item", "errors": []}
    api.answer(f"GET {ITEM}", {"rows": [{"id": ROW, "recipient_name": "Anna"}]})
    api.answer(f"GET /dossier-items/{ROW}", unknown, status=404)
    path = f"GET /processing/{ROW}/message.eml"
    api.answer(path, b"From: post@bakery.example\r\n")
    api.headers_of[path] = {"Uitpost-Message": outcome}

    saved = uitpost("item", "eml", ID)
    piped = uitpost("item", "eml", ROW, "--n", "2", "-o", "-")
    nowhere = uitpost("item", "eml", ROW, "-o", "none/x.eml")

    assert (saved.code, piped.code, nowhere.code) == (0, 0, 2)
    assert (tmp_path / f"{ROW}.eml").read_bytes() == b"From: post@bakery.example\r\n"
    assert saved.out == f"file\t{ROW}.eml\nsize\t27\nmessage\t{outcome}\n"
    assert "From: post@bakery.example" in piped.out
    assert (
        "different from what was sent" in saved.err if outcome == "remade-different" else "byte for byte" in saved.err
    )
    assert api.queries(path) == [{}, {"n": "2"}, {}]


def test_of_an_item_with_several_messages_it_must_be_said_which(uitpost: Uitpost, api: StandIn) -> None:
    api.answer(
        f"GET {ITEM}", {"rows": [{"id": ROW, "recipient_name": "Anna"}, {"id": "other", "recipient_name": None}]}
    )
    several = uitpost("item", "eml", ID)
    api.answer(f"GET {ITEM}", {"rows": []})
    none = uitpost("item", "eml", ID)

    assert (several.code, f"{ROW}  Anna" in several.err) == (2, True)
    assert none.code == 3


def test_an_item_is_sent_again_to_whom_it_did_not_reach(uitpost: Uitpost, api: StandIn) -> None:
    """A11, FR-57: page after page of its rows; letters are not sent, and what was sent goes again only when asked."""
    mail = {"issue_method": "email"}
    pages = [
        {"rows": [{"id": "a", "status": "sent", **mail}, {"id": "b", "status": "failed", **mail}], "next": "2"},
        {"rows": [{"id": "c", "status": "generated", "issue_method": "document"}], "next": None},
    ]
    results = [{"id": "b", "outcome": "refused", "code": "busy", "detail": "It is on its way.", "mail_id": None}]
    api.answer("POST /processing/resend", {"job_id": "j", "results": results}, status=202)

    api.answer(f"GET {ITEM}", *pages)
    missed = uitpost("item", "resend", ID, "--reason", "Adres verbeterd")
    api.answer(f"GET {ITEM}", *pages)
    everybody = uitpost("item", "resend", ID, "--include-sent")
    api.answer(f"GET {ITEM}", {"rows": [], "next": None})
    nobody = uitpost("item", "resend", ID)

    assert (missed.code, missed.out, missed.err) == (0, "b\trefused\tbusy\t\n", "job j\nb: It is on its way.\n")
    assert [body["ids"] for body in api.bodies("POST /processing/resend")] == [["b"], ["a", "b"]]
    assert api.bodies("POST /processing/resend")[0]["reason"] == "Adres verbeterd"
    assert [query.get("cursor") for query in api.queries(f"GET {ITEM}")][:2] == [None, "2"]
    assert (everybody.code, nobody.code) == (0, 4)
