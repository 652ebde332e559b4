"""`uitpost user`: how people come in."""

import typer

from deploy.cli.shown import Shown
from deploy.cli.speak import Data, access_of, answers, settings_of
from deploy.record import url_of
from shared.access import Access

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Users: a new login link.")


@app.callback()
def users() -> None:
    """Let people in."""


@app.command("link")
@answers
def link(data: Data = None) -> Shown:
    """Print a new login link for the administrator: good once, for 15 minutes."""
    settings = settings_of(data)
    with access_of(settings) as access:
        return login_link(access, settings.public_url or url_of(settings.data, "history") or f"http://{settings.http}")


def login_link(access: Access, url: str) -> str:
    """Return a new login link below `url`."""
    return f"{url.rstrip('/')}/login?link={access.create_login_link()}"
