"""A mailing under way, as `uitpost mailing` says it: pause, resume, stop, and who got nothing and why."""

import csv
import io
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

RunId = Annotated[str, typer.Argument(metavar="ID", help="Run id")]
_Reason = Annotated[str, typer.Option("--reason", help="Why; stands in the history")]
_NOTHING = ("no_address", "no_consent", "render_failed", "failed", "bounced", "cancelled")
_COLUMNS = {
    "kind": "kind",
    "number": "number",
    "contact_id": "contact_id",
    "name": "recipient_name",
    "email": "recipient_address",
    "status": "status",
    "reason": "reason",
    "answer": "smtp_text",
}
_EVERY = 1_000_000  # rows of a run, at most


@speaks
def pause_mailing(api: Api, run_id: RunId, reason: _Reason = "") -> Shown:
    """Pause a mailing: nothing more of it is sent until it is resumed."""
    return _said(api, run_id, "pause", reason)


@speaks
def resume_mailing(api: Api, run_id: RunId, reason: _Reason = "") -> Shown:
    """Have a paused mailing go on."""
    return _said(api, run_id, "resume", reason)


@speaks
def stop_mailing(
    api: Api,
    run_id: RunId,
    reason: _Reason = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where there is no terminal")] = False,
) -> Shown:
    """Stop a mailing for good: what is not on its way is not sent, and can be sent again row by row."""
    if not yes and not sys.stdin.isatty():
        raise Failure(Code.WRONG_USE, "Nobody to ask whether the mailing may be stopped: say --yes")
    if not yes and not typer.confirm("Stop it for good? What is not on its way is not sent.", err=True):
        raise Failure(Code.INTERRUPTED, "Nothing was stopped.")
    return _said(api, run_id, "cancel", reason)


@speaks
def list_missing(
    api: Api,
    run_id: RunId,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, which can be corrected and imported")] = False,
) -> Shown:
    """List who got nothing of a mailing, and why."""
    run = api.history.get(f"/runs/{run_id}")
    if left := run["total"] - run["done"]:
        say(f"Still {left} to go: this is who got nothing so far.")
    rows = [row for status in _NOTHING if run["counts"].get(status) for row in _with(api, run_id, status)]
    missing = [{name: row.get(field) for name, field in _COLUMNS.items()} for row in rows]
    return _csv(missing) if as_csv else Rows(tuple(_COLUMNS), missing)


def _said(api: Api, run_id: str, verb: str, reason: str) -> Facts:
    return Facts(api.dossier.post(f"/runs/{run_id}/{verb}", {"reason": reason}))


def _with(api: Api, run_id: str, status: str) -> list[dict[str, Any]]:
    return api.history.items("/processing", {"run_id": run_id, "status": status}, limit=_EVERY)


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, tuple(_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().removesuffix("\n")
