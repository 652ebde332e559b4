"""What the store promises of personal fields: sealed per person, open at their own place, gone with the key for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from shared.store import Store, seal, unseal
from shared.store.keyring import Keyring
from shared.store.tables import connect
from tests.parcel import Parcel

ANNA, BEN = "person|1#1", "person|2#1"


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with Store(store_url, "dossier") as store:
        yield store


@pytest.fixture(params=["sqlite", "postgres"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Keyring]]:
    """Return what opens the same keys again, as another process does."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path}/keys.db"
    opened: list[Keyring] = []

    def open_again() -> Keyring:
        opened.append(Keyring(connect(url, "dossier"), "dossier"))
        return opened[-1]

    yield open_again
    for keys in opened:
        keys.close()


async def test_no_personal_field_lies_in_clear(store: Store) -> None:
    await store.record(Parcel.post(person=ANNA, name="Annabel"))

    (event,) = await store.notifications(0, 10, ())

    assert b"Annabel" not in event.state
    assert b"anna@bakery.example" not in event.state
    assert ANNA.encode() in event.state


async def test_of_an_erased_person_the_fields_are_none_and_of_others_they_stand(store: Store) -> None:
    """R-26."""
    anna, ben = Parcel.post(1, person=ANNA), Parcel.post(2, person=BEN, name="Ben")
    await store.record(anna, ben)

    store.keyring.erase(ANNA)

    erased, kept = await store.load(Parcel, anna.id), await store.load(Parcel, ben.id)
    assert erased is not None
    assert kept is not None
    assert (erased.recipient, erased.number, erased.person) == (None, 1, ANNA)
    assert kept.recipient == {"name": "Ben", "email": "anna@bakery.example"}
    assert (store.keyring.is_erased(ANNA), store.keyring.is_erased(BEN)) == (True, False)


async def test_what_is_recorded_of_an_erased_person_keeps_nothing_personal(store: Store) -> None:
    store.keyring.erase(ANNA)

    await store.record(parcel := Parcel.post(person=ANNA, name="Annabel"))

    loaded = await store.load(Parcel, parcel.id)
    assert loaded is not None
    assert loaded.recipient is None
    assert store.keyring.find(ANNA) is None


async def test_personal_fields_of_no_person_are_refused_rather_than_lost(store: Store) -> None:
    parcel = Parcel.post(person=ANNA)
    parcel.pending_events[0].__dict__["person"] = None

    with pytest.raises(ValueError, match="of no person"):
        await store.record(parcel)


@pytest.mark.parametrize(("person", "lies_in_clear"), [(ANNA, False), (None, True)])
async def test_a_text_is_sealed_for_the_one_person_it_is_about_and_of_nobody_in_clear(
    store: Store, person: str | None, lies_in_clear: bool
) -> None:
    """R-26."""
    parcel = Parcel.post(person=ANNA)
    parcel.note("handle with care", person)
    await store.record(parcel)

    *_, event = await store.notifications(0, 10, ())
    before = await store.load(Parcel, parcel.id)
    store.keyring.erase(ANNA)
    after = await store.load(Parcel, parcel.id)

    assert (b"handle with care" in event.state) == lies_in_clear
    assert before is not None
    assert after is not None
    assert (before.text, after.text) == ("handle with care", "handle with care" if lies_in_clear else None)


async def test_a_sealed_part_moved_to_another_fact_does_not_open(store: Store) -> None:
    one, other = Parcel.post(1), Parcel.post(2)
    await store.record(one, other)
    first, second = await store.notifications(0, 10, ())

    moved = StoredEvent(first.originator_id, first.originator_version, first.topic, second.state)

    with pytest.raises(MapperDeserialisationError, match="moved"):
        store.mapper.to_domain_event(moved)


def test_what_is_sealed_opens_with_its_key_at_its_place_only() -> None:
    key, other = bytes(32), bytes([1]) * 32
    sealed = seal(key, {"name": "Anna"}, b"here")

    assert unseal(key, sealed, b"here") == {"name": "Anna"}
    for wrong_key, wrong_place in ((other, b"here"), (key, b"there")):
        with pytest.raises(ValueError, match="sealed with another key"):
            unseal(wrong_key, sealed, wrong_place)


def test_a_key_once_erased_is_never_made_again(ring: Callable[[], Keyring]) -> None:
    keys = ring()
    keys.make([ANNA, BEN])
    keys.erase(ANNA)

    keys.make([ANNA, BEN])
    afresh = ring()
    afresh.make([ANNA])

    assert (keys.find(ANNA), afresh.find(ANNA)) == (None, None)
    assert keys.find(BEN)
    assert keys.find(BEN) == afresh.find(BEN)


def test_a_key_is_made_once_whoever_makes_it(ring: Callable[[], Keyring]) -> None:
    one, other = ring(), ring()
    one.make([ANNA])

    other.make([ANNA, BEN])
    one.make([BEN])

    assert one.find(ANNA) == other.find(ANNA)
    assert one.find(BEN) == other.find(BEN)
    assert len(one.find(ANNA) or b"") == 32


def test_an_erasure_by_another_process_is_noticed(ring: Callable[[], Keyring], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = ring(), ring()
    one.make([ANNA])
    assert one.find(ANNA)

    other.erase(ANNA)
    monkeypatch.setattr("shared.store.keyring._LOOK_AFTER", 0.0)

    assert one.find(ANNA) is None


async def test_keys_are_made_by_many_threads_at_once(ring: Callable[[], Keyring]) -> None:
    rings = [ring() for _ in range(4)]
    people = [f"person|{number}#1" for number in range(600)]

    await asyncio.gather(*(asyncio.to_thread(one.make, people) for one in rings))

    first, *others = ([one.find(person) for person in people] for one in rings)
    assert all(other == first for other in others)
    assert None not in first
