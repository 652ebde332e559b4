"""Drafts are tried out by the hundred and shown one at a time, with the engines and layouts that would make them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.renderer.adapters.made import formats_made
from services.renderer.adapters.pool import RenderPool
from services.renderer.application import Bench, Drafts, Layouts, Remakes
from services.renderer.inbox import asked
from shared.blobs import Blob, MemoryBlobs, SqliteBlobs
from shared.contracts.asks import PartsWanted
from shared.contracts.dossier import LayoutDocument
from shared.contracts.drafts import Addressee, Draft, Preview, PreviewWanted, TryOut
from shared.contracts.message import BlobRef, Destination, LayoutVersion, Recipient, Sender
from shared.messaging import Refusal
from tests.unit.renderer.engines import QuickEngine
from tests.unit.renderer.jobs import LETTER, TEXT, a_document, a_job, kept
from tests.unit.renderer.test_application import a_request
from tests.unit.renderer.test_pool import SLOW
from tests.unit.renderer.test_remakes import SaidRequests
from tests.unit.renderer.word_files import document, p, r

BY_TABLE = "Beste {{ recipient.name }},\n\nUw tafel: {{ merge.table }}\n"
WARNS = '#set text(font: "No Such Font")\nDag\n'


@pytest.fixture
def blobs(tmp_path: Path) -> SqliteBlobs:
    """Empty blobs in a file."""
    return SqliteBlobs.create(tmp_path / "blobs.db")


@pytest.fixture
async def bench(blobs: SqliteBlobs, tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench before one worker with little memory."""
    del blobs
    pool = RenderPool(tmp_path / "blobs.db", 1, memory=1024**3)
    yield Bench(pool, 1)
    await pool.close()


@pytest.fixture
def drafts(bench: Bench) -> Drafts:
    return Drafts(bench)


def a_draft(**others: Any) -> Draft:
    facts: dict[str, Any] = {
        "subject": "Uitnodiging",
        "issue_method": "email",
        "sender": Sender(name="Bakkerij", address="post@bakery.example"),
        "document_date": date(2026, 11, 24),
    }
    return Draft(**facts | others)


def an_addressee(number: int = 1, **merge: Any) -> Addressee:
    return Addressee(
        destination=Destination(kind="person", number=str(number)),
        recipient=Recipient(name=f"Anna {number}", email=f"anna{number}@home.example"),
        merge=merge,
    )


def required(blobs: SqliteBlobs, source: str, layout_id: str = "welcome") -> LayoutVersion:
    """Keep a text layout without declared fields: whatever it uses has to be there."""
    return kept(blobs, a_document(fields=(), text=source), layout_id)


def how_many(tmp_path: Path) -> int:
    """Return how many blobs are kept."""
    with sqlite3.connect(tmp_path / "blobs.db") as connection:
        return int(connection.execute("SELECT count(*) FROM blobs").fetchone()[0])


async def test_each_recipient_is_told_apart_by_field_and_line_and_nothing_is_kept(
    drafts: Drafts, blobs: SqliteBlobs, tmp_path: Path
) -> None:
    """FR-94: a dry run over the real data, body and letter both, names layout, language, field and line."""
    body = required(blobs, BY_TABLE)
    letter = kept(blobs, a_document("typst", fields=("table",), typst=LETTER + "\n#data.merge.seat\n"), "brief")
    draft = a_draft(body_layout=body, attachment_layout=letter)
    before = how_many(tmp_path)

    tried = await drafts.try_out(
        TryOut(draft=draft, to=(an_addressee(1, table=7, seat=2), an_addressee(2, seat=1), an_addressee(3, table=1)))
    )

    good, body_fault, letter_fault = (one.fault for one in tried.results)
    assert good is None
    assert body_fault is not None
    assert (body_fault.layout_id, body_fault.language, body_fault.field, body_fault.line) == (
        *("welcome", "nl", "merge.table"),
        3,
    )
    assert letter_fault is not None
    assert (letter_fault.layout_id, letter_fault.field, letter_fault.line) == ("brief", "data.merge.seat", 6)
    assert how_many(tmp_path) == before


