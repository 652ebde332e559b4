"""Requests come in over NATS: each is told once as a run or as a refusal, and survives whatever dies."""

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from services.dossier.__main__ import assemble
from services.dossier.settings import Settings
from shared.access import Access
from shared.contracts import Message
from shared.contracts.asks import MayResend, Resend, ResendAnswer, Resent
from shared.contracts.dossier import (
    DossierItemRecorded,
    DossierItemRequested,
    IntakeRefused,
    MailServerSet,
    RunStarted,
)
from shared.messaging import Asked, Asking, Connection, Refusal
from shared.pages import frame
from shared.process import Process
from tests.e2e.forked import fork
from tests.nats import Nats

ITEM = "uitpost.intake.dossier-item"


def a_request(**other: Any) -> dict[str, Any]:
    return {
        "request_id": "crm-1",
        "type": "outgoing_mail",
        "subject": "Uitnodiging",
        "issue_method": "email",
        "sender_name": "Verkoop",
        "sender_address": "sales@house.example",
        "body_text": "Dag",
        "destinations": [
            {"kind": "person", "number": "7", "recipient": {"name": "Anna", "email": "anna@home.example"}}
        ],
        **other,
    }


class Listener:
    """An upstream system that gives requests, and hears everything that the dossier told."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def give(self, body: bytes, headers: dict[str, str] | None = None) -> int:
        """Publish a request; return where in INTAKE it lies."""
        return (await self.connection.js.publish(ITEM, body, headers=headers)).seq

    async def told(self, kind: type[Message], count: int) -> list[Any]:
        """Return the messages of a kind, once there are so many."""
        async with asyncio.timeout(60):
            while await self._number(kind) < count:
                await asyncio.sleep(0.05)
        return await self._all(kind)

    async def handled(self, sequence: int) -> None:
        """Wait until the dossier has settled everything in INTAKE up to this message."""
        async with asyncio.timeout(60):
            while (await self.connection.js.consumer_info("INTAKE", "dossier")).ack_floor.stream_seq < sequence:
                await asyncio.sleep(0.05)

    async def _number(self, kind: type[Message]) -> int:
        info = await self.connection.js.stream_info("DOSSIER", subjects_filter=kind.SUBJECT)
        return (info.state.subjects or {}).get(kind.SUBJECT, 0)

    async def _all(self, kind: type[Message]) -> list[Any]:
        heard = await self.connection.js.subscribe(kind.SUBJECT, stream="DOSSIER", ordered_consumer=True)
        messages = [await heard.next_msg(10) for _ in range(await self._number(kind))]
        await heard.unsubscribe()
        return [kind.model_validate_json(message.data) for message in messages]


def settings(nats: Nats, data: Path) -> Settings:
    return Settings(
        data=data,
        nats_url=nats.url,
        nats_seed=nats.seed_file("dossier").parent,
        smtp_url="smtp://post:secret@relay.example:587",
    )


@pytest.fixture
async def listener(nats: Nats, tmp_path: Path) -> AsyncIterator[Listener]:
    """A running dossier, and whoever hears it."""
    service = assemble(settings(nats, tmp_path / "data"))
    app = FastAPI()
    frame(app, Access(f"sqlite:///{tmp_path}/access.db"))
    process = Process([service], app, ("127.0.0.1", 0))
    running = asyncio.create_task(process.run(signals=False))
    async with asyncio.timeout(30):
        await process.started.wait()
    yield Listener(await nats.connect("admin"))
    process.stop()
    await running


async def test_a_request_given_ten_times_at_once_is_told_once(listener: Listener) -> None:
    body = json.dumps(a_request()).encode()

    places = await asyncio.gather(*(listener.give(body) for _ in range(10)))
    await listener.handled(max(places))

    [run] = await listener.told(RunStarted, 1)
    [mail] = await listener.told(DossierItemRequested, 1)
    assert (run.request_id, run.total) == ("crm-1", 1)
    assert mail.run_id == run.run_id
    assert mail.recipient.email == "anna@home.example"


async def test_a_refused_request_is_told_with_its_fields_and_acknowledged(listener: Listener) -> None:
    place = await listener.give(json.dumps(a_request(subject="Een\ntwee", colour="red")).encode())
    await listener.handled(place)

    [refused] = await listener.told(IntakeRefused, 1)
    assert refused.request_id == "crm-1"
    assert [(error.field, error.code) for error in refused.errors] == [("colour", "unknown_field")]
    assert await listener.told(RunStarted, 0) == []


async def test_what_is_no_json_is_refused_as_such_and_what_follows_is_taken(listener: Listener) -> None:
    await listener.give(b"{'request_id': 1")
    await listener.handled(await listener.give(json.dumps(a_request()).encode()))

    [refused] = await listener.told(IntakeRefused, 1)
    assert (refused.code, refused.request_id) == ("malformed_json", None)
    assert len(await listener.told(RunStarted, 1)) == 1


async def test_a_structured_cloudevent_is_taken(listener: Listener) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/crm", "type": ITEM, "data": a_request()}

    await listener.give(json.dumps(event).encode(), {"Content-Type": "application/cloudevents+json"})

    assert len(await listener.told(RunStarted, 1)) == 1


async def test_the_mail_server_of_the_settings_is_told_without_its_password(listener: Listener) -> None:
    [server] = await listener.told(MailServerSet, 1)

    assert (server.mail_server_id, server.host, server.port) == ("default", "relay.example", 587)
    assert (server.security, server.user, server.secret_ref) == ("starttls", "post", "env:UITPOST_SMTP_URL")
    assert "secret:" not in server.model_dump_json()


async def test_a_row_gets_its_next_mail_only_when_the_mailer_says_so(nats: Nats, listener: Listener) -> None:
    await listener.give(json.dumps(a_request()).encode())
    [mail] = await listener.told(DossierItemRequested, 1)
    states = ["busy", "free"]
    doors = Asked("mailer")

    @doors.answers("may-resend", MayResend)
    async def may_resend(asked: MayResend) -> ResendAnswer:
        assert asked.mail_id == mail.mail_id
        return ResendAnswer.model_validate({"state": states.pop(0)})

    history = await nats.connect("history")
    asking = Asking(history.broker, 2)
    wish = Resend(processing_id=mail.processing_id, token=uuid4(), operator="jan")
    with pytest.raises(Refusal, match="verzender geeft geen antwoord"):
        await Asking(history.broker, 10).ask("dossier", "resend", wish, Resent)
    mailer = await nats.connect("mailer")
    doors.open(mailer.broker)
    await mailer.start()
    with pytest.raises(Refusal, match="nog onderweg"):
        await asking.ask("dossier", "resend", wish, Resent)
    resent = await asking.ask("dossier", "resend", wish, Resent)

    [_, second] = await listener.told(DossierItemRequested, 2)
    assert (second.mail_id, second.ordinal, second.resend_of) == (resent.mail_id, 2, mail.mail_id)


async def test_a_run_killed_half_way_is_recorded_to_its_end(nats: Nats, tmp_path: Path) -> None:
    number = 2000
    data = tmp_path / "data"
    data.mkdir()
    token = Access(f"sqlite:///{data}/access.db").create_token("crm", ["send"])
    environment = os.environ | {
        "UITPOST_DATA": str(data),
        "UITPOST_NATS_URL": nats.url,
        "UITPOST_NATS_SEED": str(nats.seed_file("dossier").parent),
        "UITPOST_SMTP_URL": "smtp://127.0.0.1:2525",
        "UITPOST_HTTP": "127.0.0.1:0",
    }
    first = fork("serve", "dossier", environment=environment, output=tmp_path / "first.log")
    url = await served(data)
    destinations = [
        {"kind": "person", "number": str(n), "recipient": {"name": f"Anna {n}", "email": f"anna{n}@home.example"}}
        for n in range(number)
    ]
    body = a_request(destinations=destinations, record_separately=True, consent_attested=True)
    async with httpx2.AsyncClient(timeout=60) as client:
        sent = await client.post(f"{url}/api/v1/dossier-items", json=body, headers={"Authorization": f"Bearer {token}"})
    first.kill()
    first.wait()
    before = recorded(data)

    listener = Listener(await nats.connect("admin"))
    second = fork("serve", "dossier", environment=environment, output=tmp_path / "second.log")
    items = await listener.told(DossierItemRecorded, number)
    mails = await listener.told(DossierItemRequested, number)
    second.kill()
    second.wait()

    assert sent.status_code == 202
    assert before < number, "it was killed too late to show anything"
    assert len({item.item_id for item in items}) == len(items) == number
    assert len({mail.mail_id for mail in mails}) == len(mails) == number
    assert {mail.run_id for mail in mails} == {UUID(sent.json()["run_id"])}


def recorded(data: Path) -> int:
    """Return how many rows the dossier of a data folder has recorded."""
    with closing(sqlite3.connect(data / "dossier.db")) as connection:
        query = "SELECT count(*) FROM events WHERE topic = 'dossier.Processing.Requested'"
        count: int = connection.execute(query).fetchone()[0]
    return count


async def served(data: Path) -> str:
    """Return where the dossier of a data folder listens, once it does."""
    record = data / "run" / "dossier.json"
    async with asyncio.timeout(60):
        while not record.exists():
            await asyncio.sleep(0.1)
    return str(json.loads(record.read_text("utf-8"))["url"])
