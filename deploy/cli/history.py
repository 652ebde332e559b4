"""`uitpost history`: what became of each mail and letter, and sending it again."""

import sys
from typing import Annotated, Any

import typer

from deploy.cli.again import asked_again
from deploy.cli.api import Api
from deploy.cli.contact import Limit
from deploy.cli.failure import Code, Failure
from deploy.cli.mailing import Yes
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Processing history: list, show, resend, remake, resolve."
)
_COLUMNS = ("id", "requested_at", "status", "recipient_name", "recipient_address", "subject", "smtp_code", "attempts")
_FILTERS = ("status", "q", "run_id", "kind", "number", "from", "to")
RowId = Annotated[str, typer.Argument(metavar="ID", help="Id of the row")]
Text = str | None


@app.command("list")
@speaks
def list_history(
    api: Api,
    status: Annotated[Text, typer.Option("--status", help="sent, failed, in_doubt …")] = None,
    q: Annotated[Text, typer.Option("--q", help="Part of a name, address or subject")] = None,
    run: Annotated[Text, typer.Option("--run", help="Run id")] = None,
    kind: Annotated[Text, typer.Option("--kind", help="Kind of contact")] = None,
    number: Annotated[Text, typer.Option("--number", help="Number of the contact")] = None,
    since: Annotated[Text, typer.Option("--from", help="Requested at or after, ISO time")] = None,
    until: Annotated[Text, typer.Option("--to", help="Requested before, ISO time")] = None,
    limit: Limit = 50,
) -> Shown:
    """List mails and letters, newest first."""
    asked = {"status": status, "q": q, "run_id": run, "kind": kind, "number": number, "from": since, "to": until}
    return Rows(_COLUMNS, api.history.items("/processing", asked, limit=limit))


@app.command("show")
@speaks
def show_history(api: Api, row_id: RowId) -> Shown:
    """Show a row with all its mails and attempts."""
    return Facts(api.history.get(f"/processing/{row_id}"))


@app.command("resend")
@speaks
def resend(
    api: Api,
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of rows")] = None,
    filters: Annotated[list[str] | None, typer.Option("--filter", metavar="KEY=VALUE", help="All such rows")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the history")] = "",
    address: Annotated[Text, typer.Option("--address", help="current (default) or original")] = None,
    content: Annotated[Text, typer.Option("--content", help="same or anew; unset = same if kept")] = None,
    include_sent: Annotated[bool, typer.Option("--include-sent", help="Those already sent too")] = False,
    yes: Yes = False,
) -> Shown:
    """Send rows again, by id or by filter; each stays one row, with one mail more."""
    chosen = _chosen(ids or [], filters or [], yes=yes)
    body = {"reason": reason, "include_sent": include_sent, "address": address, "content": content, **chosen}
    return asked_again(api, "/processing/resend", body)


@app.command("remake")
@speaks
def remake(
    api: Api,
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of rows")] = None,
    filters: Annotated[list[str] | None, typer.Option("--filter", metavar="KEY=VALUE", help="All such rows")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the history")] = "",
    address: Annotated[Text, typer.Option("--address", help="current (default) or original")] = None,
    layout: Annotated[Text, typer.Option("--layout", help="pinned (default) or newest")] = None,
    yes: Yes = False,
) -> Shown:
    """Make letters again, by id or by filter; each stays one row, with one letter more."""
    body = {"reason": reason, "address": address, "layout": layout, **_chosen(ids or [], filters or [], yes=yes)}
    return asked_again(api, "/processing/remake", body)


@app.command("resolve")
@speaks
def resolve(
    api: Api,
    row_id: RowId,
    outcome: Annotated[str, typer.Option("--outcome", help="sent, not_sent or resend")],
    reason: Annotated[str, typer.Option("--reason", help="How that is known")] = "",
) -> Shown:
    """Settle a mail that is in doubt."""
    return Facts(api.history.post(f"/processing/{row_id}/resolve", {"outcome": outcome, "reason": reason}))


def _chosen(ids: list[str], filters: list[str], *, yes: bool) -> dict[str, Any]:
    if bool(ids) == bool(filters):
        raise Failure(Code.WRONG_USE, "Say which rows: their ids, or --filter status=failed")
    if ids:
        return {"ids": ids}
    pairs = dict(one.partition("=")[::2] for one in filters)
    if unknown := set(pairs) - set(_FILTERS):
        raise Failure(Code.WRONG_USE, f"--filter {', '.join(sorted(unknown))}: known are {', '.join(_FILTERS)}")
    if not yes and not sys.stdin.isatty():
        raise Failure(Code.WRONG_USE, "Nobody to ask whether all such rows may be sent again: say --yes")
    if not yes and not typer.confirm(f"Send all rows with {', '.join(filters)} again?", err=True):
        raise Failure(Code.INTERRUPTED, "Nothing was sent.")
    return {"filter": pairs}
