"""`uitpost field-setting`: with what a field of a draft begins, and whether it may be changed."""

from typing import Annotated, Any

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Field settings: list, set, clear.")
_COLUMNS = ("id", "preferred_value", "mandatory", "visible", "changeable", "is_set")
Field = Annotated[str, typer.Argument(metavar="FIELD", help="sender_name, sender_address, subject or comment")]
Own = Annotated[bool, typer.Option("--own", help="For whoever the token is of, instead of for everyone")]
Value = Annotated[str | None, typer.Option("--value", help='What it begins with; "" is empty, unset is none')]


@app.command("list")
@speaks
def list_settings(api: Api) -> Shown:
    """List what is set of each field for everyone."""
    return Rows(_COLUMNS, api.dossier.get("/field-settings")["items"])


@app.command("set")
@speaks
def set_field(
    api: Api,
    field: Field,
    value: Value = None,
    mandatory: Annotated[bool, typer.Option("--mandatory", help="It must be filled")] = False,
    hidden: Annotated[bool, typer.Option("--hidden", help="It is not shown")] = False,
    locked: Annotated[bool, typer.Option("--locked", help="Nobody may change it")] = False,
    last_chosen: Annotated[bool, typer.Option("--last-chosen", help="With --own: what was chosen last")] = False,
    own: Own = False,
) -> Shown:
    """Set a field: sender name and address of programs are held to it too, open drafts keep what they show."""
    if own and (mandatory or hidden or locked):
        raise Failure(Code.WRONG_USE, "--mandatory, --hidden and --locked are for everyone; leave --own out")
    if last_chosen and not own:
        raise Failure(Code.WRONG_USE, "--last-chosen is of one person: say --own too")
    body: dict[str, Any] = {"preferred_value": value, "last_chosen": last_chosen}
    if not own:
        body = {"preferred_value": value, "mandatory": mandatory, "visible": not hidden, "changeable": not locked}
    return Facts(api.dossier.put(_place(field, own=own), body))


@app.command("clear")
@speaks
def clear_field(api: Api, field: Field, own: Own = False) -> Shown:
    """Let a field have no setting."""
    api.dossier.delete(_place(field, own=own))
    say(f"{field} has no setting{' of your own' if own else ''} any more.")
    return None


def _place(field: str, *, own: bool) -> str:
    return f"/me/field-settings/{field}" if own else f"/field-settings/{field}"
