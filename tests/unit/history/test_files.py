"""The files of an item: those that go along and those made for it can be saved, those of others can't."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid5

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from services.history.adapters.tables import ProjectedTables, RecordTables
from services.history.application.history import History
from services.history.web import files
from shared.access import Access
from shared.blobs import Blob, MemoryBlobs
from shared.contracts import Message
from shared.contracts.dossier import DocumentRequested
from shared.contracts.message import Attachment, BlobRef, Parts
from shared.contracts.renderer import LetterRendered, RenderingFailed
from shared.pages import frame
from shared.store import Store
from tests.unit.history.doors import Silence
from tests.unit.history.story import RUN, START, item_id, not_rendered, recorded, told

LETTER, TEXT, SHARED = b"%PDF-1.7 letter", "Dag «recipient.name»".encode(), b"route"
TYPED = uuid5(item_id(2), "generic_attachment")


def wanted(row: int, slot: str) -> DocumentRequested:
    return DocumentRequested.model_validate(
        {
            "run_id": RUN,
            "item_id": item_id(row),
            "document_id": uuid5(item_id(row), slot),
            "slot": slot,
            "subject": "Uitnodiging 2026",
            "document_date": START.date(),
            "requested_at": START,
        }
    )


def made(row: int, slot: str, parts: Parts) -> LetterRendered:
    document = uuid5(item_id(row), slot)
    return LetterRendered.model_validate(
        {
            "run_id": RUN,
            "item_id": item_id(row),
            "document_id": document,
            "slot": slot,
            "parts": parts.model_dump(),
            "rendered_at": START + timedelta(seconds=1),
        }
    )


class Door:
    """History's files as a program gets them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.blobs = MemoryBlobs()
        self.app = FastAPI()
        access = Access(f"sqlite:///{folder}/access.db")
        frame(self.app, access)
        self.app.include_router(files.routes(History(RecordTables(store), Silence(), self.blobs)))
        self.token = access.create_token("reader", ["read"])

    async def get(self, row: int, content: bytes) -> Response:
        path = f"/api/v1/dossier-items/{item_id(row)}/files/{sha256(content).hexdigest()}"
        sent = {"Authorization": f"Bearer {self.token}"}
        async with AsyncClient(transport=ASGITransport(self.app), base_url="http://127.0.0.1") as client:
            return await client.get(path, headers=sent)


@pytest.fixture
async def door(file_store: Store, tmp_path: Path) -> Door:
    door = Door(file_store, tmp_path)
    letter, text, _ = door.blobs.put_many([Blob(LETTER), Blob(TEXT), Blob(SHARED)])
    pdf = Attachment(**letter.model_dump(), filename="Brief Ünal.pdf", content_type="application/pdf")
    route = Attachment(sha256=sha256(SHARED).hexdigest(), size=5, filename="route.txt", content_type="text/plain")
    with_file = recorded(1).model_copy(update={"attachments": (route,)})
    asked = [wanted(1, "auto_document"), wanted(2, "generic_attachment")]
    answers: list[Message] = [
        made(1, "auto_document", Parts(attachment=pdf)),
        made(2, "generic_attachment", Parts(text=BlobRef(**text.model_dump()))),
    ]
    await ProjectedTables(file_store).project("dossier", told([with_file, recorded(2), *asked]))
    await ProjectedTables(file_store).project("renderer", told(answers))
    return door


async def test_the_document_of_a_type_is_a_file_of_its_item(door: Door) -> None:
    """FR-87, A17."""
    answer = await door.get(1, LETTER)

    assert (answer.status_code, answer.content) == (200, LETTER)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Brief%20%C3%9Cnal.pdf"


async def test_a_generic_attachment_made_of_a_typed_body_is_a_text(door: Door) -> None:
    """FR-84, A4."""
    answer = await door.get(2, TEXT)

    assert (answer.status_code, answer.content) == (200, TEXT)
    assert "bericht.txt" in answer.headers["content-disposition"]


async def test_a_file_that_goes_along_is_a_file_of_the_item(door: Door) -> None:
    assert (await door.get(1, SHARED)).content == SHARED


async def test_a_file_of_another_item_is_none_of_this_one(door: Door) -> None:
    assert (await door.get(2, LETTER)).status_code == 404
    assert (await door.get(9, LETTER)).status_code == 404


async def test_a_file_that_is_not_kept_any_more_is_said_to_be_gone(door: Door) -> None:
    door.blobs.delete([sha256(LETTER).hexdigest()])

    answer = await door.get(1, LETTER)

    assert (answer.status_code, answer.json()["code"]) == (410, "file_gone")


async def test_a_document_that_could_not_be_made_is_listed_as_such(file_store: Store) -> None:
    """A17."""
    failed: RenderingFailed = not_rendered(1).model_copy(
        update={"processing_id": None, "mail_id": None, "document_id": TYPED, "slot": "auto_document"}
    )

    await ProjectedTables(file_store).project("dossier", told([recorded(1)]))
    await ProjectedTables(file_store).project("renderer", told([failed]))
    item = await RecordTables(file_store).item(item_id(1))

    assert item is not None
    assert [(one["slot"], one["status"], one["attachment"]) for one in item["documents"]] == [
        ("auto_document", "render_failed", None)
    ]
