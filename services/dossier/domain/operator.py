"""Whoever works at the dossier: a person who is signed in, or a program with a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ME = "me"  # the sender that is the operator's own name and address
Me = Mapping[str, Any] | None  # that name and address, None for whoever is no sender


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: `owner` tells whose things are whose, `me` is the sender of a person who has an address (R-6)."""

    owner: str
    name: str
    me: Me = None