async def test_what_an_engine_warns_of_is_told(drafts: Drafts, blobs: SqliteBlobs) -> None:
    letter = kept(blobs, a_document("typst", typst=WARNS))

    [tried] = (await drafts.try_out(TryOut(draft=a_draft(attachment_layout=letter), to=(an_addressee(),)))).results

    assert tried.fault is None
    assert any("no such font" in warning for warning in tried.warnings)


async def test_a_document_that_kills_its_worker_fails_that_one_recipient_only(
    drafts: Drafts, blobs: SqliteBlobs
) -> None:
    """FR-94: whose message can't be made is found beforehand, and spoils no other's."""
    greedy = "#let data = json(bytes(sys.inputs.data))\n#if data.merge.table == 13 [#range(400000000).len()]\nDag"
    letter = kept(blobs, a_document("typst", fields=("table",), typst=greedy), "greedy")
    to = tuple(an_addressee(number, table=number) for number in range(30))

    tried = await drafts.try_out(TryOut(draft=a_draft(attachment_layout=letter), to=to))

    faults = {number: one.fault for number, one in enumerate(tried.results) if one.fault}
    assert list(faults) == [13]
    assert faults[13].layout_id == "greedy"
    assert "memory" in faults[13].detail


async def test_a_preview_shows_both_bodies_the_letter_and_its_pages_and_keeps_nothing_else(
    drafts: Drafts, blobs: SqliteBlobs, tmp_path: Path
) -> None:
    """FR-42: what is shown is what would be sent to this recipient, merged with its own data."""
    body = kept(blobs, a_document("html", html="<p>Beste {{ recipient.name }}</p>", text=TEXT))
    letter = kept(blobs, a_document("typst", typst=LETTER + "#pagebreak()\nTwee\n#pagebreak()\nDrie"), "brief")
    draft = a_draft(body_layout=body, attachment_layout=letter)
    before = how_many(tmp_path)

    made = await drafts.preview(PreviewWanted(draft=draft, to=an_addressee(table=7), pages=2))

    shown = shown_of(blobs, made.preview)
    assert shown.text == "Beste Anna 1,\nUw tafel: 7\n"
    assert "Beste Anna 1</p>" in (shown.html or "")
    assert (shown.attachment or b"").startswith(b"%PDF")
    assert (shown.filename, shown.content_type) == ("brief.pdf", "application/pdf")
    assert shown.page_count == 3
    assert [Image.open(BytesIO(page)).size for page in shown.pages] == [(910, 1287)] * 2
    assert (made.parts, made.fault) == (None, None)
    assert how_many(tmp_path) == before + 1


async def test_a_preview_of_a_word_document_shows_its_pages_too(drafts: Drafts, blobs: SqliteBlobs) -> None:
    """FR-42, A6: it stays the document that is sent."""
    [ref] = blobs.put_many([Blob(document(p(r("Beste {{ recipient.name }}"))))])
    letter = kept(blobs, LayoutDocument(kind="word", sources={}, files={"nl": ref}), "brief")
    draft = a_draft(attachment_layout=letter, attachment_read_only=False)

    made = await drafts.preview(PreviewWanted(draft=draft, to=an_addressee(), pages=2))

    shown = shown_of(blobs, made.preview)
    assert (shown.filename, (shown.attachment or b"")[:2]) == ("brief.docx", b"PK")
    assert (shown.page_count, [Image.open(BytesIO(page)).size for page in shown.pages]) == (1, [(910, 1287)])


