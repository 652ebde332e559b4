"""Sample values with which a translated Word layout is compared with LibreOffice's: short ones, and long ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.renderer.adapters.context import context_of
from services.renderer.domain import Job
from shared.contracts.dossier import LayoutDocument

_SIZES = {
    "short": ("Anna de Vries", "Proef"),
    "long": (
        "Stichting tot behoud van het oude raadhuis en de tuinen daaromheen te Wijk bij Duurstede",
        "Een omschrijving die over meer dan een regel gaat, zoals dat in een gewone brief weleens gebeurt. " * 3,
    ),
}


def samples(document: LayoutDocument, language: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a Word layout sees of each size of values, by its name."""
    for size, (name, value) in _SIZES.items():
        context = {
            "recipient": {"name": name, "email": "anna@home.example", "language": language},
            "subject": value,
            "date": "2026-11-24",
            "sender": {"name": name, "address": "post@bakery.example"},
            "destination": {"kind": "organisation", "number": "1000", "contact_id": None},
            "merge": {field.name: value for field in document.fields},
        }
        yield size, context_of(Job(language=language, context=context), document)
