"""What an operator keeps for himself: field settings of his own, and whether a desktop helper is linked (FR-104)."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from services.dossier.domain.operator import Operator
from shared.store import Row, Store

_HELPER = "desktop_helper"


class Personal(Protocol):
    """The table of what is personal of operators: facts by owner and name."""

    async def facts(self, owner: str, names: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return which of these the owner has, by name."""
        ...

    def put(self, owner: str, name: str, facts: Mapping[str, Any]) -> Row:
        """Return the row that keeps one."""
        ...

    def removed(self, owner: str, name: str) -> Row:
        """Return the change that takes one away."""
        ...


class DesktopHelpers:
    """Whose desktop has a helper that opens attachments (FR-104)."""

    def __init__(self, store: Store, personal: Personal) -> None:
        self._store = store
        self._personal = personal

    async def is_linked(self, operator: Operator) -> bool:
        """Return whether the operator's is there."""
        facts = await self._personal.facts(operator.owner, [_HELPER])
        return bool(facts.get(_HELPER, {}).get("linked"))

    async def link(self, operator: Operator, *, linked: bool) -> None:
        """Remember whether it is there."""
        await self._store.record(rows=[self._personal.put(operator.owner, _HELPER, {"linked": linked})])
