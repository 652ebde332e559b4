"""`uitpost layout`: what a message looks like."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.files import body_of, files_by_language, word_layout
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Document layouts: add, list.")


@app.command("add")
@speaks
def add_layout(
    api: Api,
    file: Annotated[Path, typer.Argument(help="JSON or TOML: name, kind, fields, sources per language; or a .docx")],
    layout_id: Annotated[str | None, typer.Option("--id", help="Its id; unset = the name of the file")] = None,
    name: Annotated[
        str | None, typer.Option(help="Of a .docx: what it is called; unset = the name of the file")
    ] = None,
    language: Annotated[str, typer.Option(help="Of a .docx: the language it is in")] = "nl",
    also: Annotated[
        list[str] | None, typer.Option(help="Of a .docx: one in another language, as en=letter.docx")
    ] = None,
    field: Annotated[list[str] | None, typer.Option(help="Of a .docx: a merge field; with ! it is required")] = None,
) -> Shown:
    """Record a version of a layout; the same content again is the same version."""
    if file.suffix.lower() == ".docx":
        body = word_layout(name or file.stem, {language: file, **files_by_language(also or [])}, field or [])
    else:
        body = body_of(file)
    return Facts(api.dossier.put(f"/layouts/{layout_id or file.stem}", body))


@app.command("list")
@speaks
def list_layouts(api: Api) -> Shown:
    """List layouts and their latest version."""
    return Rows(("id", "kind", "version", "name"), api.dossier.items("/layouts", limit=EVERY))
