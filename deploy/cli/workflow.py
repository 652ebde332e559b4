"""`uitpost workflow`: the steps that an item goes through once it is recorded."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.files import body_of
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Workflows: list, show, add, copy.")
WorkflowId = Annotated[str, typer.Argument(metavar="ID", help="Workflow id")]


@app.command("list")
@speaks
def list_workflows(api: Api) -> Shown:
    """List the workflows."""
    found = api.dossier.items("/workflows", limit=EVERY)
    rows = [{**one, "title": one["name"].get("nl") or one["name"].get("en"), "steps": _ids(one)} for one in found]
    return Rows(("id", "title", "version", "supplied", "steps"), rows)


@app.command("show")
@speaks
def show_workflow(api: Api, workflow_id: WorkflowId) -> Shown:
    """Show a workflow with its steps and actions."""
    return Facts(api.dossier.get(f"/workflows/{workflow_id}"))


@app.command("add")
@speaks
def add_workflow(
    api: Api,
    workflow_id: WorkflowId,
    file: Annotated[Path, typer.Option("-f", "--file", help="Name, description and steps as JSON or TOML")],
) -> Shown:
    """Set up a workflow; one of this id gets its next version."""
    return Facts(api.dossier.put(f"/workflows/{workflow_id}", body_of(file)))


@app.command("copy")
@speaks
def copy_workflow(
    api: Api,
    workflow_id: WorkflowId,
    as_id: Annotated[str, typer.Argument(metavar="NEW_ID", help="Id of the copy")],
) -> Shown:
    """Copy a workflow, to change the copy."""
    return Facts(api.dossier.post(f"/workflows/{workflow_id}/copy", {"id": as_id}))


def _ids(workflow: dict[str, list[dict[str, str]]]) -> str:
    return " → ".join(step["id"] for step in workflow["steps"])
