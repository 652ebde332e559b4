"""Checks and what they found: rows with an end, of which none is a fact."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, Connection, Float, Integer, String, Table, Text, delete, func, insert, select, update

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.domain.check import Finding, Status
from services.dossier.domain.identity import Address
from shared.store import Row, Store

_CHECKS = Table(
    "checks",
    METADATA,
    Column("check_id", String, primary_key=True),
    Column("facts", Text, nullable=False),
    Column("ends_at", Float, nullable=False),
)
_FINDINGS = Table(
    "check_findings",
    METADATA,
    Column("check_id", String, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("status", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("finding", Text, nullable=False),
)


class SqlChecks:
    """The tables of checks, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begun(self, check_id: UUID, facts: dict[str, Any], ends_at: datetime) -> Row:
        """Return the row of a new check."""
        row = {"check_id": str(check_id), "facts": json.dumps(facts), "ends_at": ends_at.timestamp()}
        return insert(_CHECKS), row

    async def advance(self, check_id: UUID, facts: dict[str, Any], found: Sequence[Finding], ends_at: datetime) -> bool:
        """Note how far a check is and what it found more; return False, noting nothing, for one that was given up."""
        which = _CHECKS.c.check_id == str(check_id)
        noted = update(_CHECKS).where(which).values(facts=json.dumps(facts), ends_at=ends_at.timestamp())
        last = select(func.max(_FINDINGS.c.sequence)).where(_FINDINGS.c.check_id == str(check_id))

        def note(connection: Connection) -> bool:
            if not connection.execute(noted).rowcount:
                return False
            if found:
                first = (connection.execute(last).scalar() or 0) + 1
                rows = [_row(check_id, sequence, one) for sequence, one in enumerate(found, first)]
                connection.execute(insert(_FINDINGS), rows)
            return True

        return await self._store.transact(note)

    async def find(self, check_id: UUID) -> dict[str, Any] | None:
        """Return how far a check is, None where there is none (any more)."""
        query = select(_CHECKS.c.facts).where(_CHECKS.c.check_id == str(check_id))
        facts = await self._store.read(lambda connection: connection.execute(query).scalar())
        return cast("dict[str, Any]", json.loads(facts)) if facts else None

    async def findings(
        self, check_id: UUID, statuses: Sequence[Status], reason: str | None, after: int, limit: int
    ) -> list[tuple[int, Finding]]:
        """Return findings of these statuses (of any if none) under their numbers, in order, from `after` on."""
        query = select(_FINDINGS.c.sequence, _FINDINGS.c.finding).where(
            _FINDINGS.c.check_id == str(check_id), _FINDINGS.c.sequence > after
        )
        if statuses:
            query = query.where(_FINDINGS.c.status.in_(statuses))
        if reason:
            query = query.where(_FINDINGS.c.reason == reason)
        query = query.order_by(_FINDINGS.c.sequence).limit(limit)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [(sequence, _finding(json.loads(said))) for sequence, said in rows]

    async def forget(self, check_id: UUID) -> bool:
        """Delete a check and what it found; return whether there was one."""

        def remove(connection: Connection) -> bool:
            gone = connection.execute(delete(_CHECKS).where(_CHECKS.c.check_id == str(check_id))).rowcount
            connection.execute(delete(_FINDINGS).where(_FINDINGS.c.check_id == str(check_id)))  # after what notes more
            return bool(gone)

        return await self._store.transact(remove)

    async def forget_ended(self, now: datetime) -> None:
        """Delete the checks whose end has come."""
        query = select(_CHECKS.c.check_id).where(_CHECKS.c.ends_at <= now.timestamp())
        for check_id in await self._store.read(lambda connection: list(connection.execute(query).scalars())):
            await self.forget(UUID(check_id))


def _row(check_id: UUID, sequence: int, finding: Finding) -> dict[str, Any]:
    said = json.dumps(asdict(finding) | {"address": list(finding.address)})
    columns = {"check_id": str(check_id), "sequence": sequence, "status": finding.status, "reason": finding.reason}
    return columns | {"finding": said}


def _finding(said: dict[str, Any]) -> Finding:
    return Finding(**said | {"address": Address(*said["address"])})
