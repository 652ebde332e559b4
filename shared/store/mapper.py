"""Events to bytes and back: JSON in clear, PERSONAL fields sealed with AES-GCM, ALIKE fields kept once for many.

An event class names in `PERSONAL` the fields that are sealed with its person's key, and in `ALIKE` those that many
events have the same values of, such as what all rows of a run share. Values read from there are shared by all events
that have them: they are never changed in place.
"""

import os
import typing
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent
from eventsourcing.utils import get_topic, resolve_topic

from shared.store.alike import Alike, hash_of
from shared.store.keyring import Keyring

_ALIKE_READ = 500  # values that are held ready
_NONCE = 12  # bytes, NIST SP 800-38D §8.2
_READERS: dict[type, Callable[[Any], Any]] = {
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}


class SealingMapper(Mapper[UUID]):
    """Maps events of plain values; an event with `PERSONAL` fields carries its contact's key id in `person`.

    Fields named `PERSONAL_OF_ONE` are sealed where there is a `person`, and in clear where the event is of nobody or of
    several people, whose text it is together.
    """

    def __init__(self, keyring: Keyring, alike: Alike) -> None:
        super().__init__(JSONTranscoder())
        self._keyring = keyring
        self._alike = alike
        self._read: OrderedDict[tuple[type, str], dict[str, Any]] = OrderedDict()

    def make_keys(self, people: Iterable[str]) -> None:
        """Give each of these people a key, durably, before what is sealed with it is recorded."""
        self._keyring.make(people)

    def to_stored_events(
        self, events: Sequence[DomainEventProtocol[UUID]]
    ) -> tuple[list[StoredEvent], dict[str, bytes]]:
        """Return the stored forms, and by their hash the values that two or more of these events have alike."""
        marks = [_mark(event) for event in events]
        times = Counter(mark for mark in marks if mark)
        hashes: dict[tuple[object, ...], str] = {}
        values: dict[str, bytes] = {}
        stored = []
        for event, mark in zip(events, marks, strict=True):
            if mark and times[mark] > 1 and mark not in hashes:
                content = orjson.dumps({name: getattr(event, name) for name in _alike(type(event))})
                hashes[mark] = hash_of(content)
                values[hashes[mark]] = content
            stored.append(self._stored(event, hashes.get(mark) if mark else None))
        return stored, values

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Return the stored form of an event by itself: one line of JSON, then the sealed fields if any."""
        return self._stored(domain_event, None)

    def _stored(self, event: DomainEventProtocol[UUID], alike: str | None) -> StoredEvent:
        kind = type(event)
        state = dict(vars(event))
        originator_id = state.pop("originator_id")
        version = state.pop("originator_version")
        if alike:
            for name in _alike(kind):
                del state[name]
            state["alike"] = alike
        personal = {name: state.pop(name) for name in _sealed_of(kind, state.get("person")) if name in state}
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
            empty = dict.fromkeys((*_personal(kind), *_of_one(kind)))
            state = _typed(kind, empty | orjson.loads(clear))
            if alike := state.pop("alike", None):
                state |= self._found(kind, alike)
            key = self._keyring.find(state["person"]) if sealed else None
            if key:
                place = _place(stored_event.originator_id, stored_event.originator_version)
                state |= unseal(key, sealed, place)
        except (ValueError, KeyError, TypeError) as error:
            msg = f"event {stored_event.topic} {stored_event.originator_id}.{stored_event.originator_version}: {error}"
            raise MapperDeserialisationError(msg) from error
        state["originator_id"] = stored_event.originator_id
        state["originator_version"] = stored_event.originator_version
        event = object.__new__(kind)
        object.__setattr__(event, "__dict__", state)
        return typing.cast("DomainEventProtocol[UUID]", event)

    def _found(self, kind: type, alike: str) -> dict[str, Any]:
        """Return the values that an event has alike with others, held ready while they are asked for."""
        found = self._read.get((kind, alike))
        if found is None:
            found = self._read[kind, alike] = _typed(kind, orjson.loads(self._alike.find(alike)))
            if len(self._read) > _ALIKE_READ:
                self._read.popitem(last=False)
        return found


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
    people = ((event, getattr(event, "person", None)) for event in events)
    return {person for event, person in people if person and _sealed_of(type(event), person)}


def _sealed_of(kind: type, person: str | None) -> tuple[str, ...]:
    return (*_personal(kind), *_of_one(kind)) if person else _personal(kind)


def _personal(kind: type) -> tuple[str, ...]:
    return getattr(kind, "PERSONAL", ())


def _alike(kind: type) -> tuple[str, ...]:
    return getattr(kind, "ALIKE", ())


def _mark(event: object) -> tuple[object, ...] | None:
    """Return what is the same for events that hold the very same values, None where there are no such fields."""
    names = _alike(type(event))
    return (type(event), *map(id, _values(names)(event))) if names else None


@cache
def _values(names: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda event: (get(event),)


def _of_one(kind: type) -> tuple[str, ...]:
    return getattr(kind, "PERSONAL_OF_ONE", ())


def _place(originator_id: UUID | str, version: int) -> bytes:
    """Return what binds a sealed part to its event: moved to another one, it does not open."""
    identity = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
    return identity.bytes + version.to_bytes(8)


def _typed(kind: type, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state with its values as the event class types them."""
    for name, read in _readers(kind):
        if state.get(name) is not None:
            state[name] = read(state[name])
    return state


@cache
def _readers(kind: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    readers = []
    for name, hint in typing.get_type_hints(kind).items():
        of = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
        readers += [(name, read) for wanted, read in _READERS.items() if wanted in of]
    return tuple(readers)
