"""A request is checked addressee by addressee, in the background, and nothing of it is recorded (FR-93…98, A10)."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import orjson
import structlog

from services.dossier.application.drafting import Renderer, addressee_of, draft_of
from services.dossier.application.judging import Judged, Judging
from services.dossier.domain.addressees import Addressees
from services.dossier.domain.check import MISSING, Check, Finding, Status, wrongs_by_number
from services.dossier.domain.frozen import Row as Destination
from services.dossier.domain.intake import Intake
from services.dossier.domain.operator import Me
from services.dossier.domain.refusal import Refused, Wrong
from shared.contracts.drafts import Draft, Tried, TryOut
from shared.store import Row, Store, StoreUnavailable

_log = structlog.get_logger()
Facts = dict[str, Any]
KEPT = timedelta(hours=1)  # how long a check can be looked at; it holds personal data
SMALL = 200  # addressees of a check that overtakes bigger ones, and is answered at once
_AT_ONCE_WITHIN = 5.0  # seconds
_BIG_ONES = 2  # at a time
_SLICE = 250  # addressees between two notes of how far it is
_ASK, _ASK_BYTES = 50, 2**19  # addressees, and bytes of their merge data, in one question: any NATS server takes it
_PATIENCE, _PAUSE = 5, 1.0  # times that the renderer is asked for one addressee, seconds between
_SILENT = timedelta(minutes=2)  # a running check that is not heard of for so long died with its process
_OF_SENDING = {"mail_server_not_configured", "sender_missing", "unknown_sender", "invalid_sender_address"}


class Checks(Protocol):
    """The table of checks and what they found, each with an end; nothing in it is a fact."""

    def begun(self, check_id: UUID, facts: Facts, ends_at: datetime) -> Row:
        """Return the row of a new check."""
        ...

    async def advance(self, check_id: UUID, facts: Facts, found: Sequence[Finding], ends_at: datetime) -> bool:
        """Note how far a check is and what it found more; return False, noting nothing, for one that was given up."""
        ...

    async def find(self, check_id: UUID) -> Facts | None:
        """Return how far a check is, None where there is none (any more)."""
        ...

    async def findings(
        self, check_id: UUID, statuses: Sequence[Status], reason: str | None, after: int, limit: int
    ) -> list[tuple[int, Finding]]:
        """Return findings of these statuses (of any if none) under their numbers, in order, from `after` on."""
        ...

    async def forget(self, check_id: UUID) -> bool:
        """Delete a check and what it found; return whether there was one."""
        ...

    async def forget_ended(self, now: datetime) -> None:
        """Delete the checks whose end has come."""
        ...


class GivenUp(Exception):
    """The check was deleted while it ran."""


class RendererAway(Exception):
    """The renderer does not answer."""


class Checking:
    """Checks requests."""

    def __init__(self, store: Store, checks: Checks, judging: Judging, renderer: Renderer) -> None:
        self._store = store
        self._checks = checks
        self._judging = judging
        self._renderer = renderer
        self._turn = asyncio.Semaphore(_BIG_ONES)
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def begin(self, intake: Intake, me: Me = None, body: AsyncExitStack | None = None) -> UUID:
        """Begin to check a request; a small one is done when this returns, unless the renderer takes long.

        `me` is the sender of that name, of a person who asks (R-6); `body` is what the request's destinations lie in,
        which is closed at the end.
        """
        check_id = uuid4()
        check = Check(total=len(intake.destinations), issue_method=intake.issue_method)
        begun = _facts(check, datetime.now(UTC), "running")
        await self._store.record(rows=[self._checks.begun(check_id, begun, datetime.now(UTC) + KEPT)])
        task = asyncio.create_task(self._run(check_id, intake, check, me, body or AsyncExitStack()))
        self._running[check_id] = task
        task.add_done_callback(lambda _: self._running.pop(check_id, None))
        if check.total <= SMALL:
            await asyncio.wait((task,), timeout=_AT_ONCE_WITHIN)
        return check_id

    async def find(self, check_id: UUID) -> Facts:
        """Return how far a check is and what it says; raise `Refused` for one that is gone."""
        facts = await self._checks.find(check_id)
        if facts is None:
            raise Refused([Wrong("", "unknown_check")], status=404)
        silent = datetime.now(UTC) - datetime.fromisoformat(facts["seen_at"]) > _SILENT
        if facts["state"] == "running" and check_id not in self._running and silent:
            facts["state"] = "interrupted"
        return facts

    async def findings(
        self, check_id: UUID, statuses: Sequence[Status], reason: str | None, after: int, limit: int
    ) -> list[tuple[int, Finding]]:
        """Return a page of what was found; raise `Refused` for a check that is gone."""
        await self.find(check_id)
        return await self._checks.findings(check_id, statuses, reason, after, limit)

    async def missing(self, check_id: UUID, after: int, limit: int) -> list[tuple[int, Finding]]:
        """Return a page of the addressees that are left out, each with the reason (FR-96)."""
        return await self.findings(check_id, MISSING, None, after, limit)

    async def give_up(self, check_id: UUID) -> None:
        """Give up a check, running or not: nothing of it stays (FR-97). Raises `Refused` for one that is gone."""
        if not await self._checks.forget(check_id):
            raise Refused([Wrong("", "unknown_check")], status=404)
        if task := self._running.get(check_id):
            task.cancel()

    async def sweep(self) -> None:
        """Let go of the checks whose end has come."""
        await self._checks.forget_ended(datetime.now(UTC))

    async def close(self) -> None:
        """Leave the checks that still run."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, check_id: UUID, intake: Intake, check: Check, me: Me, body: AsyncExitStack) -> None:
        """Check in turn, and note how it ended."""
        started = datetime.now(UTC)
        try:
            async with body:
                if check.total <= SMALL:
                    await self._check(check_id, intake, check, started, me)
                else:
                    async with self._turn:
                        await self._check(check_id, intake, check, datetime.now(UTC), me)
        except GivenUp:
            _log.info("a check was given up", check=str(check_id))
        except RendererAway:
            await self._fail(check_id, check, started, "renderer_no_answer")
        except StoreUnavailable as error:
            _log.warning("a check ends: the database is away", check=str(check_id), error=str(error))
        except Exception:  # noqa: BLE001 -- whatever it is, the check is to say so
            _log.exception("a check failed", check=str(check_id))
            await self._fail(check_id, check, started, "check_failed")

    async def _check(self, check_id: UUID, intake: Intake, check: Check, started: datetime, me: Me) -> None:
        async def each(judged: Judged, addressees: Addressees) -> None:
            check.issue_method = judged.intake.issue_method
            for part in _slices(addressees):
                found = check.note(part, await self._tried(judged, part))
                await self._advance(check_id, _facts(check, started, "running"), found)

        judged = await self._judging.judge(intake, each, me)
        check.conclude(judged.intake, judged.wrongs, self._judging.consent)
        await self._advance(check_id, _facts(check, started, "done"), ())

    async def _advance(self, check_id: UUID, facts: Facts, found: Sequence[Finding]) -> None:
        if not await self._checks.advance(check_id, facts, found, datetime.now(UTC) + KEPT):
            raise GivenUp

    async def _fail(self, check_id: UUID, check: Check, started: datetime, why: str) -> None:
        facts = _facts(check, started, "failed") | {"errors": [asdict(Wrong("", why))]}
        await self._checks.advance(check_id, facts, (), datetime.now(UTC) + KEPT)

    async def _tried(self, judged: Judged, part: Addressees) -> dict[int, Tried]:
        """Return what would come of the messages of those that get one, by number."""
        if not judged.merges or _hinders_all(judged):
            return {}
        wrong = wrongs_by_number(part.wrongs)
        rows = {
            number: row
            for number, row in enumerate(part.rows, part.first)
            if row.exclusion is None and number not in wrong
        }
        draft = draft_of(judged)
        asked = (self._try(draft, bunch, _PATIENCE) for bunch in _bunches(list(rows.values())))
        tried = [one for bunch in await asyncio.gather(*asked) for one in bunch]
        return dict(zip(rows, tried, strict=True))

    async def _try(self, draft: Draft, rows: Sequence[Destination], patience: int) -> list[Tried]:
        """Ask the renderer; where it does not answer, perhaps for a document that takes long, ask for fewer at once."""
        answer = await self._renderer.try_out(TryOut(draft=draft, to=tuple(addressee_of(row) for row in rows)))
        if answer is not None:
            return list(answer.results)
        if not patience:
            raise RendererAway
        await asyncio.sleep(_PAUSE)
        if len(rows) == 1:
            return await self._try(draft, rows, patience - 1)
        middle = len(rows) // 2
        halves = (rows[:middle], rows[middle:])
        return [one for half in halves for one in await self._try(draft, half, patience)]


