"""`uitpost view`: the columns, order and filter in which contacts are regularly looked at."""

from typing import Annotated

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.contact import SORTS, Filters, Q, wanted_of
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Views of contacts: list, show, save, delete.")
_COLUMNS = ("id", "name", "columns", "sort", "shared", "owner")
_ViewId = Annotated[str, typer.Argument(metavar="ID", help="Id of the view")]


@app.command("list")
@speaks
def list_views(api: Api) -> Shown:
    """List the views that can be chosen: one's own, shared and supplied ones."""
    return Rows(_COLUMNS, api.dossier.items("/views", limit=EVERY))


@app.command("show")
@speaks
def show_view(api: Api, view_id: _ViewId) -> Shown:
    """Show a view."""
    return Facts(api.dossier.get(f"/views/{view_id}"))


@app.command("save")
@speaks
def save_view(
    api: Api,
    view_id: _ViewId,
    columns: Annotated[list[str], typer.Option("--column", help="A column; fields.NAME is a field of their own")],
    name: Annotated[str | None, typer.Option("--name", help="What people see; unset = the id")] = None,
    sort: Annotated[str, typer.Option("--sort", help=SORTS)] = "number",
    q: Q = None,
    filters: Filters = None,
    shared: Annotated[bool, typer.Option("--shared", help="For everybody; administrators only")] = False,
) -> Shown:
    """Save a view of one's own, to be used with `uitpost contact list --view`."""
    said = {key: _value(value) for key, value in wanted_of(q, filters, None).items() if value is not None}
    body = {"name": name or view_id, "columns": columns, "sort": sort, "filter": said, "shared": shared}
    return Facts(api.dossier.put(f"/views/{view_id}", body))


@app.command("delete")
@speaks
def delete_view(api: Api, view_id: _ViewId) -> Shown:
    """Forget a view."""
    api.dossier.delete(f"/views/{view_id}")
    return None


def _value(text: str) -> str | bool:
    """Return what a filter says as JSON has it."""
    return {"true": True, "false": False, "yes": True, "no": False}.get(text.lower(), text)
