"""`uitpost check` names the Word layouts that make no PDF here, and what to do of each."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.word_check import unprinted
from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.adapters.tables.standing import SqlTables
from shared.settings import Settings
from shared.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder of its own."""
    return Settings(data=tmp_path)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """The store of a dossier."""
    store = Store(settings.store_of("dossier"), "dossier", METADATA, settings.keys_of("dossier"))
    yield store
    await store.close()


async def put(store: Store, name: str, **facts: Any) -> None:
    """Let a layout stand."""
    row = {"kind": "word", "pdf": "plain", "pdf_missing": ["nl"], "blocked": False} | facts
    await store.record(rows=[SqlTables(store).setup("layout", name, row)])


def test_where_nothing_is_recorded_there_is_nothing_to_do(settings: Settings) -> None:
    assert unprinted(settings) == []


async def test_each_layout_that_makes_no_pdf_is_named_with_what_to_do(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FR-105."""
    monkeypatch.setenv("PATH", "")
    await put(store, "a-brief")
    await put(store, "b-made", pdf_missing=[])
    await put(store, "c-blocked", blocked=True)
    await put(store, "d-aloud", pdf="a-3a+ua-1", pdf_missing=["nl", "en"])

    brief, aloud = unprinted(settings)

    assert brief.startswith("a-brief (nl): apt-get install libreoffice-writer-nogui")
    assert aloud == "d-aloud (nl, en): put it again with pdf = a-2b, since LibreOffice makes no PDF/A-3a"
