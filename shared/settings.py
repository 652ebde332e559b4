"""What can be set for every service: `UITPOST_*` in the environment, or the same names in `uitpost.toml`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class Settings(BaseSettings):
    """Settings that all four services share; flag > environment > file > default."""

    model_config = SettingsConfigDict(env_prefix="UITPOST_", toml_file="uitpost.toml", extra="ignore")

    data: Annotated[Path, Field(description="Folder that holds everything: events, keys, blobs, NATS")] = Path(
        "uitpost-data"
    )
    nats_url: Annotated[str | None, Field(description="NATS server; unset = our own, in the data folder")] = None
    nats_seed: Annotated[
        Path | None, Field(description="Folder with an nkey seed per service; unset = the data folder's")
    ] = None
    store_url: Annotated[
        str | None, Field(description="PostgreSQL as `postgresql://…`; unset = SQLite in the data folder")
    ] = None
    smtp_url: Annotated[
        str | None,
        Field(description="Mail server `smtp://user:pass@host:port` or `smtps://…`; recorded as mail server `default`"),
    ] = None
    http: Annotated[str, Field(description="Address and port that the web pages and the API listen on")] = (
        "127.0.0.1:8420"
    )
    public_url: Annotated[str | None, Field(description="Address of the web pages as people reach them")] = None
    stream_days: Annotated[
        float, Field(ge=0, description="Days that NATS keeps what everyone has heard; the stores keep it for good")
    ] = 30
    log_addresses: Annotated[bool, Field(description="Write e-mail addresses to the log in full")] = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read flags, then the environment, then `uitpost.toml`."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def store_of(self, service: str) -> str:
        """Return the URL of a service's event store."""
        return _postgres(self.store_url) if self.store_url else f"sqlite:///{self.data.resolve() / service}.db"

    def keys_of(self, service: str) -> str | None:
        """Return the URL of a service's keys: a file of their own beside SQLite, None = a table in PostgreSQL."""
        return None if self.store_url else f"sqlite:///{self.data.resolve() / service}-keys.db"

    @property
    def nats(self) -> str:
        """The URL of the NATS server: as set, else the one that runs in the data folder."""
        if self.nats_url:
            return self.nats_url
        return (self.data / "nats" / "url").read_text("utf-8").strip()

    @property
    def access_url(self) -> str:
        """The URL of users, sessions and tokens."""
        return self.store_of("access")

    @property
    def blobs_path(self) -> Path:
        """The file that blobs lie in."""
        return self.data.resolve() / "blobs.db"

    def seed_of(self, user: str) -> Path | None:
        """Return the nkey seed that a service signs with, None where there is none."""
        seed = (self.nats_seed or self.data / "nats" / "keys") / f"{user}.nk"
        return seed if seed.exists() else None


def _postgres(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)
