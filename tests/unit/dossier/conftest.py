"""A dossier on a real SQLite file, with a mailer that says what a test has it say, and its doors over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, reduce
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from services.dossier import web
from services.dossier.adapters.sheets import FileSheets
from services.dossier.adapters.tables import (
    METADATA,
    ResendTable,
    SqlChecks,
    SqlContactChecks,
    SqlContactPages,
    SqlContacts,
    SqlImports,
    SqlItemTypes,
    SqlPreviews,
    SqlRoles,
    SqlSubjects,
    SqlTables,
    SqlTasks,
    SqlViews,
    sql_drawers,
)
from services.dossier.adapters.texts import TomlTexts
from services.dossier.application import (
    Attachments,
    Contacts,
    Dossier,
    Hands,
    Items,
    ItemTypes,
    Judging,
    Layouts,
    Printing,
    Recording,
    Refusals,
    Remaking,
    Requests,
    Resending,
    Roles,
    Runs,
    Setup,
    Shelf,
    Tasks,
    Upstream,
    Workflows,
    a_desk,
    a_rehearsal,
    an_address_book,
    subjects_of,
)
from services.dossier.application.recorder import Recorder
from services.dossier.domain.address import ConsentMode
from services.dossier.domain.layout import LayoutFacts
from services.dossier.domain.mail_server import MailServerFacts
from services.dossier.domain.sender import SenderFacts
from services.dossier.layouts import canonical
from services.dossier.outbox import told
from shared.access import Access
from shared.blobs import Blob, MemoryBlobs
from shared.contracts import Message
from shared.contracts.asks import MailOutcome, ResendAnswer
from shared.contracts.dossier import LayoutDocument
from shared.contracts.drafts import Preview, PreviewMade, PreviewWanted, Tried, TriedOut, TryOut
from shared.contracts.layouts import FormatsTold, LayoutJudged, LayoutProblem, MadeFormat
from shared.contracts.message import Parts
from shared.contracts.renderer import Fault
from shared.pages import frame
from shared.relay import topics_of
from shared.store import Store
from tests.empty import lay
from tests.unit.dossier.lists import Lists

HOST = "http://127.0.0.1"


@dataclass
class SaidMailer:
    """A mailer that answers what it was told to."""

    answer: ResendAnswer | None = field(default_factory=lambda: ResendAnswer(state="free"))
    asked: list[UUID] = field(default_factory=list)

    async def may_resend(self, mail_id: UUID) -> ResendAnswer | None:
        """Answer."""
        self.asked.append(mail_id)
        return self.answer

    async def outcome(self, mail_id: UUID) -> MailOutcome | None:
        """Say that it was sent."""
        self.asked.append(mail_id)
        return MailOutcome(status="sent", code=250, text="Ok")


class QuickRenderer:
    """A renderer that makes what a test has it make: a greeting of one line, which it keeps if that is wanted.

    `faults` are by number of destination; while it is `away` it answers for nobody, nor for more than `slow_above`.
    """

    def __init__(self, blobs: MemoryBlobs) -> None:
        self.blobs = blobs
        self.faults: dict[str, Fault] = {}
        self.warnings: tuple[str, ...] = ()
        self.away = False
        self.slow_above = 1000
        self.wanted: list[PreviewWanted] = []
        self.tried: list[TryOut] = []
        self.open = asyncio.Event()
        self.open.set()

    async def preview(self, wanted: PreviewWanted) -> PreviewMade | None:
        """Make one message."""
        self.wanted.append(wanted)
        if self.away:
            return None
        if fault := self.faults.get(wanted.to.destination.number):
            return PreviewMade(fault=fault)
        text = f"Dag {wanted.to.recipient.name if wanted.to.recipient else ''}"
        html, pdf = f"<p>{text}</p>", b"%PDF-1.7"
        look = Preview(
            mark=uuid4().hex,
            text=text,
            html=html,
            attachment=pdf,
            filename="brief.pdf",
            content_type="application/pdf",
            pages=(b"\x89PNG 1", b"\x89PNG 2"),
            page_count=3,
        )
        shown, kept = self.blobs.put_many(
            [Blob(look.model_dump_json().encode(), "a_day"), Blob(text.encode(), "a_day")]
        )
        return PreviewMade(preview=shown, parts=Parts(text=kept) if wanted.keep else None, warnings=self.warnings)

    async def try_out(self, wanted: TryOut) -> TriedOut | None:
        """Try messages."""
        self.tried.append(wanted)
        await self.open.wait()
        if self.away or len(wanted.to) > self.slow_above:
            return None
        return TriedOut(
            results=tuple(
                Tried(fault=self.faults.get(to.destination.number), warnings=self.warnings) for to in wanted.to
            )
        )


@dataclass
class SaidHistory:
    """A history that says of every run what it was told to."""

    complete: bool | None = False

    async def is_complete(self, run_id: UUID) -> bool | None:
        """Answer."""
        return self.complete


@dataclass
class SaidJudge:
    """A renderer that thinks of a layout what it was told to; None is no answer."""

    problems: tuple[LayoutProblem, ...] | None = ()
    found: LayoutJudged = field(default_factory=LayoutJudged)
    asked: list[LayoutDocument] = field(default_factory=list)

    async def judge(self, document: LayoutDocument) -> LayoutJudged | None:
        """Answer."""
        self.asked.append(document)
        return None if self.problems is None else self.found.model_copy(update={"problems": self.problems})

    async def formats(self) -> FormatsTold | None:
        """Know of one format, or say nothing."""
        made = MadeFormat(kind="typst", format="PDF", content_type="application/pdf", engines={"typst": "0.1"})
        return None if self.problems is None else FormatsTold(formats=(made,))


_ASKED: ContextVar["House | None"] = ContextVar("the house whose doors are asked", default=None)


class _Within:
    """Whatever stands at a path within the house that is asked: the doors are built once for all houses."""

    def __init__(self, *path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        house = _ASKED.get()
        return _Within(*self._path, name) if house is None else reduce(getattr, (*self._path, name), house)


@cache
def _doors() -> FastAPI:
    app = FastAPI()
    frame(app, cast("Access", _Within("access")))
    for router in web.routes(cast("Dossier", _Within("dossier"))):
        app.include_router(router)
    return app


class Doors:
    """The doors of one house (ASGI); to build them takes longer than most tests, so all houses have the same."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let this house be asked."""
        doors, token = _doors(), _ASKED.set(self._house)
        try:
            await doors(scope, receive, send)
        finally:
            _ASKED.reset(token)

    def openapi(self) -> dict[str, Any]:
        """Return what is said of the doors."""
        return _doors().openapi()


