"""History on real NATS and real HTTP: what publishers tell is shown, and what is asked goes to the right doors."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx2
import pytest
from playwright.async_api import ViewportSize, async_playwright

from deploy.http import application
from services.history.__main__ import assemble
from shared.access import Access
from shared.blobs import Blob, SqliteBlobs
from shared.contracts import Message
from shared.contracts.asks import (
    MessageKept,
    MessageWanted,
    Resend,
    Resent,
    Resolve,
    Resolved,
    RolesFound,
    RolesWanted,
)
from shared.contracts.message import Destination
from shared.messaging import Asked, Connection, Inbox, Refusal
from shared.process import Process
from shared.settings import Settings
from tests.nats import Nats
from tests.unit.history.story import (
    RUN,
    excluded,
    in_doubt,
    item_id,
    mail_id,
    recorded,
    rendered,
    requested,
    row_id,
    sent,
    started,
)

_MESSAGE = b"From: sales@voorbeeld.example\r\n\r\nDag Anna"


@dataclass
class Publishers:
    """The other services as history knows them: what they tell, and how they answer at their doors."""

    connections: dict[str, Connection]
    told: dict[str, int] = field(default_factory=dict)
    asked: list[Resend | Resolve] = field(default_factory=list)
    refuses: dict[UUID, str] = field(default_factory=dict)

    async def tell(self, publisher: str, *messages: Message) -> None:
        for message in messages:
            self.told[publisher] = self.told.get(publisher, 0) + 1
            await self.connections[publisher].js.publish(
                message.SUBJECT, message.model_dump_json().encode(), headers={"Es-Pos": str(self.told[publisher])}
            )

    async def open_doors(self, blobs: SqliteBlobs) -> None:
        dossier, mailer = Asked("dossier"), Asked("mailer")

        @dossier.answers("resend", Resend)
        async def resend(wish: Resend) -> Resent:
            self.asked.append(wish)
            if wish.processing_id in self.refuses:
                raise Refusal(self.refuses[wish.processing_id], "no")
            return Resent(processing_id=wish.processing_id, mail_id=mail_id(1, 2), ordinal=2)

        @dossier.answers("roles", RolesWanted)
        async def roles(wanted: RolesWanted) -> RolesFound:
            return RolesFound(roles=(Destination(kind=wanted.kind, number=wanted.number),))

        @mailer.answers("resolve", Resolve)
        async def resolve(wish: Resolve) -> Resolved:
            self.asked.append(wish)
            return Resolved(mail_id=wish.mail_id, status="sent")

        @mailer.answers("message", MessageWanted)
        async def message(wanted: MessageWanted) -> MessageKept:
            (kept,) = blobs.put_many([Blob(_MESSAGE, "a_day")])
            return MessageKept(sha256=kept.sha256, size=kept.size, remade="remade-equal")

        for asked in (dossier, mailer):
            asked.open(self.connections[asked.service].broker)
            await self.connections[asked.service].start()


@dataclass
class House:
    """A running history with its API, and the publishers around it."""

    api: httpx2.AsyncClient
    publishers: Publishers
    blobs: SqliteBlobs
    access: Access

    async def shown(self, path: str, good: Callable[[Any], bool]) -> Any:
        """Return what the API shows at `path` once it is good."""
        while True:
            answer = await self.api.get(path)
            if answer.status_code == 200 and good(answer.json()):
                return answer.json()
            await asyncio.sleep(0.02)

    async def resend(self, body: dict[str, Any], key: str) -> httpx2.Response:
        return await self.api.post("/api/v1/processing/resend", json=body, headers={"Idempotency-Key": key})


@pytest.fixture
async def house(nats: Nats, tmp_path: Path) -> AsyncIterator[House]:
    connections = {name: await nats.connect(name) for name in ("dossier", "renderer", "mailer")}
    for name, connection in connections.items():
        await Inbox(name).ensure(connection)
    settings = Settings(data=tmp_path, nats_url=nats.url, nats_seed=nats.seed_file("history").parent)
    async with history(settings) as (port, access):
        headers = {"Authorization": f"Bearer {access.create_token('clerk', {'send'})}"}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as api:
            yield House(api, Publishers(connections), SqliteBlobs.create(settings.blobs_path), access)


@asynccontextmanager
async def history(settings: Settings) -> AsyncIterator[tuple[int, Access]]:
    """History as a process runs it."""
    service = assemble(settings)
    access = Access(settings.access_url)
    process = Process([service], application([service], access), ("127.0.0.1", 0))
    running = asyncio.create_task(process.run(signals=False))
    await process.started.wait()
    yield process.port, access
    process.stop()
    await running
    access.close()


async def test_what_the_services_tell_is_shown(house: House) -> None:
    await house.publishers.tell("mailer", sent(1))
    await house.publishers.tell("dossier", started(2), recorded(1), requested(1), recorded(2), excluded(2))
    await house.publishers.tell("renderer", rendered(1))

    run = await house.shown(f"/api/v1/runs/{RUN}", lambda run: run["complete"])
    page = (await house.api.get("/api/v1/processing")).json()
    row = (await house.api.get(f"/api/v1/processing/{row_id(1)}")).json()

    assert run["counts"] == {"sent": 1, "no_address": 1}
    assert [(item["number"], item["status"]) for item in page["items"]] == [("2", "no_address"), ("1", "sent")]
    assert page["next"] is None
    assert (row["recipient_address"], row["smtp_code"], row["attempts"]) == ("anna1@bakery.example", 250, 1)
    assert [entry["what"] for entry in row["timeline"]] == ["requested", "rendered", "sent"]
    assert [mail["mail_id"] for mail in row["mails"]] == [str(mail_id(1))]


async def test_a_wiped_nats_that_is_filled_again_changes_nothing(house: House, nats: Nats) -> None:
    story: list[Message] = [started(1), recorded(1), requested(1)]
    await house.publishers.tell("dossier", *story)
    before = await house.shown("/api/v1/processing", lambda page: page["items"])

    await nats.wipe()
    for name, connection in house.publishers.connections.items():
        await eventually(partial(Inbox(name).ensure, connection))
    house.publishers.told.clear()
    await house.publishers.tell("dossier", *story, excluded(2))
    await house.shown("/api/v1/processing", lambda page: len(page["items"]) == 2)
    after = await house.shown(f"/api/v1/processing?number={1}", lambda page: page["items"])

    assert after["items"] == before["items"]
    assert (await house.api.get("/api/v1/status")).json()["counts"] == {"rendering": 1, "no_address": 1}


async def test_a_resend_is_asked_of_the_dossier_once_however_often_it_is_wished(house: House) -> None:
    await house.publishers.open_doors(house.blobs)
    wish = {"ids": [str(row_id(1)), str(row_id(2))], "reason": "address corrected"}
    house.publishers.refuses[row_id(2)] = "no_address"

    answers = await asyncio.gather(*(house.resend(wish, "once") for _ in range(5)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    first, second = answers[0].json()["results"]
    assert (first["outcome"], first["mail_id"]) == ("resent", str(mail_id(1, 2)))
    assert (second["outcome"], second["code"]) == ("refused", "no_address")
    assert sorted(
        (ask.processing_id, ask.reason) for ask in house.publishers.asked if isinstance(ask, Resend)
    ) == sorted([(row_id(1), "address corrected"), (row_id(2), "address corrected")])


async def test_a_resend_that_nobody_answers_is_refused_and_leaves_nothing_behind(house: House) -> None:
    silent = await house.resend({"ids": [str(row_id(1))]}, "key")
    job = silent.json()

    await house.publishers.open_doors(house.blobs)
    answered = await house.resend({"ids": [str(row_id(1))]}, "key")

    assert (silent.status_code, job["code"]) == (503, "no_answer")
    assert answered.json()["results"][0]["outcome"] == "resent"
    assert len(house.publishers.asked) == 1


async def test_a_single_row_on_its_way_is_a_conflict(house: House) -> None:
    await house.publishers.open_doors(house.blobs)
    house.publishers.refuses[row_id(1)] = "busy"

    answer = await house.resend({"ids": [str(row_id(1))]}, "key")

    assert (answer.status_code, answer.json()["code"]) == (409, "busy")


async def test_a_message_is_downloaded_as_the_mailer_keeps_it(house: House) -> None:
    await house.publishers.tell("dossier", requested(1))
    await house.publishers.tell("dossier", excluded(2))
    await house.shown("/api/v1/processing", lambda page: len(page["items"]) == 2)
    path = f"/api/v1/processing/{row_id(1)}/message.eml"

    silent = await house.api.get(path)
    await house.publishers.open_doors(house.blobs)
    kept = await house.api.get(path)
    never = await house.api.get(f"/api/v1/processing/{row_id(2)}/message.eml")

    assert silent.status_code == 503
    assert kept.content == _MESSAGE
    assert kept.headers["Content-Type"] == "message/rfc822"
    assert kept.headers["ETag"] == f'"{sha256(_MESSAGE).hexdigest()}"'
    assert kept.headers["Uitpost-Message"] == "remade-equal"
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert (never.status_code, never.json()["code"]) == (404, "never_attempted")


async def test_a_doubt_is_settled_at_the_mailer(house: House) -> None:
    await house.publishers.open_doors(house.blobs)
    await house.publishers.tell("dossier", requested(1))
    await house.publishers.tell("mailer", in_doubt(1))
    await house.shown("/api/v1/processing?status=in_doubt", lambda page: page["items"])

    answer = await house.api.post(f"/api/v1/processing/{row_id(1)}/resolve", json={"outcome": "sent", "reason": "log"})

    assert answer.json() == {"id": str(row_id(1)), "mail_id": str(mail_id(1)), "status": "sent"}
    assert house.publishers.asked == [
        Resolve(mail_id=mail_id(1), outcome="sent", operator="clerk", reason="log"),
    ]


async def test_what_a_service_gave_up_is_listed(house: House) -> None:
    connection = house.publishers.connections["mailer"]
    inbox = Inbox("mailer")

    @inbox.hears(type(rendered(1)))
    async def hear(message: Message) -> None:
        raise AssertionError(message)

    await inbox.ensure(connection)
    listening = asyncio.create_task(inbox.listen(connection))
    await house.publishers.connections["renderer"].js.publish(rendered(1).SUBJECT, b"not JSON")

    letters = await house.shown("/api/v1/dead-letters", lambda found: found["items"])
    listening.cancel()

    assert {letter["stream"] for letter in letters["items"]} == {"RENDERER"}
    assert {letter["consumer"] for letter in letters["items"]} <= {"mailer", "history"}


async def test_an_item_is_shown_with_its_rows_and_in_its_dossier(house: House) -> None:
    """FR-3, FR-4, FR-49, FR-54."""
    await house.publishers.open_doors(house.blobs)
    await house.publishers.tell("dossier", started(1), recorded(1), requested(1))
    item = await house.shown(f"/api/v1/dossier-items/{item_id(1)}", lambda item: item["rows"])

    dossier = (await house.api.get("/api/v1/contacts/organisation/1/dossier")).json()
    unknown = await house.api.get(f"/api/v1/dossier-items/{uuid4()}")

    assert item["destinations"] == [{"kind": "organisation", "number": "1", "contact_id": None}]
    assert [entry["item_id"] for entry in dossier["items"]] == [str(item_id(1))]
    assert [row["status"] for row in dossier["items"][0]["rows"]] == ["rendering"]
    assert unknown.status_code == 404


async def test_a_run_that_was_accepted_just_now_is_waited_for(house: House) -> None:
    asked = asyncio.create_task(house.api.get(f"/api/v1/runs/{RUN}"))
    await asyncio.sleep(0.1)
    await house.publishers.tell("dossier", started(1))

    found, unknown = await asyncio.gather(asked, house.api.get(f"/api/v1/runs/{uuid4()}"))

    assert (found.status_code, found.json()["counts"]) == (200, {"queued": 1})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_run")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1440, "dark")])
async def test_a_person_finds_a_row_and_has_it_sent_again(
    house: House, width: int, scheme: Literal["light", "dark"]
) -> None:
    """FR-57, FR-99, FR-100."""
    await house.publishers.open_doors(house.blobs)
    await house.publishers.tell("dossier", started(2), requested(1), requested(2))
    await house.publishers.tell("mailer", sent(1))
    await house.shown("/api/v1/processing?status=sent", lambda page: page["items"])
    complaints: list[str] = []

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view: ViewportSize = {"width": width, "height": 800}
        page = await browser.new_page(viewport=view, color_scheme=scheme, locale="nl-NL", java_script_enabled=False)
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(f"{house.api.base_url}/login?link={house.access.create_login_link()}")
        await page.fill("input[name=q]", "anna1@")
        await page.click("form[role=search] button")
        too_wide = await page.locator("html").evaluate("html => html.scrollWidth > html.clientWidth")
        await page.click("td.subj a")
        await page.fill("input[name=reason]", "nog eens")
        await page.click("main button:has-text('Opnieuw versturen')")
        said = await page.inner_text("[role=status]")
        await browser.close()

    assert said == "Er gaat een nieuw bericht uit."
    assert [(ask.processing_id, ask.reason) for ask in house.publishers.asked if isinstance(ask, Resend)] == [
        (row_id(1), "nog eens")
    ]
    assert not too_wide
    assert complaints == []


async def eventually(work: Callable[[], Awaitable[None]]) -> None:
    """Do something that works again as soon as the server is back."""
    while True:
        try:
            return await work()
        except Exception:  # noqa: BLE001 -- whatever NATS says while it is away
            await asyncio.sleep(0.05)
