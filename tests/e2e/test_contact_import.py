"""A list of contacts is imported to its end though the dossier is killed in the middle, and each line counts once."""

import asyncio
from pathlib import Path
from typing import Any

from tests.e2e.crew import Crew

_LINES = 8_000


async def test_an_import_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """FR-14, R-2, R-30."""
    people = "kind,number,name,email\n" + "".join(f"person,{n},Anna {n},anna{n}@home.example\n" for n in range(_LINES))
    async with Crew(tmp_path) as crew:
        begun = await crew.post("dossier", "/api/v1/contacts/import", content=f"{people}planet,1,,\n".encode())
        assert begun.status_code == 202, begun.text
        place = begun.headers["location"]

        await _until(crew, place, lambda job: job["done"] >= _LINES // 4)
        crew.kill("dossier")
        crew.start("dossier")
        job = await _until(crew, place, lambda job: job["state"] != "waiting")
        check = (await crew.get("dossier", "/api/v1/contacts/check-email")).json()["counts"]
        found = (await crew.get("dossier", "/api/v1/contacts", params={"q": f"anna{_LINES - 1}@"})).json()["items"]

    assert (job["state"], job["done"], job["recorded"], job["refused"]) == ("done", _LINES + 1, _LINES, 1)
    assert (check["contacts"], check["usable"]) == (_LINES, _LINES)
    assert [one["number"] for one in found] == [str(_LINES - 1)]


async def _until(crew: Crew, place: str, holds: Any) -> dict[str, Any]:
    """Return an import once this holds of it."""
    async with asyncio.timeout(120):
        while True:
            job: dict[str, Any] = (await crew.get("dossier", place)).json()
            if holds(job):
                return job
            await asyncio.sleep(0.05)
