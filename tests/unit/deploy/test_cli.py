"""The `uitpost` command: what is data, what is talk, and with which code it ends."""

import io
import json
import os
import re
import stat
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.cli import main, progress
from deploy.record import recorded
from shared.access import Access, token_of_afas
from tests.unit.deploy.stand_in import StandIn, standing_in

RUN = "6b1f6f5e-0000-4000-8000-000000000001"
BODY = {"type": "outgoing_mail", "subject": "Hello", "destinations": [{"kind": "person", "number": "1"}]}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Uitpost = Callable[..., Ended]


@pytest.fixture
def uitpost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Uitpost:
    """Run a command in this process, on a data folder of its own."""
    for name in os.environ:
        if name.startswith("UITPOST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("UITPOST_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # nobody to ask

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["uitpost", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def api(tmp_path: Path) -> Iterator[StandIn]:
    """An API that is recorded in the data folder as running."""
    (tmp_path / "data").mkdir()
    with standing_in() as stand_in, recorded(tmp_path / "data", ("dossier", "history"), stand_in.url):
        yield stand_in


def mailing(folder: Path) -> str:
    file = folder / "mailing.json"
    file.write_text(json.dumps(BODY), "utf-8")
    return str(file)


def a_run(**counts: int) -> dict[str, Any]:
    open_ones = sum(counts.get(status, 0) for status in ("queued", "rendering", "sending", "deferred"))
    total = sum(counts.values())
    how = {"state": "running" if open_ones else "complete", "rate": 10.0 if open_ones else None}
    return {
        "run_id": RUN,
        "total": total,
        "done": total - open_ones,
        "counts": counts,
        "complete": not open_ones,
        **how,
    }


def test_a_list_is_plain_lines_when_piped(uitpost: Uitpost, api: StandIn) -> None:
    item = {"id": "sales", "name": "Sales\t[bold]\x1b[31m", "address": "sales@debrug.example"}
    api.answer("GET /senders", {"items": [item], "next": None})

    listed = uitpost("sender", "list")

    assert (listed.code, listed.err) == (0, "")
    assert listed.out == "sales\tSales [bold] [31m\tsales@debrug.example\n"


def test_a_list_is_a_table_on_a_terminal_and_steers_nothing_there(
    uitpost: Uitpost, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = {"id": "sales", "name": "Sales [bold]\x1b[31m", "address": "sales@debrug.example"}
    api.answer("GET /senders", {"items": [item], "next": None})
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")

    header, row = uitpost("sender", "list").out.splitlines()

    assert header.split() == ["id", "name", "address"]
    assert "Sales [bold] [31m" in row
    assert "\x1b[31m" not in row


def test_json_is_one_document_with_everything(uitpost: Uitpost, api: StandIn) -> None:
    item = {"id": "sales", "name": "Sales", "address": "sales@debrug.example", "more": [1]}
    api.answer("GET /senders", {"items": [item], "next": None})

    assert json.loads(uitpost("sender", "list", "--json").out) == [item]


def test_a_list_goes_on_page_after_page_up_to_its_limit(uitpost: Uitpost, api: StandIn) -> None:
    api.answer("GET /processing", {"items": [{"id": 1}, {"id": 2}], "next": "c"}, {"items": [{"id": 3}, {"id": 4}]})

    listed = uitpost("history", "list", "--limit", "3", "--json")

    assert [row["id"] for row in json.loads(listed.out)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 4), (401, 6), (403, 6), (404, 3), (409, 4), (422, 4), (500, 1), (502, 7), (503, 7), (504, 8)],
)
def test_a_refusal_is_told_by_field_and_by_exit_code(status: int, code: int, uitpost: Uitpost, api: StandIn) -> None:
    error = {"field": "address", "code": "invalid", "detail": "is no address"}
    api.answer("PUT /senders/sales", {"title": "Wrong", "detail": "Not so.", "errors": [error]}, status=status)

    ended = uitpost("sender", "add", "sales", "--name", "Sales", "--address", "sales")

    assert ended == Ended(code, "", "Not so.\naddress: is no address\n")


def test_where_nothing_runs_it_says_how_to_start_it(uitpost: Uitpost) -> None:
    ended = uitpost("contact", "list")

    assert ended.code == 7
    assert "uitpost serve --all" in ended.err


def test_a_server_that_is_away_is_out_of_reach(uitpost: Uitpost) -> None:
    assert uitpost("contact", "list", "--url", "http://127.0.0.1:1", "--token", "x").code == 7


def test_what_a_killed_process_left_behind_does_not_count(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    record = tmp_path / "data" / "run" / "dossier.json"
    record.write_text(json.dumps({"url": api.url, "pid": gone.pid}), "utf-8")

    assert "Nothing runs" in uitpost("contact", "list").err


def test_whoever_owns_the_data_folder_comes_in_by_a_token_of_an_hour(
    uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    api.answer("GET /senders", {"items": []})

    uitpost("sender", "list")
    first = api.headers("GET /senders")["Authorization"]
    uitpost("sender", "list")

    caller = Access(f"sqlite:///{tmp_path}/data/access.db").check_token(first.removeprefix("Bearer "))
    assert caller is not None
    assert caller.name.startswith("local:")
    assert api.headers("GET /senders")["Authorization"] == first
    assert stat.S_IMODE((tmp_path / "data" / "run" / "token").stat().st_mode) == 0o600


def test_the_local_token_goes_to_this_machine_only(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    ended = uitpost("sender", "list", "--url", "http://elsewhere.example:1")

    assert ended.code == 7
    assert not (tmp_path / "data" / "run" / "token").exists()


def test_token_create_prints_the_token_alone(uitpost: Uitpost, tmp_path: Path) -> None:
    made = uitpost("token", "create", "--scope", "read", "--scope", "send", "--name", "crm")

    caller = Access(f"sqlite:///{tmp_path}/data/access.db").check_token(made.out.strip())
    assert (made.code, made.err, made.out.count("\n")) == (0, "", 1)
    assert caller is not None
    assert caller.scopes == {"read", "send"}
    assert uitpost("token", "create", "--scope", "read", "--name", "crm").code == 4
    assert uitpost("token", "list").out.startswith("crm\tread send\t")


def test_token_create_prints_what_an_afas_client_carries(uitpost: Uitpost, tmp_path: Path) -> None:
    made = uitpost("token", "create", "--afas", "--scope", "send", "--name", "profit").out.strip()

    assert re.fullmatch(r"<token><version>1</version><data>[0-9A-F]{64}</data></token>", b64decode(made).decode())
    token = token_of_afas(made)
    assert token
    caller = Access(f"sqlite:///{tmp_path}/data/access.db").check_token(token)
    assert caller
    assert caller.name == "profit"


def test_a_revoked_token_is_gone_and_an_unknown_one_is_not_found(uitpost: Uitpost) -> None:
    uitpost("token", "create", "--scope", "admin", "--name", "crm")

    assert uitpost("token", "revoke", "crm").code == 0
    assert uitpost("token", "revoke", "crm").code == 3
    assert uitpost("token", "list").out == ""


def test_an_unknown_scope_is_wrong_use(uitpost: Uitpost) -> None:
    assert uitpost("token", "create", "--scope", "all").code == 2
    assert uitpost("token", "create").code == 2


def test_a_nats_credential_is_the_seed_alone(uitpost: Uitpost) -> None:
    made = uitpost("token", "create", "--nats", "--name", "crm")

    assert made.out.startswith("SU")
    assert made.out.count("\n") == 1
    assert uitpost("token", "list").out == "crm\tnats\t\n"
    assert uitpost("token", "revoke", "crm", "--nats").code == 0


def test_a_login_link_lets_the_first_administrator_in(uitpost: Uitpost, tmp_path: Path) -> None:
    link = uitpost("user", "link").out.strip()

    access = Access(f"sqlite:///{tmp_path}/data/access.db")
    assert link.startswith("http://127.0.0.1:8420/login?link=")
    assert access.redeem_link(link.partition("link=")[2]) is not None


def test_drafts_are_listed_shown_and_discarded(uitpost: Uitpost, api: StandIn) -> None:
    """FR-30: whoever left one can find it again, and is told what it lacks."""
    draft = {"id": "d1", "type": "note", "subject": "", "issue_method": "none", "destinations": {"count": 2}}
    fields = [
        {"field": "subject", "value": "", "state": "open"},
        {"field": "comment", "value": "x", "state": "hidden"},
    ]
    wrong = [{"field": "subject", "code": "missing", "detail": "This field is required."}]
    api.answer("GET /drafts", {"items": [draft | {"changed_at": "2026-11-24"}], "next": None})
    api.answer(
        "GET /drafts/d1", draft | {"steps": [{"step": "general", "fields": fields}], "wrong": wrong, "warnings": []}
    )
    api.answer("DELETE /drafts/d1", {})

    shown, discarded = uitpost("draft", "show", "d1"), uitpost("draft", "discard", "d1")

    assert uitpost("draft", "list").out == "d1\tnote\t\t2\tnone\t2026-11-24\n"
    assert shown.out == "id\td1\ntype\tnote\ndestinations\t2\nsubject\t\n"
    assert shown.err == "subject: This field is required.\n"
    assert (discarded.code, discarded.out) == (0, "")
    assert len(api.bodies("DELETE /drafts/d1")) == 1


def test_a_sender_is_shown(uitpost: Uitpost, api: StandIn) -> None:
    api.answer("GET /senders/sales", {"id": "sales", "name": "Sales", "address": "sales@house.example"})

    assert uitpost("sender", "show", "sales").out == "id\tsales\nname\tSales\naddress\tsales@house.example\n"


def test_users_are_added_changed_listed_and_removed(uitpost: Uitpost, tmp_path: Path) -> None:
    added = uitpost("user", "add", "anna", "--email", "anna@house.example", "--full-name", "Anna de Vries")
    changed = uitpost("user", "change", "anna", "--role", "operator", "--email", "")
    link = uitpost("user", "link", "anna")

    assert (added.code, changed.code) == (0, 0)
    assert uitpost("user", "list").out == "anna\toperator\tAnna de Vries\t\n"
    session = Access(f"sqlite:///{tmp_path}/data/access.db").redeem_link(link.out.strip().partition("link=")[2])
    assert session is not None
    assert uitpost("user", "remove", "anna").code == 0
    assert Access(f"sqlite:///{tmp_path}/data/access.db").check_session(session) is None


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["add", "anna"], 4, "taken"),
        (["add", "bert", "--role", "boss"], 2, "--role"),
        (["add", "bert", "--email", "bert"], 2, "--email"),
        (["change", "anna"], 2, "--email"),
        (["change", "bert", "--role", "reader"], 3, "bert"),
        (["remove", "bert"], 3, "bert"),
        (["link", "bert"], 3, "bert"),
    ],
)
def test_what_cannot_be_done_to_a_user_is_said(uitpost: Uitpost, command: list[str], code: int, said: str) -> None:
    uitpost("user", "add", "anna")

    ended = uitpost("user", *command)

    assert ended.code == code
    assert said in ended.err


def test_without_a_terminal_a_mailing_needs_yes(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    ended = uitpost("mailing", "create", "-f", mailing(tmp_path))

    assert ended.code == 2
    assert "--yes" in ended.err
    assert api.asked == []


def test_a_mailing_to_the_recipients_of_a_list_is_created(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """FR-64: one request for many, who come from a spreadsheet or a CSV file."""
    api.answer("POST /dossier-items", {"run_id": RUN, "items": 2}, status=202)
    people = tmp_path / "people.csv"
    people.write_text("kind,number,table\nperson,1,7\n", "utf-8")

    ended = uitpost("mailing", "create", "-f", mailing(tmp_path), "--recipients", str(people), "--yes", "--json")

    (body,) = api.bodies("POST /dossier-items")
    assert json.loads(ended.out)["run_id"] == RUN
    request, listed = body.split(b'name="recipients"; filename="people.csv"')
    assert people.read_bytes() in listed
    asked = json.loads(request[request.index(b"{") : request.rindex(b"}") + 1])
    assert api.headers("POST /dossier-items")["Idempotency-Key"] == asked["request_id"]


@pytest.mark.parametrize(("last", "code"), [({"sent": 3}, 0), ({"sent": 2, "failed": 1}, 5), ({"in_doubt": 3}, 5)])
def test_waiting_ends_as_the_mailing_ended(
    last: dict[str, int], code: int, uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    api.answer("POST /dossier-items", {"run_id": RUN, "items": 3}, status=202)
    api.answer(f"GET /runs/{RUN}", a_run(queued=3), a_run(sent=1, sending=2), a_run(**last))

    ended = uitpost("mailing", "create", "-f", mailing(tmp_path), "--yes", "--wait", "--json")

    assert ended.code == code
    assert json.loads(ended.out)["counts"] == last
    assert "3 of 3 done" in ended.err


def test_ctrl_c_stops_watching_and_not_the_mailing(
    uitpost: Uitpost, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    api.answer(f"GET /runs/{RUN}", a_run(queued=3))
    monkeypatch.setattr(time, "sleep", interrupt)

    ended = uitpost("mailing", "watch", RUN)

    assert ended.code == 130
    assert f"uitpost mailing watch {RUN}" in ended.err


def test_a_mailing_is_watched_at_the_rate_that_the_server_knows(
    uitpost: Uitpost, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY", 0.0)
    paused = a_run(sent=60, sending=40) | {"state": "paused", "rate": None}
    cancelled = a_run(sent=70, cancelled=30) | {"state": "cancelled"}
    api.answer(f"GET /runs/{RUN}", a_run(sent=50, failed=5, sending=45), paused, cancelled)

    ended = uitpost("mailing", "watch", RUN)

    first, second, third = ended.err.splitlines()
    assert first == "55 of 100 done, 5 failed, 10.0/s, about 0:00:04 left"
    assert second == "60 of 100 done, 0 failed, paused, 0.0/s"
    assert third.startswith("100 of 100 done, 0 failed, cancelled")
    assert ended.code == 5


def test_a_bar_shows_the_same_on_a_terminal(uitpost: Uitpost, api: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    api.answer(f"GET /runs/{RUN}", a_run(sent=1, sending=2), a_run(sent=3))

    ended = uitpost("mailing", "watch", RUN, "--json")

    assert ended.code == 0
    assert json.loads(ended.out)["counts"] == {"sent": 3}


@pytest.mark.parametrize(("verb", "door"), [("pause", "pause"), ("resume", "resume"), ("stop", "cancel")])
def test_a_mailing_under_way_is_paused_resumed_and_stopped(
    uitpost: Uitpost, api: StandIn, verb: str, door: str
) -> None:
    api.answer(f"POST /runs/{RUN}/{door}", {"run_id": RUN, "state": "paused"})

    ended = uitpost("mailing", verb, RUN, "--reason", "wrong date", *(["--yes"] if verb == "stop" else []))

    assert ended.code == 0
    assert "state\tpaused" in ended.out
    assert api.bodies(f"POST /runs/{RUN}/{door}") == [{"reason": "wrong date"}]


def test_a_mailing_is_not_stopped_unless_somebody_says_so(uitpost: Uitpost, api: StandIn) -> None:
    ended = uitpost("mailing", "stop", RUN)

    assert ended.code == 2
    assert "--yes" in ended.err
    assert api.asked == []


def test_what_cannot_be_paused_ends_with_4(uitpost: Uitpost, api: StandIn) -> None:
    api.answer(f"POST /runs/{RUN}/pause", {"title": "Conflict", "detail": "This mailing is complete"}, status=409)

    ended = uitpost("mailing", "pause", RUN)

    assert (ended.code, ended.err) == (4, "This mailing is complete\n")


def a_row(number: str, status: str, **others: Any) -> dict[str, Any]:
    address = f"anna{number}@home.example"
    facts = {"kind": "person", "number": number, "contact_id": None, "recipient_name": f"Anna, {number}"}
    return {**facts, "recipient_address": address, "status": status, "reason": None, "smtp_text": None, **others}


def test_who_got_nothing_is_listed_with_the_reason(uitpost: Uitpost, api: StandIn) -> None:
    """Those without an address, without consent and those that failed, as a list to be corrected (FR-96, FR-98)."""
    api.answer(f"GET /runs/{RUN}", a_run(sent=5, no_address=1, failed=1, sending=1))
    without = a_row("1", "no_address", reason="missing", recipient_address=None)
    refused = a_row("2", "failed", reason="permanent", smtp_text="5.1.1 no such user")
    api.answer("GET /processing", {"items": [without], "next": None}, {"items": [refused], "next": None})

    ended = uitpost("mailing", "missing", RUN, "--csv")

    assert ended.out.splitlines() == [
        "kind,number,contact_id,name,email,status,reason,answer",
        'person,1,,"Anna, 1",,no_address,missing,',
        'person,2,,"Anna, 2",anna2@home.example,failed,permanent,5.1.1 no such user',
    ]
    assert ended.err == "Still 1 to go: this is who got nothing so far.\n"
    assert len([name for name, *_ in api.asked if name == "GET /processing"]) == 2


def test_who_got_nothing_is_a_table_too(uitpost: Uitpost, api: StandIn) -> None:
    api.answer(f"GET /runs/{RUN}", a_run(sent=5, cancelled=1))
    api.answer("GET /processing", {"items": [a_row("1", "cancelled", reason="cancelled")], "next": None})

    ended = uitpost("mailing", "missing", RUN)

    assert ended.out == "person\t1\t\tAnna, 1\tanna1@home.example\tcancelled\tcancelled\t\n"


def test_all_letters_of_a_mailing_are_saved_in_one_file(
    uitpost: Uitpost, api: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-14: under the name that the server gives it, or another; who has none is not passed over in silence."""
    monkeypatch.chdir(tmp_path)
    path = f"GET /runs/{RUN}/print.pdf"
    api.answer(path, b"%PDF-1.7 letters")
    named = "attachment; filename*=UTF-8''Output%20..%2FBrief.pdf"
    word = {"reason": "not_pdf", "detail": "this Word layout makes no PDF here, because of several columns"}
    api.answer(f"GET /runs/{RUN}/print.json", {"missing": [word, word | {"reason": "layout", "detail": None}]})
    api.headers_of[path] = {"Uitpost-Letters": "12", "Uitpost-Missing": "2", "Content-Disposition": named}

    ended = uitpost("mailing", "print", RUN)
    elsewhere = uitpost("mailing", "print", RUN, "-o", "x.pdf", "--sort", "recipient.name")
    nowhere = uitpost("mailing", "print", RUN, "-o", "none/x.pdf")

    assert (ended.code, elsewhere.code, nowhere.code) == (0, 0, 2)
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.pdf*")} == {
        "Brief.pdf": b"%PDF-1.7 letters",
        "x.pdf": b"%PDF-1.7 letters",
    }
    assert "2 destinations have no letter in it" in ended.err
    assert "1 of them: this Word layout makes no PDF here, because of several columns" in " ".join(ended.err.split())
    assert ended.out == "file\tBrief.pdf\nletters\t12\nmissing\t2\nsize\t16\n"


def test_letters_that_cannot_be_printed_yet_leave_no_file(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    problem = {"title": "x", "detail": "Letters are still to be made.", "code": "letters_to_come", "errors": []}
    api.answer(f"GET /runs/{RUN}/print.pdf", problem, status=409)

    ended = uitpost("mailing", "print", RUN, "-o", str(tmp_path / "x.pdf"))

    assert (ended.code, "Letters are still to be made." in ended.err) == (4, True)
    assert not list(tmp_path.glob("x.pdf*"))


def test_mailings_are_listed_by_state_subject_and_owner(uitpost: Uitpost, api: StandIn) -> None:
    run = a_run(sent=2, sending=1) | {"started_at": "2026-03-02", "subject": "Uitnodiging", "submitted_by": "crm"}
    api.answer("GET /runs", {"items": [run], "next": None})

    ended = uitpost("mailing", "list", "--state", "running", "--q", "uit", "--mine")

    assert ended.out == f"{RUN}\t2026-03-02\tUitnodiging\trunning\t2\t3\tcrm\n"


def test_patience_has_an_end(uitpost: Uitpost, api: StandIn) -> None:
    api.answer(f"GET /runs/{RUN}", a_run(sent=1, sending=2))

    ended = uitpost("mailing", "watch", RUN, "--timeout", "0")

    assert ended.code == 8
    assert "Still 2 to go" in ended.err


def test_one_item_is_recorded_from_options(uitpost: Uitpost, api: StandIn) -> None:
    api.answer("POST /dossier-items", {"run_id": RUN, "items": 1}, status=202)

    uitpost(
        *("item", "record", "--type", "outgoing_mail", "--issue-method", "email", "--subject", "Hello"),
        *("--to", "organisation/1000744/1005", "--email", "anna@bakery.example", "--request-id", "r-1", "--consent"),
    )

    assert api.bodies("POST /dossier-items") == [
        {
            "type": "outgoing_mail",
            "issue_method": "email",
            "subject": "Hello",
            "consent_attested": True,
            "request_id": "r-1",
            "destinations": [
                {
                    "kind": "organisation",
                    "number": "1000744",
                    "contact_id": "1005",
                    "recipient": {"email": "anna@bakery.example"},
                }
            ],
        }
    ]
    assert uitpost("item", "record", "--to", "1000744").code == 2


def test_rows_are_sent_again_by_id_or_by_filter_never_by_neither(uitpost: Uitpost, api: StandIn) -> None:
    api.answer("POST /processing/resend", {"job_id": "j", "results": [{"id": "a", "outcome": "resent"}]}, status=202)

    resent = uitpost("history", "resend", "a", "--reason", "asked for", "--address", "original")
    uitpost("history", "resend", "--filter", "status=failed", "--yes")

    assert resent.out == "a\tresent\t\t\n"
    assert api.bodies("POST /processing/resend") == [
        {"ids": ["a"], "reason": "asked for", "include_sent": False, "address": "original"},
        {"filter": {"status": "failed"}, "reason": "", "include_sent": False},
    ]
    assert len(api.headers("POST /processing/resend")["Idempotency-Key"]) == 36
    assert uitpost("history", "resend").code == 2
    assert uitpost("history", "resend", "--filter", "status=failed").code == 2
    assert uitpost("history", "resend", "--filter", "colour=red", "--yes").code == 2


def test_letters_are_made_again_by_id_or_by_filter(uitpost: Uitpost, api: StandIn) -> None:
    """A11."""
    job = {"job_id": "j", "results": [{"id": "r", "outcome": "remade", "mail_id": "m"}]}
    api.answer("POST /processing/remake", job)

    by_id = uitpost("history", "remake", "r", "--reason", "lost", "--layout", "newest")
    uitpost("history", "remake", "--filter", "run_id=x", "--yes")

    assert by_id.out == "r\tremade\t\tm\n"
    assert api.bodies("POST /processing/remake") == [
        {"ids": ["r"], "reason": "lost", "layout": "newest"},
        {"filter": {"run_id": "x"}, "reason": ""},
    ]


@pytest.mark.parametrize(
    ("name", "content", "code"), [("x.json", "{", 4), ("x.toml", "a", 4), ("x.json", "[]", 4), ("none.json", None, 2)]
)
def test_a_file_that_says_nothing_is_told_before_anything_is_sent(
    name: str, content: str | None, code: int, uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, "utf-8")

    assert uitpost("layout", "add", str(tmp_path / name)).code == code
    assert api.asked == []


def test_a_word_file_becomes_a_layout_with_its_fields(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """FR-102."""
    letter, english = tmp_path / "brief.docx", tmp_path / "letter.docx"
    letter.write_bytes(b"PK nl")
    english.write_bytes(b"PK en")
    api.answer("PUT /layouts/brief", {"id": "brief", "version": 1})

    options = ("--also", f"en={english}", "--field", "table!", "--field", "colour", "--name", "Onze brief")
    ended = uitpost("layout", "add", str(letter), *options)

    assert ended.code == 0
    assert api.bodies("PUT /layouts/brief") == [
        {
            "name": "Onze brief",
            "kind": "word",
            "fields": [{"name": "table", "required": True}, {"name": "colour", "required": False}],
            "files": {"nl": {"content": "UEsgbmw="}, "en": {"content": "UEsgZW4="}},
        }
    ]


def test_another_language_without_a_file_is_no_use(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    letter = tmp_path / "brief.docx"
    letter.write_bytes(b"PK")

    assert uitpost("layout", "add", str(letter), "--also", "en").code == 2
    assert api.asked == []


def test_a_setting_that_cannot_be_is_named(uitpost: Uitpost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UITPOST_LOG_ADDRESSES", "perhaps")

    ended = uitpost("contact", "list")

    assert ended.code == 78
    assert "UITPOST_LOG_ADDRESSES" in ended.err


def test_check_finds_all_well_where_nothing_is_set(uitpost: Uitpost) -> None:
    looked = uitpost("check", "--json")

    assert looked.code == 0, looked.err
    assert all(one["ok"] for one in json.loads(looked.out))


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("UITPOST_DATA", "/dev/null/data", 78),
        ("UITPOST_NATS_URL", "nats://127.0.0.1:1", 7),
        ("UITPOST_SMTP_URL", "smtp://127.0.0.1:1", 7),
        ("UITPOST_SMTP_URL", "http://127.0.0.1:1", 78),
        ("UITPOST_STORE_URL", "postgresql://127.0.0.1:1/none", 7),
    ],
)
def test_check_says_what_to_fix(
    setting: str, value: str, code: int, uitpost: Uitpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, value)

    looked = uitpost("check", "--json")

    wrong = [one for one in json.loads(looked.out) if not one["ok"]]
    assert looked.code == code
    assert len(wrong) == 1
    assert wrong[0]["fix"] in looked.err


def test_without_a_command_there_is_help_and_an_unknown_one_is_wrong_use(uitpost: Uitpost) -> None:
    assert uitpost().code == 2
    assert uitpost("mailin").code == 2
    assert "mailing" in uitpost("--help").out
    assert uitpost("serve").code == 2
    assert uitpost("version").out.count(".") == 2


def test_an_item_type_is_listed_shown_set_up_from_a_file_and_copied(
    uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    """FR-103: item types are set up from the command line too."""
    kind = {
        "id": "own",
        "code": 15,
        "name": {"nl": "Eigen"},
        "issue_methods": ["none", "email"],
        "version": 2,
        "supplied": False,
        "blocked": False,
    }
    (tmp_path / "own.json").write_text(json.dumps({"name": {"nl": "Eigen"}}))
    api.answer("GET /item-types", {"items": [kind]})
    api.answer("GET /item-types/own", kind)
    api.answer("PUT /item-types/own", kind)
    api.answer("POST /item-types/note/copy", kind, status=201)

    listed = uitpost("type", "list")
    shown = uitpost("type", "show", "own", "--json")
    added = uitpost("type", "add", "own", "-f", str(tmp_path / "own.json"))
    copied = uitpost("type", "copy", "note", "own", "--code", "15")

    assert listed.out == "own\t15\tEigen\tnone, email\t2\tno\tno\n"
    assert json.loads(shown.out) == kind
    assert (added.code, copied.code) == (0, 0)
    assert api.bodies("PUT /item-types/own") == [{"name": {"nl": "Eigen"}}]
    assert api.bodies("POST /item-types/note/copy") == [{"id": "own", "code": 15}]


def test_a_workflow_is_listed_with_its_steps_set_up_from_a_file_and_copied(
    uitpost: Uitpost, api: StandIn, tmp_path: Path
) -> None:
    """FR-68: workflows are set up from the command line too."""
    steps = [{"id": "assess"}, {"id": "complete"}]
    workflow = {"id": "handle", "name": {"nl": "Afhandelen"}, "version": 1, "supplied": True, "steps": steps}
    (tmp_path / "own.json").write_text(json.dumps({"name": {"nl": "Eigen"}}))
    api.answer("GET /workflows", {"items": [workflow]})
    api.answer("PUT /workflows/own", workflow)
    api.answer("POST /workflows/handle/copy", workflow, status=201)

    listed = uitpost("workflow", "list")
    added = uitpost("workflow", "add", "own", "-f", str(tmp_path / "own.json"))
    copied = uitpost("workflow", "copy", "handle", "own")

    assert listed.out == "handle\tAfhandelen\t1\tyes\tassess → complete\n"
    assert (listed.code, added.code, copied.code) == (0, 0, 0)
    assert api.bodies("PUT /workflows/own") == [{"name": {"nl": "Eigen"}}]
    assert api.bodies("POST /workflows/handle/copy") == [{"id": "own"}]


@pytest.mark.parametrize(
    ("locale", "spoken"),
    [({"LANG": "nl_BE.UTF-8"}, "nl-BE"), ({"LANG": "nl_NL", "LC_ALL": "en_GB@euro"}, "en-GB"), ({}, "en")],
)
def test_refusals_are_in_the_language_of_whoever_asks(
    uitpost: Uitpost, api: StandIn, monkeypatch: pytest.MonkeyPatch, locale: dict[str, str], spoken: str
) -> None:
    """And each is said once: what is of no field in particular stands for itself."""
    problem = {"detail": "Er is geen afzender.", "errors": [{"field": "", "detail": "Er is geen afzender."}]}
    api.answer("GET /senders/x", problem, status=404)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)

    ended = uitpost("sender", "show", "x")

    assert (ended.code, ended.err) == (3, "Er is geen afzender.\n")
    assert api.headers("GET /senders/x")["Accept-Language"] == spoken


@pytest.mark.parametrize(("status", "code"), [("sent", 0), ("failed", 5), ("deferred", 0)])
def test_a_sender_is_tried_by_a_mail_to_himself(
    uitpost: Uitpost, api: StandIn, monkeypatch: pytest.MonkeyPatch, status: str, code: int
) -> None:
    """FR-45, R-5: by the preview's door, so that nothing stands in any dossier."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    api.answer("GET /senders/sales", {"id": "sales", "name": "Verkoop", "address": "sales@bakery.example"})
    api.answer("POST /dossier-items/preview", {"preview_id": "p", "sent_to": "sales@bakery.example"}, status=201)
    api.answer("GET /previews/p", {"mail": None}, {"mail": {"status": status}})

    ended = uitpost("sender", "test", "sales", "--json")

    assert (ended.code, json.loads(ended.out)["status"]) == (code, status)
    [asked] = api.bodies("POST /dossier-items/preview")
    assert (asked["sender_id"], asked["send"]) == ("sales", True)
    assert asked["destinations"][0]["recipient"]["email"] == "sales@bakery.example"
