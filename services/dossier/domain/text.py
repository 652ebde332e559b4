"""What a text may contain: rules for names, numbers, subjects and addresses as they come from outside."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from services.dossier.domain.refusal import Wrong, path_of

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(
    r"[^|#\x00-\x20\x7f-\x9f\u2028\u2029](?:[^|#\x00-\x1f\x7f-\x9f\u2028\u2029]*[^|#\x00-\x20\x7f-\x9f])?"
)
_PLAIN = re.compile(
    r"(?=.{1,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?!.*--)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?P<top>[A-Za-z]{2,63})"
)
_RESERVED = {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES}  # left to the full check
DEPTH = 50  # JSON deeper than this is no data of a person's


def has_control(text: str) -> bool:
    """Return whether a one-line text holds a line break or another control character."""
    return _CONTROL.search(text) is not None


def is_text(text: str) -> bool:
    """Return whether a text holds neither NUL nor a lone surrogate."""
    return _NOT_TEXT.search(text) is None


def is_number(text: str) -> bool:
    """Return whether this may be a contact's number or id: no `|`, `#`, control characters or outer spaces."""
    return _NUMBER.fullmatch(text) is not None


def is_email(address: str) -> bool:
    """Return whether an e-mail address is valid by its form (RFC 5321, RFC 6531); no look-up is done."""
    return _is_plain(address) or _is_email(address)


def _is_plain(address: str) -> bool:
    """Return whether an address is valid at first sight, as most are: the full check takes 100 times longer."""
    plain = _PLAIN.fullmatch(address)
    return plain is not None and plain["top"].lower() not in _RESERVED


@lru_cache(maxsize=10_000)
def _is_email(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def not_text(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[Wrong]:
    """Yield where parsed JSON holds what no text may: NUL, lone surrogates, NaN, or endless nesting."""
    if len(place) > DEPTH:
        yield Wrong(path_of(place[:6]), "too_deep", {"most": DEPTH})
    elif isinstance(value, str) and _NOT_TEXT.search(value):
        yield Wrong(path_of(place), "not_text")
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124 -- NaN
        yield Wrong(path_of(place), "wrong_type")
    elif isinstance(value, dict):
        for name, part in value.items():
            if _NOT_TEXT.search(name):
                yield Wrong(path_of(place), "not_text")
            yield from not_text(part, (*place, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from not_text(part, (*place, number))
