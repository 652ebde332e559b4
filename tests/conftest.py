"""What every test stands on: real servers and stores, and chance that may take its time, since no test measures it."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.nats import nats
from tests.postgres import postgres, postgres_url

__all__ = ["nats", "postgres", "postgres_url", "store_url"]

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, once in memory, once in an SQLite file, once on PostgreSQL."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'store.db'}"
