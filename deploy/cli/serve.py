"""`uitpost serve`: runs services until told to stop."""

from typing import Annotated

import typer
from pydantic import ValidationError

from deploy import logs
from deploy.cli.failure import Code, Failure
from deploy.cli.speak import Data, settings_of, wrong_settings
from deploy.local import SERVICES, AddressTaken, Guest, NoNats, OpenDoor, Wanted, run
from deploy.nats_server import DidNotStart, FolderInUse
from shared.process import LostPart
from shared.settings import Settings
from shared.store import StoreUnavailable

app = typer.Typer(add_completion=False)
_HINTS: tuple[tuple[tuple[type[Exception], ...], Code, str], ...] = (
    ((NoNats,), Code.OUT_OF_REACH, "Start all with `uitpost serve --all`, or name a server with UITPOST_NATS_URL."),
    ((AddressTaken,), Code.WRONG_CONFIGURATION, "Choose another address with --http or UITPOST_HTTP."),
    ((OpenDoor,), Code.WRONG_CONFIGURATION, "Make a way in first: `uitpost token create --scope admin --name me`."),
    ((FolderInUse,), Code.WRONG_CONFIGURATION, "Stop that one first, or choose another folder with --data."),
    ((DidNotStart, StoreUnavailable, OSError), Code.OUT_OF_REACH, ""),
)
Http = Annotated[str | None, typer.Option("--http", help="Address to listen on  [UITPOST_HTTP]", show_default=False)]


@app.command()
def serve(
    services: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(SERVICES)}", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All four in one process, with nats-server")] = False,
    data: Data = None,
    http: Http = None,
) -> None:
    """Run one or more services, or all four with their nats-server, until SIGTERM or Ctrl+C."""
    names = tuple(dict.fromkeys(services or ()))
    if every == bool(names) or set(names) - set(SERVICES):
        raise Failure(Code.WRONG_USE, f"Say which: --all, or one or more of {', '.join(SERVICES)}")
    settings = settings_of(data, http=http)
    logs.set_up(show_addresses=settings.log_addresses)
    if every:
        wanted = Wanted(own_nats=settings.nats_url is None)
    else:  # side by side on one machine, each has an address of its own without being given one
        wanted = Wanted(services=names, any_port="http" not in settings.model_fields_set)
    run_here(settings, wanted)


def run_here(settings: Settings, wanted: Wanted, guest: Guest | None = None) -> None:
    """Run until told to stop. Raises Failure where it cannot start, or where a part died."""
    try:
        run(settings, wanted, guest)
    except ValidationError as error:
        raise wrong_settings(error) from error
    except BaseExceptionGroup as group:
        raise _failure(_first(group), settings) from group
    except (NoNats, AddressTaken, OpenDoor, FolderInUse, DidNotStart, LostPart, StoreUnavailable, OSError) as error:
        raise _failure(error, settings) from error


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first thing that went wrong; what came of it follows in the group."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _failure(error: BaseException, settings: Settings) -> Failure:
    """Say what went wrong and what to do, with the exit code that fits."""
    if isinstance(error, Failure):
        return error
    said = str(error) or type(error).__name__
    for kinds, code, hint in _HINTS:
        if isinstance(error, kinds):
            return Failure(code, f"{said[:1].upper()}{said[1:]}.", *filter(None, [hint]))
    return Failure(Code.UNEXPECTED, f"{type(error).__name__}: {said}", f"Data folder: {settings.data}")
