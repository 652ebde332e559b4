"""What the counting mail server acknowledged stands in its log, byte for byte what was sent."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.mailer.adapters.smtp import Connection, MailServer, connect

DOT = b".\r\n"
ROOT = Path(__file__).parents[3]
MAIL = b"Subject: hello\r\nMessage-ID: <7.1@sender.example>\r\n\r\n.a dot first\r\n..and two\r\n.\r\nlast\r\n"


@asynccontextmanager
async def sink(log: Path, *more: str) -> AsyncIterator[Connection]:
    """Start the program and connect to it; at the end, ask both to stop."""
    arguments = [sys.executable, "-m", "tests.sink", "--port", "0", "--log", str(log), *more]
    process = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    port = int((await process.stdout.readline()).removeprefix(b"listening on "))
    connection = await connect(MailServer("127.0.0.1", port, "none"))
    yield connection
    await connection.quit()
    process.terminate()
    assert await process.wait() == 0


@pytest.mark.parametrize("more", [(), ("--delay-ms", "5")], ids=["at once", "delayed"])
async def test_every_accepted_mail_is_written_down(more: tuple[str, ...], tmp_path: Path) -> None:
    large = MAIL + b"x" * 70 + b"\r\n" * 50_000

    async with sink(tmp_path / "log", *more) as connection:
        replies = [
            await connection.send("s@sender.example", f"{i}@there.example", mail)
            for i, mail in enumerate([MAIL, large, DOT])
        ]

    assert [reply.verdict for reply in replies] == ["accepted"] * 3
    assert (tmp_path / "log").read_text().splitlines() == [
        f"<7.1@sender.example> 0@there.example {hashlib.sha256(MAIL).hexdigest()} {len(MAIL)}",
        f"<7.1@sender.example> 1@there.example {hashlib.sha256(large).hexdigest()} {len(large)}",
        f"- 2@there.example {hashlib.sha256(DOT).hexdigest()} 3",
    ]
