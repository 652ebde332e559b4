"""Empty SQLite databases with their tables, made once by whoever makes them and copied: to make them takes longer."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

Make = Callable[[Path], None]
_FOLDERS: list[Path] = []


def lay(folder: Path, make: Make) -> None:
    """Lay into a folder the databases that `make` lays into an empty one, but for those that stand there already."""
    for path in _made(make).glob("*.db"):
        if not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)


def clear() -> None:
    """Remove what was made."""
    for folder in _FOLDERS:
        shutil.rmtree(folder)


@cache
def _made(make: Make) -> Path:
    folder = Path(mkdtemp(prefix="uitpost-empty-"))
    _FOLDERS.append(folder)
    with ThreadPoolExecutor(1) as aside:  # it may run a loop of its own there, whoever asks
        aside.submit(make, folder).result()
    return folder
