"""Mails that are not recorded separately: their parts are swept, and their messages made anew by the processes (A4)."""

import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.mailer.adapters.tables import TABLES, PartTable
from services.mailer.application import Sweep
from shared.blobs import SqliteBlobs
from shared.settings import Settings
from shared.store import Store
from tests.e2e.crew import Crew, a_mailing

KEPT = timedelta(days=7)


async def sweep(crew: Crew) -> None:
    """Have the mailer sweep as it will in eight days."""
    crew.stop("mailer")
    settings = Settings(data=crew.data)
    blobs = SqliteBlobs(settings.blobs_path)
    async with Store(settings.store_of("mailer"), "mailer", TABLES, settings.keys_of("mailer")) as store:
        await Sweep(PartTable(store, alone=True), blobs, KEPT).sweep(time.time() + (KEPT * 8 / 7).total_seconds())
    crew.start("mailer")
    await crew.ready()


def not_kept_for_good(crew: Crew) -> int:
    """Return how many blobs there are that some day go."""
    with closing(sqlite3.connect(f"file:{crew.data}/blobs.db?mode=ro", uri=True)) as blobs:
        number: int = blobs.execute("SELECT count(*) FROM blobs WHERE transient > 0").fetchone()[0]
    return number


async def resend(crew: Crew, row: dict[str, Any], content: str) -> dict[str, Any]:
    """Ask for a row to be sent again, with the same content or made anew; return the answer of the row."""
    wish = {"ids": [row["id"]], "content": content, "reason": "lost"}
    answer = await crew.post(
        "history", "/api/v1/processing/resend", json=wish, headers={"Idempotency-Key": f"{row['id']} {content}"}
    )
    result: dict[str, Any] = answer.json()["results"][0]
    return result


async def test_a_message_that_was_swept_is_made_anew_and_equals_what_was_sent(tmp_path: Path) -> None:
    """A4, FR-50, FR-85, FR-86, R-16: the letters are gone from the disk; by data and layouts the same bytes come back."""
    async with Crew(tmp_path) as crew:
        mailing = a_mailing(3, "swept", record_separately=False)
        run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=mailing)).json()["run_id"]
        await crew.settled(run_id)
        first, second, third = await crew.rows(run_id)
        before = not_kept_for_good(crew)

        await sweep(crew)

        assert (before, not_kept_for_good(crew)) == (9, 0), "text, HTML and letter of each"
        message = await crew.get("history", f"/api/v1/processing/{first['id']}/message.eml")
        assert (message.status_code, message.headers["uitpost-message"]) == (200, "remade-equal")
        assert message.headers["etag"].strip('"') in crew.log.read_text("utf-8"), "the hash of what the server got"
        assert (await resend(crew, second, "same"))["code"] == "parts_gone"
        assert (await resend(crew, third, "anew"))["outcome"] == "resent"
        assert await crew.settled(run_id) == {"sent": 3}
