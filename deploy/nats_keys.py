"""Who may say what on NATS: a key per service and per upstream system, and the accounts file that holds them to it."""

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nkeys

ADMIN = "admin"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HEARD_OUTSIDE = ("uitpost.dossier.>", "uitpost.renderer.>", "uitpost.mailer.>")
_INTAKE = "uitpost.intake.>"


class NameTaken(ValueError):
    """An upstream system of this name has a credential already."""


@dataclass(frozen=True)
class Voice:
    """What one service owns, hears and asks, from which its permissions follow."""

    name: str
    owns: tuple[str, ...]
    hears: tuple[str, ...]
    asks: tuple[str, ...] = ()

    def permissions(self) -> dict[str, Any]:
        """Return the subjects that this service may publish and subscribe, as nats-server reads them."""
        api = ["$JS.API.INFO", *(subject for stream in self.owns for subject in _owning(stream))]
        durables = (self.name, f"{self.name}-ahead")  # `shared.messaging.topology.ahead_of`, whose import takes long
        api += [subject for stream in self.hears for durable in durables for subject in _hearing(stream, durable)]
        asking = [f"uitpost.ask.{other}.>" for other in self.asks]
        return {
            "publish": [f"uitpost.{self.name}.>", *asking, *api],
            "subscribe": [f"uitpost.ask.{self.name}.>", f"_INBOX.{self.name}.>"],
            "allow_responses": True,
        }


SERVICES = (
    Voice("dossier", owns=("INTAKE", "DOSSIER"), hears=("INTAKE",), asks=("renderer", "mailer", "history")),
    Voice("renderer", owns=("RENDERER",), hears=("DOSSIER",), asks=("dossier",)),
    Voice("mailer", owns=("MAILER",), hears=("DOSSIER", "RENDERER"), asks=("dossier", "renderer")),
    Voice(
        "history",
        owns=("ADVISORIES",),
        hears=("DOSSIER", "RENDERER", "MAILER", "ADVISORIES"),
        asks=("dossier", "renderer", "mailer"),
    ),
)


def _owning(stream: str) -> list[str]:
    """Return what the owner of a stream needs: keeping it, reading it back, and seeing how far its readers are."""
    verbs = ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.INFO", "STREAM.PURGE", "STREAM.MSG.GET")
    keeping = [f"$JS.API.{verb}.{stream}" for verb in verbs]
    readers = [f"$JS.API.CONSUMER.LIST.{stream}", f"$JS.API.CONSUMER.INFO.{stream}.*"]
    return [*keeping, *readers]


def _hearing(stream: str, durable: str) -> list[str]:
    """Return what a reader of a stream needs: its own durable, and a message by its number (a dead letter)."""
    verbs = ("CREATE", "DURABLE.CREATE", "INFO", "DELETE", "MSG.NEXT")
    consumer = [f"$JS.API.CONSUMER.{verb}.{stream}.{durable}" for verb in verbs]
    filtered = f"$JS.API.CONSUMER.CREATE.{stream}.{durable}.>"
    reading = [f"$JS.API.STREAM.INFO.{stream}", f"$JS.API.STREAM.MSG.GET.{stream}"]
    return [*reading, *consumer, filtered, f"$JS.ACK.{stream}.{durable}.>"]


def accounts(services: dict[str, str], upstreams: list[str]) -> dict[str, Any]:
    """Return nats-server's accounts for public keys: services by name (and the admin), and upstream systems.

    Upstream systems have an account of their own. In one account a publisher could name any subject for the reply, and
    the stream's acknowledgement would be written there, into a service's stream for one; between accounts it cannot.
    """
    inside: list[dict[str, Any]] = [{"nkey": services[ADMIN]}]
    inside += [{"nkey": services[voice.name], "permissions": voice.permissions()} for voice in SERVICES]
    outside = {"publish": [_INTAKE], "subscribe": [*_HEARD_OUTSIDE, "_INBOX.>"]}
    return {
        "UITPOST": {
            "jetstream": True,
            "users": inside,
            "exports": [{"service": _INTAKE}, *({"stream": subject} for subject in _HEARD_OUTSIDE)],
        },
        "UPSTREAM": {
            "users": [{"nkey": key, "permissions": outside} for key in upstreams],
            "imports": [
                {"service": {"account": "UITPOST", "subject": _INTAKE}},
                *({"stream": {"account": "UITPOST", "subject": subject}} for subject in _HEARD_OUTSIDE),
            ],
        },
    }


class Keys:
    """The keys in a folder: seeds of the services and the admin, public keys alone of the upstream systems."""

    def __init__(self, folder: Path) -> None:
        self._accounts = folder / "accounts.conf"
        self._seeds = folder / "keys"
        self._upstreams = self._seeds / "upstream"

    def seed_file(self, name: str) -> Path:
        """Return where the seed of a service, or of `admin`, stands once `write_accounts` has run."""
        return self._seeds / f"{name}.nk"

    def write_accounts(self) -> None:
        """Make the keys that are not there yet, and write the accounts file from all that are."""
        with self._alone():
            self._write_accounts()

    def upstreams(self) -> list[str]:
        """Return the names of the upstream systems that have a credential, in order."""
        return sorted(path.stem for path in self._upstreams.glob("*.pub"))

    def issue_upstream(self, name: str) -> str:
        """Return the seed of a new upstream credential: shown once, not kept. Raises ValueError, NameTaken."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for an upstream system: {name!r} (a-z, 0-9 and -, at most 63)")
        with self._alone():
            path = self._upstreams / f"{name}.pub"
            if path.exists():
                raise NameTaken(f"there is a credential named {name} already")
            seed = _new_seed()
            _write(path, _public_key(seed))
            self._write_accounts()
        return seed

    def revoke_upstream(self, name: str) -> bool:
        """Take back an upstream credential; say whether there was one."""
        with self._alone():
            if name not in self.upstreams():
                return False
            (self._upstreams / f"{name}.pub").unlink()
            self._write_accounts()
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from the keys meanwhile: two at once would each leave out the other's."""
        self._upstreams.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._seeds.chmod(0o700)
        with (self._seeds / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write_accounts(self) -> None:
        services = {name: self._service_key(name) for name in (ADMIN, *(voice.name for voice in SERVICES))}
        upstreams = [(self._upstreams / f"{name}.pub").read_text("ascii") for name in self.upstreams()]
        _write(self._accounts, "accounts: " + json.dumps(accounts(services, upstreams), indent=1) + "\n")

    def _service_key(self, name: str) -> str:
        path = self.seed_file(name)
        if not path.exists():
            _write(path, _new_seed())
        return _public_key(path.read_text("ascii"))


def _new_seed() -> str:
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode()


def _public_key(seed: str) -> str:
    key: bytes = nkeys.from_seed(bytearray(seed.encode())).public_key
    return key.decode()


def _write(path: Path, text: str) -> None:
    """Replace a file whole, readable by its owner alone."""
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
