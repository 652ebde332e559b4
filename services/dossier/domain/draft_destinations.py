"""The destinations of a draft as they lie frozen (A3): what is personal in them sealed with its contact's key."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from services.dossier.domain.contact import Known
from services.dossier.domain.destinations import GivenDestination

CHUNK = 500  # destinations kept together
Sealing = Callable[[str, dict[str, Any], bytes], bytes | None]
Unsealing = Callable[[str, bytes, bytes], dict[str, Any] | None]


def person_of(given: GivenDestination, known: Mapping[str, Known]) -> str | None:
    """Return whose key seals what is said of an addressee, None where nothing is."""
    if given.recipient is None and not given.merge:
        return None
    contact = known.get(given.address.place)
    return contact.person if contact else given.address.person()


def freeze(draft_id: UUID, number: int, chunk: Sequence[tuple[GivenDestination, str | None]], seal: Sealing) -> bytes:
    """Return a chunk of destinations as bytes, each with the person whose data it holds; it opens at its place only."""
    rows = []
    for index, (given, person) in enumerate(chunk):
        sealed = seal(person, _personal(given), _place(draft_id, number, index)) if person else None
        rows.append(
            [given.kind, given.number, given.contact_id, person, b64encode(sealed).decode() if sealed else None]
        )
    return zlib.compress(orjson.dumps(rows))


def thaw(draft_id: UUID, number: int, frozen: bytes, unseal: Unsealing) -> list[dict[str, Any]]:
    """Return the destinations of a chunk as a request gives them; of a person erased meanwhile only the address."""
    return [
        _given(row, unseal, _place(draft_id, number, index))
        for index, row in enumerate(orjson.loads(zlib.decompress(frozen)))
    ]


def _personal(given: GivenDestination) -> dict[str, Any]:
    return given.model_dump(mode="json", include={"recipient", "merge"}, exclude_none=True)


def _given(row: list[Any], unseal: Unsealing, place: bytes) -> dict[str, Any]:
    kind, number, contact_id, person, sealed = row
    opened = (unseal(person, b64decode(sealed), place) if sealed else None) or {}
    return {"kind": kind, "number": number, "contact_id": contact_id, **opened}


def _place(draft_id: UUID, number: int, index: int) -> bytes:
    return f"draft.{draft_id}.{number}.{index}".encode()
