"""How one value is read: numbers as text and text as numbers, four ways to say yes, and times of Amsterdam (§5.4)."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.dossier.domain.afas.fields import Type

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_MOST = 10**18 - 1
_WORDS = {"true": True, "1": True, "false": False, "0": False}


class Unreadable(ValueError):
    """A value is not of the type of its field; the first argument is a code."""


def text(value: Any) -> str:
    """Return a text as it came, leading zeros too; a number as its digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise Unreadable("afas_not_text")
    return str(int(value))


def integer(value: Any) -> int:
    """Return an integer, given as a number or as its digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unreadable("afas_not_integer")
    if isinstance(value, str) and not _INTEGER.fullmatch(value.strip()):
        raise Unreadable("afas_not_integer")
    number = int(value)
    if (isinstance(value, float) and value != number) or abs(number) > _MOST:
        raise Unreadable("afas_not_integer")
    return number


def yes_or_no(value: Any) -> bool:
    """Return a truth, given as `true`, `"true"`, `"1"` or `1`."""
    if isinstance(value, bool):
        return value
    said = _WORDS.get(str(value).strip().lower()) if isinstance(value, int | str) else None
    if said is None:
        raise Unreadable("afas_not_boolean")
    return said


def moment(value: Any) -> str:
    """Return a time as UTC; without an offset, and with AFAS's `Z`, it is local time of Amsterdam (§5.2, §5.6)."""
    return _local(value).astimezone(UTC).isoformat()


def day(value: Any) -> str:
    """Return a date where the time is midnight, else the time as UTC."""
    local = _local(value)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return local.date().isoformat()
    return local.astimezone(UTC).isoformat()


def _local(value: Any) -> datetime:
    if not isinstance(value, str):
        raise Unreadable("afas_not_date")
    try:
        said = datetime.fromisoformat(value.strip().removesuffix("Z"))
        local = said.astimezone(_AMSTERDAM) if said.tzinfo else said.replace(tzinfo=_AMSTERDAM)
        local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("afas_not_date") from None
    return local


READERS: Mapping[Type, Callable[[Any], Any]] = {
    "int": integer,
    "string": text,
    "boolean": yes_or_no,
    "date": moment,
    "day": day,
    "blob": text,
}
