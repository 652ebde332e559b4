"""Writes a date or a number as a picture of Word's says: `d MMMM yyyy`, `#.##0,00`."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import get_decimal_symbol

_DATE_PIECES = re.compile(r"'([^']*)'|(d{1,4}|M{1,4}|yyyy|yy|y|H{1,2}|h{1,2}|m{1,2}|s{1,2}|am/pm|AM/PM)|(.)", re.DOTALL)
_NUMBER_PIECES = re.compile(r"'[^']*'|[#0x]|[.,](?=[#0x])|.", re.DOTALL)


def as_date(value: str) -> datetime:
    """Return the day and time that a text says (ISO 8601, or d-m-yyyy); raise ValueError for none."""
    said = value.strip()
    if found := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", said):
        return datetime(int(found[3]), int(found[2]), int(found[1]))  # noqa: DTZ001 -- a day has no zone
    try:
        return datetime.combine(date.fromisoformat(said), datetime.min.time())
    except ValueError:
        return datetime.fromisoformat(said)


def pictured_date(value: str, picture: str, language: str) -> str:
    """Return a date as the picture says, its names in the language; raise ValueError where it is no date."""
    moment = as_date(value)
    return "".join(_date_piece(found, moment, language) for found in _DATE_PIECES.finditer(picture))


def _date_piece(found: re.Match[str], moment: datetime, language: str) -> str:
    quoted, code, other = found.groups()
    if code is None:
        return quoted if quoted is not None else str(other)
    code = code.replace("dddd", "EEEE").replace("ddd", "EEE")
    if code.lower() == "am/pm":
        return "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004 -- noon
    return format_datetime(moment, code, locale=_locale(language))


@cache
def decimal_mark(language: str) -> str:
    """Return the mark before the decimals in a language."""
    return str(get_decimal_symbol(_locale(language)))


def as_number(value: str, language: str) -> Decimal:
    """Return the number that a text says, in the marks of the language or in plain JSON; raise ValueError."""
    said = re.sub(r"[\s€$£%]", "", value)
    mark = decimal_mark(language)
    plain = said if re.fullmatch(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", said, re.IGNORECASE) else None
    if plain and not (mark == "," and re.fullmatch(r"[-+]?\d{1,3}\.\d{3}", said)):
        return Decimal(plain)
    grouped = said.replace("." if mark == "," else ",", "").replace(mark, ".")
    try:
        number = Decimal(grouped)
    except InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite():
        raise ValueError(value)
    return number


def pictured_number(number: Decimal, picture: str, language: str) -> str:
    """Return a number as the picture says, halves away from zero; a `#` without a digit leaves nothing."""
    positive, negative, zero = _sections(picture)
    if number == 0 and zero is not None:
        return _filled(Decimal(0), zero, language)
    if number < 0:
        if negative is not None:
            return _filled(-number, negative, language)
        filled = _filled(-number, positive, language)
        says_something = any(digit in "123456789" for digit in filled)
        return f"-{filled}" if says_something and "-" not in positive else filled
    return _filled(number, positive, language)


def _sections(picture: str) -> tuple[str, str | None, str | None]:
    first, *others = picture.split(";")
    return first, others[0] if others else None, others[1] if len(others) > 1 else None


def _filled(number: Decimal, picture: str, language: str) -> str:
    pieces = _NUMBER_PIECES.findall(picture)
    places = [number_ for number_, piece in enumerate(pieces) if piece in "#0x"]
    if not places:
        return "".join(piece.strip("'") for piece in pieces)
    inner = pieces[places[0] : places[-1] + 1]
    mark = _mark_in(inner, language)
    whole, _, decimals = _split(inner, mark)
    group = next((piece for piece in whole if piece in ".," and piece != mark), "")
    said = _digits(number, whole, decimals)
    before = "".join(piece.strip("'") for piece in pieces[: places[0]] if piece not in ".,")
    after = "".join(piece.strip("'") for piece in pieces[places[-1] + 1 :])
    digits, tail = said
    grouped = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", group.replace("\\", ""), digits) if group else digits
    return before + grouped + (mark + tail if tail else "") + after


def _split(pieces: list[str], mark: str) -> tuple[list[str], str, list[str]]:
    if mark not in pieces:
        return pieces, "", []
    at = len(pieces) - 1 - pieces[::-1].index(mark)
    return pieces[:at], mark, pieces[at + 1 :]


def _mark_in(pieces: list[str], language: str) -> str:
    """Return which of the two marks stands before the decimals: the last of two kinds, else the language's own."""
    marks = [piece for piece in pieces if piece in ".,"]
    return marks[-1] if len(set(marks)) > 1 else decimal_mark(language)


def _digits(number: Decimal, whole: list[str], decimals: list[str]) -> tuple[str, str]:
    places = sum(piece in "#0x" for piece in decimals)
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    digits, _, tail = f"{rounded:f}".partition(".")
    wanted = sum(piece == "0" for piece in whole)
    optional = len(decimals) - len("".join(decimals).rstrip("#"))
    kept = tail[: len(tail) - optional] + tail[len(tail) - optional :].rstrip("0") if optional else tail
    return digits.lstrip("0").zfill(wanted) if wanted or digits != "0" else "", kept


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
