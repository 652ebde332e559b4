"""`uitpost item`: items in the dossier, with a mail or without, and what becomes of them."""

import json
import mimetypes
from base64 import b64encode
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

import typer

from deploy.cli.again import resend_item
from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.files import body_of, content_of
from deploy.cli.message import save_message
from deploy.cli.shown import Facts, Rows, Shown
from deploy.cli.speak import speaks

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Dossier items: record, list, show, change, respond, eml, resend."
)
app.command("eml")(save_message)
app.command("resend")(resend_item)
Text = str | None
ItemId = Annotated[str, typer.Argument(metavar="ID", help="Item id")]
_YES_NO = {"true": True, "yes": True, "false": False, "no": False, "": None}
_AS_JSON = ("sub_destinations", "custom_fields", "extra")


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
def show_item(api: Api, item_id: ItemId) -> Shown:
    """Show an item as it stands, and what became of it."""
    return Facts(api.history.get(f"/dossier-items/{item_id}"))


@app.command("list")
@speaks
def list_items(
    api: Api,
    at: Annotated[Text, typer.Option("--at", metavar="KIND/NUMBER[/CONTACT_ID]", help="Those in this dossier")] = None,
    q: Annotated[Text, typer.Option("-q", help="Look for this in the subject")] = None,
    item_type: Annotated[Text, typer.Option("--type", help="Item type")] = None,
    run_id: Annotated[Text, typer.Option("--run", help="Run id")] = None,
    nowhere: Annotated[bool, typer.Option("--without-destination", help="Those of no dossier")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many")] = 50,
) -> Shown:
    """List items, newest first: those of one dossier, or all that the options let through."""
    columns = ("item_id", "recorded_at", "type", "subject", "submitted_by")
    wanted = {"q": q, "type": item_type, "run_id": run_id, "without_destination": nowhere or None}
    if at is None:
        return Rows(columns, api.history.items("/dossier-items", wanted, limit=limit))
    if any(wanted.values()):
        raise Failure(Code.WRONG_USE, "--at shows one dossier whole; leave the other options out")
    kind, number, contact_id = _place("--at", at)
    path = f"/contacts/{quote(kind, safe='')}/{quote(number, safe='')}/dossier"
    return Rows(columns, api.history.items(path, {"contact_id": contact_id or None}, limit=limit))


@app.command("change")
@speaks
def change_item(
    api: Api,
    item_id: ItemId,
    changes: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE…", help="An empty value clears")] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="The changes as JSON or TOML")] = None,
    version: Annotated[int | None, typer.Option("--version", help="Only if the item is still at this one")] = None,
) -> Shown:
    """Change fields of an item, such as responsible_id=000256 or completed=yes; what is not named stays."""
    body = (body_of(file) if file else {}) | dict(map(_change, changes or []))
    if not body:
        raise Failure(Code.WRONG_USE, "Say what to change, as in priority=high")
    return Facts(api.dossier.patch(f"/dossier-items/{item_id}", body, version=version))


@app.command("respond")
@speaks
def respond(
    api: Api,
    item_id: ItemId,
    text: Annotated[str, typer.Argument(help="What is said")],
    internal: Annotated[bool, typer.Option("--internal", help="For colleagues alone")] = False,
) -> Shown:
    """Add a response to an item."""
    body = {"text": text, "internal": internal}
    return Facts(api.dossier.post(f"/dossier-items/{item_id}/responses", body, key=str(uuid4())))


@app.command("attach")
@speaks
def attach(
    api: Api,
    item_id: ItemId,
    file: Annotated[Path, typer.Argument(help="The file")],
    name: Annotated[Text, typer.Option("--name", help="What it is called; unset = as the file")] = None,
) -> Shown:
    """Add a file to an item."""
    filename = name or file.name
    body = {"filename": filename, "content": b64encode(content_of(file)).decode()}
    if kind := mimetypes.guess_type(filename)[0]:
        body["content_type"] = kind
    return Facts(api.dossier.post(f"/dossier-items/{item_id}/attachments", body, key=str(uuid4())))


@app.command("detach")
@speaks
def detach(api: Api, item_id: ItemId, n: Annotated[int, typer.Argument(help="Its number in the item")]) -> Shown:
    """Take a file away from an item."""
    api.dossier.delete(f"/dossier-items/{item_id}/attachments/{n}")
    return None


def _change(given: str) -> tuple[str, Any]:
    """Return a field and its value as the API takes it: fields of the same kind have the same form."""
    name, equals, value = given.partition("=")
    if not equals:
        raise Failure(Code.WRONG_USE, f"{given}: say it as NAME=VALUE, as in priority=high")
    try:
        if name.startswith("feature_"):
            return name, int(value) if value else None
        if name in {"completed", "blocked"}:
            return name, _YES_NO[value.lower()]
        return name, json.loads(value or "null") if name in _AS_JSON else value
    except (ValueError, KeyError):
        raise Failure(Code.WRONG_USE, f"{given}: this is no value of {name}") from None


def _place(option: str, said: str) -> tuple[str, str, str]:
    kind, _, rest = said.partition("/")
    number, _, contact_id = rest.partition("/")
    if not number:
        raise Failure(Code.WRONG_USE, f"{option} {said}: say it as KIND/NUMBER, as in organisation/1000744")
    return kind, number, contact_id


def _destination(to: str, name: Text, email: Text, language: Text) -> dict[str, Any]:
    kind, number, contact_id = _place("--to", to)
    destination: dict[str, Any] = {"kind": kind, "number": number}
    if contact_id:
        destination["contact_id"] = contact_id
    recipient = {"name": name, "email": email, "language": language}
    if given := {field: value for field, value in recipient.items() if value is not None}:
        destination["recipient"] = given
    return destination
