"""Letters as processes make them: one for each contact, all in one file to print, and one made again."""

import asyncio
from pathlib import Path
from typing import Any

import pypdfium2

from tests.e2e.crew import Crew, a_mailing


def pages(pdf: bytes) -> list[str]:
    """Return what each page says."""
    with pypdfium2.PdfDocument(pdf) as opened:
        return [page.get_textpage().get_text_bounded() for page in opened]


async def letters_of(crew: Crew, row: str, number: int) -> dict[str, Any]:
    """Return a row, once so many letters of it are made."""
    async with asyncio.timeout(60):
        while True:
            told: dict[str, Any] = (await crew.get("history", f"/api/v1/processing/{row}")).json()
            if [mail["status"] for mail in told["mails"]] == ["generated"] * number:
                return told
            await asyncio.sleep(0.1)


async def test_letters_are_recorded_printed_together_and_made_again(tmp_path: Path) -> None:
    """FR-66, FR-92, FR-101, FR-108, FR-110, R-14, A11: and nothing is sent."""
    mailing = a_mailing(30, "letters", issue_method="document", body_layout_id=None)
    names = [f"Anna {n} de Vries" for n in range(30)]
    async with Crew(tmp_path) as crew:
        run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=mailing)).json()["run_id"]
        settled = await crew.settled(run_id)
        row = next(one for one in await crew.rows(run_id) if one["recipient_name"] == names[3])
        path = f"/api/v1/processing/{row['id']}"
        before = await crew.get("history", f"{path}/letter")
        printed = await crew.get("history", f"/api/v1/runs/{run_id}/print.pdf")
        by_name = await crew.get("history", f"/api/v1/runs/{run_id}/print.json", params={"sort": "recipient.name"})

        key = {"Idempotency-Key": "lost"}
        made = await crew.post("history", f"{path}/remake", json={"reason": "lost"}, headers=key)
        told = await letters_of(crew, row["id"], 2)
        after = await crew.get("history", f"{path}/letter")
        resent = await crew.post(
            "history", "/api/v1/processing/resend", json={"ids": [row["id"]]}, headers=key | {"Idempotency-Key": "x"}
        )

        assert settled == {"generated": 30}
        assert (printed.status_code, printed.headers["uitpost-letters"]) == (200, "30")
        said = pages(printed.content)
        assert all(name in page for name, page in zip(names, said, strict=True))
        assert [one["recipient_name"] for one in by_name.json()["letters"]] == names
        assert made.status_code == 202, made.text
        assert told["mails"][1]["resend_of"] == told["mails"][0]["mail_id"]
        assert after.content == before.content, "the same layout, data and date give the same bytes"
        assert resent.json()["results"][0]["code"] == "letter"
        assert crew.arrived().total() == 0
