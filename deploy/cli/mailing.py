"""`uitpost mailing`: one request for many contacts, and what became of it."""

import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from deploy.cli.api import Api
from deploy.cli.contact import Limit
from deploy.cli.failure import Code, Failure
from deploy.cli.files import body_of
from deploy.cli.printing import print_mailing
from deploy.cli.rehearsal import Recipients, check_mailing, preview_mailing
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks
from deploy.cli.underway import RunId, list_missing, pause_mailing, resume_mailing, stop_mailing
from deploy.cli.watched import summary, watch

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Mailings: check, preview, create, list, show, watch, pause, resume, stop, missing, print.",
)
app.command("check")(check_mailing)
app.command("preview")(preview_mailing)
app.command("pause")(pause_mailing)
app.command("resume")(resume_mailing)
app.command("stop")(stop_mailing)
app.command("missing")(list_missing)
app.command("print")(print_mailing)
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; needed where there is no terminal")]
Patience = Annotated[float | None, typer.Option("--timeout", min=0, help="Give up watching after so many seconds")]


@app.command("create")
@speaks
def create_mailing(
    api: Api,
    file: Annotated[Path, typer.Option("-f", "--file", help="The request as JSON or TOML")],
    recipients: Recipients = None,
    wait: Annotated[bool, typer.Option("--wait", help="Watch until all is done; ends with 5 if some failed")] = False,
    yes: Yes = False,
    timeout: Patience = None,
) -> Shown:
    """Record a mailing and send it. The same request_id twice is one mailing."""
    body = body_of(file)
    _agree(f"everybody in {recipients}" if recipients else f"{len(body.get('destinations', ()))} contacts", yes=yes)
    accepted = create(api, body, recipients)
    if not wait:
        return Facts(accepted)
    say(f"run {accepted['run_id']}")
    return summary(watch(api, accepted["run_id"], patience=timeout))


@app.command("list")
@speaks
def list_mailings(
    api: Api,
    state: Annotated[str | None, typer.Option("--state", help="running, paused, cancelled or complete")] = None,
    q: Annotated[str | None, typer.Option("--q", help="Part of the subject")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Those of the token's own name")] = False,
    limit: Limit = 50,
) -> Shown:
    """List mailings, newest first."""
    columns = ("run_id", "started_at", "subject", "state", "done", "total", "submitted_by")
    return Rows(columns, api.history.items("/runs", {"state": state, "q": q, "mine": mine or None}, limit=limit))


@app.command("show")
@speaks
def show_mailing(api: Api, run_id: RunId) -> Shown:
    """Show a mailing and its counts."""
    return Facts(api.history.get(f"/runs/{run_id}"))


@app.command("watch")
@speaks
def watch_mailing(api: Api, run_id: RunId, timeout: Patience = None) -> Shown:
    """Watch a mailing until all is done; Ctrl+C stops watching, never the mailing."""
    return summary(watch(api, run_id, patience=timeout))


def create(api: Api, body: dict[str, Any], recipients: Path | None = None) -> dict[str, Any]:
    """Submit a request and return what was accepted; without a request_id it gets a new one. Raises Failure."""
    body.setdefault("request_id", str(uuid4()))
    accepted: dict[str, Any] = api.dossier.ask("/dossier-items", body, recipients, key=body["request_id"])
    return accepted


def _agree(whom: str, *, yes: bool) -> None:
    """Ask before many are written to; a script says --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(Code.WRONG_USE, f"Nobody to ask whether {whom} may be written to: say --yes")
    if not typer.confirm(f"Write to {whom}?", err=True):
        raise Failure(Code.INTERRUPTED, "Nothing was sent.")