async def test_a_preview_to_be_sent_keeps_the_very_parts_too(drafts: Drafts, blobs: SqliteBlobs) -> None:
    draft = a_draft(body_text="Dag Anna", attachment_layout=kept(blobs, a_document("typst", typst=LETTER)))

    made = await drafts.preview(PreviewWanted(draft=draft, to=an_addressee(), keep=True))

    shown = shown_of(blobs, made.preview)
    assert made.parts is not None
    assert made.parts.text is not None
    assert made.parts.attachment is not None
    assert blobs.get(made.parts.text.sha256).decode() == shown.text == "Dag Anna"
    assert blobs.get(made.parts.attachment.sha256) == shown.attachment
    blobs.delete([made.parts.text.sha256, made.parts.attachment.sha256], only_transient=True)
    assert not blobs.has(made.parts.text.sha256)
    assert not blobs.has(made.parts.attachment.sha256)


async def test_a_preview_that_cannot_be_made_says_where(drafts: Drafts, blobs: SqliteBlobs) -> None:
    draft = a_draft(body_layout=required(blobs, BY_TABLE))

    made = await drafts.preview(PreviewWanted(draft=draft, to=an_addressee()))

    assert (made.preview, made.parts) == (None, None)
    assert made.fault is not None
    assert (made.fault.layout_id, made.fault.field, made.fault.line) == ("welcome", "merge.table", 3)


async def test_two_previews_of_the_same_are_two_blobs(drafts: Drafts) -> None:
    wanted = PreviewWanted(draft=a_draft(body_text="Dag"), to=an_addressee())

    one, other = await drafts.preview(wanted), await drafts.preview(wanted)

    assert one.preview != other.preview


async def test_a_preview_goes_before_a_run_that_waits(bench: Bench, blobs: SqliteBlobs) -> None:
    """FR-43: who asks for one sample does not wait for the thousands that others asked for."""
    slow, greeting = kept(blobs, a_document(text=SLOW), "slow"), kept(blobs, a_document(), "greeting")
    run = [asyncio.create_task(bench.make(a_job(body_layout=slow))) for _ in range(3)]
    run += [asyncio.create_task(bench.make(a_job(body_layout=greeting))) for _ in range(200)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await Drafts(bench).preview(PreviewWanted(draft=a_draft(body_text="Dag"), to=an_addressee()))

    assert sum(one.done() for one in run) <= 25
    await asyncio.gather(*run)


async def test_a_worker_that_comes_too_late_for_one_is_given_to_the_next(blobs: SqliteBlobs, tmp_path: Path) -> None:
    pool = RenderPool(tmp_path / "blobs.db", 1)
    busy = asyncio.create_task(pool.make([a_job(body_layout=kept(blobs, a_document(text=SLOW), "slow"))]))
    await asyncio.sleep(0)
    gone = [asyncio.create_task(pool.make([a_job(body_text="x")], urgent=urgent)) for urgent in (True, False)]
    await asyncio.sleep(0)

    for one in gone:
        one.cancel()
    async with asyncio.timeout(30):
        await busy
        await pool.make([a_job(body_text="x")])

    await pool.close()


async def test_an_engine_that_is_not_to_be_had_is_a_refusal_at_the_door() -> None:
    engine = QuickEngine(MemoryBlobs())
    engine.unavailable = 3
    bench, request = Bench(engine, 1), a_request()
    remakes = Remakes(bench, SaidRequests(request))
    doors = asked(Drafts(bench), Layouts(engine, formats_made), remakes).doors
    draft, to = a_draft(body_text="Dag"), an_addressee()

    for wish, question in (
        ("preview", PreviewWanted(draft=draft, to=to)),
        ("try-out", TryOut(draft=draft, to=(to,))),
        ("parts", PartsWanted(processing_id=request.processing_id, mail_id=request.mail_id)),
    ):
        with pytest.raises(Refusal) as refused:
            await doors[wish][1](question)

        assert refused.value.code == "engine_unavailable"


def shown_of(blobs: SqliteBlobs, ref: BlobRef | None) -> Preview:
    """Return the preview that was kept."""
    assert ref is not None
    return Preview.model_validate_json(blobs.get(ref.sha256))
