"""A contact's key is deleted and NATS is wiped: the facts stand, the person is gone from them, all is told again."""

import asyncio
from contextlib import suppress
from pathlib import Path

from shared.contracts.dossier import DossierItemRequested
from shared.messaging import Inbox
from shared.relay import Relay, topics_of
from shared.store import Store
from tests.nats import Nats
from tests.parcel import Parcel, told

ANNA, BEN = "person|1#1", "person|2#1"


async def test_an_erased_person_is_told_without_name_and_the_telling_goes_on(
    nats: Nats, store_url: str, tmp_path: Path
) -> None:
    keys_url = None if store_url.startswith("postgresql") else f"sqlite:///{tmp_path}/keys.db"
    store = Store(store_url, "dossier", keys_url=keys_url)
    connection = await nats.connect("dossier")
    inbox = Inbox("dossier")
    await inbox.ensure(connection)
    relay = Relay(store, told, topics_of(told), connection)
    running = [asyncio.create_task(relay.run()), asyncio.create_task(inbox.keep(connection))]
    anna, ben = Parcel.post(1, person=ANNA), Parcel.post(2, person=BEN, name="Ben")
    await store.record(anna, ben)
    before = await until_told(nats, 2)

    store.keyring.erase(ANNA)
    await nats.wipe()
    await store.record(Parcel.post(3, person=ANNA), Parcel.post(4, person=BEN, name="Ben"))
    after = await until_told(nats, 4)

    erased = await store.load(Parcel, anna.id)
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await store.close()
    assert [name(message) for message in before] == ["Anna", "Ben"]
    assert [name(message) for message in after] == [None, "Ben", None, "Ben"]
    assert [message.ordinal for message in after] == [1, 2, 3, 4]
    assert after[0].person == ANNA
    assert erased is not None
    assert erased.recipient is None


async def until_told(nats: Nats, count: int) -> list[DossierItemRequested]:
    """Wait for so many messages of the dossier, and return them."""
    admin = await nats.connect("admin")
    async with asyncio.timeout(60):
        while True:
            with suppress(Exception):
                if (await admin.js.stream_info("DOSSIER")).state.messages >= count:
                    break
            await asyncio.sleep(0.02)
    found = [await admin.js.get_msg("DOSSIER", seq=number) for number in range(1, count + 1)]
    return [DossierItemRequested.model_validate_json(message.data or b"") for message in found]


def name(message: DossierItemRequested) -> str | None:
    return message.recipient.name if message.recipient else None
