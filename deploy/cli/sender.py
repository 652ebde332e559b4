"""`uitpost sender`: in whose name is written."""

from typing import Annotated

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Senders: add, list, show.")


@app.command("add")
@speaks
def add_sender(
    api: Api,
    sender_id: Annotated[str, typer.Argument(metavar="ID", help="How items name this sender")],
    name: Annotated[str, typer.Option("--name", help="Sender name")],
    address: Annotated[str, typer.Option("--address", help="Sender address")],
) -> Shown:
    """Set a sender's name and address."""
    return Facts(api.dossier.put(f"/senders/{sender_id}", {"name": name, "address": address}))


@app.command("show")
@speaks
def show_sender(api: Api, sender_id: Annotated[str, typer.Argument(metavar="ID", help="Sender id")]) -> Shown:
    """Show a sender."""
    return Facts(api.dossier.get(f"/senders/{sender_id}"))


@app.command("list")
@speaks
def list_senders(api: Api) -> Shown:
    """List senders."""
    return Rows(("id", "name", "address"), api.dossier.items("/senders", limit=EVERY))
