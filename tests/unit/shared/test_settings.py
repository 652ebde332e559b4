"""What is set where: a flag before the environment, that before the file, and that before the default."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start in an empty folder, with nothing set in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"UITPOST_{name.upper()}", raising=False)
    return tmp_path


def test_a_default_counts_where_nothing_is_set() -> None:
    assert Settings().http == "127.0.0.1:8420"
    assert Settings().nats_url is None


def test_the_file_counts_before_the_default(folder: Path) -> None:
    (folder / "uitpost.toml").write_text('http = "127.0.0.1:1"\nof_next_year = true\n')

    assert Settings().http == "127.0.0.1:1"


def test_the_environment_counts_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "uitpost.toml").write_text('http = "127.0.0.1:1"\nlog_addresses = true\n')
    monkeypatch.setenv("UITPOST_HTTP", "127.0.0.1:2")

    settings = Settings()

    assert settings.http == "127.0.0.1:2"
    assert settings.log_addresses is True


def test_a_flag_counts_before_everything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "uitpost.toml").write_text('http = "127.0.0.1:1"\n')
    monkeypatch.setenv("UITPOST_HTTP", "127.0.0.1:2")

    assert Settings(http="127.0.0.1:3").http == "127.0.0.1:3"


def test_what_cannot_be_read_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UITPOST_LOG_ADDRESSES", "perhaps")

    with pytest.raises(ValidationError, match="log_addresses"):
        Settings()


def test_without_a_store_url_each_service_has_files_of_its_own(folder: Path) -> None:
    settings = Settings(data=Path("here"))

    assert settings.store_of("dossier") == f"sqlite:///{folder}/here/dossier.db"
    assert settings.keys_of("dossier") == f"sqlite:///{folder}/here/dossier-keys.db"
    assert settings.access_url == f"sqlite:///{folder}/here/access.db"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_store_url_serves_every_service_and_its_keys(scheme: str) -> None:
    settings = Settings(store_url=f"{scheme}://uitpost@db.example/uitpost")

    assert settings.store_of("mailer") == "postgresql+psycopg://uitpost@db.example/uitpost"
    assert settings.keys_of("mailer") is None


def test_a_service_signs_with_the_seed_that_lies_there(folder: Path) -> None:
    seed = folder / "keys" / "mailer.nk"
    seed.parent.mkdir()
    seed.write_text("S")

    settings = Settings(nats_seed=folder / "keys")

    assert settings.seed_of("mailer") == seed
    assert settings.seed_of("dossier") is None
