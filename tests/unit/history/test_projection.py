"""The projection on SQLite and PostgreSQL: each message counts once, in whatever order the streams are read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid5

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.history.adapters.tables import TABLES, ProjectedTables, RecordTables
from services.history.domain.looking import Filter
from services.history.domain.run import Sought
from shared.contracts import Message
from shared.contracts.dossier import DocumentRequested, ItemFields
from shared.contracts.message import Attachment, Parts
from shared.contracts.renderer import LetterRendered
from shared.messaging import Place, Told
from shared.store import Store
from tests.unit.history.story import (
    RUN,
    START,
    deferred,
    excluded,
    failed,
    in_doubt,
    item_id,
    not_rendered,
    recorded,
    rendered,
    requested,
    resolved,
    row_id,
    sent,
    started,
    told,
)

STORY: dict[str, list[Message]] = {
    "dossier": [
        started(6),
        *(message for row in (1, 2, 3, 4) for message in (recorded(row), requested(row))),
        recorded(5),
        excluded(5),
        requested(2, 2),
    ],
    "renderer": [rendered(1), rendered(2), not_rendered(3), rendered(4), rendered(2, 2)],
    "mailer": [sent(1), failed(2), in_doubt(4), deferred(2, 2), resolved(4, "not_sent"), sent(2, 2, attempt=2)],
}
COUNTS = {"queued": 1, "sent": 2, "failed": 1, "render_failed": 1, "no_address": 1}


async def tell(store: Store, *batches: tuple[str, Sequence[Told]]) -> None:
    for publisher, batch in batches:
        await ProjectedTables(store).project(publisher, batch)


async def whole(store: Store) -> list[Any]:
    """Return everything the read model says, without the order in which rows arrived."""
    records = RecordTables(store)
    rows = await records.page(Filter(), 100, None)
    shown = [{name: value for name, value in row.items() if name != "sequence"} for row in rows]
    timelines = await records.timelines([row["processing_id"] for row in rows])
    runs = await records.runs(Sought(), 10, None)
    return [shown, timelines, runs, await records.counts(), await records.item(item_id(1))]


async def test_the_streams_add_up_to_rows_and_counters(store: Store) -> None:
    """FR-56, A14."""
    await tell(store, *((publisher, told(messages)) for publisher, messages in STORY.items()))

    records = RecordTables(store)
    run = await records.run(RUN)
    rows = {row["number"]: row for row in await records.page(Filter(), 10, None)}

    assert run is not None
    assert run.counts == COUNTS
    assert await records.counts() == COUNTS
    assert sum(run.counts.values()) == run.total
    assert not run.complete
    assert [rows[str(n)]["status"] for n in range(1, 6)] == ["sent", "sent", "render_failed", "failed", "no_address"]
    assert (rows["2"]["ordinal"], rows["2"]["attempts"]) == (2, 2)


async def test_the_same_batches_again_change_nothing(store: Store) -> None:
    batches = [(publisher, told(messages)) for publisher, messages in STORY.items()]
    await tell(store, *batches)
    before = await whole(store)

    await tell(store, *batches, ("dossier", told(STORY["dossier"], made="another stream")))

    assert await whole(store) == before


async def test_a_batch_that_is_half_known_adds_the_other_half(store: Store) -> None:
    await tell(store, ("dossier", told(STORY["dossier"][:4])))

    await tell(store, ("dossier", told(STORY["dossier"])))
    run = await RecordTables(store).run(RUN)

    assert run is not None
    assert run.counts == {"queued": 1, "rendering": 4, "no_address": 1}
    assert run.recorded == 5


async def test_a_place_is_kept_with_what_it_stands_for(store: Store) -> None:
    batch = told(STORY["mailer"], after=40, made="this stream")

    await tell(store, ("mailer", batch))
    projected = ProjectedTables(store)

    assert await projected.place("mailer") == Place(46, 46, "this stream")
    assert await projected.place("dossier") == Place()


async def test_what_was_thrown_away_is_made_anew(store: Store) -> None:
    """FR-55."""
    batches = [(publisher, told(messages)) for publisher, messages in STORY.items()]
    await tell(store, *batches)
    before = await whole(store)

    await ProjectedTables(store).forget()
    empty = await RecordTables(store).page(Filter(), 10, None)
    await tell(store, *reversed(batches))

    assert empty == []
    assert await whole(store) == before


@given(st.permutations(range(3)), st.lists(st.integers(1, 4), min_size=30, max_size=30))
@settings(max_examples=10)
async def test_any_interleaving_of_batches_gives_the_same(order: list[int], sizes: list[int]) -> None:
    async with Store("sqlite://", "history", TABLES) as one, Store("sqlite://", "history", TABLES) as other:
        await tell(one, *((publisher, told(messages)) for publisher, messages in STORY.items()))

        left = {publisher: told(STORY[publisher]) for publisher in (list(STORY)[n] for n in order)}
        turn = 0
        while any(left.values()):
            publisher = list(left)[turn % 3]
            size = sizes[turn % 30]
            if left[publisher]:
                await tell(other, (publisher, left[publisher][:size]))
            left[publisher] = left[publisher][size:]
            turn += 1

        assert await whole(other) == await whole(one)


async def test_a_generic_attachment_is_a_file_of_its_item_and_counts_nowhere(store: Store) -> None:
    """A4, A17."""
    document_id = uuid5(item_id(1), "generic_attachment")
    wanted = DocumentRequested(
        run_id=RUN,
        item_id=item_id(1),
        document_id=document_id,
        slot="generic_attachment",
        subject="Uitnodiging 2026",
        document_date=START.date(),
        requested_at=START,
    )
    file = Attachment(sha256="ef" * 32, size=7, filename="Brief.pdf", content_type="application/pdf")
    made = LetterRendered(
        run_id=RUN,
        item_id=item_id(1),
        document_id=document_id,
        slot="generic_attachment",
        parts=Parts(attachment=file),
        rendered_at=START + timedelta(seconds=1),
    )

    await tell(store, ("renderer", told([made])), ("dossier", told([started(1), recorded(1), wanted])))
    item = await RecordTables(store).item(item_id(1))
    run = await RecordTables(store).run(RUN)

    assert item is not None
    assert [(one["status"], one["attachment"]) for one in item["documents"]] == [("generated", file.model_dump())]
    assert run is not None
    assert run.counts == {"queued": 1}


async def test_an_item_shows_the_fields_that_are_set(store: Store) -> None:
    fields = ItemFields(priority="high", cause_item_id=item_id(2), completed_at=START)
    item = recorded(1).model_copy(update={"fields": fields})

    await tell(store, ("dossier", told([item, recorded(2)])))
    with_fields, without = [await RecordTables(store).item(item_id(row)) for row in (1, 2)]

    assert with_fields is not None
    assert with_fields["fields"] == {
        "priority": "high",
        "cause_item_id": str(item_id(2)),
        "completed_at": "2026-03-02T09:15:00Z",
    }
    assert without is not None
    assert without["fields"] == {}


async def test_a_run_without_mail_is_complete_when_its_items_stand(store: Store) -> None:
    await tell(store, ("dossier", told([started(2, "none"), recorded(1, "none")])))
    half = await RecordTables(store).run(RUN)
    await tell(store, ("dossier", told([recorded(2, "none")], after=2)))
    complete = await RecordTables(store).run(RUN)

    assert half is not None
    assert complete is not None
    assert (half.complete, half.counts) == (False, {})
    assert (complete.complete, complete.counts, complete.recorded) == (True, {}, 2)


async def test_what_cannot_be_read_is_a_dead_letter_and_holds_nothing_up(store: Store) -> None:
    batch = told([started(1), requested(1)])
    unreadable = replace(batch[0], message=None)
    of_no_concern = replace(batch[1], message=None, subject="uitpost.dossier.mail-server-set.v1")

    await tell(store, ("dossier", [unreadable, of_no_concern]), ("dossier", told([requested(1)], after=2)))
    letters = await RecordTables(store).dead_letters(10)

    assert [(letter["stream"], letter["sequence"]) for letter in letters] == [("DOSSIER", 1)]
    assert (await RecordTables(store).line(row_id(1))) is not None


async def test_an_advisory_heard_twice_is_one_dead_letter(store: Store) -> None:
    advisory = {"stream": "RENDERER", "consumer": "mailer", "stream_seq": 7, "reason": "poison"}
    heard = Told(None, Place(3, 3, "made"), START, "$JS.EVENT.ADVISORY.X", orjson.dumps(advisory))

    await ProjectedTables(store).bury([heard])
    await ProjectedTables(store).bury([heard])
    letters = await RecordTables(store).dead_letters(10)

    assert [(one["stream"], one["sequence"], one["reason"]) for one in letters] == [("RENDERER", 7, "poison")]
    assert await ProjectedTables(store).place("advisories") == Place(0, 3, "made")
