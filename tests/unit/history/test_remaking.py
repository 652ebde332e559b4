"""Letters are made again: one with its refusal at once, many as a job, each letter of a row to be had by its number."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from services.history.adapters.tables import ProjectedTables, RecordTables
from services.history.application import History
from services.history.web import files, processing, remake, resend
from shared.access import Access
from shared.blobs import Blob, MemoryBlobs
from shared.contracts.message import Attachment, Parts
from shared.pages import frame
from shared.store import Store
from tests.unit.history.doors import Dossier
from tests.unit.history.story import generated, mail_id, requested, row_id, sent, told
from tests.unit.history.test_resending import working

PDF = "application/pdf"


class Desk:
    """History with letters 1 and 2, mail 3 and letter 4 that is being made, over HTTP."""

    def __init__(self, client: AsyncClient, dossier: Dossier, store: Store, blobs: MemoryBlobs) -> None:
        self.client, self.dossier, self.store, self.blobs = client, dossier, store, blobs

    async def post(self, path: str, body: dict[str, Any], key: str = "key") -> Any:
        return await self.client.post(f"/api/v1/processing/{path}", json=body, headers={"Idempotency-Key": key})

    async def made(self, row: int, content: bytes, ordinal: int = 1) -> None:
        """Have a letter made."""
        [ref] = self.blobs.put_many([Blob(content)])
        parts = Parts(attachment=Attachment(**ref.model_dump(), filename="x", content_type=PDF))
        letter = generated(row).model_copy(
            update={"parts": parts, "ordinal": ordinal, "mail_id": mail_id(row, ordinal)}
        )
        await ProjectedTables(self.store).project("renderer", told([letter], 10 * ordinal + row))


@pytest.fixture
async def desk(file_store: Store, tmp_path: Path) -> AsyncIterator[Desk]:
    asked = [requested(row, issue_method="email" if row == 3 else "document") for row in range(1, 5)]
    await ProjectedTables(file_store).project("dossier", told([*asked]))
    await ProjectedTables(file_store).project("mailer", told([sent(3)]))
    app, access, dossier, blobs = FastAPI(), Access(f"sqlite:///{tmp_path}/access.db"), Dossier(), MemoryBlobs()
    frame(app, access)
    history = History(RecordTables(file_store), dossier, blobs)
    async with working(file_store, dossier) as resending:
        for router in (
            *(resend.routes(resending), remake.routes(history, resending)),
            *(processing.routes(history), files.routes(history)),
        ):
            app.include_router(router)
        headers = {"Authorization": f"Bearer {access.create_token('jan', ['read', 'send'])}"}
        async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1", headers=headers) as client:
            desk = Desk(client, dossier, file_store, blobs)
            for row in (1, 2):
                await desk.made(row, b"first")
            yield desk


async def test_a_letter_is_made_again_by_whom_and_why(desk: Desk) -> None:
    """A11, FR-110: the dossier hears all of the wish, once per key."""
    body = {"reason": "Zoek geraakt", "address": "original", "layout": "newest"}

    answer, again = await desk.post(f"{row_id(1)}/remake", body), await desk.post(f"{row_id(1)}/remake", body)

    assert (answer.status_code, answer.json()) == (202, again.json())
    [asked] = desk.dossier.remade
    assert (asked.processing_id, asked.operator, asked.reason) == (row_id(1), "jan", "Zoek geraakt")
    assert (asked.address, asked.layout) == ("original", "newest")
    assert answer.json()["mail_id"] is not None


async def test_every_letter_of_a_row_stays_with_its_lineage(desk: Desk) -> None:
    """A11, FR-66: the latest is had by default, an earlier one by its number."""
    again = requested(1, 2, issue_method="document", requested_by="jan", resend_reason="Zoek geraakt")
    await ProjectedTables(desk.store).project("dossier", told([again], 10))
    await desk.made(1, b"second", 2)

    row = (await desk.client.get(f"/api/v1/processing/{row_id(1)}")).json()
    letters = [await desk.client.get(f"/api/v1/processing/{row_id(1)}/letter", params=n) for n in ({}, {"n": 1})]
    none = await desk.client.get(f"/api/v1/processing/{row_id(1)}/letter", params={"n": 3})

    assert (row["status"], [mail["resend_of"] for mail in row["mails"]]) == ("generated", [None, str(mail_id(1))])
    assert [mail["letter_sha256"] for mail in row["mails"]] == [
        sha256(content).hexdigest() for content in (b"first", b"second")
    ]
    assert [letter.content for letter in letters] == [b"second", b"first"]
    assert (none.status_code, none.json()["code"]) == (404, "no_letter")
    [wish] = [fact for fact in row["timeline"] if fact["what"] == "requested" and fact["ordinal"] == 2]
    assert (wish["actor"], wish["reason"]) == ("jan", "Zoek geraakt")


async def test_a_letter_that_is_being_made_is_not_made_again_and_each_row_says_so(desk: Desk) -> None:
    """A11: asked for by its id alone or among others; the same wish once more is answered as before."""
    made = {row_id(1): 1, row_id(2): 1, row_id(4): 1}
    desk.dossier.refuses = lambda wish: "letter_to_come" if wish.after < made[wish.processing_id] else None

    alone = await desk.post(f"{row_id(4)}/remake", {}, "alone")
    many = await desk.post("remake", {"ids": [str(row_id(row)) for row in (1, 4)]}, "many")
    one = await desk.post(f"{row_id(2)}/remake", {}, "one")
    await ProjectedTables(desk.store).project("dossier", told([requested(2, 2, issue_method="document")], 10))
    again = await desk.post(f"{row_id(2)}/remake", {}, "one")
    made[row_id(2)] = 2
    other = await desk.post(f"{row_id(2)}/remake", {}, "other")

    assert (alone.status_code, alone.json()["code"]) == (409, "letter_to_come")
    assert [(row["outcome"], row["code"]) for row in many.json()["results"]] == [
        ("remade", None),
        ("refused", "letter_to_come"),
    ]
    assert (one.status_code, again.status_code, again.json()) == (202, 202, one.json())
    assert (other.status_code, other.json()["code"]) == (409, "letter_to_come")


async def test_what_the_dossier_refuses_is_refused_with_its_reason(desk: Desk) -> None:
    desk.dossier.refuses = lambda _: "not_a_letter"

    answer, unknown = await desk.post(f"{row_id(3)}/remake", {}), await desk.post(f"{row_id(9)}/remake", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_letter")
    assert unknown.status_code == 404


async def test_letters_of_a_filter_are_made_again_and_mails_left_alone(desk: Desk) -> None:
    """A11: as is what is still being made."""
    answer = await desk.post("remake", {"filter": {}, "reason": "Nieuw briefpapier", "layout": "newest"})

    shown = (await desk.client.get(f"/api/v1/processing/resend/{answer.json()['job_id']}")).json()
    assert (shown["done"], shown["counts"]) == (True, {"remade": 2, "skipped": 2})
    assert {asked.processing_id for asked in desk.dossier.remade} == {row_id(1), row_id(2)}
    assert desk.dossier.asked == []


async def test_either_ids_or_a_filter_are_named(desk: Desk) -> None:
    neither, both = await desk.post("remake", {}), await desk.post("remake", {"ids": [str(row_id(1))], "filter": {}})
    some = await desk.post("remake", {"ids": [str(row_id(1))] * 2})

    assert (neither.status_code, both.status_code) == (422, 422)
    assert some.json()["counts"] == {"remade": 1}
