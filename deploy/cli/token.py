"""`uitpost token`: what programs come in with; written straight to the data folder, as its owner."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, get_args

import typer

from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Rows, Shown, say
from deploy.cli.speak import Data, access_of, answers, settings_of
from deploy.nats_keys import Keys
from deploy.nats_keys import NameTaken as CredentialTaken
from deploy.nats_server import DidNotReload, issue_upstream, revoke_upstream
from shared.access import NameTaken, Scope, afas_form

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="API tokens and NATS credentials: create, list, revoke."
)
_SCOPES = get_args(Scope)
Nats = Annotated[bool, typer.Option("--nats", help="A NATS credential (nkey seed) of an upstream system")]


@app.command("create")
@answers
def create_token(
    scope: Annotated[list[str] | None, typer.Option("--scope", help="read, send or admin; may be repeated")] = None,
    name: Annotated[str, typer.Option("--name", help="What it is for; stands at what it records")] = "api",
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Good for so many days; unset = until revoked")
    ] = None,
    nats: Nats = False,
    afas: Annotated[
        bool, typer.Option("--afas", help="Print it as an AFAS client carries it: Authorization: AfasToken …")
    ] = False,
    data: Data = None,
) -> Shown:
    """Make a token and print it, and nothing else, on stdout: it is not shown again."""
    settings = settings_of(data)
    if nats:
        return _credential(settings.data / "nats", name)
    scopes = [one for one in _SCOPES if one in (scope or ())]
    if not scope or len(scopes) != len(set(scope)):
        raise Failure(Code.WRONG_USE, f"--scope: one or more of {', '.join(_SCOPES)}")
    with access_of(settings) as access:
        expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
        try:
            token = access.create_token(name, scopes, expires_at, in_hex=afas)
        except ValueError as error:
            raise _taken(error, name) from error
    return afas_form(token) if afas else token


@app.command("list")
@answers
def list_tokens(data: Data = None) -> Shown:
    """List tokens and NATS credentials, without their secrets."""
    settings = settings_of(data)
    with access_of(settings) as access:
        tokens = [
            {"name": one.name, "scopes": " ".join(sorted(one.scopes)), "expires_at": _iso(one.expires_at)}
            for one in access.list_tokens()
        ]
    keys = [{"name": name, "scopes": "nats", "expires_at": None} for name in Keys(settings.data / "nats").upstreams()]
    return Rows(("name", "scopes", "expires_at"), [*tokens, *keys])


@app.command("revoke")
@answers
def revoke_token(
    name: Annotated[str, typer.Argument(help="Name of the token or credential")], nats: Nats = False, data: Data = None
) -> Shown:
    """Take a token or a NATS credential back; it is refused from then on."""
    settings = settings_of(data)
    with access_of(settings) as access:
        revoked = revoke_upstream(settings.data / "nats", name) if nats else access.revoke_token(name)
    if not revoked:
        raise Failure(Code.NOT_FOUND, f"There is no {'NATS credential' if nats else 'token'} named {name}.")
    say(f"{name} is revoked.")
    return None


def _credential(folder: Path, name: str) -> str:
    try:
        return issue_upstream(folder, name)
    except ValueError as error:
        raise _taken(error, name) from error
    except DidNotReload as error:
        raise Failure(Code.OUT_OF_REACH, str(error)) from error


def _taken(error: ValueError, name: str) -> Failure:
    if isinstance(error, NameTaken | CredentialTaken):
        return Failure(Code.REFUSED, f"The name {name} is taken: choose another with --name, or revoke that one first.")
    return Failure(Code.WRONG_USE, str(error))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
