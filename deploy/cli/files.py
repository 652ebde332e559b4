"""Reads what commands are given as files: bytes, and JSON or TOML bodies."""

import json
import sys
import tomllib
from base64 import b64encode
from pathlib import Path
from typing import Any

from deploy.cli.failure import Code, Failure


def content_of(file: Path) -> bytes:
    """Return the content of a file, of stdin for `-`. Raises Failure where it cannot be read."""
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failure(Code.WRONG_USE, f"{file} cannot be read: {error.strerror}") from error


def body_of(file: Path) -> dict[str, Any]:
    """Return the JSON or TOML object of a file; the ending says which, stdin is JSON. Raises Failure."""
    content = content_of(file)
    try:
        body = tomllib.loads(content.decode()) if file.suffix == ".toml" else json.loads(content)
    except ValueError as error:
        raise Failure(Code.REFUSED, f"{file} is not {'TOML' if file.suffix == '.toml' else 'JSON'}: {error}") from error
    if not isinstance(body, dict):
        raise Failure(Code.REFUSED, f"{file} holds no object")
    return body


def files_by_language(said: list[str]) -> dict[str, Path]:
    """Return files that are said as `en=letter.docx`. Raises Failure for any other saying."""
    pairs = [one.partition("=") for one in said]
    if wrong := next(
        (one for one, (language, _, path) in zip(said, pairs, strict=True) if not (language and path)), None
    ):
        raise Failure(Code.WRONG_USE, f"{wrong} is no language with a file, as in en=letter.docx")
    return {language: Path(path) for language, _, path in pairs}


def word_layout(name: str, files: dict[str, Path], fields: list[str]) -> dict[str, Any]:
    """Return a Word layout of a .docx per language, with its merge fields: `table`, or `table!` for a required one."""
    contents = {language: {"content": b64encode(content_of(file)).decode()} for language, file in files.items()}
    declared = [{"name": field.rstrip("!"), "required": field.endswith("!")} for field in fields]
    return {"name": name, "kind": "word", "fields": declared, "files": contents}
