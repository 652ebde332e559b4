"""Services run in this very process, with a nats-server of their own."""

import os
from pathlib import Path

import pytest

from deploy.cli.failure import Code, Failure
from deploy.cli.serve import run_here
from deploy.local import Running, Wanted, run
from deploy.record import url_of
from shared.settings import Settings
from tests.e2e.conftest import left_of

DOSSIER = Wanted(services=("dossier",), own_nats=True, any_port=True)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("UITPOST_SMTP_URL", "")
    return Settings(data=tmp_path, http="127.0.0.1:0", smtp_url=None)


def test_what_runs_is_recorded_as_long_as_it_runs(settings: Settings) -> None:
    recorded = []

    async def look(running: Running) -> None:
        recorded.append((url_of(settings.data, "dossier"), running.url))
        running.stop()

    run(settings, DOSSIER, look)

    assert len(recorded) == 1
    assert recorded[0][0] == recorded[0][1]
    assert url_of(settings.data, "dossier") is None
    assert left_of(settings.data) == []


def test_the_password_of_the_mail_server_is_found_wherever_it_was_set(settings: Settings) -> None:
    url = "smtp://me:secret@mail.debrug.example"
    seen = []

    async def look(running: Running) -> None:
        seen.append(os.environ["UITPOST_SMTP_URL"])
        running.stop()

    run(settings.model_copy(update={"smtp_url": url}), DOSSIER, look)

    assert seen == [url]


def test_where_the_guest_fails_all_ends_and_the_command_ends_as_it_failed(settings: Settings) -> None:
    async def give_up(_running: Running) -> None:
        raise Failure(Code.TIMED_OUT, "too slow")

    with pytest.raises(Failure) as ended:
        run_here(settings, DOSSIER, give_up)

    assert ended.value.code == Code.TIMED_OUT
    assert left_of(settings.data) == []
