"""What mails, letters and files are made with: the versions of their layouts, and the engines that made them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from shared.contracts.message import LayoutVersion

NOTHING: Mapping[str, Any] = {"body_layout": None, "attachment_layout": None, "engines": {}}


@dataclass(frozen=True, slots=True)
class Making:
    """The layout versions of what was requested, or the engines, by name and version, of what was made."""

    body_layout: LayoutVersion | None = None
    attachment_layout: LayoutVersion | None = None
    engines: tuple[tuple[str, str], ...] = ()

    def content(self) -> dict[str, Any]:
        """Return what there is of it, as values."""
        layouts = {"body_layout": self.body_layout, "attachment_layout": self.attachment_layout}
        told: dict[str, Any] = {name: dict(layout) for name, layout in layouts.items() if layout}
        return told | ({"engines": dict(self.engines)} if self.engines else {})


def made_by(engines: Mapping[str, str]) -> Making:
    """Return the making of what these engines made."""
    return Making(engines=tuple(sorted(engines.items())))


@lru_cache(1000)  # of the hundred thousands of a run all are the same
def key_of(making: Making) -> int:
    """Return the number by which a making is known, the same wherever it is heard of; it fits 64 bits."""
    said = json.dumps(making.content(), sort_keys=True).encode()
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big", signed=True)


def made_with(contents: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Return what is known of a making from all that was told of it, in order."""
    known = dict(NOTHING)
    for content in contents:
        known |= content or {}
    return known
