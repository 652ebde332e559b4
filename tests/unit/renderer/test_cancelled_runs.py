"""Of a cancelled run nothing more is made, in whatever order cancellation and requests come, and after a restart too."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.renderer.adapters import runs
from services.renderer.adapters.runs import TABLES, CancelledRuns
from services.renderer.application import Bench, Renderer
from shared.blobs import MemoryBlobs
from shared.contracts.dossier import RunCancelled
from shared.contracts.message import Parts
from shared.contracts.renderer import LetterRendered, MailRendered, RenderingFailed
from shared.store import Store
from tests.unit.renderer.engines import QuickEngine
from tests.unit.renderer.test_application import AT, RUN, a_file, a_request, everything_told

LATER = AT + timedelta(minutes=1)


def a_cancellation(**others: Any) -> RunCancelled:
    facts: dict[str, Any] = {"run_id": RUN, "version": 4, "operator": "anna", "at": AT}
    return RunCancelled(**facts | others)


def a_renderer(store: Store, engine: QuickEngine | None = None) -> Renderer:
    return Renderer(store, Bench(engine or QuickEngine(MemoryBlobs()), 1), CancelledRuns(store))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else f"sqlite:///{tmp_path}/r"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with Store(url, "renderer", TABLES) as store:
        yield store


async def test_what_comes_after_the_cancellation_is_not_made_also_after_a_restart(store: Store) -> None:
    engine = QuickEngine(MemoryBlobs())
    await a_renderer(store, engine).cancel(a_cancellation())

    await a_renderer(store, engine).render(a_request())

    (message,) = await everything_told(store)
    assert isinstance(message, RenderingFailed)
    assert (message.reason, message.mail_id) == ("cancelled", a_request().mail_id)
    assert engine.chunks == []


async def test_what_was_made_before_stays_made(store: Store) -> None:
    renderer = a_renderer(store)
    await renderer.render(a_request())

    await renderer.cancel(a_cancellation())
    await renderer.render(a_request())

    assert [type(message) for message in await everything_told(store)] == [MailRendered]


@pytest.mark.parametrize("parts", [None, Parts()], ids=["anew", "the same content"])
async def test_what_is_sent_again_after_the_cancellation_is_made(store: Store, parts: Parts | None) -> None:
    """A cancelled row may be sent again (A11)."""
    renderer = a_renderer(store)
    await renderer.cancel(a_cancellation())
    again: dict[str, Any] = {"mail_id": uuid5(RUN, "again"), "ordinal": 2, "requested_at": LATER, "parts": parts}

    await renderer.render(a_request(**again))
    await renderer.cancel(a_cancellation(version=3, at=AT - timedelta(minutes=1)))
    await renderer.render(a_request(2))

    made, refused = await everything_told(store)
    assert isinstance(made, MailRendered)
    assert isinstance(refused, RenderingFailed)


async def test_other_runs_and_files_of_items_are_made(store: Store) -> None:
    """The generic attachment is a file of the item, which stands (A17)."""
    renderer = a_renderer(store)
    await renderer.cancel(a_cancellation())

    await renderer.make_document(a_file())
    await renderer.render(a_request(run_id=uuid5(RUN, "another")))

    assert [type(message) for message in await everything_told(store)] == [LetterRendered, MailRendered]


async def test_another_renderer_hears_of_it_within_moments(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = CancelledRuns(store), CancelledRuns(store)
    assert await other.cancelled_at(RUN) is None

    await one.cancel(RUN, AT)
    monkeypatch.setattr(runs, "_FRESH", 0.0)

    assert await other.cancelled_at(RUN) == AT


@given(st.permutations(["cancel", "cancel", "first", "second", "again"]))
@settings(max_examples=20, deadline=None)
async def test_any_order_of_cancellation_and_requests_settles_each_once(order: list[str]) -> None:
    """Each mail has one outcome (A14); what was asked for later is made, whenever it comes."""
    requests = {
        "first": a_request(1),
        "second": a_request(2),
        "again": a_request(1, mail_id=uuid5(RUN, "again"), ordinal=2, requested_at=LATER),
    }
    async with Store("sqlite://", "renderer", TABLES) as store:
        renderer = a_renderer(store)
        cancelled = False
        late = set()
        for word in order:
            if word == "cancel":
                await renderer.cancel(a_cancellation())
                cancelled = True
            else:
                late |= {word} if cancelled else set()
                await renderer.render(requests[word])

        told = {message.mail_id: message for message in await everything_told(store)}  # type: ignore[attr-defined]
        assert len(told) == len(requests)
        for word, request in requests.items():
            refused = word in late and word != "again"
            assert isinstance(told[request.mail_id], RenderingFailed if refused else MailRendered)
