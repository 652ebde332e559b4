"""What is requested is made once, recorded with its parts or with its fault, and told in the words of the contract."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.renderer.adapters.pool import RenderPool
from services.renderer.adapters.runs import TABLES, CancelledRuns
from services.renderer.application import Bench, Renderer
from services.renderer.domain import Engine, EngineUnavailable, Job, LimitReached, Made, Rendering
from services.renderer.outbox import told
from shared.blobs import MemoryBlobs, SqliteBlobs
from shared.contracts import Message
from shared.contracts.dossier import DocumentRequested, DossierItemRequested
from shared.contracts.message import Attachment, BlobRef, Destination, LayoutVersion, Parts, Recipient, Sender
from shared.contracts.renderer import Fault, LetterRendered, MailRendered, RenderingFailed
from shared.relay import topics_of
from shared.store import Store
from tests.unit.renderer.engines import QuickEngine
from tests.unit.renderer.jobs import LETTER, a_document, a_job, kept, named

RUN = UUID("6c0e5b0e-7a53-4b0e-9f0e-0d6f1f6f9a01")
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
BODY = LayoutVersion(layout_id="invitation", version=2, sha256="ab" * 32)
LAYOUT = LayoutVersion(layout_id="letter", version=1, sha256="cd" * 32)
ROUTE = Attachment(sha256="ef" * 32, size=9, filename="route.pdf", content_type="application/pdf")
ANNA = Recipient(name="Anna", email="anna@home.example", language="en")
BAKERY = Sender(sender_id="sales", name="De Bakkerij", address="post@bakery.example")


def ids_of(number: int = 1) -> dict[str, Any]:
    row = uuid5(RUN, str(number))
    return {
        "run_id": RUN,
        "item_id": uuid5(RUN, f"item {number}"),
        "processing_id": row,
        "mail_id": uuid5(row, "1"),
        "ordinal": 1,
        "person": f"person|{number}|#1",
    }


def a_request(number: int = 1, **others: Any) -> DossierItemRequested:
    """A mail to Anna with a letter, requested by the dossier."""
    facts: dict[str, Any] = {
        **ids_of(number),
        "destination": Destination(kind="person", number=str(number)),
        "recipient": ANNA,
        "merge": {"table": 7},
        "type": "outgoing_mail",
        "subject": "Uitnodiging",
        "issue_method": "email",
        "sender": BAKERY,
        "mail_server_id": "relay",
        "body_layout": BODY,
        "attachment_layout": LAYOUT,
        "attachments": (ROUTE,),
        "record_separately": True,
        "document_date": date(2026, 11, 24),
        "requested_at": AT,
    }
    return DossierItemRequested(**facts | others)


def a_file(**others: Any) -> DocumentRequested:
    """The generic attachment of an item, requested by the dossier."""
    facts: dict[str, Any] = {
        "run_id": RUN,
        "item_id": ids_of()["item_id"],
        "document_id": uuid5(ids_of()["item_id"], "generic_attachment"),
        "slot": "generic_attachment",
        "subject": "Uitnodiging",
        "attachment_layout": LAYOUT,
        "body_layout": BODY,
        "document_date": date(2026, 11, 24),
        "requested_at": AT,
    }
    return DocumentRequested(**facts | others)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/renderer.db", "renderer", TABLES) as store:
        yield store


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def engine(blobs: MemoryBlobs) -> QuickEngine:
    return QuickEngine(blobs)


@pytest.fixture
def renderer(store: Store, engine: QuickEngine) -> Renderer:
    return Renderer(store, Bench(engine, 2), CancelledRuns(store))


async def everything_told(store: Store) -> list[Message]:
    stored = await store.notifications(0, 10_000, topics_of(told))
    messages = [told(store.mapper.to_domain_event(one)) for one in stored]
    return [message for message in messages if message is not None]


async def told_of_one(store: Store) -> Any:
    (message,) = await everything_told(store)
    return message


def of_mail(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in ids_of()}


async def test_a_mail_is_made_and_told_with_all_that_sending_it_takes(
    renderer: Renderer, store: Store, blobs: MemoryBlobs
) -> None:
    request = a_request(resend_of=uuid5(RUN, "before"))

    await renderer.render(request)

    mail = await told_of_one(store)
    assert isinstance(mail, MailRendered)
    assert of_mail(mail) == ids_of()
    assert (mail.recipient, mail.sender, mail.mail_server_id, mail.subject) == (ANNA, BAKERY, "relay", "Uitnodiging")
    assert (mail.attachments, mail.record_separately, mail.requested_at) == ((ROUTE,), True, AT)
    assert mail.resend_of == request.resend_of
    assert mail.parts.text is not None
    assert mail.parts.attachment is not None
    assert blobs.get(mail.parts.text.sha256) == b"Beste Anna"
    assert blobs.get(mail.parts.attachment.sha256) == b"%PDF Anna"
    assert (mail.engines, mail.warnings) == ({"quick": "1.0"}, ("a font was missing",))
    assert MailRendered.model_validate_json(mail.model_dump_json()) == mail


async def test_what_is_heard_twice_is_made_once(renderer: Renderer, store: Store, engine: QuickEngine) -> None:
    await renderer.render(a_request())
    await renderer.render(a_request())
    await renderer.make_document(a_file())
    await renderer.make_document(a_file())

    assert len(engine.jobs) == 2
    assert len(await everything_told(store)) == 2


async def test_what_is_heard_twice_at_the_same_time_is_told_once(renderer: Renderer, store: Store) -> None:
    await asyncio.gather(*(renderer.render(a_request()) for _ in range(3)))

    assert isinstance(await told_of_one(store), MailRendered)


async def test_a_layout_sees_the_recipient_the_sender_the_destination_and_the_merge_data(
    renderer: Renderer, engine: QuickEngine
) -> None:
    """FR-6."""
    await renderer.render(a_request())

    (job,) = engine.jobs
    assert job.context == {
        "recipient": {"name": "Anna", "email": "anna@home.example", "language": "en"},
        "subject": "Uitnodiging",
        "date": "2026-11-24",
        "sender": {"name": "De Bakkerij", "address": "post@bakery.example"},
        "destination": {"kind": "person", "number": "1", "contact_id": None},
        "merge": {"table": 7},
    }
    assert (job.language, job.generic, job.lasts) == ("en", False, "for_good")
    assert (job.body_layout, job.body_text, job.attachment_layout) == (BODY, None, LAYOUT)


async def test_a_typed_body_goes_as_it_is_and_an_empty_one_is_a_body_too(
    renderer: Renderer, engine: QuickEngine
) -> None:
    """FR-13, FR-46, A20."""
    await renderer.render(a_request(1, body_layout=None, body_text="Hallo {{ x }}"))
    await renderer.render(a_request(2, body_layout=None, body_text=None))

    assert [(job.body_layout, job.body_text) for job in engine.jobs] == [(None, "Hallo {{ x }}"), (None, "")]


async def test_the_parts_of_a_mail_that_is_not_recorded_separately_are_not_kept_for_good(
    renderer: Renderer, engine: QuickEngine
) -> None:
    """FR-86."""
    await renderer.render(a_request(record_separately=False))

    assert [job.lasts for job in engine.jobs] == ["while_needed"]


async def test_a_mail_sent_again_with_the_same_content_passes_its_parts_through(
    renderer: Renderer, store: Store, engine: QuickEngine
) -> None:
    parts = Parts(text=BlobRef(sha256="12" * 32, size=3))

    await renderer.render(a_request(parts=parts))

    mail = await told_of_one(store)
    assert isinstance(mail, MailRendered)
    assert (mail.parts, mail.engines, mail.warnings) == (parts, {}, ())
    assert engine.jobs == []


@pytest.mark.parametrize("sender", [BAKERY, None], ids=["with a sender", "without"])
async def test_a_letter_is_made_without_a_body_and_told_as_a_letter(
    renderer: Renderer, store: Store, engine: QuickEngine, sender: Sender | None
) -> None:
    """FR-92, FR-108."""
    await renderer.render(a_request(issue_method="document", sender=sender, body_text="not for a letter"))

    letter = await told_of_one(store)
    assert isinstance(letter, LetterRendered)
    assert of_mail(letter) == ids_of()
    assert (letter.slot, letter.document_id, letter.attachments) == ("letter", None, (ROUTE,))
    assert letter.parts.attachment is not None
    (job,) = engine.jobs
    assert (job.body_layout, job.body_text, job.attachment_layout) == (None, None, LAYOUT)


async def test_a_file_of_an_item_is_made_with_field_names_and_told_under_its_own_id(
    renderer: Renderer, store: Store, engine: QuickEngine
) -> None:
    """FR-84, A4."""
    request = a_file(sender=BAKERY)

    await renderer.make_document(request)

    document = await told_of_one(store)
    assert isinstance(document, LetterRendered)
    assert (document.document_id, document.slot) == (request.document_id, "generic_attachment")
    assert (document.processing_id, document.mail_id, document.person) == (None, None, None)
    (job,) = engine.jobs
    assert (job.generic, job.lasts, job.attachment_layout, job.body_layout) == (True, "for_good", LAYOUT, None)
    assert job.context["sender"] == {"name": "De Bakkerij", "address": "post@bakery.example"}


def an_auto_document(**others: Any) -> DocumentRequested:
    """The document of an item's type with Anna's own data, requested by the dossier."""
    facts: dict[str, Any] = {
        "document_id": uuid5(ids_of()["item_id"], "auto_document"),
        "slot": "auto_document",
        "person": "person|1|#1",
        "destination": Destination(kind="person", number="1"),
        "recipient": ANNA,
        "merge": {"table": 7},
        "body_layout": None,
    }
    return a_file(**facts | others)


async def test_a_document_of_the_type_is_made_with_its_addressees_own_data(
    renderer: Renderer, store: Store, engine: QuickEngine
) -> None:
    """FR-87, A17."""
    await renderer.make_document(an_auto_document())

    document = await told_of_one(store)
    assert isinstance(document, LetterRendered)
    assert (document.slot, document.person, document.processing_id) == ("auto_document", "person|1|#1", None)
    (job,) = engine.jobs
    assert (job.generic, job.lasts, job.language, job.attachment_layout) == (False, "for_good", "en", LAYOUT)
    assert (job.context["recipient"]["name"], job.context["merge"]) == ("Anna", {"table": 7})
    assert job.context["destination"] == {"kind": "person", "number": "1", "contact_id": None}


async def test_a_document_of_the_type_is_generic_where_it_is_nobodys(
    renderer: Renderer, store: Store, engine: QuickEngine
) -> None:
    """FR-87, A17."""
    await renderer.make_document(an_auto_document(person=None, destination=None, recipient=None, merge=None))

    document = await told_of_one(store)
    assert isinstance(document, LetterRendered)
    assert (document.slot, document.person) == ("auto_document", None)
    (job,) = engine.jobs
    assert (job.generic, job.lasts) == (True, "for_good")


async def test_a_document_of_somebody_erased_is_not_made(renderer: Renderer, store: Store, engine: QuickEngine) -> None:
    """A17: not even a generic one, which would look as if it had been meant so."""
    await renderer.make_document(an_auto_document(recipient=None, merge=None))

    failed = await told_of_one(store)
    assert isinstance(failed, RenderingFailed)
    assert (failed.reason, failed.slot, failed.document_id) == (
        "erased",
        "auto_document",
        uuid5(ids_of()["item_id"], "auto_document"),
    )
    assert engine.jobs == []


async def test_a_file_without_a_letter_layout_is_made_of_the_body(renderer: Renderer, engine: QuickEngine) -> None:
    await renderer.make_document(a_file(attachment_layout=None))
    other = uuid5(RUN, "other")
    await renderer.make_document(a_file(document_id=other, attachment_layout=None, body_layout=None, body_text="Hallo"))

    assert [(job.body_layout, job.body_text) for job in engine.jobs] == [(BODY, None), (None, "Hallo")]


@pytest.mark.parametrize("with_parts", [True, False], ids=["sent again", "new"])
async def test_a_mail_of_somebody_erased_is_not_made(
    renderer: Renderer, store: Store, engine: QuickEngine, with_parts: bool
) -> None:
    parts = Parts(text=BlobRef(sha256="12" * 32, size=3)) if with_parts else None

    await renderer.render(a_request(recipient=None, merge=None, parts=parts))

    failed = await told_of_one(store)
    assert isinstance(failed, RenderingFailed)
    assert (failed.reason, of_mail(failed)) == ("erased", ids_of())
    assert engine.jobs == []


@pytest.mark.parametrize(
    ("name", "reason", "field", "line"), [("Faulty", "layout", "merge.tabel", 3), ("Endless", "limit", None, None)]
)
async def test_a_fault_is_recorded_with_its_field_and_line(
    renderer: Renderer, store: Store, name: str, reason: str, field: str | None, line: int | None
) -> None:
    await renderer.render(a_request(recipient=ANNA.model_copy(update={"name": name})))

    failed = await told_of_one(store)
    assert isinstance(failed, RenderingFailed)
    assert (failed.reason, of_mail(failed), failed.document_id) == (reason, ids_of(), None)
    assert (failed.fault.layout_id, failed.fault.language) == ("a-layout", "nl")
    assert (failed.fault.field, failed.fault.line) == (field, line)
    assert failed.fault.detail in {"unknown field", "it takes too long"}


async def test_a_file_that_cannot_be_made_is_told_with_its_fault_though_it_is_nobodys(store: Store) -> None:
    class NoEngine:
        async def make(self, jobs: object, *, urgent: bool = False) -> list[Made | Fault]:
            return [Fault(layout_id="letter", language="nl", line=4, detail="no such font")]

    request = a_file()

    await Renderer(store, Bench(NoEngine(), 1), CancelledRuns(store)).make_document(request)

    failed = await told_of_one(store)
    assert isinstance(failed, RenderingFailed)
    assert (failed.document_id, failed.mail_id, failed.processing_id) == (request.document_id, None, None)
    assert (failed.fault.line, failed.fault.detail) == (4, "no such font")


async def test_where_the_engine_is_not_to_be_had_nothing_is_recorded_and_the_message_comes_again(
    renderer: Renderer, store: Store, engine: QuickEngine
) -> None:
    engine.unavailable = 2

    for request in (renderer.render(a_request()), renderer.make_document(a_file())):
        with pytest.raises(EngineUnavailable):
            await request
    before = await everything_told(store)
    await renderer.render(a_request())

    assert before == []
    assert isinstance(await told_of_one(store), MailRendered)


async def test_personal_words_are_gone_once_their_contact_is_erased(renderer: Renderer, store: Store) -> None:
    await renderer.render(a_request(1))
    await renderer.render(a_request(2, recipient=ANNA.model_copy(update={"name": "Faulty"})))

    for number in (1, 2):
        store.keyring.erase(ids_of(number)["person"])

    mail, failed = await everything_told(store)
    assert isinstance(mail, MailRendered)
    assert isinstance(failed, RenderingFailed)
    assert (mail.recipient, mail.subject) == (None, "Uitnodiging")
    assert (failed.fault.detail, failed.fault.field) == ("", "merge.tabel")


def test_everything_recorded_is_told() -> None:
    assert set(topics_of(told)) == {
        Rendering.Completed.TOPIC,
        Rendering.Failed.TOPIC,
        Rendering.FileFailed.TOPIC,
    }


async def test_what_queues_up_while_the_workers_are_busy_goes_out_in_chunks(engine: QuickEngine) -> None:
    bench = Bench(engine, 1)
    engine.open.clear()

    first = [asyncio.create_task(bench.make(a_job(body_text="x"))) for _ in range(30)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    busy = list(engine.chunks)
    more = [asyncio.create_task(bench.make(a_job(body_text="x"))) for _ in range(40)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    still_busy = list(engine.chunks)
    engine.open.set()
    async with asyncio.timeout(20):
        made = await asyncio.gather(*first, *more)

    assert busy == still_busy == [25, 5]
    assert engine.chunks == [25, 5, 25, 15]
    assert len(made) == 70


async def test_each_gets_what_came_of_its_own_job(engine: QuickEngine, blobs: MemoryBlobs) -> None:
    bench = Bench(engine, 0)
    names = [*(f"Anna {number}" for number in range(60)), "Faulty"]

    jobs = [Job("nl", named(name), body_text="") for name in names]
    async with asyncio.timeout(20):
        *made, fault = await asyncio.gather(*(bench.make(job) for job in jobs))

    assert [blobs.get(one.parts.text.sha256).decode() for one in made if isinstance(one, Made) and one.parts.text] == [
        f"Beste {name}" for name in names[:-1]
    ]
    assert isinstance(fault, Fault)


async def test_an_engine_that_failed_is_asked_again_for_the_next_chunk(engine: QuickEngine) -> None:
    bench = Bench(engine, 0)
    engine.unavailable = 1

    async with asyncio.timeout(20):
        answers = await asyncio.gather(*(bench.make(a_job(body_text="")) for _ in range(30)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [EngineUnavailable] * 25 + [Made] * 5


async def test_somebody_who_stops_waiting_does_not_keep_the_others_from_their_answers(engine: QuickEngine) -> None:
    bench = Bench(engine, 0)
    engine.open.clear()
    gone, stays = (asyncio.create_task(bench.make(a_job(body_text=""))) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    gone.cancel()
    engine.open.set()

    async with asyncio.timeout(20):
        answers = [await stays, await bench.make(a_job(body_text=""))]

    assert [type(answer) for answer in answers] == [Made, Made]


@pytest.fixture(params=["quick", "pool"])
async def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Engine, Any]]:
    """Each engine with the blobs that it keeps its parts in, and of which it knows `Faulty` layouts."""
    if request.param == "quick":
        memory = MemoryBlobs()
        yield QuickEngine(memory), memory
        return
    blobs = SqliteBlobs.create(tmp_path / "blobs.db")
    pool = RenderPool(tmp_path / "blobs.db", 1)
    yield pool, blobs
    await pool.close()


def promised(blobs: Any, name: str) -> Job:
    """A job whose layout greets by name, and is at fault for `Faulty`."""
    text = "Beste {{ recipient.name }}{% if recipient.name == 'Faulty' %}{{ merge.tabel.x }}{% endif %}"
    layout = kept(blobs, a_document(text=text))
    return Job("nl", named(name), body_layout=layout)


async def test_an_engine_answers_in_order_and_one_fault_spoils_no_other(any_engine: tuple[Engine, Any]) -> None:
    """A22."""
    engine, blobs = any_engine
    names = ["Anna", "Faulty", "Bram", "Anna"]

    anna, fault, bram, again = await engine.make([promised(blobs, name) for name in names])

    assert isinstance(anna, Made)
    assert isinstance(bram, Made)
    assert isinstance(fault, Fault)
    assert not isinstance(fault, LimitReached)
    assert anna == again
    assert anna.parts.text is not None
    assert bram.parts.text is not None
    assert blobs.get(anna.parts.text.sha256).strip() == b"Beste Anna"
    assert blobs.get(bram.parts.text.sha256).strip() == b"Beste Bram"
    assert anna.engines


async def test_a_real_mail_is_made_from_real_layouts_and_a_real_fault_has_its_field_and_line(
    store: Store, tmp_path: Path
) -> None:
    blobs = SqliteBlobs.create(tmp_path / "blobs.db")
    body = kept(blobs, a_document(), "invitation")
    letter = kept(blobs, a_document("typst", typst=LETTER), "letter")
    wrong = kept(blobs, a_document(text="Beste\n{{ merge.tabel }}"), "wrong")
    pool = RenderPool(tmp_path / "blobs.db", 1)
    renderer = Renderer(store, Bench(pool, 1), CancelledRuns(store))

    await asyncio.gather(
        renderer.render(a_request(1, body_layout=body, attachment_layout=letter)),
        renderer.render(a_request(2, body_layout=wrong, attachment_layout=None)),
        renderer.make_document(a_file(attachment_layout=letter)),
    )
    await pool.close()

    messages = {type(message): message for message in await everything_told(store)}
    mail, failed, document = (messages[kind] for kind in (MailRendered, RenderingFailed, LetterRendered))
    assert isinstance(mail, MailRendered)
    assert isinstance(failed, RenderingFailed)
    assert isinstance(document, LetterRendered)
    assert mail.parts.text is not None
    assert mail.parts.attachment is not None
    assert document.parts.attachment is not None
    assert blobs.get(mail.parts.text.sha256).decode() == "Beste Anna,\nUw tafel: 7\n"
    assert blobs.get(mail.parts.attachment.sha256).startswith(b"%PDF")
    assert blobs.get(document.parts.attachment.sha256).startswith(b"%PDF")
    assert document.parts.attachment.sha256 != mail.parts.attachment.sha256
    assert (failed.fault.layout_id, failed.fault.field, failed.fault.line) == ("wrong", "merge.tabel", 2)


async def test_a_worker_that_cannot_find_a_layout_fails_no_mail(store: Store, tmp_path: Path) -> None:
    SqliteBlobs.create(tmp_path / "blobs.db")
    pool = RenderPool(tmp_path / "blobs.db", 1)

    with pytest.raises(EngineUnavailable):
        await Renderer(store, Bench(pool, 1), CancelledRuns(store)).render(a_request())
    await pool.close()

    assert await everything_told(store) == []
