"""The sample mailing: contacts, the request, and what is to become of it; nobody in it exists."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CONTACTS = FOLDER / "contacts.csv"
EXPECTED = FOLDER / "expected.json"
SENDER_ID = "sample"
SENDER = {"name": "Vereniging De Brug", "address": "post@debrug.example"}


def mailing() -> dict[str, Any]:
    """Return the request, without its destinations."""
    body: dict[str, Any] = json.loads((FOLDER / "mailing.json").read_text("utf-8"))
    return body