def _tables(folder: Path) -> None:
    asyncio.run(Store(f"sqlite:///{folder}/dossier.db", "dossier", METADATA, f"sqlite:///{folder}/keys.db").close())


def _access(folder: Path) -> None:
    Access(f"sqlite:///{folder}/access.db").close()


_texts = cache(TomlTexts)


class House:
    """A dossier with everything it stands on, opened over a folder; open another over the same to see what stayed."""

    def __init__(
        self,
        folder: Path,
        consent: ConsentMode = "attest",
        blobs: MemoryBlobs | None = None,
        url: str | None = None,
    ) -> None:
        self.folder = folder
        lay(folder, _access)
        if not url:
            lay(folder, _tables)
        keys = None if url else f"sqlite:///{folder}/keys.db"
        self.store = Store(url or f"sqlite:///{folder}/dossier.db", "dossier", METADATA, keys)
        self.blobs = blobs or MemoryBlobs()
        self.mailer, self.judge = SaidMailer(), SaidJudge()
        self.history = SaidHistory()
        self.renderer = QuickRenderer(self.blobs)
        self.tables = SqlTables(self.store)
        resends = ResendTable(self.store)
        contacts = Contacts(self.store, SqlContacts(self.store), SqlContactPages(self.store))
        refusals = Refusals(self.store, _texts())
        attachments = Attachments(self.store, self.tables, self.blobs)
        tasks, workflows = SqlTasks(self.store), Workflows(self.store, self.tables)
        shelf = Shelf(self.store, contacts, tasks)
        self.recorder = Recorder(self.store, self.tables, self.blobs, contacts, tasks)
        type_table = SqlItemTypes(self.store)
        types = ItemTypes(self.store, self.tables, type_table)
        judging = Judging(self.tables, types, contacts, attachments, consent)
        recording = Recording(
            *(self.store, self.tables, self.blobs, attachments, types, workflows, judging, tasks),
            self.recorder.take_up,
        )
        items, todo = Items(shelf, types, attachments), Tasks(shelf, workflows, tasks)
        role_table = SqlRoles(self.store)
        hands = Hands(recording, items, todo, workflows, shelf, attachments, self.history)
        layouts = Layouts(self.store, self.tables, self.blobs, canonical, self.judge)
        self.dossier = Dossier(
            contacts,
            an_address_book(
                self.store,
                (self.tables, SqlContactChecks(self.store), SqlViews(self.store), SqlImports(self.store)),
                self.blobs,
                FileSheets(),
                contacts,
            ),
            Setup(self.store, self.tables),
            layouts,
            attachments,
            judging,
            recording,
            Resending(self.store, contacts, self.mailer, resends),
            refusals,
            Upstream(recording, contacts, refusals),
            workflows,
            a_desk(self.store, self.tables, sql_drawers(self.store), types, contacts, recording),
            Runs(self.store, self.history, resends, self.recorder.take_up),
            types,
            a_rehearsal(
                *(self.store, (SqlPreviews(self.store), SqlChecks(self.store)), self.blobs, attachments, judging),
                (self.renderer, self.mailer),
            ),
            items,
            todo,
            Roles(contacts, role_table),
            FileSheets(),
            subjects_of(
                SqlSubjects(self.store), type_table, self.recorder.finish, (types, contacts, role_table), hands
            ),
            Printing(self.store, layouts),
            Remaking(self.store, self.tables, contacts, resends),
            Requests(self.store, told),
        )
        access = Access(f"sqlite:///{folder}/access.db")
        self.app = Doors(self)
        name = f"crm-{len(access.list_tokens())}"
        self.token = access.create_token(name, ["admin", "send", "read"])
        self.access = access

    async def set_up(self) -> None:
        """Set up a sender, a mail server and a layout of each kind."""
        setup = self.dossier.setup
        await setup.put_sender("sales", SenderFacts(name="Verkoop", address="sales@house.example"))
        await setup.put_mail_server("default", MailServerFacts(host="relay.example", port=587, security="starttls"))
        for name, facts in LAYOUTS.items():
            await self.dossier.layouts.put(name, LayoutFacts.model_validate(facts), "crm")

    async def record_all(self) -> None:
        """Record every open run to its end."""
        for run_id in await self.tables.open_runs():
            while not await self.recorder.record_next(run_id):
                pass

    async def told(self, *kinds: type[Message]) -> list[Any]:
        """Return the messages that follow from what was recorded, in order, of these kinds if any are given."""
        notifications = await self.store.notifications(0, 100_000, topics_of(told))
        messages = [told(self.store.mapper.to_domain_event(notification)) for notification in notifications]
        return [message for message in messages if not kinds or isinstance(message, kinds)]

    def signed_in(self, name: str, email: str | None = None, full_name: str | None = None) -> str:
        """Return the session of a person who is let in as a clerk."""
        self.access.add_user(name, "clerk", full_name, email)
        session = self.access.redeem_link(self.access.create_login_link(name))
        assert session is not None
        return session

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        language: str = "en",
        session: str | None = None,
        **headers: str,
    ) -> Response:
        """Ask over HTTP, as an administrator's program does, or as a person in a session."""
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        who = {"Cookie": f"uitpost_session={session}"} if session else {"Authorization": f"Bearer {self.token}"}
        sent = who | {"Accept-Language": language} | headers
        async with AsyncClient(transport=ASGITransport(self.app), base_url=HOST) as client:
            return await client.request(method, f"/api/v1{path}", content=content, headers=sent)

    async def refused(self, body: Any, language: str = "en") -> dict[str, Any]:
        """Ask to record what must be refused; return the problem, after seeing that nothing was recorded."""
        before = len(await self.told())
        answer = await self.ask("POST", "/dossier-items", body, language)
        assert answer.status_code >= 400, answer.text
        assert len(await self.told()) == before
        problem: dict[str, Any] = answer.json()
        return {"status": answer.status_code, **problem}


