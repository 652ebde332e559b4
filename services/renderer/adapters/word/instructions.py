"""Reads the instruction of a field: its kind, its argument and its switches."""

import re
from dataclasses import dataclass

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.merging import LETTERS, MergeField

ADDRESSED = {"ADDRESSBLOCK", "GREETINGLINE"}
MERGED = {"MERGEFIELD", "IF", *ADDRESSED}
# Fields that only Word's own mail merge can answer, or that ask whoever opens the letter.
NOT_HERE = {
    *("NEXT", "NEXTIF", "SKIPIF", "MERGEREC", "MERGESEQ"),
    *("ASK", "FILLIN", "SET", "COMPARE", "=", "AUTOTEXT", "AUTOTEXTLIST"),
}
QUOTES = '"“”„'
_KIND = re.compile(r"^\s*(=|[A-Za-z]+)")
_WORDS = re.compile(r'\\(?P<switch>[^\s"“”„])\s*|["“”„](?P<quoted>(?:\\.|[^"“”„\\])*)["“”„]|(?P<bare>[^\s"“”„\\]+)')
_KEPT = {"mergeformat", "charformat", "arabic"}
_NUMBERS_OTHERWISE = {"cardtext", "ordtext", "dollartext", "ordinal", "roman", "alphabetic", "hex"}


@dataclass(frozen=True)
class Instruction:
    """A field's kind in capitals, its argument, and its switches in order."""

    kind: str
    argument: str
    switches: tuple[tuple[str, str], ...]

    @property
    def keeps_first_look(self) -> bool:
        r"""Whether the result looks as the field's name does (`\* CHARFORMAT`)."""
        return any(name == "*" and value.lower() == "charformat" for name, value in self.switches)


def kind_of(instruction: str) -> str:
    """Return the kind of a field in capitals, empty where it has none."""
    found = _KIND.match(instruction)
    return found[1].upper() if found else ""


def read(instruction: str) -> Instruction:
    """Return what an instruction says."""
    rest = instruction[instruction.upper().index(kind_of(instruction)) + len(kind_of(instruction)) :]
    argument: str | None = None
    switches: list[tuple[str, str]] = []
    waits = False
    for found in _WORDS.finditer(rest):
        said = found["quoted"] if found["quoted"] is not None else found["bare"]
        if found["switch"]:
            switches.append((found["switch"].lower(), ""))
            waits = True
        elif waits:
            switches[-1] = (switches[-1][0], _unescaped(said))
            waits = False
        elif argument is None:
            argument = _unescaped(said)
    return Instruction(kind_of(instruction), argument or "", tuple(switches))


def merge_field(instruction: Instruction) -> MergeField:
    r"""Return what a MERGEFIELD asks for; raise `Unmergeable` for a switch that is not known here."""
    if not instruction.argument:
        raise Unmergeable("a MERGEFIELD names no field")
    letters: list[str] = []
    said = {"@": None, "#": None, "b": "", "f": ""}
    for name, value in instruction.switches:
        if name == "*" and value.lower() in LETTERS:
            letters.append(value.lower())
        elif name == "*" and value.lower() in _KEPT:
            continue
        elif name == "*" and value.lower() in _NUMBERS_OTHERWISE:
            raise Unmergeable(
                rf"\* {value}, a number in words or other signs, is not made here: use a merge field of its own",
                field=instruction.argument,
            )
        elif name in said:
            said[name] = value
        elif name not in {"m", "v"}:
            raise Unmergeable(f"the switch \\{name} {value} is not known here".rstrip(), field=instruction.argument)
    return MergeField(instruction.argument, tuple(letters), said["@"], said["#"], said["b"] or "", said["f"] or "")


def _unescaped(said: str) -> str:
    return re.sub(r"\\(.)", r"\1", said)
