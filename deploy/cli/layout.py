"""`uitpost layout`: what a message looks like: validated, added, copied, blocked, previewed, and compared."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any
from urllib.parse import quote

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.failure import Code, Failure
from deploy.cli.files import body_of, files_by_language, word_layout
from deploy.cli.layout_folder import layout_in, write_layout
from deploy.cli.rehearsal import where_of, written_parts
from deploy.cli.sample import addressee, sample
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Document layouts: list, show, add, copy, block, validate, preview, versions, diff.",
)
Source = Annotated[
    Path, typer.Argument(help="A folder with layout.toml and a folder per language; a JSON or TOML file; or a .docx")
]
Name = Annotated[str | None, typer.Option(help="Of a .docx: what it is called; unset = the name of the file")]
Language = Annotated[str, typer.Option(help="Of a .docx: the language it is in")]
Also = Annotated[list[str] | None, typer.Option(help="Of a .docx: one in another language, as en=letter.docx")]
Field = Annotated[list[str] | None, typer.Option(help="Of a .docx: a merge field; with ! it is required")]
Id = Annotated[str, typer.Argument(help="Its id")]
Reason = Annotated[str, typer.Option("--reason", help="Why")]


@app.command("add")
@speaks
def add_layout(
    api: Api,
    source: Source,
    layout_id: Annotated[str | None, typer.Option("--id", help="Its id; unset = the name of the file")] = None,
    name: Name = None,
    language: Language = "nl",
    also: Also = None,
    field: Field = None,
    reason: Reason = "",
) -> Shown:
    """Record a version of a layout; the same content again is the same version.

    Where it declares no fields, it gets those that it uses.
    """
    body = _read(source, name, language, also, field) | ({"reason": reason} if reason else {})
    if "fields" not in body:
        body["fields"] = api.dossier.post("/layouts/inspect", body)["fields"]
        say(*(f"field {one['name']}{' (required)' if one['required'] else ''}" for one in body["fields"]))
    put = api.dossier.put(_path(layout_id or source.resolve().stem), body)
    say(*(f"{one['field']}: {one['detail']}" for one in put.get("warnings", ())))
    return Facts({name: value for name, value in put.items() if name != "warnings"})


@app.command("validate")
@speaks
def validate_layout(
    api: Api, source: Source, name: Name = None, language: Language = "nl", also: Also = None, field: Field = None
) -> Shown:
    """Say what is wrong with a layout and what it uses, and record nothing; ends with 4 where it would be refused."""
    found = api.dossier.post("/layouts/inspect", _read(source, name, language, also, field))
    rows = [
        {"what": what, "field": one["field"], "detail": one["detail"]}
        for what, kind in (("wrong", "problems"), ("warning", "warnings"))
        for one in found[kind]
    ]
    rows += [
        {"what": "uses", "field": one["path"], "detail": ", ".join(one["places"])} for one in found["placeholders"]
    ]
    return Rows(("what", "field", "detail"), rows, Code.REFUSED if found["problems"] else 0, document=found)


@app.command("list")
@speaks
def list_layouts(
    api: Api,
    kind: Annotated[str | None, typer.Option("--for-kind", help="Only those for this kind of destination")] = None,
    use: Annotated[str | None, typer.Option("--for", help="Only those offered as body or attachment")] = None,
) -> Shown:
    """List layouts and their latest version."""
    given = {"destination_kind": kind, "for": use}
    query = {name: value for name, value in given.items() if value}
    return Rows(("id", "kind", "version", "name", "blocked"), api.dossier.items("/layouts", query, limit=EVERY))


@app.command("show")
@speaks
def show_layout(
    api: Api,
    layout_id: Id,
    version: Annotated[int | None, typer.Option("--version", help="Unset = the latest")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it as a folder, to be changed and added")] = None,
) -> Shown:
    """Show a layout, or write its sources to a folder."""
    latest = api.dossier.get(_path(layout_id))
    if version is None and out is None:
        return Facts(latest)
    shown = api.dossier.get(f"{_path(layout_id)}/versions/{version or latest['version']}")
    if out:
        files = {
            language: api.dossier.content(f"{_path(layout_id)}/versions/{shown['version']}/files/{language}")
            for language in shown.get("files", ())
        }
        say(*(str(path) for path in write_layout(out, shown, files)))
    return Facts({name: value for name, value in shown.items() if name != "sources" or not out})


@app.command("copy")
@speaks
def copy_layout(
    api: Api,
    layout_id: Id,
    new_id: Annotated[str, typer.Argument(help="The id of the copy")],
    name: Annotated[str | None, typer.Option(help="What the copy is called; unset = its id")] = None,
) -> Shown:
    """Copy a layout, to change the copy; a supplied one can't be changed itself."""
    return Facts(api.dossier.post(f"{_path(layout_id)}/copy", {"id": new_id, "name": name or new_id}))


