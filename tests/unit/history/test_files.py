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
from tests.unit.history.story import (
    RUN,
    START,
    excluded,
    generated,
    item_id,
    not_rendered,
    recorded,
    requested,
    row_id,
    sent,
    told,
)

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
        return await self.look(f"dossier-items/{item_id(row)}/files/{sha256(content).hexdigest()}")

    async def look(self, path: str) -> Response:
        sent = {"Authorization": f"Bearer {self.token}"}
        async with AsyncClient(transport=ASGITransport(self.app), base_url="http://127.0.0.1") as client:
            return await client.get(f"/api/v1/{path}", headers=sent)


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


async def test_the_letter_of_a_row_can_be_saved(door: Door, file_store: Store) -> None:
    """FR-92: named by its subject."""
    pdf = Attachment(sha256=sha256(LETTER).hexdigest(), size=1, filename="x.pdf", content_type="application/pdf")
    letter = generated(3).model_copy(update={"parts": Parts(attachment=pdf)})
    await ProjectedTables(file_store).project("dossier", told([recorded(3), requested(3), requested(4)], 10))
    await ProjectedTables(file_store).project("renderer", told([letter], 10))

    answer, none = await door.look(f"processing/{row_id(3)}/letter"), await door.look(f"processing/{row_id(4)}/letter")

    assert (answer.status_code, answer.content) == (200, LETTER)
    assert answer.headers["content-disposition"].endswith("Uitnodiging%202026.pdf")
    assert (none.status_code, none.json()["code"]) == (404, "no_letter")


async def test_the_attachment_of_an_item_is_its_own_message_letter_document_or_file(
    door: Door, file_store: Store
) -> None:
    """FR-50, FR-52, A9: what is opened at a finish, as soon as it is there."""
    generic = recorded(2).model_copy(update={"record_separately": False})
    note = recorded(5, "none").model_copy(
        update={"attachments": (Attachment(sha256="5" * 64, size=1, filename="a", content_type="text/plain"),)}
    )
    letter = generated(3).model_copy(
        update={"parts": Parts(attachment=Attachment(sha256="3" * 64, size=1, filename="x", content_type="a/b"))}
    )
    bare = [one.model_copy(update={"attachments": ()}) for one in (recorded(6, "none"), recorded(7))]
    story = [generic.model_copy(update={"item_id": item_id(12)}), note, *bare, excluded(7)]
    rows = [
        recorded(3, "document"),
        requested(3, issue_method="document"),
        recorded(4),
        requested(4),
        recorded(8),
        requested(8),
    ]
    typed = wanted(12, "generic_attachment")
    text = BlobRef(sha256=sha256(TEXT).hexdigest(), size=len(TEXT))
    await ProjectedTables(file_store).project("dossier", told([*story, *rows, typed], 10))
    await ProjectedTables(file_store).project(
        "renderer", told([letter, made(12, "generic_attachment", Parts(text=text))], 10)
    )
    await ProjectedTables(file_store).project("mailer", told([sent(4)], 10))

    answers = {row: await door.look(f"dossier-items/{item_id(row)}/attachment") for row in (3, 4, 5, 6, 7, 8, 12, 99)}

    led = {row: answer.headers["location"] for row, answer in answers.items() if answer.status_code == 303}
    refused = {row: answer.json()["code"] for row, answer in answers.items() if answer.status_code == 404}
    assert led == {
        3: f"/api/v1/processing/{row_id(3)}/letter",
        4: f"/api/v1/processing/{row_id(4)}/message.eml",
        5: f"/api/v1/dossier-items/{item_id(5)}/files/{'5' * 64}",
        12: f"/api/v1/dossier-items/{item_id(12)}/files/{text.sha256}",
    }
    assert refused == {6: "no_attachment", 7: "no_attachment", 8: "attachment_not_ready", 99: "unknown_item"}
