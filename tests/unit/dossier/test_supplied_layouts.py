"""The supplied layouts are whole, in both languages, and ask for nothing but a recipient, a subject and a date."""

import hashlib
import json
import re

import pytest

from services.dossier.layouts import canonical, files, names, supplied
from shared.contracts.dossier import LayoutDocument

LAYOUTS = supplied()
USED = re.compile(r"\bmerge\.([a-z_]+)")


def test_layouts_are_supplied_under_names_in_both_languages() -> None:
    """FR-102."""
    assert names() == {
        "appointment": {"nl": "Afspraakkaart", "en": "Appointment card"},
        "appointment-word": {"nl": "Afspraakkaart (Word)", "en": "Appointment card (Word)"},
        "invitation": {"nl": "Uitnodiging", "en": "Invitation"},
        "invitation-word": {"nl": "Uitnodiging (Word)", "en": "Invitation (Word)"},
        "letter": {"nl": "Brief", "en": "Letter"},
        "letter-word": {"nl": "Brief (Word)", "en": "Letter (Word)"},
        "statement": {"nl": "Rekeningoverzicht", "en": "Statement of account"},
        "statement-word": {"nl": "Rekeningoverzicht (Word)", "en": "Statement of account (Word)"},
    }
    assert LAYOUTS.keys() == names().keys()


@pytest.mark.parametrize(
    ("layout_id", "kind", "sources"),
    [
        ("invitation", "html", {"subject", "text", "html"}),
        ("letter", "typst", {"subject", "filename", "typst"}),
        ("letter-word", "word", {"subject", "filename"}),
    ],
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
    for texts in document.sources.values() if not document.files else ():
        assert {name for text in texts.values() for name in USED.findall(text)} == declared


def test_the_word_documents_are_supplied_with_their_layouts() -> None:
    """FR-102: in both languages, and each of them is one that a layout refers to."""
    kept = {hashlib.sha256(content).hexdigest(): len(content) for content in files()}
    word = {name: document for name, document in LAYOUTS.items() if document.kind == "word"}

    assert {name: list(document.files) for name, document in word.items()} == {name: ["nl", "en"] for name in word}
    assert {ref.sha256: ref.size for document in word.values() for ref in document.files.values()} == kept


@pytest.mark.parametrize("layout_id", LAYOUTS)
def test_a_document_is_the_same_bytes_each_time_and_reads_back(layout_id: str) -> None:
    written = canonical(LAYOUTS[layout_id])

    assert written == canonical(supplied()[layout_id])
    assert LayoutDocument.model_validate_json(written) == LAYOUTS[layout_id]
    assert (
        json.dumps(json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == written
    )
