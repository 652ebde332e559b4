"""The rows of a run with the letter that was made of each, in the order of the run."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from services.history.adapters.tables.schema import facts, lines, makings
from services.history.domain.fact import Stage
from services.history.domain.printing import PrintRow
from shared.contracts.message import LayoutVersion
from shared.store import Store

_PLACE = (
    select(func.min(facts.c.position))
    .where(facts.c.line == lines.c.sequence, facts.c.stage == int(Stage.DOSSIER))
    .correlate(lines)
    .scalar_subquery()
)
_NAMES = ("processing_id", "recipient_name", "kind", "number", "status", "reason")
_ROWS = select(lines.c.sequence, *(lines.c[name] for name in _NAMES)).order_by(_PLACE, lines.c.sequence)
_NONE = dict.fromkeys(("letter_sha256", "letter_type", "letter_layout", "letter_made_at"))
_REQUEST = facts.alias("request")


class LetterTable:
    """Answers from lines and their facts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_run(self, run_id: UUID) -> list[PrintRow]:
        """Return each row of a run in the order in which the dossier told of it, with its latest letter."""
        return await self._store.read(lambda connection: _of_run(connection, run_id))


def _of_run(connection: Connection, run_id: UUID) -> list[PrintRow]:
    letters = _letters(connection, run_id)
    rows = connection.execute(_ROWS.where(lines.c.run_id == run_id)).mappings()
    return [PrintRow(**{name: row[name] for name in _NAMES}, **letters.get(row["sequence"], _NONE)) for row in rows]


def _letters(connection: Connection, run_id: UUID) -> dict[int, Any]:
    """Return the latest letter of each line that has one."""
    asked_for = and_(
        _REQUEST.c.line == facts.c.line,
        _REQUEST.c.ordinal == facts.c.ordinal,
        _REQUEST.c.stage == int(Stage.DOSSIER),
    )
    query = (
        select(facts.c.line, facts.c.letter_sha256, facts.c.letter_type, facts.c.at, makings.c.content)
        .join(lines, lines.c.sequence == facts.c.line)
        .outerjoin(_REQUEST, asked_for)
        .outerjoin(makings, makings.c.key == _REQUEST.c.making)
        .where(lines.c.run_id == run_id, facts.c.letter_sha256.is_not(None))
        .order_by(facts.c.ordinal, facts.c.position)
    )
    return {
        line: {
            "letter_sha256": sha256,
            "letter_type": kind,
            "letter_layout": _layout((content or {}).get("attachment_layout")),
            "letter_made_at": at,
        }
        for line, sha256, kind, at, content in connection.execute(query)
    }


def _layout(told: dict[str, Any] | None) -> LayoutVersion | None:
    return LayoutVersion.model_validate(told) if told else None
