"""What a layout gets to see of a job: clean values, declared fields, or the names of fields."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from services.renderer.domain import Job
from shared.contracts.dossier import LayoutDocument

_LINE_BREAK = re.compile("\r\n?|\x85|\u2028|\u2029")
# Control characters, lone surrogates, noncharacters, and the bidi controls that turn the rest of a line around.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_SPACE_IN_NAME = re.compile("[\\s\u200e\u200f\u061c]+")
_OWN = {  # what differs from recipient to recipient, and so gives way to names in a generic document
    "recipient": ("name", "email", "language"),
    "destination": ("kind", "number", "contact_id"),
}
_COMMON = {"sender": ("name", "address")}


class FieldName:
    """The name of a field in the place of its value, as in «merge.table»: of a list it is the only row."""

    def __init__(self, path: str) -> None:
        """Stand for the field at a path."""
        self._path = path

    def __str__(self) -> str:
        return f"«{self._path}»"

    def __iter__(self) -> Iterator["FieldName"]:
        yield self

    def __len__(self) -> int:
        return 1

    def __getitem__(self, key: object) -> "FieldName":
        return FieldName(f"{self._path}.{key}")

    def __getattr__(self, name: str) -> "FieldName":
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]


def context_of(job: Job, document: LayoutDocument) -> dict[str, Any]:
    """Return what the layout sees; a declared field that need not be there is None, an unknown one is absent."""
    given = {key: clean(value) for key, value in job.context.items()}
    groups = {name: _group(given.get(name), keys) for name, keys in {**_OWN, **_COMMON}.items()}
    for person in (groups["recipient"], groups["sender"]):
        person["name"] = _name(person["name"])
    optional = {field.name: None for field in document.fields if not field.required}
    merge = optional | (given.get("merge") or {})
    if job.generic:
        merge = _names("merge", [*merge, *(field.name for field in document.fields)])
        groups |= {name: _names(name, keys) for name, keys in _OWN.items()}
    return given | groups | {"merge": merge}


def clean(value: Any) -> Any:
    """Return a value of plain JSON without the characters that break, or lie about, a document."""
    if isinstance(value, str):
        return _UNWANTED.sub("", _LINE_BREAK.sub("\n", value))
    if isinstance(value, Mapping):
        return {clean(str(key)): clean(within) for key, within in value.items()}
    if isinstance(value, list | tuple):
        return [clean(within) for within in value]
    return value


def _name(value: Any) -> str:
    return _SPACE_IN_NAME.sub(" ", str(value or "")).strip()


def _group(values: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    return dict.fromkeys(keys) | (values or {})


def _names(group: str, keys: list[str] | tuple[str, ...]) -> dict[str, Any]:
    return {key: FieldName(f"{group}.{key}") for key in keys}
