"""How runs stand, by what operators said of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from services.mailer.adapters.tables.due import hold
from services.mailer.adapters.tables.said import SAID
from services.mailer.domain.run import Said, Standing
from shared.store import Store

_NOTHING = Standing()


class RunTable:
    """What was said of runs; a mailer that is alone has it all in memory too, since it asks of every mail."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self._store = store
        self._put = (sqlite.insert if alone else postgresql.insert)(SAID).on_conflict_do_nothing()
        self._known = store.read_now(_standings) if alone else None

    async def note(self, run_id: UUID, said: Said) -> None:
        """Write down what was said of a run, and hold its queued mails or let them go."""
        row = {"run_id": run_id, "version": said.version, "what": said.what, "at": said.at.isoformat()}

        def write(connection: Connection) -> None:
            connection.execute(self._put, row)
            hold(connection, run_id)

        await self._store.transact(write)
        if self._known is not None:
            self._known[run_id] = self._known.get(run_id, _NOTHING).after(said)

    async def standing(self, run_id: UUID | None) -> Standing:
        """Return how a run stands; nothing was said of a mail of no run."""
        if run_id is None:
            return _NOTHING
        known = self._known
        if known is None:
            known = await self._store.read(lambda connection: _standings(connection, SAID.c.run_id == run_id))
        return known.get(run_id, _NOTHING)


def _standings(connection: Connection, *of: ColumnElement[bool]) -> dict[UUID, Standing]:
    found: dict[UUID, Standing] = {}
    for run_id, version, what, at in connection.execute(select(SAID).where(*of)):
        said = Said(version, what, datetime.fromisoformat(at))
        found[run_id] = found.get(run_id, _NOTHING).after(said)
    return found
