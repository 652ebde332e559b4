"""`uitpost draft`: items that are still being worked at, and what each of them lacks."""

from typing import Annotated, Any

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Drafts of whoever the token is of: list, show, discard."
)
_Id = Annotated[str, typer.Argument(metavar="ID", help="Draft id")]


@app.command("list")
@speaks
def list_drafts(api: Api) -> Shown:
    """List drafts, the one changed last first."""
    columns = ("id", "type", "subject", "count", "issue_method", "changed_at")
    drafts = api.dossier.items("/drafts", limit=EVERY)
    return Rows(columns, [{**draft, "count": draft["destinations"]["count"]} for draft in drafts])


@app.command("show")
@speaks
def show_draft(api: Api, draft_id: _Id) -> Shown:
    """Show the fields of a draft; what a finish would refuse is told beside them."""
    draft: dict[str, Any] = api.dossier.get(f"/drafts/{draft_id}")
    say(*(f"{point['field']}: {point['detail']}" for point in (*draft["wrong"], *draft["warnings"])))
    shown = [field for step in draft["steps"] for field in step["fields"] if field["state"] in ("open", "locked")]
    facts = {"id": draft["id"], "type": draft["type"], "destinations": draft["destinations"]["count"]}
    return Facts(facts | {field["field"]: field["value"] for field in shown})


@app.command("discard")
@speaks
def discard_draft(api: Api, draft_id: _Id) -> Shown:
    """Give a draft up: nothing of it is left."""
    api.dossier.call("DELETE", f"/drafts/{draft_id}")
    say(f"{draft_id} is discarded.")
    return None
