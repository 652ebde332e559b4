"""`uitpost mailing print`: all letters of a mailing in one file."""

import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Facts, Shown, say
from deploy.cli.speak import speaks
from deploy.cli.underway import RunId

_EVERY = 5.0  # seconds between two lines
_MEGABYTE = 1_000_000


@speaks
def print_mailing(
    api: Api,
    run_id: RunId,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file; unset = Output <layout>.pdf")] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", help="run, recipient.name or merge.<field>; unset = as the layout says, else run"),
    ] = None,
) -> Shown:
    """Save all letters of a mailing as one PDF to print; a file that is cut off is never left behind."""
    with api.history.stream(f"/runs/{run_id}/print.pdf", {"sort": sort}) as answer:
        file = output or Path(_named(answer))
        say(f"{answer.headers['uitpost-letters']} letters go into {file}")
        size = _saved(answer, file)
    missing = int(answer.headers["uitpost-missing"])
    if missing:
        say(f"{missing} destinations have no letter in it: see `uitpost mailing missing {run_id}`")
        _say_why(api.history.get(f"/runs/{run_id}/print.json")["missing"])
    return Facts(
        {"file": str(file), "letters": int(answer.headers["uitpost-letters"]), "missing": missing, "size": size}
    )


def _say_why(missing: list[dict[str, Any]]) -> None:
    """Say of letters that are made and can't be printed here what stands in the way."""
    for detail, number in Counter(one["detail"] for one in missing if one["detail"]).items():
        say(f"{number} of them: {detail}")


def _saved(answer: httpx2.Response, file: Path) -> int:
    """Return the size of the file, which stands under its name only once it is whole."""
    part, size = file.with_name(f"{file.name}.part"), 0
    began = said = time.monotonic()
    try:
        with part.open("wb") as opened:
            for piece in answer.iter_bytes():
                size += opened.write(piece)
                if (now := time.monotonic()) - said >= _EVERY:
                    said = now
                    say(f"{size / _MEGABYTE:.0f} MB, {size / _MEGABYTE / (now - began):.1f} MB/s")
        part.replace(file)
    except OSError as error:
        raise Failure(Code.WRONG_USE, f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return size


def _named(answer: httpx2.Response) -> str:
    """Return the name that the server gives the file, and no folder of it."""
    said = httpx2.QueryParams("name=" + answer.headers["content-disposition"].partition("''")[2])["name"]
    return Path(said).name
