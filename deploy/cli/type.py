"""`uitpost type`: what kinds of dossier item there are, and what each asks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.files import body_of
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Dossier item types: list, show, add, copy.")
TypeId = Annotated[str, typer.Argument(metavar="ID", help="Item type id")]


@app.command("list")
@speaks
def list_types(api: Api) -> Shown:
    """List the item types, supplied ones first."""
    found = api.dossier.items("/item-types", limit=EVERY)
    columns = ("id", "code", "title", "methods", "version", "supplied", "blocked")
    return Rows(columns, [{**one, "title": _title(one), "methods": ", ".join(one["issue_methods"])} for one in found])


@app.command("show")
@speaks
def show_type(api: Api, type_id: TypeId) -> Shown:
    """Show an item type: its fields, features, destinations and defaults."""
    return Facts(api.dossier.get(f"/item-types/{type_id}"))


@app.command("add")
@speaks
def add_type(
    api: Api,
    type_id: TypeId,
    file: Annotated[Path, typer.Option("-f", "--file", help="The type as JSON or TOML; only its name is needed")],
) -> Shown:
    """Set up an item type; one of this id gets its next version."""
    return Facts(api.dossier.put(f"/item-types/{type_id}", body_of(file)))


@app.command("copy")
@speaks
def copy_type(
    api: Api,
    type_id: TypeId,
    as_id: Annotated[str, typer.Argument(metavar="NEW_ID", help="Id of the copy")],
    code: Annotated[int | None, typer.Option("--code", help="Number of the copy in other systems", min=1)] = None,
) -> Shown:
    """Copy an item type, to change the copy."""
    return Facts(api.dossier.post(f"/item-types/{type_id}/copy", {"id": as_id, "code": code}))


def _title(kind: dict[str, Any]) -> str:
    name: dict[str, str] = kind["name"]
    return name.get("nl") or name["en"]
