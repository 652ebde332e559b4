"""The destinations of a request as they are given, with addressee and merge data; and what is wrong with any."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.contact_facts import Language, Moment, address_wrongs
from services.dossier.domain.identity import Address
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import DEPTH, has_control, is_email, not_text

DESTINATIONS = 100_000  # of one request
MERGE_VALUE = 10_000  # characters
_MERGE_SIZE = 1_000_000  # bytes of one destination's merge data, so that its message stays below 8 MB
_ON_ONE_ITEM = 5_000_000  # bytes that the destinations of one item take in its message


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class GivenRecipient(_Given):
    """The addressee as the upstream system knows it."""

    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=320)
    language: Language | None = None
    as_of: Moment | None = None


class GivenDestination(_Given):
    """One destination with its merge data."""

    kind: str
    number: str = Field(max_length=80)
    contact_id: str | None = Field(None, max_length=80)
    merge: dict[str, Any] = {}
    recipient: GivenRecipient | None = None

    @property
    def address(self) -> Address:
        """Where the item is recorded."""
        return Address.of(self.kind, self.number, self.contact_id)


def destination_wrongs(destinations: Iterable[GivenDestination], *, separately: bool, mailing: bool) -> Iterator[Wrong]:
    """Yield what is wrong with the destinations of a request, each by itself and all together.

    In a `mailing` an address that is none leaves its addressee out, as that of a contact does (A10).
    """
    seen: dict[str, int] = {}
    size = 0
    for number, destination in enumerate(destinations):
        place = f"destinations[{number}]."
        if wrongs := address_wrongs(destination.kind, destination.number, destination.contact_id, place):
            yield from wrongs
            continue
        d = destination.address.d
        if d in seen:
            yield Wrong(f"destinations[{number}]", "duplicate_destination", {"first": f"destinations[{seen[d]}]"})
        seen.setdefault(d, number)
        size += len(d) * 4 + 50
        yield from _recipient_wrongs(destination.recipient, f"{place}recipient.", mailing=mailing)
        yield from _merge_wrongs(destination.merge, f"{place}merge")
    if not separately and size > _ON_ONE_ITEM:
        yield Wrong("destinations", "too_many_on_one_item")


def _recipient_wrongs(recipient: GivenRecipient | None, place: str, *, mailing: bool) -> Iterator[Wrong]:
    if recipient is None:
        return
    if has_control(recipient.name or ""):
        yield Wrong(f"{place}name", "control_character")
    if has_control(recipient.email or ""):
        yield Wrong(f"{place}email", "control_character")
    elif recipient.email and not mailing and not is_email(recipient.email):
        yield Wrong(f"{place}email", "invalid_email")


def _merge_wrongs(merge: dict[str, Any], place: str) -> Iterator[Wrong]:
    if _is_plain(merge):
        return
    size = 0
    for name, value in merge.items():
        if isinstance(value, str):
            if len(value) > MERGE_VALUE:
                yield Wrong(f"{place}.{name}", "too_long", {"most": MERGE_VALUE})
            size += len(value) * 4
        elif isinstance(value, dict | list):
            if wrongs := list(not_text(value, (f"{place}.{name}",))):
                yield from wrongs
                continue
            size += sum(_sizes(value))
            if _longest(value) > MERGE_VALUE:
                yield Wrong(f"{place}.{name}", "too_long", {"most": MERGE_VALUE})
        size += len(name) * 4 + 20
    if size > _MERGE_SIZE:
        yield Wrong(place, "merge_too_large", {"most": _MERGE_SIZE})


def _is_plain(merge: dict[str, Any]) -> bool:
    """Return whether merge data is fine at first sight, as most is: looking at each value takes 20 times longer."""
    try:
        said = orjson.dumps(merge)
    except TypeError:  # a number or text that is no JSON to it
        return False
    return len(said) < MERGE_VALUE and b"\\u0000" not in said and said.count(b"[") + said.count(b"{") < DEPTH


def _sizes(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield len(name) * 4 + 4
            yield from _sizes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _sizes(part)
    else:
        yield len(value) * 4 if isinstance(value, str) else 20


def _longest(value: Any) -> int:
    if isinstance(value, dict):
        return max(map(_longest, value.values()), default=0)
    if isinstance(value, list):
        return max(map(_longest, value), default=0)
    return len(value) if isinstance(value, str) else 0
