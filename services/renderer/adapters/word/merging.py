"""What the fields of Word say of a recipient: MERGEFIELD with its switches, IF with its comparison."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import translate
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Protocol

from services.renderer.adapters.context import FieldName
from services.renderer.adapters.word.pictures import as_number, decimal_mark, pictured_date, pictured_number

_JOINTS = re.compile(r"[\s_\-]+")
_PEOPLE = ("recipient", "sender", "destination")


class Lacking(Exception):
    """A merge field is unknown or has no value; its name is that which the layout uses."""

    def __init__(self, name: str) -> None:
        """Remember which."""
        super().__init__(name)
        self.name = name


class Row:
    """A row of a repeated table: its values by the names of fields."""

    def __init__(self, values: Any, columns: Sequence[str] = ()) -> None:
        """Take a mapping, a name that stands for one, a list of the values in the order of these columns, or one value.

        A single value is that of the first column.
        """
        self.values = values
        if not isinstance(values, Mapping | FieldName):
            listed = values if isinstance(values, list | tuple) else [values]
            values = dict(zip_longest(columns, listed[: len(columns)])) if columns else {}
        self._known = {plain(key): value for key, value in values.items()} if isinstance(values, Mapping) else {}

    def find(self, name: str) -> tuple[bool, Any]:
        """Return whether the row has a field, and its value."""
        if isinstance(self.values, FieldName):
            return True, self.values[name]
        key = plain(name)
        return key in self._known, self._known.get(key)


class Scope:
    """The values of one recipient by the names that merge fields call them, however they are spelled."""

    def __init__(self, context: Mapping[str, Any], language: str) -> None:
        """Know the values; `generic` documents have names of fields in their place."""
        self.language = language
        self._context = context
        self._names: dict[str, Any] | None = None

    def value(self, name: str, rows: Sequence[Row]) -> Any:
        """Return the value of a field: that of the nearest row which has it, else the recipient's.

        Raises `Lacking` where nothing is called so.
        """
        if self._names is None:
            self._names = dict(self._named())
        key = plain(name)
        for row in rows:
            has_it, value = row.find(name)
            if has_it and not (isinstance(value, FieldName) and key in self._names):
                return value
        if key in self._names:
            return self._names[key]
        if isinstance(self._context["recipient"]["name"], FieldName):
            return FieldName(name)  # a generic document names what nobody declared, too
        raise Lacking(name)

    def rows(self, name: str, rows: Sequence[Row], columns: Sequence[str] = ()) -> list[Row]:
        """Return the rows of a repeated table; none where it is empty. Raises `Lacking`."""
        value = self.value(name, rows)
        if value is None:
            return []
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            raise ValueError(f"{name} is no list of rows")  # noqa: TRY004 -- the fault of the values
        return [Row(one, columns) for one in value]

    def _named(self) -> Iterable[tuple[str, Any]]:
        """Yield names from the weakest to the strongest: what stands in `merge` goes before all but full paths."""
        yield from ((plain(name), value) for name, value in self._context.items() if not isinstance(value, Mapping))
        for group in ("recipient", "merge"):
            yield from ((plain(key), value) for key, value in self._context[group].items())
        for group in (*_PEOPLE, "merge"):
            for key, value in self._context[group].items():
                yield plain(f"{group}{key}"), value
                yield plain(f"{group}.{key}"), value


class Asked(Protocol):
    """Something that a field of Word asks for."""

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> Any:
        """Return it, for this recipient and these rows, the innermost first."""
        ...


@dataclass(frozen=True)
class MergeField:
    """A MERGEFIELD: what it says, in its own letters and pictures."""

    name: str
    letters: tuple[str, ...] = ()
    date_picture: str | None = None
    number_picture: str | None = None
    before: str = ""
    after: str = ""

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> str:
        """Return the text; what is not there is empty, and then nothing stands before or after it."""
        value = scope.value(self.name, rows)
        if isinstance(value, FieldName):
            return str(value)
        said = self.pictured(value, scope.language)
        for letters in self.letters:
            said = LETTERS[letters](said)
        return f"{self.before}{said}{self.after}" if said else ""

    def pictured(self, value: Any, language: str) -> str:
        """Return a value as the pictures say."""
        if value is None:
            return ""
        plainly = _plainly(value, language)
        if self.number_picture is not None and plainly:
            return _numbered(value, plainly, self.number_picture, language)
        if self.date_picture is not None and plainly:
            try:
                return pictured_date(plainly, self.date_picture, language)
            except ValueError:
                return plainly
        return plainly


@dataclass(frozen=True)
class Condition:
    """The comparison of an IF field: numbers as numbers, all else letter by letter; `?` and `*` stand for any."""

    left: tuple["str | Asked", ...]
    operator: str
    right: tuple["str | Asked", ...]

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> bool:
        """Return whether it holds."""
        left, right = (_joined(side, scope, rows) for side in (self.left, self.right))
        if self.operator in {"=", "<>"} and re.search(r"[*?]", right):
            return bool(re.fullmatch(translate(right), left)) is (self.operator == "=")
        try:
            numbers = as_number(left, scope.language), as_number(right, scope.language)
        except ValueError:
            return COMPARISONS[self.operator](left, right)
        return COMPARISONS[self.operator](*numbers)


@dataclass(frozen=True)
class Either:
    """An IF field as a value within another field."""

    condition: Condition
    true: tuple["str | Asked", ...]
    false: tuple["str | Asked", ...]

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> str:
        """Return the text that the condition chooses."""
        return _joined(self.true if self.condition(scope, rows) else self.false, scope, rows)


@dataclass(frozen=True)
class Rows:
    """The rows between a TableStart and its TableEnd."""

    name: str
    columns: tuple[str, ...] = ()  # the fields of a row in the order in which the layout names them

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> list[Row]:
        """Return them."""
        return scope.rows(self.name, rows, self.columns)


def _first_capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _capitals(said: str) -> str:
    return re.sub(r"\b\w", lambda found: found[0].upper(), said)


LETTERS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "firstcap": _first_capital,
    "caps": _capitals,
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<>": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


@lru_cache(4096)
def plain(name: str) -> str:
    """Return a name as it is compared: `Naam_Klant`, `naam klant` and `NaamKlant` are the same."""
    return _JOINTS.sub("", name).casefold()


def _plainly(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return f"{Decimal(str(value)):f}".replace(".", decimal_mark(language))
    if isinstance(value, Mapping | list):
        raise ValueError("it is a list or a group, which no merge field can show")  # noqa: TRY004 -- the layout's fault
    return str(value)


def _numbered(value: Any, plainly: str, picture: str, language: str) -> str:
    try:
        number = Decimal(str(value)) if isinstance(value, int | float | Decimal) else as_number(plainly, language)
    except ValueError:
        return plainly
    return pictured_number(number, picture, language)


def _joined(side: tuple["str | Asked", ...], scope: Scope, rows: Sequence[Row]) -> str:
    return "".join(piece if isinstance(piece, str) else str(piece(scope, rows)) for piece in side)
