"""`uitpost item eml`: the message of an item or row as it was sent, saved to a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Facts, Shown, say
from deploy.cli.speak import speaks

_SAID = {
    "kept": "kept, byte for byte as it was sent",
    "remade-equal": "made anew, and equal byte for byte to what was sent",
    "remade-different": "made anew, and different from what was sent: an engine, font or layout makes it otherwise now",
}


@speaks
def save_message(
    api: Api,
    any_id: Annotated[str, typer.Argument(metavar="ID", help="Item id, or the id of a row")],
    n: Annotated[int | None, typer.Option("--n", min=1, help="Which mail of the row; unset = the latest")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file, - for stdout; unset = ID.eml")
    ] = None,
) -> Shown:
    """Save a message as it was sent, and say whether it was kept or made anew."""
    row_id = _row_of(api, any_id)
    with api.history.stream(f"/processing/{row_id}/message.eml", {"n": n}) as answer:
        content, outcome = answer.read(), answer.headers["uitpost-message"]
    say(f"The message is {_SAID[outcome]}.")
    if str(output) == "-":
        typer.get_binary_stream("stdout").write(content)
        return None
    file = output or Path(f"{row_id}.eml")
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Failure(Code.WRONG_USE, f"{file} cannot be written: {error.strerror}") from error
    return Facts({"file": str(file), "size": len(content), "message": outcome})


def _row_of(api: Api, any_id: str) -> str:
    """Return the row that an id means: its own, or the only one of an item."""
    try:
        rows: list[dict[str, Any]] = api.history.get(f"/dossier-items/{any_id}")["rows"]
    except Failure as failure:
        if failure.code != Code.NOT_FOUND:
            raise
        return any_id
    if not rows:
        raise Failure(Code.NOT_FOUND, f"nothing was mailed of item {any_id}")
    if len(rows) > 1:
        ids = [f"{row['id']}  {row['recipient_name'] or '–'}" for row in rows]
        raise Failure(Code.WRONG_USE, f"item {any_id} has several messages; say which by the id of its row:", *ids)
    return str(rows[0]["id"])
