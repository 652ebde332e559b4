"""Records one item, mails it, and waits until its mail has an outcome. Needs Python alone.

UITPOST_URL=http://127.0.0.1:8420 UITPOST_TOKEN=uitpost_… python record.py
"""

import json
import os
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL, TOKEN = os.environ["UITPOST_URL"], os.environ["UITPOST_TOKEN"]
ITEM = {
    "request_id": "invitation-2026-python",  # the same again is the same item, so a lost answer is asked for again
    "type": "outgoing_mail",
    "subject": "Invitation 2026",
    "issue_method": "email",
    "sender_name": "The Bakery",
    "sender_address": "post@bakery.example",
    "body_layout_id": "invitation",
    "attachment_layout_id": "letter",
    "destinations": [
        {
            "kind": "person",
            "number": "3002",
            "recipient": {"name": "Anna de Vries", "email": "anna@home.example", "language": "nl"},
        }
    ],
}


def ask(path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the answer, None for what is not there yet; of a refusal (RFC 9457) say each thing wrong, and end."""
    content = json.dumps(body).encode() if body else None
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        with urlopen(Request(URL + path, content, headers), timeout=30) as answer:  # noqa: S310 -- the caller's URL
            return json.load(answer)
    except HTTPError as refused:
        if body is None and refused.code == 404:  # noqa: PLR2004 -- Not Found (RFC 9110)
            return None
        problem = json.load(refused)
        wrong = problem.get("errors") or [{"field": problem["code"], "detail": problem["detail"]}]
        sys.exit("\n".join(f"{one['field']}: {one['detail']}" for one in wrong))


run_id = ask("/api/v1/dossier-items", ITEM)["run_id"]
while not (run := ask(f"/api/v1/runs/{run_id}")) or not run["complete"]:
    time.sleep(0.2)
for row in ask(f"/api/v1/processing?run_id={run_id}")["items"]:
    print(row["recipient_address"], row["status"], row["message_id"])
