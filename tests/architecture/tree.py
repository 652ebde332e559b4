"""The project's own files, as its rules look at them."""

import subprocess
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from pkgutil import iter_modules
from unittest.mock import Mock

import services
from shared.contracts import Message

ROOT = Path(__file__).parents[2]


def files(*patterns: str) -> list[Path]:
    """Return the files that git knows or would add, of these shell patterns (all files if none)."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    found = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return sorted(path for path in set(found) if path.is_file())


def service_names() -> list[str]:
    """Return the name of each service."""
    return sorted(room.name for room in iter_modules(services.__path__))


def heard() -> dict[str, tuple[type[Message], ...]]:
    """Return what each service that has an inbox hears, as its ears remember it; the application behind is absent."""
    places = {name: f"services.{name}.inbox" for name in service_names()}
    doors = {name: import_module(place).inbox for name, place in places.items() if find_spec(place)}
    return {name: door(*(Mock() for _ in signature(door).parameters)).heard for name, door in doors.items()}
