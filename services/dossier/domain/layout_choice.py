"""Which layouts are offered, and why one that is chosen can't be: blocked, of another kind, or of other data."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from services.dossier.domain.layout import OF_BODIES
from services.dossier.domain.refusal import Wrong

Facts = Mapping[str, Any]
Use = Literal["body", "attachment"]


def is_offered(layout: Facts, use: Use | None, kinds: Collection[str]) -> bool:
    """Return whether a layout is offered: not while it is blocked, and only where it fits (R-11, R-12)."""
    fits = use is None or (layout["kind"] in OF_BODIES) == (use == "body")
    return fits and not layout["blocked"] and all(takes(layout, kind) for kind in kinds)


def takes(layout: Facts, kind: str) -> bool:
    """Return whether the data collection of a layout has destinations of this kind; an empty one has all."""
    return not layout["data_collection"] or kind in layout["data_collection"]


def makes_no_pdf(field: str, layout_id: str, layout: Facts) -> Wrong:
    """Return that nothing here makes a PDF of a Word layout, in words that say what to do (FR-105)."""
    code = "layout_makes_no_pdf_a_3a" if layout["pdf"] == "a-3a+ua-1" else "layout_makes_no_pdf"
    return Wrong(field, code, {"layout": layout_id, "languages": ", ".join(layout["pdf_missing"])})


def unfit(field: str, layout: Facts, use: Use) -> Iterator[Wrong]:
    """Yield why a layout can't be chosen for this."""
    if (layout["kind"] in OF_BODIES) != (use == "body"):
        yield Wrong(field, "layout_kind", {"layout": layout["layout_id"], "kind": layout["kind"]})
    if layout["blocked"]:
        yield Wrong(field, "layout_blocked", {"layout": layout["layout_id"], "reason": layout["block_reason"] or "–"})
