"""A mail server as set up: where it is, how to get in, how long to wait, and what it means that it is not to be had."""

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["connect", "tls", "login", "dkim"]


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a mail server, in seconds (RFC 5321 §4.5.3.2).

    Shorter ones make mails in doubt out of slow ones: a server may do its whole filtering before it answers the dot.
    """

    greeting: float = 300
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    block: float = 180  # for each block of the body
    dot: float = 600
    farewell: float = 5  # for answers that change no verdict


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over, and how to get in.

    `security`: TLS from the first byte (`tls`), demanded after EHLO (`starttls`), used when offered (`if-offered`,
    where the certificate is not checked, since whoever could forge it could hide the offer), or `none`.
    A password goes only over checked TLS or over loopback.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "if-offered", "none"] = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    local_hostname: str = "[127.0.0.1]"  # an address literal is valid where no name is known (RFC 5321 §4.1.3)
    timeouts: Timeouts = field(default_factory=Timeouts)


class ServerUnavailable(Exception):
    """No mail can be handed to this server now. It pauses the server and never fails a mail.

    `permanent` means that waiting will not help: a person has to look at the set-up.
    """

    def __init__(self, phase: Stage, code: int | None, text: str, *, permanent: bool) -> None:
        super().__init__(f"{phase}: {code} {text}" if code else f"{phase}: {text}")
        self.phase = phase
        self.code = code
        self.text = text
        self.permanent = permanent
