"""`uitpost mailing check` and `mailing preview`: what they show, and with which code they end."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.unit.deploy.stand_in import StandIn
from tests.unit.deploy.test_cli import Uitpost, api, mailing, uitpost

__all__ = ["api", "uitpost"]
CHECK = "6b1f6f5e-0000-4000-8000-000000000002"
PREVIEW = "6b1f6f5e-0000-4000-8000-000000000003"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


def a_check(**other: Any) -> dict[str, Any]:
    return {
        "check_id": CHECK,
        "state": "done",
        "total": 3,
        "checked": 3,
        "gets": 3,
        "can_send": True,
        "can_continue": True,
        "consent": {"mode": "attest", "unknown": 0, "attestation_needed": False},
        "reasons": [],
        "errors": [],
        "warnings": [],
        "missing_csv": f"/api/v1/checks/{CHECK}/missing.csv",
    } | other


def a_preview(**other: Any) -> dict[str, Any]:
    place = f"/api/v1/previews/{PREVIEW}"
    return {
        "preview_id": PREVIEW,
        "subject": "Hello",
        "recipient": {"name": "Anna", "left_out": None},
        "parts": {
            "text": f"{place}/text",
            "html": f"{place}/html",
            "attachment": {"filename": "../brief.pdf", "url": f"{place}/attachment"},
            "pages": [f"{place}/pages/1"],
            "page_count": 1,
        },
        "warnings": [],
        "faults": [],
        "sent_to": None,
    } | other


def test_a_check_shows_how_far_it_is_and_ends_well_when_all_get_it(
    uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    """FR-95: all have a valid address."""
    api.answer("POST /dossier-items/check", a_check(state="running", checked=0, gets=0, can_send=False), status=202)
    api.answer(f"GET /checks/{CHECK}", a_check(state="running", checked=2, gets=2, can_send=False), a_check())

    ended = uitpost("mailing", "check", "-f", mailing(tmp_path))

    assert (ended.code, ended.out) == (0, "")
    assert "3 of 3 done, 0 would not get it" in ended.err
    assert "All 3 get it." in ended.err


@pytest.mark.parametrize(
    ("other", "code", "words"),
    [
        ({"gets": 2, "can_send": False}, 5, "2 of 3 get it, 1 do not."),
        (
            {"can_send": False, "consent": {"mode": "attest", "unknown": 2, "attestation_needed": True}},
            *(5, "Consent of 2 is unknown"),
        ),
        ({"gets": 0, "can_send": False, "can_continue": False}, 4, "would be refused"),
        ({"state": "failed", "can_send": False, "errors": [{"field": "", "detail": "no answer"}]}, 7, "no answer"),
        ({"state": "interrupted", "can_send": False}, 1, "did not end"),
    ],
)
def test_a_check_ends_with_a_code_that_says_what_is_wrong(
    other: dict[str, Any], code: int, words: str, uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    api.answer("POST /dossier-items/check", a_check(**other))

    ended = uitpost("mailing", "check", "-f", mailing(tmp_path))

    assert ended.code == code
    assert words in ended.err


def test_a_check_shows_the_counts_and_all_of_it_as_json(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    reasons = [{"status": "no_address", "reason": "missing", "count": 2}]
    api.answer("POST /dossier-items/check", a_check(gets=1, can_send=False, reasons=reasons))

    plain = uitpost("mailing", "check", "-f", mailing(tmp_path))
    whole = uitpost("mailing", "check", "-f", mailing(tmp_path), "--json")

    assert plain.out == "no_address\tmissing\t2\n"
    assert json.loads(whole.out)["check_id"] == CHECK


def test_who_is_concerned_can_be_listed_and_who_is_left_out_written_to_a_file(
    uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    """FR-96: addressees without an address apart from the others."""
    found = {"index": 4, "kind": "person", "number": "9", "name": "Anna", "email": None, "status": "no_address"}
    found |= {"reason": "missing", "detail": "No address."}
    api.answer("POST /dossier-items/check", a_check(gets=2, can_send=False))
    api.answer(f"GET /checks/{CHECK}/contacts", {"items": [found], "next": None})
    api.answer(f"GET /checks/{CHECK}/missing.csv", "a file")

    listed = uitpost("mailing", "check", "-f", mailing(tmp_path), "--who", "--missing", str(tmp_path / "missing.csv"))

    assert listed.out == "4\tperson\t9\tAnna\t\tno_address\tmissing\tNo address.\n"
    assert (tmp_path / "missing.csv").read_text("utf-8") == '"a file"'


def test_breaking_a_check_off_leaves_nothing_of_it(
    uitpost: Uitpost, api: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FR-97: abort, and nothing is kept."""

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    api.answer("POST /dossier-items/check", a_check(state="running", checked=0, gets=0), status=202)
    api.answer(f"DELETE /checks/{CHECK}", {})
    monkeypatch.setattr(time, "sleep", interrupt)

    ended = uitpost("mailing", "check", "-f", mailing(tmp_path))

    assert ended.code == 130
    assert len(api.bodies(f"DELETE /checks/{CHECK}")) == 1


