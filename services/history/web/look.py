"""How pages look: the templates, the icon and tone of each status, and times as people here read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.history.domain.mail import Mail
from services.history.domain.making import NOTHING
from services.history.web.words import Words
from shared.pages import Language

ZONE = ZoneInfo("Europe/Amsterdam")
_HOUSE = Path(__file__).parent.parent
CSS = (_HOUSE / "static" / "app.css").read_bytes()
CSS_URL = f"/static/history/app.css?v={sha256(CSS).hexdigest()[:12]}"
_DAY = {"nl": "%d-%m-%Y", "en": "%Y-%m-%d"}


@dataclass(frozen=True)
class Look:
    """The icon and the tone of a status; its word stands beside them, so that colour says nothing alone."""

    icon: str
    tone: str


_LOOKS = {
    "queued": Look("clock", "idle"),
    "rendering": Look("loader", "busy"),
    "sending": Look("loader", "busy"),
    "deferred": Look("clock", "warn"),
    "sent": Look("check", "ok"),
    "generated": Look("letter", "ok"),
    "failed": Look("alert", "bad"),
    "render_failed": Look("alert", "bad"),
    "bounced": Look("alert", "bad"),
    "in_doubt": Look("doubt", "warn"),
    "no_address": Look("no-mail", "warn"),
    "no_consent": Look("no-mail", "warn"),
    "cancelled": Look("stop", "idle"),
}
_STEPS = {"requested": Look("plus", "busy"), "rendered": Look("check", "ok")}  # done, whatever comes after


def look(status: str) -> Look:
    """Return the look of a status."""
    return _LOOKS[status]


def look_of(entry: Mapping[str, Any]) -> Look:
    """Return the look of one entry of a timeline."""
    return _STEPS.get(entry["what"]) or look(entry["status"])


def local(at: datetime, language: Language) -> str:
    """Return a time to the second, in the zone of the office."""
    return at.astimezone(ZONE).strftime(f"{_DAY[language]} %H:%M:%S")


def day(at: datetime, language: Language) -> str:
    """Return a day, in the zone of the office."""
    return at.astimezone(ZONE).strftime(_DAY[language])


def number(n: int, language: Language) -> str:
    """Return a number in groups of three."""
    return f"{n:,}".replace(",", "." if language == "nl" else ",")


def answer_of(row: Mapping[str, Any], words: Words) -> str:
    """Return what stands in the way of a row, or what the mail server said, in one line."""
    reply = " ".join(str(part) for part in (row["smtp_code"], row["smtp_text"]) if part)
    return reply or words.reason(row["reason"] or "")


def place_of(row: Mapping[str, Any], words: Words) -> str:
    """Return the destination of a row: its kind and number, and the contact there."""
    kind = words.text(f"kind_{row['kind']}") or row["kind"]
    return " ".join(part for part in (kind, row["number"], row["contact_id"] and f"/ {row['contact_id']}") if part)


def made_with_of(mails: Sequence[Mail], words: Words) -> list[tuple[str, str]]:
    """Return by its name in the texts what the latest mail or letter is made with, where anything is known of it."""
    made: Mapping[str, Any] = mails[-1].making if mails else NOTHING
    said = {
        name: words("layout_version", id=made[name]["layout_id"], n=made[name]["version"])
        for name in ("body_layout", "attachment_layout")
        if made[name]
    }
    engines = ", ".join(f"{name} {version}" for name, version in made["engines"].items())
    return [*said.items(), *([("engines", engines)] if engines else [])]


def words_of(entry: Mapping[str, Any], words: Words) -> str:
    """Return what one entry of a timeline says, in a few words with dots between."""
    reply = " ".join(str(part) for part in (entry["smtp_code"], entry["enhanced_code"], entry["text"]) if part)
    said = [
        words("attempt", n=entry["attempt"]) if entry["attempt"] else "",
        words.text(f"outcome_{entry['text']}") if entry["what"] == "resolved" else reply,
        words.reason(entry["reason"] or ""),
        words("not_before", time=local(entry["not_before"], words.language)) if entry["not_before"] else "",
        words("by", name=entry["actor"]) if entry["actor"] else "",
    ]
    return " · ".join(part for part in said if part)


@cache
def templates() -> Environment:
    """Return the templates of the pages."""
    environment = Environment(
        loader=FileSystemLoader(_HOUSE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"local": local, "day": day, "number": number}
    environment.globals |= {"look": look, "look_of": look_of, "css": CSS_URL, "zone": ZONE.key}
    return environment
