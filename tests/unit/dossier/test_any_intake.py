"""Whatever is asked, however often and in whatever order: each item once, and every run's counts add up."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dossier.domain.identity import run_id_of
from services.dossier.domain.run import Run
from shared.contracts.dossier import DossierItemExcluded, DossierItemRecorded, DossierItemRequested, RunStarted
from tests.unit.dossier.conftest import House, a_request

_numbers = count(1)
KNOWN = {
    "granted": {"email": "a@home.example", "consent": "granted"},
    "unknown": {"email": "b@home.example"},
    "denied": {"email": "c@home.example", "consent": "denied"},
    "blocked": {"email": "d@home.example", "blocked": True},
    "invalid": {"email": "no address"},
    "missing": {"name": "Zonder"},
}
NEW = {
    "new": {"name": "Nieuw", "email": "new@home.example"},
    "new without address": {"name": "Nieuw"},
}
# What becomes of a destination of a mailing, by reason; those that are not here get their mail.
REASONS = {
    "denied": "denied",
    "blocked": "contact_blocked",
    "invalid": "invalid",
    "missing": "missing",
    "new without address": "missing",
}


class Driven:
    """A house that is driven from tests that can't wait, since many examples are tried on it."""

    def __init__(self, runner: asyncio.Runner, folder: Path) -> None:
        self.runner = runner
        self.house = runner.run(self._opened(folder))

    async def _opened(self, folder: Path) -> House:
        house = House(folder)
        await house.set_up()
        for kind, facts in KNOWN.items():
            for number in range(3):
                await house.ask("PUT", f"/contacts/person/{kind}-{number}", facts)
        return house

    async def told(self, run_id: UUID) -> dict[type, list[Any]]:
        """Return what was told of a run, by kind."""
        kinds = (RunStarted, DossierItemRecorded, DossierItemRequested, DossierItemExcluded)
        messages = [message for message in await self.house.told(*kinds) if message.run_id == run_id]
        return {kind: [message for message in messages if isinstance(message, kind)] for kind in kinds}


@pytest.fixture
def driven(tmp_path: Path) -> Iterator[Driven]:
    with asyncio.Runner() as runner:
        driven = Driven(runner, tmp_path)
        yield driven
        runner.run(driven.house.store.close())


def requested(kinds: list[str], **other: Any) -> dict[str, Any]:
    """Return a request to destinations of these kinds; the second of a known kind is another contact."""
    request_id = f"any-{next(_numbers)}"
    seen: Counter[str] = Counter()
    destinations: list[dict[str, Any]] = []
    for kind in kinds:
        if kind in KNOWN:
            destinations.append({"kind": "person", "number": f"{kind}-{seen[kind]}"})
        else:
            number = f"{request_id}-{len(destinations)}"
            destinations.append({"kind": "person", "number": number, "recipient": NEW[kind]})
        seen[kind] += 1
    return a_request(request_id=request_id, destinations=destinations, consent_attested=True, **other)


_KINDS = st.lists(st.sampled_from([*KNOWN, *NEW]), min_size=2, max_size=8).filter(
    lambda kinds: all(kinds.count(kind) <= 3 for kind in KNOWN)
)


def test_the_counts_of_a_run_add_up(driven: Driven) -> None:
    """A14, FR-64: each destination gets its mail or is left out for a reason, and has its item either way."""

    @settings(max_examples=40)
    @given(kinds=_KINDS, separately=st.booleans(), twice=st.booleans(), method=st.sampled_from(["email", "document"]))
    def tried(kinds: list[str], method: str, *, separately: bool, twice: bool) -> None:
        driven.runner.run(check(kinds, method, separately=separately, twice=twice))

    async def check(kinds: list[str], method: str, *, separately: bool, twice: bool) -> None:
        letter = {"attachment_layout_id": "brief", "sender_id": None, "body_text": None}
        request = requested(kinds, record_separately=separately, issue_method=method)
        request |= letter if method == "document" else {}
        reasons = Counter(REASONS[kind] for kind in kinds if kind in REASONS) if method == "email" else Counter()
        run_id = run_id_of(request["request_id"])
        if twice:
            request["destinations"].append(request["destinations"][0])

        answer = await driven.house.ask("POST", "/dossier-items", request)
        await driven.house.record_all()

        told = await driven.told(run_id)
        if twice or reasons.total() == len(kinds):
            assert answer.json()["code"] == ("duplicate_destination" if twice else "no_valid_addressees")
            assert not any(told.values())
            return
        [started] = told[RunStarted]
        assert (answer.json()["excluded"], answer.json()["reasons"]) == (reasons.total(), reasons)
        assert (started.total, started.excluded) == (len(kinds), reasons)
        assert Counter(row.reason for row in told[DossierItemExcluded]) == reasons
        assert len(told[DossierItemRequested]) + reasons.total() == len(kinds)
        assert len(told[DossierItemRecorded]) == (len(kinds) if separately else 1)
        rows = [row.processing_id for row in (*told[DossierItemRequested], *told[DossierItemExcluded])]
        assert len(set(rows)) == len(kinds)

    tried()


@st.composite
def _deliveries(draw: st.DrawFn) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Draw the kinds of destination of some requests, and which of them comes next by which way, each at least once."""
    requests = draw(st.lists(_KINDS, min_size=1, max_size=3))
    numbers = st.integers(0, len(requests) - 1)
    way = st.sampled_from(["http", "nats", "nats again", "record a chunk"])
    extra = draw(st.lists(st.tuples(numbers, way), max_size=6))
    once = [(number, draw(st.sampled_from(["http", "nats"]))) for number in range(len(requests))]
    return requests, draw(st.permutations([*once, *extra]))


def test_however_often_and_in_whatever_order_it_comes_a_request_is_recorded_once(driven: Driven) -> None:
    """FR-2, A23: over HTTP and NATS, redelivered, with others between, and while it is being recorded."""

    @settings(max_examples=25)
    @given(deliveries=_deliveries())
    def tried(deliveries: tuple[list[list[str]], list[tuple[int, str]]]) -> None:
        driven.runner.run(check(*deliveries))

    async def check(drawn: list[list[str]], deliveries: list[tuple[int, str]]) -> None:
        requests = [requested(["granted", *kinds], record_separately=True) for kinds in map(_few, drawn)]
        for place, (number, way) in enumerate(deliveries):
            await _deliver(driven.house, requests[number], place, way)
        await driven.house.record_all()

        for request in requests:
            told = await driven.told(run_id_of(request["request_id"]))
            expected = sorted(destination["number"] for destination in request["destinations"])
            assert len(told[RunStarted]) == 1
            assert sorted(item.destinations[0].number for item in told[DossierItemRecorded]) == expected
            rows = [*told[DossierItemRequested], *told[DossierItemExcluded]]
            assert sorted(row.destination.number for row in rows) == expected

    tried()


def _few(kinds: list[str]) -> list[str]:
    """Return these kinds, leaving room for one more contact who may be mailed."""
    return [kind for kind in kinds if kind != "granted"]


async def _deliver(house: House, request: dict[str, Any], place: int, way: str) -> None:
    body = json.dumps(request).encode()
    match way:
        case "http":
            assert (await house.ask("POST", "/dossier-items", body)).status_code == 202
        case "nats" | "nats again":
            for _ in range(1 + (way == "nats again")):
                await house.dossier.upstream.dossier_item(body, datetime.now(UTC), place)
        case _:
            run = await house.store.load(Run, run_id_of(request["request_id"]))
            if run is not None:
                await house.recorder.record_next(run.id)
