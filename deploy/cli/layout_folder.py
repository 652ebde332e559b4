"""A layout as a folder: `layout.toml`, and a folder per language with its sources or its Word document."""

import tomllib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.cli.failure import Code, Failure
from deploy.cli.files import content_of

PARTS = {
    "subject.txt": "subject",
    "filename.txt": "filename",
    "body.txt": "text",
    "body.html": "html",
    "body.mjml": "mjml",
    "letter.typ": "typst",
    "page.html": "page",
}
_ABOUT = "layout.toml"
_WORD = "letter.docx"
_KINDS = {"letter.typ": "typst", "page.html": "paged", "body.mjml": "html", "body.html": "html", "body.txt": "text"}


def layout_in(folder: Path) -> dict[str, Any]:
    """Return the layout in a folder, as it is put; its kind follows from its files. Raises Failure."""
    _refuse_links(folder)
    about = _about(folder)
    languages = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    texts: dict[str, dict[str, str]] = {}
    files: dict[str, dict[str, str]] = {}
    for language in languages:
        for path in sorted(language.iterdir()):
            if path.name == _WORD:
                files[language.name] = {"content": b64encode(content_of(path)).decode()}
            elif path.name in PARTS:
                texts.setdefault(language.name, {})[PARTS[path.name]] = _text(path)
            elif not path.name.startswith("."):
                known = ", ".join([*PARTS, _WORD])
                raise Failure(Code.REFUSED, f"{path} is no part of a layout; known are {known}")
    if not texts and not files:
        raise Failure(Code.REFUSED, f"{folder} has no folder of a language (nl, en) with {', '.join(PARTS)} or {_WORD}")
    names = {path.name for language in languages for path in language.iterdir()}
    kind = "word" if files else next((kind for name, kind in _KINDS.items() if name in names), "text")
    return {"name": folder.resolve().name, "kind": kind, **about, "sources": texts} | (
        {"files": files} if files else {}
    )


def write_layout(folder: Path, layout: dict[str, Any], files: Mapping[str, bytes]) -> list[Path]:
    """Write a version of a layout, with its Word documents by language, as a folder to be changed and added again.

    Returns its files.
    """
    names = {part: name for name, part in PARTS.items()}
    contents = {folder / _ABOUT: _toml(layout).encode()}
    for language, parts in layout["sources"].items():
        contents |= {folder / language / names[part]: text.encode() for part, text in parts.items()}
    contents |= {folder / language / _WORD: content for language, content in files.items()}
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(contents)


def _refuse_links(folder: Path) -> None:
    """Refuse links: one in a folder from somebody else would send in whatever of this machine it leads to."""
    for path in (*folder.iterdir(), *folder.glob("*/*")):
        if path.is_symlink():
            raise Failure(Code.REFUSED, f"{path} is a link; put the file itself there")


def _about(folder: Path) -> dict[str, Any]:
    path = folder / _ABOUT
    if not path.exists():
        return {}
    try:
        about = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise Failure(Code.REFUSED, f"{path} is not TOML: {error}") from error
    if isinstance(name := about.get("name"), dict):  # by language, as the supplied ones have it
        about["name"] = next(iter(name.values()), folder.name)
    return about


def _text(path: Path) -> str:
    try:
        return content_of(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(Code.REFUSED, f"{path} is not UTF-8") from error


def _toml(layout: dict[str, Any]) -> str:
    lines = [f"{name} = {_quoted(layout[name])}" for name in ("name", "kind", "pdf", "sort_by") if layout.get(name)]
    if layout.get("data_collection"):
        lines.append(f"data_collection = [{', '.join(map(_quoted, layout['data_collection']))}]")
    fields = (
        f"  {{ name = {_quoted(field['name'])}, required = {str(field['required']).lower()} }},"
        for field in layout["fields"]
    )
    return "\n".join([*lines, "fields = [", *fields, "]", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
