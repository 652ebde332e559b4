"""What letters of a run are printed by: the layout they were made with, and the values they are sorted by (R-14)."""

from collections.abc import Sequence
from uuid import UUID

from services.dossier.application.layouts import Layouts
from services.dossier.domain.layout import BY_NAME
from services.dossier.domain.processing import Processing
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.run import Run
from shared.contracts.asks import PrintFound, SortValuesFound
from shared.store import Store


class Printing:
    """Tells whoever prints letters what only the dossier knows of them."""

    def __init__(self, store: Store, layouts: Layouts) -> None:
        self._store = store
        self._layouts = layouts

    async def of(self, run_id: UUID) -> PrintFound:
        """Return how the letters of a run are printed.

        Raises `Refused` with `unknown_run`, or `not_letters` for a run that makes none.
        """
        run = await self._store.load(Run, run_id)
        if run is None:
            raise Refused([Wrong("run_id", "unknown_run")], status=404)
        used = run.content["attachment_layout"]
        if run.content["issue_method"] != "document" or used is None:
            raise Refused([Wrong("run_id", "not_letters")], status=409)
        versions = await self._layouts.versions(used["layout_id"])
        layout = versions[used["version"] - 1]
        fields = tuple(f"merge.{field['name']}" for field in layout["fields"])
        return PrintFound(layout_name=layout["name"], sort_by=layout["sort_by"], sortable=(BY_NAME, *fields))

    async def values(self, field: str, rows: Sequence[UUID]) -> SortValuesFound:
        """Return what rows have for a merge field: numbers and texts; anything else cannot be sorted by."""
        return SortValuesFound(values=tuple([await self._value(field, row) for row in rows]))

    async def _value(self, field: str, row: UUID) -> float | str | None:
        known = await self._store.load(Processing, row)
        value = ((known and known.merge) or {}).get(field)
        return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None
