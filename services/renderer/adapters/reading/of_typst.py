"""Reads what a source in Typst uses, by its letters: fields by name, `at("field")`, and rows of loops.

A field under a computed name is not seen; whether all that is used can be set shows when it is tried.
"""

import re

from services.renderer.adapters.reading.used import GROUPS, Used

_STRINGS = re.compile(r'"(?:\\.|[^"\\\n])*"')
_COMMENTS = re.compile(r"(?<![:/])//[^\n]*|/\*.*?\*/", re.DOTALL)
_LOOP = re.compile(r"\bfor\s+(?P<row>\w+)\s+in\s+(?:if\b[^\n{]*\{\s*)?(?:\w+\.)?merge\.(?P<list>[A-Za-z_][\w-]*)")
_FIELD = re.compile(r"\b(?:data\.)?merge\.(?:at\(\s*\"(?P<at>[^\"]+)\"|(?P<name>[A-Za-z_]\w*)(?P<method>\()?)")
_COMMON = re.compile(rf"\bdata\.(?P<group>{'|'.join(GROUPS)})\.(?P<name>\w+)|\bdata\.(?P<single>subject|date)\b")
_METHODS = {"at", "keys", "values", "pairs", "len", "insert", "remove"}


def read_typst(source: str, place: str, used: Used) -> None:
    """Note the fields that a source names."""
    plain = _COMMENTS.sub("", source)
    for found in _COMMON.finditer(_STRINGS.sub('""', plain)):
        path = found["single"] or f"{found['group']}.{found['name']}"
        used.add(path, place, line=_line(plain, found))
    for found in _FIELD.finditer(plain):
        name = found["at"] or found["name"]
        if found["at"] or not (found["method"] and name in _METHODS):
            used.add(f"merge.{name}", place, guarded=True, line=_line(plain, found))
    for found in _LOOP.finditer(plain):
        rows = f"merge.{found['list']}[]"
        used.add(rows, place, guarded=True)
        for field in re.finditer(rf"\b{found['row']}\.(?:at\(\s*\"([^\"]+)\"|([A-Za-z_]\w*)(?!\w*\())", plain):
            used.add(f"{rows}.{field[1] or field[2]}", place, guarded=True)


def _line(source: str, found: re.Match[str]) -> int:
    return source.count("\n", 0, found.start()) + 1
