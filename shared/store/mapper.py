"""Events to bytes and back: JSON in clear, and the fields an event class names as PERSONAL sealed with AES-GCM."""

import os
import typing
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent
from eventsourcing.utils import get_topic, resolve_topic

from shared.store.keyring import Keyring

_NONCE = 12  # bytes, NIST SP 800-38D §8.2
_READERS: dict[type, Callable[[Any], Any]] = {
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}


class SealingMapper(Mapper[UUID]):
    """Maps events of plain values; an event with `PERSONAL` fields carries its contact's key id in `person`."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(JSONTranscoder())
        self._keyring = keyring

    def make_keys(self, people: Iterable[str]) -> None:
        """Give each of these people a key, durably, before what is sealed with it is recorded."""
        self._keyring.make(people)

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Return the stored form: one line of JSON, then the sealed fields if any."""
        kind = type(domain_event)
        state = dict(vars(domain_event))
        originator_id = state.pop("originator_id")
        version = state.pop("originator_version")
        personal = {name: state.pop(name) for name in _personal(kind) if name in state}
        sealed = self._sealed(state.get("person"), personal, _place(originator_id, version)) if personal else b""
        return StoredEvent(originator_id, version, get_topic(kind), orjson.dumps(state) + b"\n" + sealed)

    def _sealed(self, person: str | None, personal: dict[str, Any], place: bytes) -> bytes:
        """Return the fields sealed, nothing for a person who was erased; raise ValueError where there is no person."""
        if person:
            key = self._keyring.find(person)
            return seal(key, personal, place) if key else b""
        if any(value is not None for value in personal.values()):
            msg = f"{', '.join(personal)} are personal, and of no person"
            raise ValueError(msg)
        return b""

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Return the event; fields sealed with a key that is gone read as None."""
        kind = resolve_topic(stored_event.topic)
        clear, _, sealed = stored_event.state.partition(b"\n")
        try:
            state = orjson.loads(clear) | dict.fromkeys(_personal(kind))
            key = self._keyring.find(state["person"]) if sealed else None
            if key:
                place = _place(stored_event.originator_id, stored_event.originator_version)
                state |= unseal(key, sealed, place)
            for name, read in _typed(kind):
                if state.get(name) is not None:
                    state[name] = read(state[name])
        except (ValueError, KeyError, TypeError) as error:
            msg = f"event {stored_event.topic} {stored_event.originator_id}.{stored_event.originator_version}: {error}"
            raise MapperDeserialisationError(msg) from error
        state["originator_id"] = stored_event.originator_id
        state["originator_version"] = stored_event.originator_version
        event = object.__new__(kind)
        object.__setattr__(event, "__dict__", state)
        return typing.cast("DomainEventProtocol[UUID]", event)


def seal(key: bytes, personal: dict[str, Any], place: bytes) -> bytes:
    """Return the values sealed with AES-256-GCM; they open at the same `place` only."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, orjson.dumps(personal), place)


def unseal(key: bytes, sealed: bytes, place: bytes) -> dict[str, Any]:
    """Return what `seal` was given; raise ValueError where key, bytes or place are others."""
    try:
        opened: dict[str, Any] = orjson.loads(AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place))
    except InvalidTag as error:
        msg = f"sealed with another key, or moved: {place!r}"
        raise ValueError(msg) from error
    return opened


def people_of(events: typing.Iterable[object]) -> set[str]:
    """Return the key ids that sealing these events takes."""
    return {event.person for event in events if _personal(type(event)) and getattr(event, "person", None)}  # type: ignore[attr-defined]


def _personal(kind: type) -> tuple[str, ...]:
    return getattr(kind, "PERSONAL", ())


def _place(originator_id: UUID | str, version: int) -> bytes:
    """Return what binds a sealed part to its event: moved to another one, it does not open."""
    identity = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
    return identity.bytes + version.to_bytes(8)


@cache
def _typed(kind: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    readers = []
    for name, hint in typing.get_type_hints(kind).items():
        of = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
        readers += [(name, read) for wanted, read in _READERS.items() if wanted in of]
    return tuple(readers)
