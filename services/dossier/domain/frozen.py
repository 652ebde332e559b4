"""Destinations as they lie frozen between acceptance and recording: what is personal sealed with its contact's key."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from services.dossier.domain.address import Exclusion
from services.dossier.domain.identity import Address

Seal = Callable[[str, dict[str, Any], bytes], bytes | None]
Unseal = Callable[[str, bytes, bytes], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One destination, decided: who, whether it gets a mail, and what is new of its contact.

    `stated` are facts of the addressee to enter (`stated_as_of` in ISO 8601). What is personal is None once erased.
    """

    address: Address
    person: str
    exclusion: Exclusion | None
    recipient: dict[str, Any] | None
    merge: dict[str, Any] | None
    stated: dict[str, Any] | None = None
    stated_as_of: str | None = None


def freeze(run_id: UUID, index: int, rows: Sequence[Row], seal: Seal, token: str) -> bytes:
    """Return a chunk as bytes, which `token` makes unlike any other; a row opens only at its own place."""
    frozen = [_frozen(row, seal, _place(run_id, index, number)) for number, row in enumerate(rows)]
    return orjson.dumps([token, frozen])


def read(frozen: bytes) -> list[list[Any]]:
    """Return the rows of a chunk as they lie frozen."""
    rows: list[list[Any]] = orjson.loads(frozen)[1]
    return rows


def people(frozen: list[list[Any]]) -> set[str]:
    """Return whose keys open these rows."""
    return {row[3] for row in frozen}


def thaw(run_id: UUID, index: int, frozen: list[list[Any]], unseal: Unseal) -> list[Row]:
    """Return the rows of a chunk; of a person erased meanwhile nothing personal comes back."""
    return [_thawed(row, unseal, _place(run_id, index, number)) for number, row in enumerate(frozen)]


def _frozen(row: Row, seal: Seal, place: bytes) -> list[Any]:
    sealed = seal(row.person, {"recipient": row.recipient, "merge": row.merge, "stated": row.stated}, place)
    return [*row.address, row.person, row.exclusion, row.stated_as_of, b64encode(sealed).decode() if sealed else None]


def _thawed(frozen: list[Any], unseal: Unseal, place: bytes) -> Row:
    kind, number, contact_id, person, exclusion, as_of, sealed = frozen
    opened = (unseal(person, b64decode(sealed), place) if sealed else None) or {}
    return Row(
        Address(kind, number, contact_id),
        person,
        (exclusion[0], exclusion[1]) if exclusion else None,
        opened.get("recipient"),
        opened.get("merge"),
        opened.get("stated"),
        as_of,
    )


def _place(run_id: UUID, index: int, number: int) -> bytes:
    return f"{run_id}.{index}.{number}".encode()
