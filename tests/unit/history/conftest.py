"""A store for each database that history runs on, empty at first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.history.adapters.tables import TABLES
from shared.store import Store
from tests.empty import lay


def _tables(folder: Path) -> None:
    asyncio.run(Store(f"sqlite:///{folder / 'history.db'}", "history", TABLES).close())


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        lay(tmp_path, _tables)
        return f"sqlite:///{tmp_path / 'history.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """A store on either database."""
    async with Store(store_url, "history", TABLES) as opened:
        yield opened


@pytest.fixture
async def file_store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store in a file, for tests of what stands above the tables."""
    lay(tmp_path, _tables)
    async with Store(f"sqlite:///{tmp_path / 'history.db'}", "history", TABLES) as opened:
        yield opened
