"""Previews and checks lie in rows with an end, on every database alike."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.dossier.adapters.tables import METADATA, SqlChecks, SqlPreviews
from services.dossier.domain.check import Finding, Status
from services.dossier.domain.identity import Address
from shared.store import Store

NOW = datetime.now(UTC)
PAST, LATER = NOW - timedelta(seconds=1), NOW + timedelta(hours=1)


@pytest.fixture
async def store(store_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    keys = f"sqlite:///{tmp_path}/keys.db" if store_url.startswith("sqlite") else None
    async with Store(store_url, "dossier", METADATA, keys) as store:
        yield store


def a_finding(number: int, status: Status = "no_address", reason: str = "missing") -> Finding:
    return Finding(
        number=number,
        address=Address("person", str(number)),
        name=f"Anna {number}",
        email=None,
        status=status,
        reason=reason,
        code=f"address_{reason}",
        field=f"destinations[{number}]",
        values={"line": None},
    )


async def begun(store: Store, checks: SqlChecks, ends_at: datetime = LATER) -> UUID:
    check_id = uuid4()
    await store.record(rows=[checks.begun(check_id, {"state": "running"}, ends_at)])
    return check_id


async def test_a_check_advances_and_its_findings_are_paged_in_order(store: Store) -> None:
    checks = SqlChecks(store)
    check_id, other = await begun(store, checks), await begun(store, checks)
    findings = [a_finding(0), a_finding(1, "render_failed", "render_failed"), a_finding(2, reason="invalid")]

    assert await checks.advance(check_id, {"state": "running"}, findings[:2], LATER)
    assert await checks.advance(check_id, {"state": "done"}, findings[2:], LATER)
    assert await checks.advance(other, {"state": "done"}, [a_finding(9)], LATER)

    assert await checks.find(check_id) == {"state": "done"}
    found = await checks.findings(check_id, (), None, 0, 10)
    assert [one for _, one in found] == findings
    assert [one for _, one in await checks.findings(check_id, (), None, found[0][0], 1)] == [findings[1]]
    assert [one for _, one in await checks.findings(check_id, ("no_address",), None, 0, 10)] == [
        *(findings[0], findings[2])
    ]
    assert [one for _, one in await checks.findings(check_id, (), "invalid", 0, 10)] == [findings[2]]


async def test_a_check_that_was_given_up_notes_nothing_more(store: Store) -> None:
    """FR-97: an aborted check leaves nothing."""
    checks = SqlChecks(store)
    check_id = await begun(store, checks)
    await checks.advance(check_id, {"state": "running"}, [a_finding(0)], LATER)

    assert await checks.forget(check_id)

    assert not await checks.advance(check_id, {"state": "running"}, [a_finding(1)], LATER)
    assert not await checks.forget(check_id)
    assert await checks.find(check_id) is None
    assert await checks.findings(check_id, (), None, 0, 10) == []


async def test_a_check_whose_end_has_come_goes_with_what_it_found(store: Store) -> None:
    checks = SqlChecks(store)
    ended, stays = await begun(store, checks), await begun(store, checks)
    await checks.advance(ended, {"state": "done"}, [a_finding(0)], PAST)

    await checks.forget_ended(NOW)

    assert await checks.find(ended) is None
    assert await checks.findings(ended, (), None, 0, 10) == []
    assert await checks.find(stays) is not None


async def test_a_preview_is_found_until_it_is_gone(store: Store) -> None:
    previews = SqlPreviews(store)
    ended, stays = uuid4(), uuid4()
    rows = [previews.shown(ended, "ab" * 32, {"subject": "Één"}, PAST), previews.shown(stays, None, {}, LATER)]
    await store.record(rows=rows)

    assert await previews.find(ended) == ("ab" * 32, {"subject": "Één"})
    assert await previews.ended(NOW) == {ended: "ab" * 32}
    await store.record(rows=[previews.gone(ended)])
    assert await previews.find(ended) is None
    assert await previews.find(stays) == (None, {})
