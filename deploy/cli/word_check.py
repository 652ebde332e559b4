"""Which recorded Word layouts make no PDF on this machine, as `uitpost check` says it."""

import json

from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from services.renderer.adapters.office import program
from shared.settings import Settings
from shared.store.tables import connect, sqlite_path

_LAYOUTS = text("SELECT name, facts FROM setup WHERE noun = 'layout' ORDER BY name")
_OURS = "a-3a+ua-1"  # the standard that LibreOffice does not reach


def unprinted(settings: Settings) -> list[str]:
    """Return what is to be done of each layout that makes no PDF in some language; none where no store can be read."""
    found = _recorded(settings)
    return [_said(name, facts) for name, facts in found.items() if facts.get("pdf_missing") and not facts["blocked"]]


def _recorded(settings: Settings) -> dict[str, dict[str, object]]:
    url = settings.store_of("dossier")
    file = sqlite_path(url)
    if file is not None and not file.exists():
        return {}
    engine = connect(url, "dossier")
    try:
        with engine.connect() as connection:
            rows = connection.execute(_LAYOUTS).all() if inspect(connection).has_table("setup") else []
            return {name: json.loads(facts) for name, facts in rows}
    except SQLAlchemyError:
        return {}
    finally:
        engine.dispose()


def _said(name: str, facts: dict[str, object]) -> str:
    missing = facts["pdf_missing"]
    languages = ", ".join(missing) if isinstance(missing, list) else ""
    if facts["pdf"] == _OURS:
        return f"{name} ({languages}): put it again with pdf = a-2b, since LibreOffice makes no PDF/A-3a"
    if program.found() is None:
        return f"{name} ({languages}): {program.INSTALL}, and put it again"
    return f"{name} ({languages}): put it again, now that LibreOffice is installed"
