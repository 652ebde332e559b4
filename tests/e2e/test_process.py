"""A process of services: it starts in order, ends with its dead parts, and lets what is in hand be finished first."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from shared.contracts.dossier import DossierItemRequested
from shared.messaging import Asked, Connection, Inbox
from shared.process import LostPart, Process, Service
from shared.store import Store, StoreUnavailable
from tests.nats import Nats
from tests.parcel import Parcel, told

FREE = ("127.0.0.1", 0)


class House:
    """A service that notes what is done with it, in order."""

    def __init__(self, folder: Path, connection: Connection) -> None:
        self.done: list[str] = []
        self.inbox = Inbox("renderer")
        self.inbox.hears(DossierItemRequested)(self._hear)
        self.service = Service(
            "renderer",
            Store(f"sqlite:///{folder}/renderer.db", "renderer"),
            connection,
            self.inbox,
            Asked("renderer"),
            background=[asyncio.Event().wait],  # type: ignore[list-item]
            start=[self.does("start")],
            drain=[self.does("drain")],
            close=[self.does("close")],
        )

    async def _hear(self, _message: DossierItemRequested) -> None:
        self.done.append("heard")

    def does(self, what: str) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            self.done.append(what)

        return work

    def process(self, app: FastAPI | None = None) -> Process:
        return Process([self.service], app or FastAPI(), FREE)


@pytest.fixture
async def house(nats: Nats, tmp_path: Path) -> AsyncIterator[House]:
    dossier = await nats.connect("dossier")
    await Inbox("dossier").ensure(dossier)
    house = House(tmp_path, nats.connection("renderer"))
    yield house
    await house.service.store.close()


async def test_it_serves_until_sigterm_and_then_drains_and_closes(house: House) -> None:
    router = APIRouter()

    @router.get("/hello")
    async def hello() -> dict[str, Any]:
        return {"done": house.done}

    app = FastAPI()
    app.include_router(router)
    process = house.process(app)
    running = asyncio.create_task(process.run())
    await process.started.wait()
    async with httpx2.AsyncClient() as client:
        said = (await client.get(f"http://127.0.0.1:{process.port}/hello")).json()

    os.kill(os.getpid(), signal.SIGTERM)
    await running

    assert said == {"done": ["start"]}
    assert house.done == ["start", "drain", "close"]
    with pytest.raises(StoreUnavailable):
        await house.service.store.record(Parcel.post())


async def test_what_is_in_hand_is_finished_and_recorded_before_the_store_closes(nats: Nats, house: House) -> None:
    begun = asyncio.Event()

    @house.inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        begun.set()
        await asyncio.sleep(0.2)
        await house.service.store.record(Parcel.post(identity=message.item_id))
        house.done.append("recorded")

    process = house.process()
    running = asyncio.create_task(process.run(signals=False))
    await process.started.wait()
    message = told(Parcel.post().pending_events[0])
    assert message is not None
    admin = await nats.connect("admin")
    await admin.js.publish(message.SUBJECT, message.model_dump_json().encode())
    await begun.wait()

    process.stop()
    await running

    assert house.done == ["start", "drain", "recorded", "close"]


async def test_a_part_that_dies_takes_the_process_down_with_its_error(house: House) -> None:
    async def dies() -> None:
        raise LookupError("the heart of it")

    house.service.background = [dies]

    with pytest.raises(ExceptionGroup) as ended:
        await house.process().run(signals=False)

    assert ended.group_contains(LookupError, match="the heart of it")
    assert house.done == ["start", "close"]


async def test_a_part_that_just_ends_takes_the_process_down_too(house: House) -> None:
    house.service.background = [house.does("work")]

    with pytest.raises(ExceptionGroup) as ended:
        await house.process().run(signals=False)

    assert ended.group_contains(LostPart, match="renderer work ended")


async def test_a_connection_closed_for_good_takes_the_process_down(house: House) -> None:
    process = house.process()
    running = asyncio.create_task(process.run(signals=False))
    await process.started.wait()

    await house.service.connection.client.close()
    ended, _ = await asyncio.wait([running], timeout=60)

    assert ended
    assert isinstance(running.exception(), ExceptionGroup)
    assert house.done == ["start", "close"]


async def test_a_service_that_cannot_start_leaves_the_others_closed(house: House) -> None:
    async def refuses() -> None:
        raise LookupError("no licence")

    house.service.start = [refuses]

    with pytest.raises(LookupError, match="no licence"):
        await house.process().run(signals=False)

    assert house.done == ["close"]


async def test_it_stops_while_it_still_waits_for_the_server(nats: Nats, house: House) -> None:
    await nats.kill()
    process = house.process()
    running = asyncio.create_task(process.run(signals=False))
    await asyncio.sleep(0.1)

    process.stop()
    await running

    assert house.done == ["close"]


async def test_one_that_does_not_close_keeps_nobody_else_from_closing(house: House) -> None:
    async def sticks() -> None:
        raise LookupError("stuck")

    house.service.close = [sticks, house.does("close")]
    process = house.process()
    running = asyncio.create_task(process.run(signals=False))
    await process.started.wait()

    process.stop()
    with pytest.raises(LookupError, match="stuck"):
        await running

    assert house.done == ["start", "drain", "close"]


def test_a_taken_port_is_told_before_anything_starts() -> None:
    with socket.create_server(FREE) as taken, pytest.raises(OSError, match="in use"):
        Process([], FastAPI(), taken.getsockname()[:2])