LAYOUTS: dict[str, dict[str, Any]] = {
    "welcome": {
        "name": "Welkom",
        "kind": "html",
        "fields": [{"name": "table", "required": True}, {"name": "colour"}],
        "sources": {"nl": {"html": "<p>{{ merge.table }}</p>"}, "en": {"html": "<p>{{ merge.table }}</p>"}},
    },
    "plain": {"name": "Kort", "kind": "text", "sources": {"nl": {"text": "Dag {{ recipient.name }}"}}},
    "brief": {"name": "Brief", "kind": "typst", "sources": {"nl": {"typst": "Dag"}}},
}


def a_request(**other: Any) -> dict[str, Any]:
    """Return the body of a request for one mail, but for what is given otherwise."""
    return {
        "request_id": "crm-1",
        "type": "outgoing_mail",
        "subject": "Uitnodiging",
        "issue_method": "email",
        "sender_id": "sales",
        "body_text": "Dag",
        "destinations": [a_destination()],
        **other,
    }


def a_destination(number: Any = "1000", **other: Any) -> dict[str, Any]:
    """Return a destination whose addressee is described."""
    return {
        "kind": "organisation",
        "number": number,
        "recipient": {"name": f"Bakkerij {number}", "email": f"post@bakery{number}.example"},
        **other,
    }


@pytest.fixture(params=["sqlite", "postgresql"])
async def lists(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Lists]:
    """The tables of contacts on either database."""
    url = f"sqlite:///{tmp_path}/dossier.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    async with Store(url, "dossier", METADATA) as store:
        yield Lists(store)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    await house.set_up()
    yield house
    await house.store.close()
