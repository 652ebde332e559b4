"""The message of a row over HTTP and on its page: kept or made anew, equal to what was sent or not, or not to be had."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from services.history.adapters.tables import JobTables, NoticeTable, ProjectedTables, RecordTables
from services.history.application import History, Notices, Resending
from services.history.web import routes
from shared.access import Access
from shared.blobs import Blob, MemoryBlobs
from shared.contracts.asks import MessageKept, MessageWanted
from shared.messaging import NoAnswer, Refusal
from shared.pages import frame
from shared.store import Store
from tests.unit.history.printed import a_printing
from tests.unit.history.story import recorded, rendered, requested, row_id, sent, started, told

A = TypeVar("A", bound=BaseModel)
EML = b"From: post@bakery.example\r\n\r\nhello"
ROW = f"/verwerking/{row_id(1)}"


class SaidMailer:
    """A mailer that says of each message what it is told to."""

    def __init__(self, blobs: MemoryBlobs) -> None:
        self.says: Any = "kept"
        self.patience: float | None = None
        self._blobs = blobs

    async def ask(
        self, service: str, wish: str, question: BaseModel, answer: type[A], *, timeout: float | None = None
    ) -> A:
        """Answer, refuse with a code, or keep silent."""
        assert (service, wish, type(question)) == ("mailer", "message", MessageWanted)
        self.patience = timeout
        if self.says is None:
            raise NoAnswer(service)
        if self.says not in {"kept", "remade-equal", "remade-different"}:
            raise Refusal(self.says, "no")
        [ref] = self._blobs.put_many([Blob(EML, "a_day")])
        return answer.model_validate(MessageKept(sha256=ref.sha256, size=ref.size, remade=self.says).model_dump())


@pytest.fixture
def mailer() -> SaidMailer:
    return SaidMailer(MemoryBlobs())


@pytest.fixture
async def person(file_store: Store, mailer: SaidMailer, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A person who came in by a login link, of a history that knows a row that was sent."""
    access = Access(f"sqlite:///{tmp_path / 'access.db'}")
    projected = ProjectedTables(file_store)
    await projected.project("dossier", told([started(1), recorded(1), requested(1)]))
    await projected.project("renderer", told([rendered(1)]))
    await projected.project("mailer", told([sent(1)]))
    app = FastAPI()
    history = History(RecordTables(file_store), mailer, mailer._blobs)
    resending = Resending(JobTables(file_store), mailer)
    for router in routes(history, resending, Notices(NoticeTable(file_store)), a_printing(history, file_store, mailer)):
        app.include_router(router)
    frame(app, access)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True) as caller:
        await caller.get("/login", params={"link": access.create_login_link()})
        yield caller


@pytest.mark.parametrize(
    ("says", "name", "english", "dutch"),
    [
        ("kept", "{}.eml", "is kept, byte for byte", "is bewaard, byte voor byte"),
        ("remade-equal", "{}.eml", "made anew, and is equal byte for byte", "opnieuw gemaakt en byte voor byte gelijk"),
        ("remade-different", "{}-remade-different.eml", "differs from what was sent", "verschilt van wat is verzonden"),
    ],
)
async def test_a_message_says_whether_it_is_what_was_sent(
    person: httpx2.AsyncClient, mailer: SaidMailer, says: str, name: str, english: str, dutch: str
) -> None:
    """A4, FR-50, R-16: in a header and in the name of the file, and on the page in the reader's language."""
    mailer.says = says

    saved = await person.get(f"/api/v1/processing/{row_id(1)}/message.eml")
    pages = [await person.get(f"{ROW}/vergelijking", params={"lang": language}) for language in ("en", "nl")]

    assert (saved.content, saved.headers["uitpost-message"]) == (EML, says)
    mail = saved.headers["content-disposition"].partition('"')[2].rstrip('"')
    assert mail == name.format(mail.removesuffix(".eml").removesuffix("-remade-different"))
    assert english in pages[0].text
    assert dutch in pages[1].text
    assert mailer.patience is not None
    assert mailer.patience > 30, "documents may have to be made first"


@pytest.mark.parametrize(
    ("says", "status", "words"),
    [
        ("never_attempted", 404, "Nobody has tried"),
        ("parts_gone", 410, "not kept any more"),
        ("not_remade", 410, "can’t be merged any more"),
        ("merge_data_expired", 409, "merge data are not kept"),
        ("erased", 410, "is erased"),
        ("engine_unavailable", 503, "can’t be made right now"),
        ("no_answer", 503, "gives no answer"),
        (None, 503, "gives no answer"),
    ],
)
async def test_a_message_that_is_not_to_be_had_says_why(
    person: httpx2.AsyncClient, mailer: SaidMailer, says: str | None, status: int, words: str
) -> None:
    """R-16: that of an erased contact, above all."""
    mailer.says = says

    english = {"Accept-Language": "en"}
    refused = await person.get(f"/api/v1/processing/{row_id(1)}/message.eml", headers=english)
    page = await person.get(f"{ROW}/vergelijking", params={"lang": "en"})

    assert (refused.status_code, refused.json()["code"]) == (status, says or "no_answer")
    assert words in refused.json()["detail"]
    assert words in page.text


async def test_the_page_of_a_row_leads_to_its_message_and_to_the_comparison(person: httpx2.AsyncClient) -> None:
    page = await person.get(ROW, params={"lang": "en"})

    assert f'href="/api/v1/processing/{row_id(1)}/message.eml"' in page.text
    assert f'href="{ROW}/vergelijking?lang=en"' in page.text
