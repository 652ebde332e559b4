"""Before anything is recorded: one sample goes to the sender alone, and every message is tried, over real services."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.crew import Crew, a_mailing
from tests.e2e.test_delivery import trouble

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELD = re.compile(rb"^([A-Za-z-]+):.*\r\n(?:[ \t].*\r\n)*", re.MULTILINE)
ITS_OWN = {b"To", b"Message-ID", b"Date", b"X-Preview"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    """One crew for all tests here."""
    folder: Path = tmp_path_factory.mktemp("crew")
    async with Crew(folder) as crew:
        yield crew


def without(names: set[bytes], message: bytes) -> bytes:
    """Return a message without these fields of its header block, the rest of it as it is."""
    head, _, body = message.partition(b"\r\n\r\n")
    kept = b"".join(field[0] for field in FIELD.finditer(head + b"\r\n") if field[1] not in names)
    return kept + b"\r\n" + body


async def sent(crew: Crew, preview_id: str) -> dict[str, Any]:
    """Return what became of a preview mail, once it is settled."""
    async with asyncio.timeout(60):
        while True:
            mail = (await crew.get("dossier", f"/api/v1/previews/{preview_id}")).json()["mail"]
            if mail and mail["status"] not in {"unknown", "sending", "deferred"}:
                return dict(mail)
            await asyncio.sleep(0.05)


async def test_a_preview_mail_goes_to_the_sender_alone_and_is_the_real_one_but_for_four_header_fields(
    crew: Crew,
) -> None:
    """FR-43…45, A7: the SMTP envelope holds the sender only, and no header names the contact.

    No row, run or item is made; To, Message-ID, Date and X-Preview apart, it equals the real message byte for byte.
    """
    body = a_mailing(2, "the real one")
    async with trouble(crew, {}) as server:
        asked = await crew.post("dossier", "/api/v1/dossier-items/preview", json=body | {"recipient": 1, "send": True})
        assert asked.status_code == 202, asked.text
        outcome = await sent(crew, asked.json()["preview_id"])
        envelope = [line for line in server.heard if line.startswith(("MAIL", "RCPT"))]
        [preview] = server.mails
        assert (await crew.get("history", "/api/v1/processing")).json()["items"] == []

        answer = await crew.post("dossier", "/api/v1/dossier-items", json=body)
        run_id = answer.json()["run_id"]
        counts = await crew.settled(run_id)

        assert (outcome["status"], outcome["code"]) == ("sent", 250)
        assert asked.json()["sent_to"] == "post@bakery.example"
        assert [line.partition(">")[0] for line in envelope] == [
            "MAIL FROM:<post@bakery.example",
            "RCPT TO:<post@bakery.example",
        ]
        [real] = [mail for mail in server.mails[1:] if b"To: Anna 1 de Vries" in mail]
        head = preview.partition(b"\r\n\r\n")[0]
        assert {field[1] for field in FIELD.finditer(head + b"\r\n")} >= ITS_OWN - {b"Bcc", b"Cc"}
        assert b"\r\nTo: The Bakery <post@bakery.example>\r\n" in head
        assert b"\r\nX-Preview: yes\r\n" in head
        assert b"anna" not in head.lower()
        assert without(ITS_OWN, preview) == without(ITS_OWN, real)
        assert counts == {"sent": 2}
        rows = (await crew.get("history", "/api/v1/processing")).json()["items"]
        assert {row["run_id"] for row in rows} == {run_id}
        assert len(rows) == 2
        assert len((await crew.get("history", "/api/v1/runs")).json()["items"]) == 1
        dossier = (await crew.get("history", "/api/v1/contacts/person/1001/dossier")).json()["items"]
        assert [item["item_id"] for item in dossier] == [row["item_id"] for row in rows if row["number"] == "1001"]


async def test_a_sample_is_made_by_the_engines_that_make_the_real_one(crew: Crew) -> None:
    """FR-42: what is shown is the mail, with its letter and a picture of each page."""
    asked = await crew.post("dossier", "/api/v1/dossier-items/preview", json=a_mailing(1, "shown"))

    shown = asked.json()
    html = await crew.get("dossier", shown["parts"]["html"])
    letter = await crew.get("dossier", shown["parts"]["attachment"]["url"])
    page = await crew.get("dossier", shown["parts"]["pages"][0])
    assert "Anna 0 de Vries" in html.text
    assert letter.content.startswith(b"%PDF")
    assert page.content.startswith(b"\x89PNG")


async def test_every_message_is_tried_and_whose_cannot_be_made_is_named(crew: Crew) -> None:
    """FR-94: a dry run of body and letter over the real data, before anything leaves."""
    source = "Beste {{ recipient.name }}\n{% if merge.table %}{{ merge.table + 1 }}{% endif %}\n"
    layout = {"name": "Tafel", "kind": "text", "fields": [{"name": "table"}], "sources": {"nl": {"text": source}}}
    assert (await crew.put("dossier", "/api/v1/layouts/table", json=layout)).status_code == 200
    body = a_mailing(300, "tried", body_layout_id="table")
    body["destinations"][123]["merge"] = {"table": "zeven"}

    shown = (await crew.post("dossier", "/api/v1/dossier-items/check", json=body)).json()
    async with asyncio.timeout(120):
        while shown["state"] == "running":
            await asyncio.sleep(0.1)
            shown = (await crew.get("dossier", f"/api/v1/checks/{shown['check_id']}")).json()

    assert (shown["state"], shown["checked"], shown["gets"]) == ("done", 300, 299)
    [failed] = (await crew.get("dossier", shown["contacts"])).json()["items"]
    assert (failed["index"], failed["reason"]) == (123, "render_failed")
    assert (failed["fault"]["layout_id"], failed["fault"]["line"]) == ("table", 2)
