"""`uitpost task`: what is to be done of items that are in a workflow."""

from typing import Annotated
from uuid import uuid4

import typer

from deploy.cli.api import Api
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Tasks of items in a workflow: list, show, do, assign."
)
Text = str | None
ItemId = Annotated[str, typer.Argument(metavar="ITEM_ID", help="The item whose task it is")]


@app.command("list")
@speaks
def list_tasks(
    api: Api,
    assigned_to: Annotated[Text, typer.Option("--assigned-to", help="Those for this one")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Those whose last day is over")] = False,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Those for nobody")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many")] = 50,
) -> Shown:
    """List tasks, the one to be done first before the others."""
    wanted = {"assigned_to": assigned_to, "overdue": overdue or None, "unassigned": unassigned or None}
    columns = ("item_id", "due_on", "overdue", "step", "assigned_to", "type", "subject")
    return Rows(columns, api.dossier.items("/tasks", wanted, limit=limit))


@app.command("show")
@speaks
def show_task(api: Api, item_id: ItemId) -> Shown:
    """Show at which step an item is, and what can be done there."""
    return Facts(api.dossier.get(f"/dossier-items/{item_id}/workflow"))


@app.command("do")
@speaks
def do_task(
    api: Api,
    item_id: ItemId,
    action: Annotated[str, typer.Argument(help="One of the actions of its step")],
    text: Annotated[str, typer.Option("--text", help="What is said of it")] = "",
    step: Annotated[Text, typer.Option("--step", help="Only if the item is at this step")] = None,
) -> Shown:
    """Do an action at the step that an item is at."""
    body = {"action": action, "text": text} | ({"step": step} if step else {})
    return Facts(api.dossier.post(f"/dossier-items/{item_id}/workflow", body, key=str(uuid4())))


@app.command("assign")
@speaks
def assign_task(
    api: Api,
    item_id: ItemId,
    to: Annotated[Text, typer.Argument(help="Whom it is for; unset = whoever is responsible for the item")] = None,
) -> Shown:
    """Let somebody else do the task of an item."""
    return Facts(api.dossier.post(f"/dossier-items/{item_id}/workflow/assign", {"to": to}))
