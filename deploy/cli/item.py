"""`uitpost item`: one item in the dossier of one contact, with a mail or without."""

from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.files import body_of
from deploy.cli.shown import Facts, Shown
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Dossier items: record, show.")
Text = str | None


@app.command("record")
@speaks
def record_item(
    api: Api,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="The whole request as JSON or TOML")] = None,
    to: Annotated[Text, typer.Option("--to", metavar="KIND/NUMBER[/CONTACT_ID]", help="In whose dossier")] = None,
    item_type: Annotated[Text, typer.Option("--type", help="Item type")] = None,
    subject: Annotated[Text, typer.Option("--subject", help="Subject of item and mail")] = None,
    comment: Annotated[Text, typer.Option("--comment", help="Comment of the item")] = None,
    name: Annotated[Text, typer.Option("--name", help="Name of the recipient")] = None,
    email: Annotated[Text, typer.Option("--email", help="Address for this item")] = None,
    language: Annotated[Text, typer.Option("--language", help="nl or en")] = None,
    issue_method: Annotated[Text, typer.Option("--issue-method", help="none, document or email")] = None,
    sender: Annotated[Text, typer.Option("--sender", help="Id of the sender")] = None,
    body_layout: Annotated[Text, typer.Option("--body-layout", help="Layout of the message")] = None,
    body_text: Annotated[Text, typer.Option("--body-text", help="The message itself")] = None,
    attachment_layout: Annotated[Text, typer.Option("--attachment-layout", help="Layout of the attachment")] = None,
    consent: Annotated[bool, typer.Option("--consent", help="Attest consent where it is unknown")] = False,
    request_id: Annotated[Text, typer.Option("--request-id", help="The same id twice is one item")] = None,
) -> Shown:
    """Record an item and send what it says; options go before what the file says."""
    given: dict[str, Any] = {
        "destinations": [_destination(to, name, email, language)] if to else None,
        "type": item_type,
        "subject": subject,
        "comment": comment,
        "issue_method": issue_method,
        "sender_id": sender,
        "body_layout_id": body_layout,
        "body_text": body_text,
        "attachment_layout_id": attachment_layout,
        "consent_attested": consent or None,
        "request_id": request_id,
    }
    body = (body_of(file) if file else {}) | {name: value for name, value in given.items() if value is not None}
    body.setdefault("request_id", str(uuid4()))
    return Facts(api.dossier.post("/dossier-items", body, key=body["request_id"]))


@app.command("show")
@speaks
def show_item(api: Api, item_id: Annotated[str, typer.Argument(metavar="ID", help="Item id")]) -> Shown:
    """Show an item and its destinations."""
    return Facts(api.history.get(f"/dossier-items/{item_id}"))


def _destination(to: str, name: Text, email: Text, language: Text) -> dict[str, Any]:
    kind, _, rest = to.partition("/")
    number, _, contact_id = rest.partition("/")
    if not number:
        raise Failure(Code.WRONG_USE, f"--to {to}: say it as KIND/NUMBER, as in organisation/1000744")
    destination: dict[str, Any] = {"kind": kind, "number": number}
    if contact_id:
        destination["contact_id"] = contact_id
    recipient = {"name": name, "email": email, "language": language}
    if given := {field: value for field, value in recipient.items() if value is not None}:
        destination["recipient"] = given
    return destination
