"""`uitpost contact`: who can be written to."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code
from deploy.cli.files import content_of
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Contacts: import, list, show.")
_COLUMNS = ("kind", "number", "contact_id", "name", "email", "language", "consent", "blocked")
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most this many")]


@app.command("import")
@speaks
def import_contacts(
    api: Api, file: Annotated[Path, typer.Argument(help="CSV with kind, number, name, email …; - is stdin")]
) -> Shown:
    """Record the contacts of a CSV file; ends with 4 where lines were refused, the others stand."""
    told = api.dossier.upload("/contacts/import", content_of(file), "text/csv")
    for line in told["refused_lines"]:
        say(f"line {line['line']}: {line['field']}: {line['detail']}")
    return Facts(told, exit_code=Code.REFUSED if told["refused"] else 0)


@app.command("list")
@speaks
def list_contacts(
    api: Api,
    q: Annotated[str | None, typer.Option("--q", help="Part of a name, address or number")] = None,
    limit: Limit = 50,
) -> Shown:
    """List contacts."""
    return Rows(_COLUMNS, api.dossier.items("/contacts", {"q": q}, limit=limit))


@app.command("show")
@speaks
def show_contact(
    api: Api,
    kind: Annotated[str, typer.Argument(help="organisation, person, contact_person …")],
    number: Annotated[str, typer.Argument(help="Number of the contact")],
    contact_id: Annotated[str | None, typer.Option("--contact-id", help="Contact person at the organisation")] = None,
) -> Shown:
    """Show one contact."""
    return Facts(api.dossier.get(f"/contacts/{kind}/{number}", {"contact_id": contact_id}))