@app.command("block")
@speaks
def block_layout(
    api: Api,
    layout_id: Id,
    reason: Reason = "",
    undo: Annotated[bool, typer.Option("--undo", help="Let it be chosen again")] = False,
) -> Shown:
    """Keep a layout from being chosen; mailings under way go on."""
    return Facts(api.dossier.put(f"{_path(layout_id)}/blocked", {"blocked": not undo, "reason": reason}))


@app.command("versions")
@speaks
def list_versions(api: Api, layout_id: Id) -> Shown:
    """List the versions of a layout: when, by whom and why."""
    return Rows(("version", "at", "by", "reason", "sha256"), api.dossier.get(f"{_path(layout_id)}/versions")["items"])


@app.command("diff")
@speaks
def compare_versions(
    api: Api,
    layout_id: Id,
    old: Annotated[int | None, typer.Argument(help="Unset = the one before the latest")] = None,
    new: Annotated[int | None, typer.Argument(help="Unset = the latest")] = None,
) -> Shown:
    """Show what one version has otherwise than another."""
    latest = api.dossier.get(_path(layout_id))["version"]
    new = new or latest
    found = api.dossier.get(f"{_path(layout_id)}/versions/{old or max(new - 1, 1)}/compare/{new}")
    return Facts(
        {
            **{f"{one['name']}": f"{one['from']} → {one['to']}" for one in found["facts"]},
            **{f"fields {how}": ", ".join(names) for how, names in found["fields"].items() if names},
            **{f"{one['language']}/{one['part']}": one["diff"].splitlines() for one in found["sources"]},
            **{f"{one['language']} (file)": f"{one['from']} → {one['to']}" for one in found["files"]},
        }
    )


@app.command("preview")
@speaks
def preview_layout(
    api: Api,
    layout_id: Id,
    to: Annotated[str, typer.Option("--to", help="kind/number of a contact; unset = an invented one")] = "",
    merge: Annotated[list[str] | None, typer.Option("--merge", help="A merge field, as table=7")] = None,
    language: Annotated[str, typer.Option(help="Of the invented contact")] = "nl",
    docx: Annotated[bool, typer.Option("--docx", help="Of a Word layout: the Word document, not its PDF")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write its parts to this folder")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it")] = False,
) -> Shown:
    """Show what a layout makes of one contact, and record nothing of it."""
    layout = api.dossier.get(_path(layout_id))
    asked = sample(api, layout, addressee(layout, to, language, merge or []), docx=docx)
    shown = api.dossier.post("/dossier-items/preview", asked)
    if shown["faults"]:
        raise Failure(Code.REFUSED, *(where_of(fault) for fault in shown["faults"]))
    say(*shown["warnings"])
    files = written_parts(api, shown, out or Path(mkdtemp(prefix="uitpost-preview-")))
    if open_it and files:
        typer.launch(str(files[0]))
    facts = {"layout": layout_id, "version": layout["version"], "pages": shown["parts"]["page_count"]}
    return Facts(facts | {"files": [str(path) for path in files]})


def _read(
    source: Path, name: str | None, language: str, also: list[str] | None, field: list[str] | None
) -> dict[str, Any]:
    if source.is_dir():
        return layout_in(source)
    if source.suffix.lower() == ".docx":
        body = word_layout(name or source.stem, {language: source, **files_by_language(also or [])}, field or [])
        return body if field else {key: value for key, value in body.items() if key != "fields"}
    return body_of(source)


def _path(layout_id: str) -> str:
    return f"/layouts/{quote(layout_id, safe='')}"
