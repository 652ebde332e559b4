"""The supplied layouts are whole, in both languages, and ask for nothing but a recipient, a subject and a date."""

import json
import re

import pytest

from services.dossier.layouts import canonical, names, supplied
from shared.contracts.dossier import LayoutDocument

LAYOUTS = supplied()
USED = re.compile(r"\bmerge\.([a-z_]+)")


def test_layouts_are_supplied_under_names_in_both_languages() -> None:
    """FR-102."""
    assert names() == {
        "appointment": {"nl": "Afspraakkaart", "en": "Appointment card"},
        "invitation": {"nl": "Uitnodiging", "en": "Invitation"},
        "letter": {"nl": "Brief", "en": "Letter"},
        "statement": {"nl": "Rekeningoverzicht", "en": "Statement of account"},
    }
    assert LAYOUTS.keys() == names().keys()


@pytest.mark.parametrize(
    ("layout_id", "kind", "sources"),
    [("invitation", "html", {"subject", "text", "html"}), ("letter", "typst", {"subject", "filename", "typst"})],
)
def test_a_layout_has_all_its_sources_in_each_language(layout_id: str, kind: str, sources: set[str]) -> None:
    document = LAYOUTS[layout_id]

    assert document.kind == kind
    assert {language: set(texts) for language, texts in document.sources.items()} == {"nl": sources, "en": sources}


@pytest.mark.parametrize("layout_id", LAYOUTS)
def test_every_field_is_optional_and_used_in_each_language(layout_id: str) -> None:
    document = LAYOUTS[layout_id]
    declared = {field.name for field in document.fields}

    assert not any(field.required for field in document.fields)
    for texts in document.sources.values():
        assert {name for text in texts.values() for name in USED.findall(text)} == declared


@pytest.mark.parametrize("layout_id", LAYOUTS)
def test_a_document_is_the_same_bytes_each_time_and_reads_back(layout_id: str) -> None:
    written = canonical(LAYOUTS[layout_id])

    assert written == canonical(supplied()[layout_id])
    assert LayoutDocument.model_validate_json(written) == LAYOUTS[layout_id]
    assert (
        json.dumps(json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == written
    )
