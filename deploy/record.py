"""Which services run on a data folder, and where: a small file per service, made at the start and gone at the end."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def recorded(data: Path, services: Sequence[str], url: str) -> Iterator[None]:
    """Say in the data folder, as long as the block lasts, that this process runs these services at `url`."""
    folder = data / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = [folder / f"{service}.json" for service in services]
    for file in files:
        new = file.with_suffix(".new")
        new.write_text(json.dumps({"url": url, "pid": os.getpid()}), "utf-8")
        new.replace(file)
    try:
        yield
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def url_of(data: Path, service: str) -> str | None:
    """Return where a service answers, None where none runs; what a killed process left behind does not count."""
    try:
        record = json.loads((data / "run" / f"{service}.json").read_text("utf-8"))
        os.kill(record["pid"], 0)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    except PermissionError:
        pass  # it runs, as somebody else
    return str(record["url"])
