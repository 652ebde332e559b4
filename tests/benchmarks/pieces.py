"""The pieces of one mail alone, in CPU milliseconds of this process: the limit that the whole can come near."""

import asyncio
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.dossier.layouts import supplied
from services.mailer.adapters.mime import assemble
from services.mailer.adapters.smtp import MailServer, connect
from services.mailer.domain.delivery import Delivery
from services.mailer.domain.letter import File, Letter
from services.mailer.domain.reply import Reply
from services.renderer.adapters.bodies import BodyLayout
from services.renderer.adapters.typst import LetterLayout
from shared.store import Store

_TIMES = 200
_numbers = count()
_CONTEXT: dict[str, Any] = {
    "recipient": {"name": "Anna van der Merwe-Jørgensen", "email": "anna@home.example", "language": "en"},
    "subject": "Annual statement 2026",
    "date": "2026-11-24",
    "sender": {"name": "The Bakery", "address": "post@bakery.example"},
    "destination": {"kind": "person", "number": "1000", "contact_id": None},
}


def measure() -> dict[str, float]:
    """Return what each piece costs a mail."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, float]:
    layouts = supplied()
    letter_context = _CONTEXT | {"merge": _merge("letter", rows=[[f"Article {n}", "1", "12,50"] for n in range(8)])}
    body_context = _CONTEXT | {"merge": _merge("invitation")}
    letter = LetterLayout(layouts["letter"].sources["en"], "en")
    body = BodyLayout(layouts["invitation"].sources["en"], "en")
    pdf, _ = letter.letter(letter_context, "2026-11-24")
    text, html = body.body(body_context)
    mail = _mail(text, html or "", pdf)
    wire = assemble(mail).data
    return {
        "typst": await _each(lambda: _now(letter.letter, _personal(letter_context), "2026-11-24")),
        "bodies": await _each(lambda: _now(body.body, _personal(body_context))),
        "mime": await _each(lambda: _now(lambda: assemble(mail).sha256)),
        "smtp": await _sending(wire),
        "store": await _storing(),
    }


def _personal(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context for somebody else: typst remembers what it has set before."""
    number = next(_numbers)
    merge = context["merge"] | {"rows": [[f"Article {row} for {number}", "1", f"{number},50"] for row in range(8)]}
    who = context["recipient"] | {"name": f"Anna {number} van der Merwe-Jørgensen"}
    return context | {"recipient": who, "merge": merge if context["merge"].get("rows") else context["merge"]}


def _merge(layout: str, **given: object) -> dict[str, object]:
    return {field.name: None for field in supplied()[layout].fields} | given


def _mail(text: str, html: str, pdf: bytes) -> Letter:
    shared = b"\x01\x02\x03" * 33_000
    return Letter(
        message_id="<bench@bakery.example>",
        date=datetime(2026, 11, 24, tzinfo=UTC),
        sender_name="The Bakery",
        sender_address="post@bakery.example",
        recipient_name="Anna van der Merwe-Jørgensen",
        recipient_email="anna@home.example",
        subject="Annual statement 2026",
        text=text.encode(),
        html=html.encode(),
        boundary_seed="bench",
        files=(
            File("letter.pdf", "application/pdf", hashlib.sha256(pdf).hexdigest(), pdf),
            File("terms.pdf", "application/pdf", hashlib.sha256(shared).hexdigest(), lambda: shared),
        ),
    )


async def _sending(wire: bytes) -> float:
    """Return what handing over costs, to a server in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.sink", str(Path(folder) / "accepted.log")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sink:
            assert sink.stdout is not None
            port = int(sink.stdout.readline().split()[-1])
            connection = await connect(MailServer("127.0.0.1", port, "none"))
            cost = await _each(lambda: connection.send("post@bakery.example", "anna@home.example", wire))
            await connection.quit()
            sink.terminate()
    return cost


async def _storing() -> float:
    """Return what the three events of a delivery cost, recorded by a hundred mails at once."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'mailer.db'}"
        async with Store(url, "mailer", keys_url=f"sqlite:///{Path(folder) / 'keys.db'}") as store:

            async def deliver() -> None:
                delivery = _delivery()
                await store.record(delivery)
                delivery.attempt("bench", b"From: x\r\n" * 60, "0" * 64, 190_000)
                await store.record(delivery)
                delivery.settle(Reply("accepted", "done", 250, "2.0.0", "Ok"), None)
                await store.record(delivery)

            began = time.process_time()
            for _ in range(_TIMES // 100):
                await asyncio.gather(*(deliver() for _ in range(100)))
            return _per(began)


def _delivery() -> Delivery:
    return Delivery.request(
        uuid4(),
        run_id=uuid4(),
        item_id=uuid4(),
        processing_id=uuid4(),
        ordinal=1,
        person=f"person|{uuid4()}|#0",
        recipient={"name": "Anna", "email": "anna@home.example", "language": "en", "address_of": None},
        sender={"sender_id": None, "name": "The Bakery", "address": "post@bakery.example"},
        mail_server_id="default",
        subject="Annual statement 2026",
        parts={"text": {"sha256": "0" * 64, "size": 5000}, "html": {"sha256": "1" * 64, "size": 5000}},
        attachments=[],
        record_separately=True,
        requested_at=datetime.now(UTC),
        resend_of=None,
    )


async def _each(piece: Callable[[], Awaitable[object]]) -> float:
    await piece()
    began = time.process_time()
    for _ in range(_TIMES):
        await piece()
    return _per(began)


async def _now(call: Callable[..., object], *given: object) -> object:
    return call(*given)


def _per(began: float) -> float:
    return round(1000 * (time.process_time() - began) / _TIMES, 2)
