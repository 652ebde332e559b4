"""Which formats are made on a machine, and what is missing for others."""

import pytest

from services.renderer.adapters import made
from services.renderer.adapters.made import formats_made


def test_every_kind_of_layout_says_what_it_becomes_and_by_what() -> None:
    """FR-105, FR-106."""
    formats = formats_made().formats

    assert {one.kind for one in formats} == {"text", "html", "typst", "paged", "word"}
    assert next(one.content_type for one in formats if one.kind == "word").endswith("wordprocessingml.document")
    assert all(one.missing or all(one.engines.values()) for one in formats)


@pytest.mark.parametrize(("there", "kind"), [("find_spec", "paged"), ("found", "word")])
def test_what_is_missing_here_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, there: str, kind: str) -> None:
    """FR-105."""
    monkeypatch.setattr(made, there, lambda *_: None)

    missing = [one for one in formats_made().formats if one.missing and one.kind == kind]

    assert len(missing) == 1
    assert any(word in (missing[0].missing or "") for word in ("typst", "apt-get"))
