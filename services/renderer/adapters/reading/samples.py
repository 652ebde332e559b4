"""Sample values for a layout that is tried out: short ones, long ones, numbers, lists and none at all."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from services.renderer.adapters.context import context_of
from services.renderer.adapters.reading.used import Use, Used
from services.renderer.domain import Job
from shared.contracts.dossier import LayoutDocument

Kind = Literal["words", "numbers", "nothing", "rows", "long"]
TRIED: tuple[Kind, ...] = ("words", "nothing", "numbers", "rows")
DAY = "2026-11-24"
LONG_WORD = "Hottentottententententoonstellingsmakersvergadering" * 3
_LONG = f"{LONG_WORD} en nog een hele zin die over meer dan een regel gaat, zoals een omschrijving dat weleens doet"
_NAME = {"long": f"Stichting {LONG_WORD}"}
_VALUES: Mapping[Kind, Any] = {
    "words": "Proef",
    "numbers": 7,
    "nothing": None,
    "rows": [["Proef", 1, 9.5], ["Proef", 2, 19]],
    "long": _LONG,
}
_FORMED = {
    **dict.fromkeys(("date", "datum"), DAY),
    **dict.fromkeys(("money", "geld", "number", "getal", "round", "int", "float"), 1234.5),
}


def contexts(used: Used, document: LayoutDocument, language: str) -> Iterator[tuple[Kind, dict[str, Any]]]:
    """Yield what a layout sees of each sample, the long one last."""
    for kind in (*TRIED, "long"):
        yield kind, _context(kind, used, document, language)


def _context(kind: Kind, used: Used, document: LayoutDocument, language: str) -> dict[str, Any]:
    merge: dict[str, Any] = {field.name: _VALUES[kind] for field in document.fields}
    for path, use in used.uses.items():
        group, *steps = path.replace("[]", ".[]").split(".")
        if group == "merge" and steps:
            _put(merge, steps, _value(kind, use), kind)
    name = _NAME.get(kind, "Anna de Vries")
    job = Job(
        language=language,
        context={
            "recipient": {"name": name, "email": "anna@house.example", "language": language},
            "subject": _LONG if kind == "long" else "Proef",
            "date": DAY,
            "sender": {"name": name, "address": "info@house.example"},
            "destination": {"kind": "organisation", "number": "1000", "contact_id": None},
            "merge": merge,
        },
    )
    return context_of(job, document)


def _value(kind: Kind, use: Use) -> Any:
    formed = next((_FORMED[name] for name in use.filters if name in _FORMED), None)
    return _VALUES[kind] if kind == "nothing" or formed is None else formed


def _put(at: dict[str, Any], steps: list[str], value: Any, kind: Kind) -> None:
    """Put a value at the end of a path, groups and lists on the way; with nothing, the first step has nothing."""
    name, rest = steps[0], steps[1:]
    if not rest or kind == "nothing":
        if not isinstance(at.get(name), dict | list) or kind == "nothing":
            at[name] = value
        return
    if rest[0] != "[]":
        if not isinstance(at.get(name), dict):
            at[name] = {}
        _put(at[name], rest, value, kind)
    elif not rest[1:]:
        if not (isinstance(at.get(name), list) and at[name] and isinstance(at[name][0], dict)):
            at[name] = value if isinstance(value, list) else [value, value]
    else:
        if not (isinstance(at.get(name), list) and at[name] and isinstance(at[name][0], dict)):
            at[name] = [{}, {}]
        for row in at[name]:
            _put(row, rest[1:], value, kind)
