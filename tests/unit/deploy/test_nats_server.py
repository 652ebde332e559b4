"""The nats-server of a data folder: one of it, the right one, and gone with whoever started it."""

import asyncio
import os
import signal
import socket
import stat
import sys
from pathlib import Path

import nats
import pytest

from deploy import nats_server
from deploy.nats_keys import SERVICES, Keys, NameTaken
from deploy.nats_server import DidNotStart, FolderInUse, NatsServer

STARTER = """
import asyncio, sys
from pathlib import Path
from deploy import nats_server
from deploy.nats_server import NatsServer

if "--unwatched" in sys.argv:
    nats_server._die_with = lambda parent: None

async def main():
    async with NatsServer(Path(sys.argv[1])) as server:
        print(server.pid, server.url, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def gone(pid: int) -> None:
    """Wait until no live process has this id."""
    async with asyncio.timeout(20):
        while _state(pid) not in {"", "Z"}:
            await asyncio.sleep(0.01)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def start_and_kill_the_starter(*args: str) -> int:
    """Return the process id of a server whose starter is no more."""
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", STARTER, *args, stdout=asyncio.subprocess.PIPE)
    assert starter.stdout is not None
    pid = int((await starter.stdout.readline()).split()[0])
    starter.kill()
    await starter.wait()
    return pid


async def test_a_server_answers_with_its_keys_and_says_where_it_is(tmp_path: Path) -> None:
    async with NatsServer(tmp_path) as server:
        client = await nats.connect(server.url, nkeys_seed=str(server.keys.seed_file("admin")))
        account = await client.jetstream().account_info()
        await client.close()
        recorded = (tmp_path / "url").read_text(), int((tmp_path / "pid").read_text())

    assert account.streams == 0
    assert recorded == (server.url, server.pid)
    assert client.max_payload == 8 * 1024 * 1024


async def test_a_stopped_server_leaves_neither_process_nor_address(tmp_path: Path) -> None:
    async with NatsServer(tmp_path) as server:
        pass

    assert _state(server.pid) == ""
    assert not (tmp_path / "url").exists()
    assert not (tmp_path / "pid").exists()


async def test_streams_outlive_the_server(tmp_path: Path) -> None:
    for expected in (1, 2):
        async with NatsServer(tmp_path) as server:
            client = await nats.connect(server.url, nkeys_seed=str(server.keys.seed_file("admin")))
            await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
            kept = await client.jetstream().publish("kept", b"")
            await client.close()

        assert kept.seq == expected


async def test_a_second_starter_on_a_folder_is_refused(tmp_path: Path) -> None:
    async with NatsServer(tmp_path) as server:
        with pytest.raises(FolderInUse, match=str(server.pid)):
            await NatsServer(tmp_path).__aenter__()

        assert _state(server.pid) not in {"", "Z"}
        assert (tmp_path / "url").read_text() == server.url


async def test_two_folders_have_two_servers(tmp_path: Path) -> None:
    async with NatsServer(tmp_path / "one") as one, NatsServer(tmp_path / "two") as two:
        urls = {one.url, two.url}

    assert len(urls) == 2


async def test_a_wanted_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(DidNotStart, match=f"port {port} is taken"):
            await NatsServer(tmp_path, port).__aenter__()


async def test_a_port_lost_to_a_quicker_starter_is_changed_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        seen_free = iter([True, False])
        monkeypatch.setattr(nats_server, "_PORT", port)
        monkeypatch.setattr(nats_server, "_is_free", lambda _: next(seen_free))

        async with NatsServer(tmp_path) as server:
            assert server.url != f"nats://127.0.0.1:{port}"


async def test_a_server_that_cannot_start_says_why_and_frees_the_folder(tmp_path: Path) -> None:
    (tmp_path / "streams").write_text("a file where the folder of the streams should be")

    with pytest.raises(DidNotStart, match=r"ended with 1: .*storage directory is not a directory"):
        await NatsServer(tmp_path).__aenter__()

    (tmp_path / "streams").unlink()
    async with NatsServer(tmp_path):
        pass


async def test_an_old_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "nats-server"
    old.write_text("#!/bin/sh\necho nats-server: v2.9.10\n")
    old.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(DidNotStart, match=r"2\.12 or newer.*v2\.9\.10"):
        await NatsServer(tmp_path / "data").__aenter__()


async def test_the_end_of_a_server_is_noticed(tmp_path: Path) -> None:
    async with NatsServer(tmp_path) as server:
        os.kill(server.pid, signal.SIGKILL)

        assert await server.exited() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
async def test_a_server_dies_with_a_killed_starter_and_the_folder_is_free_at_once(tmp_path: Path) -> None:
    pid = await start_and_kill_the_starter(str(tmp_path))

    async with NatsServer(tmp_path):
        await gone(pid)


async def test_an_orphan_keeps_its_folder(tmp_path: Path) -> None:
    pid = await start_and_kill_the_starter(str(tmp_path), "--unwatched")

    try:
        with pytest.raises(FolderInUse, match=str(pid)):
            await NatsServer(tmp_path).__aenter__()
    finally:
        os.kill(pid, signal.SIGKILL)


def test_seeds_are_for_their_owner_alone(tmp_path: Path) -> None:
    keys = Keys(tmp_path)

    keys.write_accounts()

    for name in ("admin", *(voice.name for voice in SERVICES)):
        assert stat.S_IMODE(keys.seed_file(name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_keys_stay_the_same(tmp_path: Path) -> None:
    Keys(tmp_path).write_accounts()
    before = (tmp_path / "accounts.conf").read_bytes()

    Keys(tmp_path).write_accounts()

    assert (tmp_path / "accounts.conf").read_bytes() == before


def test_the_seed_of_an_upstream_system_is_not_kept(tmp_path: Path) -> None:
    seed = nats_server.issue_upstream(tmp_path, "crm")

    assert seed.startswith("SU")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and seed in path.read_text()]


def test_an_upstream_name_is_given_once(tmp_path: Path) -> None:
    nats_server.issue_upstream(tmp_path, "crm")

    with pytest.raises(NameTaken):
        nats_server.issue_upstream(tmp_path, "crm")


@pytest.mark.parametrize("name", ["", "../dossier", "CRM", "a" * 64, "a.b"])
def test_an_upstream_name_is_a_plain_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        nats_server.issue_upstream(tmp_path, name)


def test_upstream_systems_are_listed_until_revoked(tmp_path: Path) -> None:
    nats_server.issue_upstream(tmp_path, "crm")
    nats_server.issue_upstream(tmp_path, "erp")

    revoked = nats_server.revoke_upstream(tmp_path, "crm"), nats_server.revoke_upstream(tmp_path, "crm")

    assert revoked == (True, False)
    assert Keys(tmp_path).upstreams() == ["erp"]


def test_a_server_that_does_not_run_is_not_reloaded(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(str(os.getpid()))  # left over, and ours by now: SIGHUP would end this test

    assert not nats_server.reload(tmp_path)
