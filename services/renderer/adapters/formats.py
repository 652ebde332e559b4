"""Writes dates, amounts and numbers as the language of a layout does (Unicode CLDR, by Babel)."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.metadata import version
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

ENGINES = {"babel": version("babel")}


def long_date(value: str, language: str) -> str:
    """Return `2026-11-24` as 24 november 2026 (nl) or 24 November 2026 (en).

    Raises `ValueError` when it is no date.
    """
    return dated(value, language, "long")


def dated(value: Any, language: str, form: str = "long") -> str:
    """Return a date or time (ISO 8601) as `short`, `medium`, `long`, `full`, or by a CLDR pattern such as `EEEE d MMM`.

    Raises `ValueError` when it is no date.
    """
    day = value if isinstance(value, date) else datetime.fromisoformat(str(value)).date()
    return str(format_date(day, form, locale=_locale(language)))


def money(value: Any, language: str, currency: str = "EUR") -> str:
    """Return an amount as € 1.234,50 (nl, with a no-break space) or €1,234.50 (en); a text may be a number too.

    Raises `ValueError` when it is no number.
    """
    return str(format_currency(_number(value), currency, locale=_locale(language)))


def number(value: Any, language: str, decimals: int | None = None) -> str:
    """Return a number with the separators of the language, and so many decimals if that is said.

    Raises `ValueError` when it is no number.
    """
    form = None if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(format_decimal(_number(value), format=form, locale=_locale(language)))


def _number(value: Any) -> Decimal:
    try:
        known = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    if not known.is_finite():
        raise ValueError(f"{value!r} is no number")
    return known


@cache
def _locale(language: str) -> Locale:
    """Return the locale; English is British, whose dates have the day first, as letters in Europe do."""
    try:
        return Locale.parse("en_GB" if language == "en" else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("nl")
