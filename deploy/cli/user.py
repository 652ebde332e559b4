"""`uitpost user`: people and how they come in; written straight to the data folder, as its owner."""

from typing import Annotated, get_args

import typer
from email_validator import EmailNotValidError, validate_email

from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import Data, access_of, answers, settings_of
from deploy.record import url_of
from shared.access import Access, NameTaken, Role, UnknownUser
from shared.access.access import ADMINISTRATOR

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Users: add, change, list, remove, and a new login link."
)
_ROLES = get_args(Role)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user")]
_Email = Annotated[str | None, typer.Option("--email", help="E-mail address; makes the user a sender, as “me”")]
_FullName = Annotated[str | None, typer.Option("--full-name", help="Name that stands at mails sent as “me”")]
_Role = Annotated[str | None, typer.Option("--role", help=f"{', '.join(_ROLES)}")]


@app.command("add")
@answers
def add_user(
    name: _Name, role: _Role = None, email: _Email = None, full_name: _FullName = None, data: Data = None
) -> Shown:
    """Let a person in; `uitpost user link NAME` then prints a login link for him."""
    given = _role(role or "clerk")
    with access_of(settings_of(data)) as access:
        try:
            access.add_user(name, given, full_name, _address(email))
        except NameTaken as error:
            raise Failure(Code.REFUSED, f"The name {name} is taken: choose another.") from error
        except ValueError as error:
            raise Failure(Code.WRONG_USE, str(error)) from error
        return Facts(_shown(access, name))


@app.command("change")
@answers
def change_user(
    name: _Name, role: _Role = None, email: _Email = None, full_name: _FullName = None, data: Data = None
) -> Shown:
    """Give a user another role, e-mail address or full name; an empty one takes it away."""
    facts = {"role": _role(role) if role else None, "email": _address(email), "full_name": full_name}
    given = {key: value or None for key, value in facts.items() if value is not None}
    if not given:
        raise Failure(Code.WRONG_USE, "Say what is to be changed: --role, --email or --full-name.")
    with access_of(settings_of(data)) as access:
        try:
            access.change_user(name, **given)
        except UnknownUser as error:
            raise _unknown(name) from error
        return Facts(_shown(access, name))


@app.command("list")
@answers
def list_users(data: Data = None) -> Shown:
    """List users."""
    with access_of(settings_of(data)) as access:
        return Rows(("name", "role", "full_name", "email"), [_shown(access, user.name) for user in access.list_users()])


@app.command("remove")
@answers
def remove_user(name: _Name, data: Data = None) -> Shown:
    """Shut a person out at once."""
    with access_of(settings_of(data)) as access:
        if not access.remove_user(name):
            raise _unknown(name)
    say(f"{name} is shut out.")
    return None


@app.command("link")
@answers
def link(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of the user")] = ADMINISTRATOR, data: Data = None
) -> Shown:
    """Print a new login link for a user, the administrator if none is named: good once, for 15 minutes."""
    settings = settings_of(data)
    url = settings.public_url or url_of(settings.data, "history") or f"http://{settings.http}"
    with access_of(settings) as access:
        try:
            return login_link(access, url, name)
        except UnknownUser as error:
            raise _unknown(name) from error


def login_link(access: Access, url: str, name: str = ADMINISTRATOR) -> str:
    """Return a new login link below `url`. Raises UnknownUser."""
    return f"{url.rstrip('/')}/login?link={access.create_login_link(name)}"


def _shown(access: Access, name: str) -> dict[str, str | None]:
    user = access.find_user(name)
    assert user is not None  # noqa: S101 -- it was listed, added or changed just now
    return {"name": user.name, "role": user.role, "full_name": user.full_name, "email": user.email}


def _role(said: str) -> Role:
    for role in _ROLES:
        if role == said:
            return role  # type: ignore[no-any-return]
    raise Failure(Code.WRONG_USE, f"--role: one of {', '.join(_ROLES)}")


def _address(email: str | None) -> str | None:
    if not email:
        return email
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise Failure(Code.WRONG_USE, f"--email: {error}") from error


def _unknown(name: str) -> Failure:
    return Failure(Code.NOT_FOUND, f"There is no user named {name}.")
