"""`uitpost layout`: what a message looks like."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.files import body_of
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Document layouts: add, list.")


@app.command("add")
@speaks
def add_layout(
    api: Api,
    file: Annotated[Path, typer.Argument(help="JSON or TOML: name, kind, fields, sources per language")],
    layout_id: Annotated[str | None, typer.Option("--id", help="Its id; unset = the name of the file")] = None,
) -> Shown:
    """Record a version of a layout; the same content again is the same version."""
    return Facts(api.dossier.put(f"/layouts/{layout_id or file.stem}", body_of(file)))


@app.command("list")
@speaks
def list_layouts(api: Api) -> Shown:
    """List layouts and their latest version."""
    return Rows(("id", "kind", "version", "name"), api.dossier.items("/layouts", limit=EVERY))