def _hinders_all(judged: Judged) -> bool:
    """Return whether the request itself is wrong in a way that a trial can't say anything about."""
    return any(w.code not in _OF_SENDING and not w.field.startswith("destinations[") for w in judged.wrongs)


def _slices(addressees: Addressees) -> Iterator[Addressees]:
    """Yield the same addressees in smaller bunches."""
    wrongs = wrongs_by_number(addressees.wrongs)
    for start in range(0, len(addressees.rows), _SLICE):
        first = addressees.first + start
        numbers = range(first, first + _SLICE)
        yield Addressees(
            first=first,
            rows=addressees.rows[start : start + _SLICE],
            wrongs=[wrong for number in numbers for wrong in wrongs.get(number, ())],
            unknown_consent=[number for number in addressees.unknown_consent if number in numbers],
            denied_consent=[number for number in addressees.denied_consent if number in numbers],
        )


def _bunches(rows: Sequence[Destination]) -> Iterator[list[Destination]]:
    """Yield rows in questions that are neither long nor large."""
    bunch: list[Destination] = []
    size = 0
    for row in rows:
        weight = len(orjson.dumps(row.merge))
        if bunch and (len(bunch) == _ASK or size + weight > _ASK_BYTES):
            yield bunch
            bunch, size = [], 0
        bunch.append(row)
        size += weight
    if bunch:
        yield bunch


def _facts(check: Check, started: datetime, state: str) -> Facts:
    """Return what is noted of a check."""
    return {
        "state": state,
        "total": check.total,
        "checked": check.checked,
        "gets": check.gets,
        "consent_unknown": check.unknown,
        "attestation_needed": check.attestation_needed,
        "can_send": check.can_send,
        "can_continue": check.can_continue,
        "counts": [[*reason, count] for reason, count in check.counts.most_common()],
        "faults": [[*place, count] for place, count in check.faults.most_common()],
        "errors": [asdict(wrong) for wrong in check.errors],
        "warnings": [asdict(wrong) for wrong in check.warnings],
        "started_at": started.isoformat(),
        "seen_at": datetime.now(UTC).isoformat(),
    }
