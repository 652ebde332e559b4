"""An operator at work: drafts opened, changed and looked at over HTTP, as the steps of a wizard do."""

from dataclasses import dataclass
from typing import Any

from tests.unit.dossier.conftest import House, a_destination

MAIL = {"subject": "Uitnodiging", "issue_method": "email", "sender_id": "sales", "body_text": "Dag"}


@dataclass
class Desk:
    """The desk of one operator: a person in a session, or a program by the house's token."""

    house: House
    session: str | None = None

    async def ask(self, method: str, path: str, body: Any = None, language: str = "en") -> Any:
        """Ask for what must succeed; return the answer."""
        answer = await self.house.ask(method, path, body, language, session=self.session)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, list[tuple[str, str]]]:
        """Ask for what must be refused; return the status, and each field with its code."""
        answer = await self.house.ask(method, path, body, session=self.session)
        assert answer.is_client_error, answer.text
        return answer.status_code, [(error["field"], error["code"]) for error in answer.json()["errors"]]

    async def open(self, *destinations: dict[str, Any], type: str = "outgoing_mail", **changes: Any) -> str:  # noqa: A002
        """Open a draft, for one destination if none are named, and change it; return its id."""
        given = list(destinations) or [a_destination()]
        draft_id: str = (await self.ask("POST", "/drafts", {"type": type, "destinations": given}))["id"]
        if changes:
            await self.change(draft_id, **changes)
        return draft_id

    async def change(self, draft_id: str, **changes: Any) -> dict[str, Any]:
        """Change a draft; return it."""
        changed: dict[str, Any] = await self.ask("PATCH", f"/drafts/{draft_id}", changes)
        return changed

    async def fields(self, draft_id: str) -> dict[str, dict[str, Any]]:
        """Return the fields of a draft's steps, by name."""
        return fields_of(await self.ask("GET", f"/drafts/{draft_id}"))

    async def sender(self, draft_id: str) -> tuple[str, str]:
        """Return the sender name and address that a draft shows."""
        fields = await self.fields(draft_id)
        return fields["sender_name"]["value"], fields["sender_address"]["value"]

    async def finish(self, draft_id: str, **said: Any) -> dict[str, Any]:
        """Finish a draft; return the answer."""
        finished: dict[str, Any] = await self.ask("POST", f"/drafts/{draft_id}/finish", said)
        return finished


def fields_of(draft: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of a draft that was answered, by name."""
    return {field["field"]: field for step in draft["steps"] for field in step["fields"]}
