"""Makes a command of a function that is given the API and returns what is to be shown."""

import fcntl
import inspect
import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Facts, Rows, Shown, show
from deploy.record import url_of
from shared.access import Access
from shared.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", help="Data folder  [UITPOST_DATA]", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
_Url = Annotated[
    str | None, typer.Option("--url", envvar="UITPOST_URL", help="Address of the server; unset = this one")
]
_Token = Annotated[str | None, typer.Option("--token", envvar="UITPOST_TOKEN", help="API token; unset = a local one")]
_GOOD_FOR = timedelta(hours=1)
_KEPT = os.O_RDWR | os.O_CREAT
_HERE = ("127.0.0.1", "localhost", "::1")


def settings_of(data: Path | None, **flags: Any) -> Settings:
    """Return the settings, flags first. Raises Failure where one of them is wrong."""
    given = {name: value for name, value in {"data": data, **flags}.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise wrong_settings(error) from error


def wrong_settings(error: ValidationError) -> Failure:
    """Say which settings are wrong; never the value, which may be a secret."""
    lines = (f"UITPOST_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
    return Failure(Code.WRONG_CONFIGURATION, *lines)


def answers(command: Callable[..., Shown]) -> Callable[..., None]:
    """Give a command `--json`, and show what it returns."""

    @wraps(command)
    def run(*, as_json: bool, **given: Any) -> None:
        what = command(**given)
        show(what, as_json=as_json)
        if isinstance(what, Rows | Facts) and what.exit_code:
            raise typer.Exit(what.exit_code)

    return _with_options(run, command, (), as_json=(Json, False))


def speaks(command: Callable[..., Shown]) -> Callable[..., None]:
    """Give a command the API as its first argument, and `--url`, `--token`, `--data` and `--json`."""

    @wraps(command)
    def run(*, url: str | None, token: str | None, data: Path | None, **given: Any) -> Shown:
        return command(api_of(settings_of(data), url, token), **given)

    options = {"url": (_Url, None), "token": (_Token, None), "data": (Data, None)}
    return answers(_with_options(run, command, ("api",), **options))


def api_of(settings: Settings, url: str | None = None, token: str | None = None) -> Api:
    """Return the API at `url`, else of the services that run on the data folder. Raises Failure."""
    dossier = url or url_of(settings.data, "dossier")
    history = url or url_of(settings.data, "history")
    if not dossier or not history:
        raise Failure(
            Code.OUT_OF_REACH,
            f"Nothing runs on the data folder {settings.data}.",
            "Start it with `uitpost serve --all`, or say where it runs with --url or UITPOST_URL.",
        )
    if token is None and urlsplit(dossier).hostname in _HERE and settings.data.is_dir():
        token = _local_token(settings)
    return Api(dossier, history, token)


@contextmanager
def access_of(settings: Settings) -> Iterator[Access]:
    """Open the access store of a data folder, made now if need be."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(Access(settings.access_url)) as access:
        yield access


def _local_token(settings: Settings) -> str:
    """Return a token that is good for an hour: whoever can write the data folder is trusted."""
    name = f"local:{_user()}"
    file = settings.data / "run" / "token"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    with access_of(settings) as access, os.fdopen(os.open(file, _KEPT, 0o600), "r+") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)  # two commands at once would each revoke the other's
        if access.check_token(token := kept.read()) is not None:
            return token
        access.revoke_token(name)
        token = access.create_token(name, ["admin"], datetime.now(UTC) + _GOOD_FOR)
        kept.seek(0)
        kept.truncate()
        kept.write(token)
        kept.flush()
    return token


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user need not have a name
        return str(os.getuid())


def _with_options(
    run: Callable[..., Any], command: Callable[..., Any], without: tuple[str, ...], **options: tuple[Any, Any]
) -> Callable[..., Any]:
    """Write the options into the signature, where Typer reads them."""
    signature = inspect.signature(command)
    kept = [one for name, one in signature.parameters.items() if name not in without]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in options.items()
    ]
    run.__signature__ = signature.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in (*kept, *added)}
    return run
