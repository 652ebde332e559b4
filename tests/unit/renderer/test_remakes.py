"""Parts that were swept are made again of what they were made of: the same, unless an engine came to make them otherwise."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.renderer.adapters.pool import RenderPool
from services.renderer.adapters.runs import TABLES, CancelledRuns
from services.renderer.application import Bench, Remakes, Renderer
from shared.blobs import SqliteBlobs
from shared.contracts.asks import PartsWanted
from shared.contracts.dossier import DossierItemRequested
from shared.contracts.message import Parts
from shared.contracts.renderer import MailRendered
from shared.messaging import Refusal
from shared.store import Store
from tests.unit.renderer.engines import QuickEngine
from tests.unit.renderer.jobs import LETTER, a_document, kept
from tests.unit.renderer.test_application import ANNA, a_request, told_of_one


class SaidRequests:
    """What the mails were made of, as it was said; of any other nothing is known."""

    def __init__(self, *requests: DossierItemRequested) -> None:
        self._known = {(request.processing_id, request.mail_id): request for request in requests}

    async def made_of(self, processing_id: UUID, mail_id: UUID) -> DossierItemRequested:
        """Return what the parts of a mail were made of."""
        if (processing_id, mail_id) not in self._known:
            raise Refusal("unknown_mail", "no such mail")
        return self._known[processing_id, mail_id]


def wanted(request: DossierItemRequested) -> PartsWanted:
    """Ask for the parts of the mail of this request."""
    return PartsWanted(processing_id=request.processing_id, mail_id=request.mail_id)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/renderer.db", "renderer", TABLES) as store:
        yield store


def hashes(parts: Parts) -> list[str]:
    """Return the SHA-256 of each part."""
    return [part.sha256 for part in (parts.text, parts.html, parts.attachment) if part]


async def test_parts_made_again_are_the_same_bytes(store: Store, tmp_path: Path) -> None:
    """A4: of the same layout versions, data and date, by processes that know nothing of the first time."""
    blobs = SqliteBlobs.create(tmp_path / "blobs.db")
    page = "<p style='color: red'>Beste {{ recipient.name }}</p>"
    request = a_request(
        record_separately=False,
        body_layout=kept(blobs, a_document("html", html=page)),
        attachment_layout=kept(blobs, a_document("typst", typst=LETTER), "letter"),
    )
    first = RenderPool(tmp_path / "blobs.db", 1)
    await Renderer(store, Bench(first, 1), CancelledRuns(store)).render(request)
    await first.close()
    rendered = await told_of_one(store)
    assert isinstance(rendered, MailRendered)
    blobs.delete(hashes(rendered.parts), only_transient=True)
    swept = [blobs.has(sha256) for sha256 in hashes(rendered.parts)]

    second = RenderPool(tmp_path / "blobs.db", 1)
    made = await Remakes(Bench(second, 1), SaidRequests(request)).make(wanted(request))
    await second.close()

    assert swept == [False] * 3
    assert (made.parts, made.engines) == (rendered.parts, rendered.engines)
    assert all(blobs.has(sha256) for sha256 in hashes(rendered.parts))


@pytest.mark.parametrize(("separately", "lasts"), [(True, "for_good"), (False, "while_needed")])
async def test_parts_are_made_again_before_whatever_else_waits_and_last_as_long_as_they_would_have(
    tmp_path: Path, separately: bool, lasts: str
) -> None:
    """FR-83, FR-86: for good those that were lost of a mail recorded separately."""
    engine, request = QuickEngine(SqliteBlobs.create(tmp_path / "blobs.db")), a_request(record_separately=separately)

    made = await Remakes(Bench(engine, 1), SaidRequests(request)).make(wanted(request))

    assert (engine.urgent, [job.lasts for job in engine.jobs]) == (1, [lasts])
    assert len(hashes(made.parts)) == 2


@pytest.mark.parametrize(
    ("known", "name", "code"),
    [(False, "Anna", "unknown_mail"), (True, "Faulty", "not_remade"), (True, "Endless", "not_remade")],
)
async def test_what_cannot_be_made_again_is_refused_by_name(tmp_path: Path, known: bool, name: str, code: str) -> None:
    request = a_request(recipient=ANNA.model_copy(update={"name": name}))
    engine = QuickEngine(SqliteBlobs.create(tmp_path / "blobs.db"))
    remakes = Remakes(Bench(engine, 1), SaidRequests(request))

    with pytest.raises(Refusal) as refused:
        await remakes.make(wanted(request) if known else PartsWanted(processing_id=uuid4(), mail_id=uuid4()))

    assert refused.value.code == code
    assert name not in refused.value.detail
