"""How a command shows what it found: JSON, a table on a terminal, or plain lines with tabs when piped."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Rows:
    """Things of one kind, and the columns that people see of them; JSON has them whole, or all of `document`."""

    columns: tuple[str, ...]
    items: Sequence[Mapping[str, Any]]
    exit_code: int = 0
    document: Mapping[str, Any] | Sequence[Any] | None = None


@dataclass(frozen=True)
class Facts:
    """One thing: its fields as lines of name and value; `exit_code` is what the command ends with."""

    record: Mapping[str, Any]
    exit_code: int = 0


Shown = Rows | Facts | str | None


def show(what: Shown, *, as_json: bool) -> None:
    """Write what a command found to stdout."""
    if what is None:
        return
    if as_json:
        _write(json.dumps(_document(what), ensure_ascii=False, indent=2, default=str))
    elif isinstance(what, str):
        _write(what)
    elif sys.stdout.isatty():
        Console().print(_table(what))
    else:
        for line in _lines(what):
            _write("\t".join(line))


def stream(what: Mapping[str, Any], columns: Sequence[str], *, as_json: bool) -> None:
    """Write one of a stream of things to stdout: as JSON on a line, or its columns."""
    _write(json.dumps(what, ensure_ascii=False) if as_json else "\t".join(_cell(what.get(name)) for name in columns))


def say(*lines: str) -> None:
    """Write talk to stderr, so that stdout stays data."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 -- this is where the command talks


def _write(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- this is where the command answers


def _document(what: Rows | Facts | str) -> Any:
    if isinstance(what, Rows):
        return list(what.items) if what.document is None else what.document
    return what.record if isinstance(what, Facts) else what


def _lines(what: Rows | Facts) -> Iterator[tuple[str, ...]]:
    if isinstance(what, Rows):
        yield from (tuple(_cell(item.get(column)) for column in what.columns) for item in what.items)
    else:
        yield from ((name, _cell(what.record.get(name))) for name in what.record)


def _table(what: Rows | Facts) -> Table:
    table = Table(box=None, pad_edge=False, show_header=isinstance(what, Rows), header_style="bold")
    for column in what.columns if isinstance(what, Rows) else ("", ""):
        table.add_column(column.replace("_", " "), overflow="fold")
    for line in _lines(what):
        table.add_row(*map(Text, line))  # as text: a name may look like markup
    return table


def _cell(value: Any) -> str:
    """Return a value on one line, without what would steer a terminal or be read as the next cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
