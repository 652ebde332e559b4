"""Views are saved, each user's own; administrators share theirs with everybody (FR-19, A25)."""

from typing import Protocol

from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.text import is_number
from services.dossier.domain.view import View, ViewFacts, supplied
from shared.store import Row, Store

_ID = 80


class ViewTables(Protocol):
    """The views that were saved."""

    async def visible(self, owner: str) -> list[View]:
        """Return the user's own views and those that others share, the user's own last."""
        ...

    def row(self, view: View) -> Row:
        """Return the row that keeps a view."""
        ...

    def gone(self, view: View) -> Row:
        """Return the change that forgets a view."""
        ...


class Views:
    """The views of everybody: a user's own goes before one that others share, and that before a supplied one."""

    def __init__(self, store: Store, tables: ViewTables) -> None:
        self._store = store
        self._tables = tables

    async def all(self, user: str, language: str) -> list[View]:
        """Return the views that a user can choose, by name."""
        return sorted((await self._by_id(user, language)).values(), key=lambda view: view.facts.name.casefold())

    async def one(self, user: str, view_id: str, language: str) -> View:
        """Return a view; raise `Refused` (404) where the user can choose none of that id."""
        found = (await self._by_id(user, language)).get(view_id)
        if found is None:
            raise Refused([Wrong("view", "unknown_view", {"view": view_id[:_ID]})], status=404)
        return found

    async def put(self, user: str, view_id: str, facts: ViewFacts, *, may_share: bool) -> View:
        """Save a view of the user's own; raise `Refused` for one that can't be, or can't be shared."""
        wrongs = facts.wrongs()
        if not is_number(view_id) or len(view_id) > _ID or "/" in view_id:
            wrongs = [Wrong("id", "wrong_number"), *wrongs]
        if wrongs:
            raise Refused(wrongs)
        standing = (await self._by_id(user, "nl")).get(view_id)
        if standing and standing.is_supplied:
            raise Refused([Wrong("id", "supplied_view", {"view": view_id})], status=409)
        if facts.shared and not may_share:
            raise Refused([Wrong("shared", "administrators_share")], status=403)
        if facts.shared and standing and standing.owner != user:
            raise Refused([Wrong("id", "view_taken", {"view": view_id})], status=409)
        view = View(view_id, user, facts)
        await self._store.record(rows=[self._tables.row(view)])
        return view

    async def delete(self, user: str, view_id: str, *, may_share: bool) -> None:
        """Forget a view of the user's own, or as an administrator one that is shared; raise `Refused` otherwise."""
        view = await self.one(user, view_id, "nl")
        if view.is_supplied:
            raise Refused([Wrong("id", "supplied_view", {"view": view_id})], status=409)
        if view.owner != user and not may_share:
            raise Refused([Wrong("id", "administrators_share")], status=403)
        await self._store.record(rows=[self._tables.gone(view)])

    async def _by_id(self, user: str, language: str) -> dict[str, View]:
        saved = {view.view_id: view for view in await self._tables.visible(user)}
        return supplied(language) | saved
