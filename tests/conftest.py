"""What every test stands on: real servers and stores, and chance that may take its time, since no test measures it."""

import faulthandler
import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import settings

from tests import empty
from tests.nats import nats
from tests.postgres import postgres, postgres_url

__all__ = ["nats", "postgres", "postgres_url", "store_url"]

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Look no more for garbage among what was collected: thousands of tests and all modules stay to the end."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Leave nothing of what all tests shared: the workers of a run end without saying so otherwise."""
    empty.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """End a run that hangs while it cleans up after a failure: a failure ends pytest's own watch."""
    limit = float(item.config.getini("faulthandler_timeout"))
    faulthandler.dump_traceback_later(limit, file=item.config.stash[fault_handler_stderr_fd_key], exit=True)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, once in memory, once in an SQLite file, once on PostgreSQL."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'store.db'}"
