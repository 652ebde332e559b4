"""Events to bytes and back: JSON in clear, and the fields an event class names as PERSONAL sealed with AES-GCM."""

import os
import typing
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
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

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Return the stored form: one line of JSON, then the sealed fields if any."""
        kind = type(domain_event)
        state = dict(vars(domain_event))
        originator_id = state.pop("originator_id")
        version = state.pop("originator_version")
        personal = {name: state.pop(name) for name in _personal(kind) if name in state}
        key = self._keyring.find(state["person"]) if personal and state.get("person") else None
        sealed = seal(key, personal, _place(originator_id, version)) if key else b""
        return StoredEvent(originator_id, version, get_topic(kind), orjson.dumps(state) + b"\n" + sealed)

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
        msg = f"sealed with another key, or moved: {place.decode()}"
        raise ValueError(msg) from error
    return opened


def people_of(events: typing.Iterable[object]) -> set[str]:
    """Return the key ids that sealing these events takes."""
    return {event.person for event in events if _personal(type(event)) and getattr(event, "person", None)}  # type: ignore[attr-defined]


def _personal(kind: type) -> tuple[str, ...]:
    return getattr(kind, "PERSONAL", ())


def _place(originator_id: UUID | str, version: int) -> bytes:
    return f"{originator_id}.{version}".encode()  # a sealed part moved to another event does not open


@lru_cache(maxsize=None)
def _typed(kind: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    readers = []
    for name, hint in typing.get_type_hints(kind).items():
        of = {hint, *typing.get_args(hint)}
        reader = next((read for wanted, read in _READERS.items() if wanted in of), None)
        if reader and typing.get_origin(hint) is not typing.ClassVar:
            readers.append((name, reader))
    return tuple(readers)
