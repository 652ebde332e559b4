"""`uitpost quickstart`: everything on this machine, with sample data; `--once` sends the sample mailing and ends."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy import logs, sample
from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.files import body_of
from deploy.cli.mailing import create
from deploy.cli.serve import Http, run_here
from deploy.cli.shown import say, show
from deploy.cli.speak import Data, Json, api_of, settings_of
from deploy.cli.user import login_link
from deploy.cli.watched import failed, outcome, watch
from deploy.local import Running, Wanted
from shared.access import Access
from shared.settings import Settings

app = typer.Typer(add_completion=False)
_PATIENCE = 120.0  # seconds for the sample mailing


@app.command()
def quickstart(
    once: Annotated[bool, typer.Option("--once", help="Send the sample mailing, show the outcome, end")] = False,
    expect: Annotated[
        Path | None, typer.Option("--expect", help="With --once: end with 0 only for exactly this outcome (JSON)")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the pages in a browser, on a terminal")] = True,
    data: Data = None,
    http: Http = None,
    as_json: Json = False,
) -> None:
    """Run everything on this machine: NATS, four services, a test mailbox, sample contacts."""
    if once and data is None and "UITPOST_DATA" not in os.environ:
        data = Path(tempfile.mkdtemp(prefix="uitpost-"))
    settings = settings_of(data, http=http)
    logs.set_up(show_addresses=settings.log_addresses, level="WARNING")
    wanted = Wanted(own_nats=settings.nats_url is None, mailbox=settings.smtp_url is None, any_port=True)
    if not once:
        run_here(settings, wanted, lambda running: _open(running, settings, browser=browser))
        return
    runs: list[dict[str, Any]] = []
    run_here(settings, wanted, lambda running: _send(running, runs))
    _end(runs, settings, expect, as_json=as_json)


async def _open(running: Running, asked: Settings, *, browser: bool) -> None:
    """Fill in the samples, and say where everything is."""
    await asyncio.to_thread(_fill, _api(running))
    with closing(Access(running.settings.access_url)) as access:
        link = login_link(access, running.url)
    if running.url.rpartition(":")[2] != (port := asked.http.rpartition(":")[2]) and port != "0":
        say(f"{asked.http} is taken, so another port is used.")
    show("\n".join(_welcome(running, link)), as_json=False)
    if browser and sys.stdout.isatty():
        webbrowser.open(link)


def _command() -> str:
    """Return how this command is called from here: by its name where the shell finds it, else by its path."""
    return "uitpost" if shutil.which("uitpost") else os.path.relpath(sys.argv[0])


def _welcome(running: Running, link: str) -> list[str]:
    mail = f"the test mailbox, {_mail(running.settings)} (nothing leaves this machine)"
    return [
        f"uitpost runs at  {running.url}",
        f"Log in           {link}",
        f"Mail goes to     {mail if running.mailbox else 'the mail server of UITPOST_SMTP_URL'}",
        f"Data folder      {running.settings.data.resolve()}",
        f"Try              {_command()} mailing create -f {sample.FOLDER / 'mailing.json'} \\",
        f"                   --recipients {sample.CONTACTS} --wait",
        "Ctrl+C stops everything.",
    ]


async def _send(running: Running, runs: list[dict[str, Any]]) -> None:
    """Send the sample mailing, and stop everything once it is done."""
    runs.append(await asyncio.to_thread(_sample_run, _api(running)))
    running.stop()


def _sample_run(api: Api) -> dict[str, Any]:
    _fill(api)
    run_id = create(api, sample.mailing(), sample.CONTACTS)["run_id"]
    return watch(api, run_id, patience=_PATIENCE)


def _fill(api: Api) -> None:
    """Record the sample's sender and contacts; again is no change."""
    api.dossier.put(f"/senders/{sample.SENDER_ID}", sample.SENDER)
    told = api.dossier.upload("/contacts/import", sample.CONTACTS.read_bytes(), "text/csv")
    if told["refused"]:
        raise Failure(Code.UNEXPECTED, f"sample contacts were refused: {told['refused_lines']}")


def _end(runs: list[dict[str, Any]], settings: Settings, expect: Path | None, *, as_json: bool) -> None:
    if not runs:
        raise Failure(Code.INTERRUPTED, "Interrupted; everything has stopped.")
    rows = outcome(runs[0])
    show(rows, as_json=as_json)
    if settings.smtp_url is None:
        say(f"The mails: {_mail(settings)}")
    if expect is not None:
        _compare({line["status"]: line["count"] for line in rows.items}, body_of(expect))
    elif failed(runs[0]):
        raise typer.Exit(Code.SOME_FAILED)


def _compare(found: dict[str, int], planned: dict[str, int]) -> None:
    total = found.pop("total")
    if found != planned or total != sum(planned.values()):
        raise Failure(Code.UNEXPECTED, f"planned was {json.dumps(planned)}, not {json.dumps(found)} of {total}")
    say("That is exactly what was planned.")


def _api(running: Running) -> Api:
    return api_of(running.settings, running.url)


def _mail(settings: Settings) -> Path:
    return settings.data.resolve() / "mailbox"