def test_a_preview_is_of_the_recipient_chosen_and_its_parts_are_written(
    uitpost: Uitpost, api: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FR-42: what is to be sent can be looked at."""
    people = tmp_path / "people.csv"
    people.write_text("kind,number,name\nperson,1,Anna\nperson,2,Bo\n", "utf-8")
    api.answer("POST /dossier-items/preview", a_preview())
    for part in ("text", "html", "attachment", "pages/1"):
        api.answer(f"GET /previews/{PREVIEW}/{part}", part)
    opened: list[str] = []
    monkeypatch.setattr(typer, "launch", opened.append)
    words = ("--recipients", str(people), "--recipient", "2", "--out", str(tmp_path / "out"), "--open")

    shown = uitpost("mailing", "preview", "-f", mailing(tmp_path), *words)

    assert shown.code == 0
    [body] = api.bodies("POST /dossier-items/preview")
    asked = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
    assert people.read_bytes() in body
    assert (asked["recipient"], asked["send"]) == (1, False)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("body.html", "body.txt", "brief.pdf", "page-1.png")
    }
    assert opened == [str(tmp_path / "out" / "body.html")]


@pytest.mark.parametrize(("status", "code"), [("sent", 0), ("failed", 5)])
def test_a_preview_mail_is_waited_for(status: str, code: int, uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """FR-43: one sample is mailed to the sender, and what became of it is shown."""
    api.answer("POST /dossier-items/preview", a_preview(sent_to="sales@house.example"), status=202)
    mails = [{"status": "sending"}, {"status": status, "code": 250, "text": "Ok"}]
    api.answer(f"GET /previews/{PREVIEW}", *(a_preview(mail=mail) for mail in mails))

    sent = uitpost("mailing", "preview", "-f", mailing(tmp_path), "--send", "--json")

    assert sent.code == code
    told = json.loads(sent.out)
    assert (told["sent_to"], told["mail"]["status"]) == ("sales@house.example", status)


def test_a_preview_that_cannot_be_made_says_where(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    fault = {"layout_id": "letter", "language": "nl", "field": "merge.table", "line": 3, "detail": "no value"}
    api.answer("POST /dossier-items/preview", a_preview(faults=[fault]))

    ended = uitpost("mailing", "preview", "-f", mailing(tmp_path))

    assert ended.code == 4
    assert "layout letter, language nl, field merge.table, line 3: no value" in ended.err


def test_a_recipient_that_is_not_there_is_wrong_use(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    ended = uitpost("mailing", "preview", "-f", mailing(tmp_path), "--recipient", "2")

    assert ended.code == 2
    assert "there are 1 destinations" in ended.err
