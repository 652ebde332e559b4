"""Mail servers: where mails are handed over, and where the password lies, never the password."""

from ipaddress import ip_address
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control

Security = Literal["tls", "starttls", "if-offered", "none"]
_ASKED_TLS: dict[str, Security] = {"required": "starttls", "if-offered": "if-offered", "none": "none"}
_PORTS = {"smtp": 25, "smtps": 465}
SECRETS = ("password", "secret", "pass", "dkim_key", "dkim_private_key")


class MailServerFacts(BaseModel):
    """What is set of a mail server; `secret_ref` names where its password lies."""

    model_config = ConfigDict(extra="forbid", strict=True)

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(ge=1, le=65535)
    security: Security
    user: str | None = Field(None, max_length=320)
    secret_ref: str | None = Field(None, max_length=500)
    max_per_minute: int | None = Field(None, ge=1, le=1_000_000)
    max_connections: int = Field(8, ge=1, le=1000)
    dkim_domain: str | None = Field(None, max_length=253)
    dkim_selector: str | None = Field(None, max_length=63)
    dkim_secret_ref: str | None = Field(None, max_length=500)

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it."""
        lines = {name: value for name, value in self if isinstance(value, str)}
        return [Wrong(name, "control_character") for name, text in lines.items() if has_control(text)]


def secrets_in(body: Any) -> list[Wrong]:
    """Return which fields of a body would put a secret on record."""
    given = body if isinstance(body, dict) else {}
    return [Wrong(name, "secret_in_body") for name in SECRETS if name in given]


def of_url(url: str, secret_ref: str) -> MailServerFacts:
    """Return what an SMTP URL says; `secret_ref` names the place of the URL itself.

    Raises ValueError, which does not repeat the URL, since it may hold a password.
    """
    parts = urlsplit(url)
    asked = parse_qs(parts.query).get("tls", [None])[0]
    if parts.scheme not in _PORTS or not parts.hostname or (asked is not None and asked not in _ASKED_TLS):
        msg = "UITPOST_SMTP_URL is `smtp://user:pass@host:port` or `smtps://…`, with `?tls=required|if-offered|none`"
        raise ValueError(msg)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        msg = "UITPOST_SMTP_URL names a port that is no port"
        raise ValueError(msg) from None
    return MailServerFacts(
        host=parts.hostname,
        port=port,
        security=_security(parts.scheme, parts.hostname, asked),
        user=unquote(parts.username) if parts.username else None,
        secret_ref=secret_ref if parts.password else None,
    )


def _security(scheme: str, host: str, asked: str | None) -> Security:
    if scheme == "smtps":
        return "tls"
    if asked is not None:
        return _ASKED_TLS[asked]
    return "if-offered" if _is_loopback(host) else "starttls"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class MailServer(Aggregate):
    """A mail server as it was set."""

    TOPIC = "dossier.MailServer"

    class Created(Aggregate.Created):
        """The first fact of a mail server."""

        TOPIC = "dossier.MailServer.Created"

    class Recorded(Created):
        """A mail server was set up."""

        TOPIC = "dossier.MailServer.Recorded"

        mail_server_id: str
        facts: dict[str, Any]

    class Changed(Aggregate.Event):
        """A mail server was set otherwise."""

        TOPIC = "dossier.MailServer.Changed"

        mail_server_id: str
        facts: dict[str, Any]

        def apply(self, aggregate: Aggregate) -> None:
            """Let the mail server be as set."""
            assert isinstance(aggregate, MailServer)  # noqa: S101 -- the library types it as any aggregate
            aggregate.facts = self.facts

    class Removed(Aggregate.Event):
        """There is no such mail server any more (R-4: none)."""

        TOPIC = "dossier.MailServer.Removed"

        mail_server_id: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let there be none."""
            assert isinstance(aggregate, MailServer)  # noqa: S101 -- the library types it as any aggregate
            aggregate.facts = None

    def __init__(self, mail_server_id: str, facts: dict[str, Any]) -> None:
        self.mail_server_id = mail_server_id
        self.facts: dict[str, Any] | None = facts

    @classmethod
    def record(cls, name: str, facts: dict[str, Any]) -> Self:
        """Set up a mail server."""
        identity = setup_id_of("mail-server", name)
        return cls._create(cls.Recorded, id=identity, mail_server_id=name, facts=facts)

    def change(self, facts: dict[str, Any]) -> None:
        """Set the mail server otherwise, if it is otherwise."""
        if facts != self.facts:
            self.trigger_event(self.Changed, mail_server_id=self.mail_server_id, facts=facts)

    def remove(self) -> None:
        """Let there be no such mail server, if there is one."""
        if self.facts is not None:
            self.trigger_event(self.Removed, mail_server_id=self.mail_server_id)
