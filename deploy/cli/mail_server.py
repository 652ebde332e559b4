"""`uitpost mail-server`: by which servers mail leaves."""

from typing import Annotated

import typer

from deploy.cli.api import EVERY, Api
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Mail servers: list, show, set, remove.")
_COLUMNS = ("id", "host", "port", "security", "user", "max_per_minute")
ServerId = Annotated[str, typer.Argument(metavar="ID", help="Id of the server; `default` is used where it is set up")]
Text = str | None


@app.command("list")
@speaks
def list_servers(api: Api) -> Shown:
    """List the mail servers; without any, nothing can be e-mailed."""
    return Rows(_COLUMNS, api.dossier.items("/mail-servers", limit=EVERY))


@app.command("show")
@speaks
def show_server(api: Api, server_id: ServerId) -> Shown:
    """Show a mail server."""
    return Facts(api.dossier.get(f"/mail-servers/{server_id}"))


@app.command("set")
@speaks
def set_server(
    api: Api,
    server_id: ServerId,
    host: Annotated[str, typer.Option("--host", help="Its name or address")],
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Its port")] = 587,
    security: Annotated[str, typer.Option("--security", help="starttls, tls, if-offered or none")] = "starttls",
    user: Annotated[Text, typer.Option("--user", help="As whom to log in")] = None,
    secret_ref: Annotated[Text, typer.Option("--secret-ref", help="Its password: env:NAME or file:PATH")] = None,
    max_per_minute: Annotated[int | None, typer.Option("--max-per-minute", min=1, help="Mails in a minute")] = None,
    max_connections: Annotated[int | None, typer.Option("--max-connections", min=1, help="At once")] = None,
    dkim_domain: Annotated[Text, typer.Option("--dkim-domain", help="Domain that signs")] = None,
    dkim_selector: Annotated[Text, typer.Option("--dkim-selector", help="Selector of the key")] = None,
    dkim_secret_ref: Annotated[Text, typer.Option("--dkim-secret-ref", help="Where the key lies")] = None,
) -> Shown:
    """Set up a mail server; what is not said is as if nothing were set of it."""
    body = {
        "host": host,
        "port": port,
        "security": security,
        "user": user,
        "secret_ref": secret_ref,
        "max_per_minute": max_per_minute,
        "max_connections": max_connections,
        "dkim_domain": dkim_domain,
        "dkim_selector": dkim_selector,
        "dkim_secret_ref": dkim_secret_ref,
    }
    return Facts(api.dossier.put(f"/mail-servers/{server_id}", body))


@app.command("remove")
@speaks
def remove_server(api: Api, server_id: ServerId) -> Shown:
    """Take a mail server away: mail that is to leave by it waits until it is set up again."""
    api.dossier.delete(f"/mail-servers/{server_id}")
    say(f"{server_id} is taken away.")
    return None
