"""A mailer as a process of its own, to be killed: `python -m tests.unit.mailer.one_mailer FOLDER PORT NUMBER`."""

import asyncio
import sys
from pathlib import Path

from tests.unit.mailer.mails import Mailer, a_mail


async def main(folder: Path, port: int, number: int) -> None:
    """Send so many mails to the server on this port, over eight connections, and go on."""
    async with Mailer(folder) as mailer:
        await mailer.send(port, *(a_mail(mailer.blobs, one) for one in range(number)), max_connections=8)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
