"""What is found in a layout, as it is told: problems and warnings in words, and the fields it could declare."""

from collections.abc import Iterable
from typing import Any

from services.dossier.application import Refusals
from services.dossier.application.layout_files import problem_wrong
from services.dossier.domain.layout import LayoutFacts, proposed_fields, undeclared
from services.dossier.domain.refusal import Refused, Wrong
from shared.contracts.layouts import LayoutJudged


def found(facts: LayoutFacts, judged: LayoutJudged, refusals: Refusals, language: str) -> dict[str, Any]:
    """Return everything that is to be said of a layout; `fields` is what it would declare by what it uses."""
    paths = {placeholder.path: placeholder.required for placeholder in judged.placeholders}
    unsaid = [Wrong("fields", "layout_field_undeclared", {"name": name}) for name in undeclared(facts, paths)]
    warnings = [*map(problem_wrong, judged.warnings), *unsaid]
    return {
        "problems": _told(map(problem_wrong, judged.problems), refusals, language),
        "warnings": _told(warnings, refusals, language),
        "placeholders": [placeholder.model_dump() for placeholder in judged.placeholders],
        "fields": proposed_fields(facts, paths),
        "declined": judged.declined,
        "pdf_engines": judged.pdf_engines,
    }


def _told(wrongs: Iterable[Wrong], refusals: Refusals, language: str) -> list[dict[str, Any]]:
    worded = refusals.worded(Refused(wrongs), language)
    return [{"field": error.field, "code": error.code, "detail": error.detail} for error in worded.errors]
