"""Asks that rows of the history be sent or made again, by item too, and says of each what came of it."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Rows, Shown, say
from deploy.cli.speak import speaks

_COLUMNS = ("id", "outcome", "code", "mail_id")
_AT_ONCE = 10_000  # rows that may be named in one wish


@speaks
def resend_item(
    api: Api,
    item_id: Annotated[str, typer.Argument(metavar="ID", help="Item id")],
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the history")] = "",
    address: Annotated[str | None, typer.Option("--address", help="current (default) or original")] = None,
    content: Annotated[str | None, typer.Option("--content", help="same or anew; unset = same if kept")] = None,
    include_sent: Annotated[bool, typer.Option("--include-sent", help="Those already sent too")] = False,
) -> Shown:
    """Send again what was mailed of an item, to each of its destinations that did not get it."""
    rows = [row for row in _rows(api, item_id) if row["issue_method"] == "email"]
    ids = [row["id"] for row in rows if include_sent or row["status"] != "sent"]
    if not ids:
        sent = "all of it was sent: say --include-sent" if rows else "nothing was to be mailed of it"
        raise Failure(Code.REFUSED, f"Nothing is sent again, for {sent}.")
    body = {"reason": reason, "include_sent": include_sent, "address": address, "content": content}
    results: list[Mapping[str, Any]] = []
    for start in range(0, len(ids), _AT_ONCE):
        results += asked_again(api, "/processing/resend", {"ids": ids[start : start + _AT_ONCE], **body}).items
    return Rows(_COLUMNS, results)


def asked_again(api: Api, path: str, body: dict[str, Any]) -> Rows:
    """Ask for it, and return what came of each row; those that were refused are told beside. Raises Failure."""
    given = {name: value for name, value in body.items() if value is not None}
    job = api.history.post(path, given, key=str(uuid4()))
    say(f"job {job['job_id']}")
    results = job.get("results", [])
    for row in results:
        if row["outcome"] == "refused":
            say(f"{row['id']}: {row.get('detail') or row.get('code')}")
    return Rows(_COLUMNS, results)


def _rows(api: Api, item_id: str) -> list[dict[str, Any]]:
    page: dict[str, Any] = {"next": None}
    rows: list[dict[str, Any]] = []
    while not rows or page["next"]:
        page = api.history.get(f"/dossier-items/{item_id}", {"limit": 500, "cursor": page["next"]})
        rows += page["rows"]
        if not page["rows"]:
            break
    return rows
