"""`uitpost check`: looks at all that uitpost stands on, and says what to fix."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import typer
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from deploy.cli.failure import Code
from deploy.cli.shown import Rows, Shown, say
from deploy.cli.speak import Data, answers, settings_of
from deploy.cli.word_check import unprinted
from deploy.local import NoNats, nats_version
from deploy.nats_server import DidNotStart, NatsServer
from services.dossier.domain.mail_server import of_url
from services.dossier.layouts import supplied
from services.mailer.adapters.smtp import MailServer, ServerUnavailable, connect
from services.renderer.adapters.made import formats_made
from services.renderer.adapters.office import program
from services.renderer.adapters.office.office import NotStarted, Office
from shared.settings import Settings

app = typer.Typer(add_completion=False)
_OLDEST_NATS = (2, 12)
_SECONDS = 10.0
_NOT_SET = "not set"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do about it; `code` is None where all is well."""

    what: str
    found: str
    fix: str = ""
    code: Code | None = None


@app.command()
@answers
def check(data: Data = None) -> Shown:
    """Look at data folder, NATS, store, mail server, layouts, LibreOffice; say what to fix; may end with 7 or 78."""
    findings = asyncio.run(_look(settings_of(data)))
    wrong = [one for one in findings if one.code]
    for one in wrong:
        say(f"{one.what}: {one.fix}")
    rows = [{"what": one.what, "ok": one.code is None, "found": one.found, "fix": one.fix} for one in findings]
    return Rows(("what", "ok", "found"), rows, exit_code=max((one.code for one in wrong if one.code), default=0))


async def _look(settings: Settings) -> list[Finding]:
    looks: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (
        _data,
        _nats,
        _store,
        _mail_server,
        _layouts,
        _word_layouts,
        _office,
    )
    return [await look(settings) for look in looks]


async def _data(settings: Settings) -> Finding:
    folder = settings.data.resolve()
    near = next(path for path in (folder, *folder.parents) if path.exists())
    if near.is_dir() and os.access(near, os.W_OK | os.X_OK):
        return Finding("data folder", str(folder) if near == folder else f"{folder} (made at the start)")
    fix = f"let this user write {near}, or choose another folder with UITPOST_DATA"
    return Finding("data folder", f"{near} cannot be written", fix, Code.WRONG_CONFIGURATION)


async def _nats(settings: Settings) -> Finding:
    try:
        if settings.nats_url is None:
            return await _own_nats()
        version = await nats_version(settings.nats_url)
    except (NoNats, DidNotStart) as error:
        return Finding("NATS", str(error), "start it, or correct UITPOST_NATS_URL", Code.OUT_OF_REACH)
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_NATS:
        return Finding("NATS", f"nats-server {version}", "2.12 or newer is needed", Code.WRONG_CONFIGURATION)
    return Finding("NATS", f"nats-server {version}")


async def _own_nats() -> Finding:
    """Start a nats-server in a folder of its own: the one way to know that it will."""
    with tempfile.TemporaryDirectory() as folder:
        async with NatsServer(Path(folder)) as server:
            return Finding("NATS", f"our own nats-server {await nats_version(server.url)} starts")


async def _store(settings: Settings) -> Finding:
    if settings.store_url is None:
        return Finding("store", "SQLite in the data folder")
    try:
        engine = create_engine(settings.store_of("dossier"), connect_args={"connect_timeout": int(_SECONDS)})
        with engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar()
    except SQLAlchemyError as error:
        fix = "start PostgreSQL, or correct UITPOST_STORE_URL"
        return Finding("store", str(error.__cause__ or error).partition("\n")[0], fix, Code.OUT_OF_REACH)
    engine.dispose()
    return Finding("store", f"PostgreSQL {version}")


async def _mail_server(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return Finding("mail server", f"{_NOT_SET}; only quickstart's test mailbox takes mail")
    try:
        server = _server_of(settings.smtp_url)
    except ValueError as error:
        return Finding("mail server", str(error), "correct UITPOST_SMTP_URL", Code.WRONG_CONFIGURATION)
    try:
        async with asyncio.timeout(_SECONDS):
            connection = await connect(server)
        await connection.quit()
    except (ServerUnavailable, TimeoutError) as error:
        found = f"{server.host}:{server.port}: {str(error) or 'no answer'}"
        fix = "see that it runs and lets us in, or correct UITPOST_SMTP_URL"
        return Finding("mail server", found, fix, Code.OUT_OF_REACH)
    return Finding("mail server", f"{server.host}:{server.port} lets us in")


def _server_of(url: str) -> MailServer:
    """Return the mail server as the mailer will know it. Raises ValueError."""
    facts = of_url(url, "")
    password = urlsplit(url).password
    return MailServer(facts.host, facts.port, facts.security, facts.user, unquote(password) if password else None)


async def _layouts(_settings: Settings) -> Finding:
    engines = {name: version for one in formats_made().formats for name, version in one.engines.items()}
    made = ", ".join(f"{name} {version}" for name, version in engines.items() if name != "libreoffice")
    layouts = ", ".join(f"{name} ({layout.kind})" for name, layout in supplied().items())
    return Finding("layouts", f"{layouts}; made by {made}")


async def _word_layouts(settings: Settings) -> Finding:
    """Say which Word layouts make no PDF: they are refused where one is asked for, and go as .docx."""
    told = await asyncio.to_thread(unprinted, settings)
    return Finding("Word layouts", f"no PDF of {'; '.join(told)}" if told else "each one recorded makes its PDF")


async def _office(_settings: Settings) -> Finding:
    """Start LibreOffice, as the renderer would; uitpost does without, but for some Word layouts."""
    folder = program.found()
    if folder is None:
        return Finding("LibreOffice", f"not installed; some Word layouts make no PDF without it: {program.INSTALL}")
    office = Office(folder)
    try:
        return Finding("LibreOffice", f"LibreOffice {await asyncio.to_thread(lambda: office.version)} starts")
    except NotStarted as error:
        return Finding("LibreOffice", str(error), f"install it again: {program.INSTALL}", Code.WRONG_CONFIGURATION)
    finally:
        office.close()
