"""What is asked of the read model, on SQLite and PostgreSQL: pages that meet without gap, filters and search."""

from datetime import timedelta

import pytest

from services.history.adapters.tables import ProjectedTables, RecordTables
from services.history.application.history import History
from services.history.domain.looking import Cursor, Filter
from shared.blobs import MemoryBlobs
from shared.contracts.message import Recipient
from shared.store import Store
from tests.unit.history.doors import Relations
from tests.unit.history.story import RUN, at, excluded, recorded, requested, row_id, sent, started, told

PEOPLE = ["Anna de Vries", "Ελένη Παπαδοπούλου", "Pieter 100% Jansen", 'Kees "de" Boer']


@pytest.fixture
async def history(store: Store) -> History:
    people = [
        requested(row, recipient=Recipient(name=name, email=f"p{row}@bakery.example"))
        for row, name in enumerate(PEOPLE, 1)
    ]
    same_moment = [requested(row).model_copy(update={"requested_at": at(0)}) for row in range(10, 20)]
    story = [started(15), *people, excluded(5), *same_moment]
    await ProjectedTables(store).project("dossier", told([*story, recorded(1)]))
    await ProjectedTables(store).project("mailer", told([sent(1), sent(2)]))
    return History(RecordTables(store), Relations(), MemoryBlobs())


async def found(history: History, wanted: Filter) -> list[str]:
    return [row["number"] for row in (await history.page(wanted, 50)).items]


@pytest.mark.parametrize("limit", [1, 4, 15])
@pytest.mark.parametrize("wanted", [Filter(), Filter(run_id=RUN), Filter(q="bakery")], ids=["all", "run", "search"])
async def test_pages_meet_without_gap_or_overlap(history: History, wanted: Filter, limit: int) -> None:
    seen: list[object] = []
    after: Cursor | None = None
    while True:
        page = await history.page(wanted, limit, after)
        seen += [row["processing_id"] for row in page.items]
        if page.next is None:
            break
        after = Cursor.read(str(page.next))

    expected = 14 if wanted.q else 15
    assert len(seen) == len(set(seen)) == expected


async def test_the_newest_stands_first(history: History) -> None:
    assert (await found(history, Filter()))[:5] == ["5", "4", "3", "2", "1"]


@pytest.mark.parametrize(
    ("q", "numbers"),
    [
        ("anna de", ["1"]),
        ("VRIES", ["1"]),
        ("απαδοπ", ["2"]),
        ("100%", ["3"]),
        ('"de"', ["4"]),
        ("p3@bakery", ["3"]),
        ("p2", ["2"]),
        ("zz", []),
        ("' OR 1=1 --", []),
        ("nobody", []),
    ],
)
async def test_search_looks_in_name_address_and_subject(history: History, q: str, numbers: list[str]) -> None:
    """FR-56."""
    assert await found(history, Filter(q=q)) == numbers


async def test_a_corrected_address_is_found_and_the_old_one_no_longer(history: History, store: Store) -> None:
    corrected = requested(1, 2, recipient=Recipient(name="Anna de Vries", email="anna@new-office.example"))

    await ProjectedTables(store).project("dossier", told([corrected], after=50))

    assert await found(history, Filter(q="new-office")) == ["1"]
    assert await found(history, Filter(q="p1@bakery")) == []


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(status="sent"), ["2", "1"]),
        (Filter(status="sent", q="bakery"), ["2", "1"]),
        (Filter(kind="organisation", number="3"), ["3"]),
        (Filter(kind="person", number="3"), []),
        (Filter(since=at(4)), ["5", "4"]),
        (Filter(since=at(2), until=at(4)), ["3", "2"]),
        (Filter(run_id=row_id(1)), []),
    ],
    ids=str,
)
async def test_filters_narrow_the_list(history: History, wanted: Filter, numbers: list[str]) -> None:
    """R-3."""
    assert await found(history, wanted) == numbers


async def test_a_dossier_lists_items_with_the_rows_that_stand_there(history: History) -> None:
    """FR-4, FR-49."""
    dossier = await history.dossier("organisation", "1", None, 10)
    elsewhere = await history.dossier("employee", "1", None, 10)

    assert [[row["status"] for row in item["rows"]] for item in dossier.items] == [["sent"]]
    assert elsewhere.items == []


@pytest.mark.parametrize("text", ["", "x", "é", "None", "A" * 43, "_" * 200, "AAAA.AAAA"])
def test_a_cursor_that_was_not_given_out_is_refused(text: str) -> None:
    if text == "A" * 43:
        assert Cursor.read(text).sequence == 0
        return
    with pytest.raises(ValueError, match="cursor"):
        Cursor.read(text)


def test_a_cursor_reads_back_as_it_was_written() -> None:
    cursor = Cursor(at(1) + timedelta(microseconds=1), row_id(1), 77)

    assert Cursor.read(str(cursor)) == cursor
