"""An item goes through its workflow in four processes: recorded and done over HTTP, and shown by the history."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.crew import Crew

TYPE = {"name": {"nl": "Klacht"}, "workflow_id": "handle"}
COMPLAINT = {
    "request_id": "complaint-1",
    "type": "complaint",
    "subject": "Brood te laat",
    "responsible_id": "256",
    "destinations": [{"kind": "sales_relation", "number": "S1", "recipient": {"name": "Bakkerij"}}],
}


async def seen(crew: Crew, path: str, wanted: Callable[[Any], bool]) -> Any:
    """Return what the history shows, once it shows what is wanted."""
    async with asyncio.timeout(30):
        while True:
            answer = await crew.get("history", f"/api/v1{path}")
            if answer.status_code == 200 and wanted(answer.json()):
                return answer.json()
            await asyncio.sleep(0.05)


async def test_an_item_goes_through_its_workflow_and_history_shows_it(tmp_path: Path) -> None:
    """FR-68, R-22, R-23, R-25: entered where it is recorded, done step by step, and found at all roles."""
    async with Crew(tmp_path) as crew:
        await crew.put("dossier", "/api/v1/item-types/complaint", json=TYPE)
        await crew.put("dossier", "/api/v1/contacts/organisation/1000", json={"name": "Bakkerij"})
        await crew.put("dossier", "/api/v1/contacts/sales_relation/S1", json={"organisation": "1000"})
        recorded = (await crew.post("dossier", "/api/v1/dossier-items", json=COMPLAINT)).json()
        path = f"/dossier-items/{recorded['item_ids'][0]}"
        entered = await seen(crew, path, lambda item: item["workflow"] and item["workflow"]["steps"])
        tasks = (await crew.get("dossier", "/api/v1/tasks?assigned_to=256")).json()["items"]
        for action in ("accept", "complete"):
            done = await crew.post("dossier", f"/api/v1{path}/workflow", json={"action": action, "text": "Terecht."})
            assert done.status_code == 200, done.text
        await crew.post("dossier", f"/api/v1{path}/responses", json={"text": "Gebeld."})
        item = await seen(crew, path, lambda item: item["responses"])
        dossier = await seen(crew, "/contacts/organisation/1000/dossier", lambda page: page["items"])

    assert [task["item_id"] for task in tasks] == recorded["item_ids"]
    assert (entered["workflow"]["task"]["step"], entered["workflow"]["task"]["assigned_to"]) == ("assess", "256")
    workflow = item["workflow"]
    assert [(step["action"], step["text"], step["by"]) for step in workflow["done"]] == [
        ("accept", "Terecht.", "test"),
        ("complete", "Terecht.", "test"),
    ]
    assert (workflow["ended"], workflow["task"], item["fields"]["completed"]) == (True, None, True)
    assert [step["state"] for step in workflow["steps"]] == ["done", "done"]
    assert [entry["what"] for entry in item["log"]] == ["recorded", "step_done", "step_done", "responded"]
    assert [one["item_id"] for one in dossier["items"]] == recorded["item_ids"]
