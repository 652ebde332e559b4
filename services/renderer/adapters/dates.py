"""Writes a date in words, as a letter does."""

from datetime import date

_MONTHS = {
    "nl": (
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def long_date(value: str, language: str) -> str:
    """Return `2026-11-24` as 24 november 2026 (nl) or 24 November 2026 (en); in other languages as it is.

    Raises `ValueError` when it is no date.
    """
    day = date.fromisoformat(value)
    months = _MONTHS.get(language.partition("-")[0])
    return f"{day.day} {months[day.month - 1]} {day.year}" if months else value
