"""The files of items as processes make them: the document of a type, and what is stored for many destinations."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pypdfium2
import pytest
import pytest_asyncio

from tests.e2e.crew import Crew, a_mailing

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    """One crew for all tests here."""
    async with Crew(tmp_path_factory.mktemp("crew")) as crew:
        kind = {"name": {"nl": "Klacht"}, "auto_document_layout_id": "letter"}
        await crew.put("dossier", "/api/v1/item-types/complaint", json=kind)
        yield crew


async def recorded(crew: Crew, request: dict[str, Any]) -> list[str]:
    """Have a request recorded; return its items."""
    answer = await crew.post("dossier", "/api/v1/dossier-items", json=request)
    assert answer.status_code == 202, answer.text
    items: list[str] = answer.json()["item_ids"]
    return items


async def documents(crew: Crew, item_id: str) -> list[dict[str, Any]]:
    """Return the files that were made for an item, once one is and all are."""
    path = f"/api/v1/dossier-items/{item_id}"
    async with asyncio.timeout(60):
        while True:
            answer = await crew.get("history", path)
            made: list[dict[str, Any]] = answer.json().get("documents", [])
            if made and all(one["status"] != "rendering" for one in made):
                return made
            await asyncio.sleep(0.1)


async def said_by(crew: Crew, item_id: str, document: dict[str, Any]) -> str:
    """Return what the letter says."""
    file = document["attachment"]["sha256"]
    pdf = (await crew.get("history", f"/api/v1/dossier-items/{item_id}/files/{file}")).content
    with pypdfium2.PdfDocument(pdf) as letter:
        return "\n".join(page.get_textpage().get_text_range() for page in letter)


async def test_a_type_makes_a_document_of_itself_for_each_item(crew: Crew) -> None:
    """FR-87, A17: the addressee's own with one destination, generic with several, nothing sent and no row."""
    [anna, bram] = a_mailing(2, "x")["destinations"]
    complaint = {"type": "complaint", "subject": "Klacht"}

    [one] = await recorded(crew, {"request_id": "one", **complaint, "destinations": [anna]})
    [two] = await recorded(crew, {"request_id": "two", **complaint, "destinations": [anna, bram]})
    [own], [generic] = await documents(crew, one), await documents(crew, two)

    assert (own["slot"], own["status"]) == (generic["slot"], generic["status"]) == ("auto_document", "generated")
    assert anna["recipient"]["name"] in await said_by(crew, one, own)
    said = await said_by(crew, two, generic)
    assert "«recipient.name»" in said
    assert anna["recipient"]["name"] not in said
    shown = (await crew.get("history", f"/api/v1/dossier-items/{two}")).json()
    assert (shown["rows"], len(shown["destinations"])) == ([], 2)
    assert crew.arrived().total() == 0


def kept(crew: Crew) -> int:
    """Return how many blobs are kept for good."""
    with closing(sqlite3.connect(crew.data / "blobs.db")) as blobs:
        number: int = blobs.execute("SELECT count(*) FROM blobs WHERE transient = 0").fetchone()[0]
        return number


async def test_what_is_stored_grows_with_the_destinations_only_where_each_is_recorded_separately(crew: Crew) -> None:
    """FR-83…86, A4."""
    grown: dict[tuple[bool, int], int] = {}
    for separately in (False, True):
        for number in (2, 6):
            before = kept(crew)
            request = a_mailing(number, f"{separately} {number}", record_separately=separately)
            request["subject"] = f"Invitation {separately} {number}"
            answer = await crew.post("dossier", "/api/v1/dossier-items", json=request)
            await crew.settled(answer.json()["run_id"])
            if not separately:
                [generic] = await documents(crew, answer.json()["item_ids"][0])
                assert generic["slot"] == "generic_attachment"
            grown[separately, number] = kept(crew) - before

    assert grown[False, 2] == grown[False, 6] == 1
    assert grown[True, 6] - grown[True, 2] >= 6 - 2, "a letter of each destination's own at least"
