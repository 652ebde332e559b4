"""An operator's word on a run under way: it is paused, goes on, or is cancelled; said twice it is recorded once."""

from collections.abc import Callable
from uuid import UUID

from services.dossier.application.ports import History, Resends
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.run import IsCancelled, Run
from shared.store import Conflict, Store

Say = Callable[[Run], None]


class Runs:
    """Pauses, resumes and cancels runs; each answers with the run as it then stands.

    All raise `Refused`: `unknown_run`, `run_complete` where every row is final, and `run_cancelled`. Where the history
    does not say how far a run is, it is taken for open: to stop what has ended stops nothing.
    """

    def __init__(self, store: Store, history: History, resends: Resends, opened: Callable[[UUID], None]) -> None:
        """Take what it needs; `opened` is told each run whose destinations are to be recorded again."""
        self._store = store
        self._history = history
        self._resends = resends
        self._opened = opened

    async def pause(self, run_id: UUID, operator: str, reason: str) -> Run:
        """Have nothing more of the run recorded or sent for now."""
        return await self._say(run_id, lambda run: run.pause(operator, reason))

    async def resume(self, run_id: UUID, operator: str, reason: str) -> Run:
        """Have the run go on."""
        run = await self._say(run_id, lambda run: run.resume(operator, reason))
        if not run.is_recorded:
            self._opened(run_id)
        return run

    async def cancel(self, run_id: UUID, operator: str, reason: str) -> Run:
        """Have whatever is not on its way settled unsent; in a cancelled run, what was sent again since."""
        run = await self._run(run_id)
        if run.exclusion and run.said and not await self._resends.asked_since(run_id, run.said.timestamp):
            return run
        if run.issues_nothing:
            raise _refused("run_issues_nothing")
        return await self._say(run_id, lambda run: run.cancel(operator, reason))

    async def _say(self, run_id: UUID, say: Say) -> Run:
        """Record what is said of the run; again where a chunk of it was recorded at that very moment."""
        looked = False
        while True:
            run = await self._run(run_id)
            try:
                say(run)
            except IsCancelled:
                raise _refused("run_cancelled") from None
            if not run.pending_events:
                return run
            if not looked and await self._history.is_complete(run_id):
                raise _refused("run_complete")
            looked = True
            try:
                await self._store.record(run)
            except Conflict:
                continue
            return run

    async def _run(self, run_id: UUID) -> Run:
        run = await self._store.load(Run, run_id)
        if run is None:
            raise Refused([Wrong("run_id", "unknown_run")], status=404)
        return run


def _refused(code: str) -> Refused:
    return Refused([Wrong("run_id", code)], status=409)
