"""`uitpost sender`: in whose name is written."""

from typing import Annotated
from uuid import uuid4

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.rehearsal import how_it_ended, settled
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Senders: add, list, show, test.")


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


@app.command("test")
@speaks
def try_sender(
    api: Api,
    sender_id: Annotated[str, typer.Argument(metavar="ID", help="Sender id")],
    item_type: Annotated[str, typer.Option("--type", help="Item type that may be e-mailed")] = "outgoing_mail",
) -> Shown:
    """Mail a message to a sender himself, by the way that all mail takes; ends with 5 if it does not get there."""
    sender = api.dossier.get(f"/senders/{sender_id}")
    to = {"name": sender["name"], "email": sender["address"], "language": "en"}
    message = {
        "type": item_type,
        "subject": f"Test of sender {sender_id}"[:255],
        "issue_method": "email",
        "sender_id": sender_id,
        "body_text": f"{sender['name']} <{sender['address']}> can be written from.\n",
        "destinations": [{"kind": "person", "number": "sender-test", "recipient": to}],
        "send": True,
    }
    preview = api.dossier.post("/dossier-items/preview", message, key=str(uuid4()))
    mail = settled(api, preview["preview_id"])
    facts = {"id": sender_id, "sent_to": preview["sent_to"], "status": mail and mail["status"], "mail": mail}
    return Facts(facts, exit_code=how_it_ended(mail))


@app.command("list")
@speaks
def list_senders(api: Api) -> Shown:
    """List senders."""
    return Rows(("id", "name", "address"), api.dossier.items("/senders", limit=EVERY))
