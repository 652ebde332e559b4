"""Lists of a million contacts: how long a page takes, by what is asked; and how fast contacts are put and imported.

    python -m tests.benchmarks.contacts [--rows 1000000] [--data FOLDER] [--on sqlite|postgresql] [--url postgresql+…]

Both databases are measured, the PostgreSQL server being one of its own. A data folder is kept, so that a second run
finds its contacts there. The last line is JSON.
"""

import argparse
import asyncio
import io
import json
import math
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.dossier.adapters.sheets import FileSheets
from services.dossier.adapters.tables import METADATA, SqlContactPages, SqlContacts, SqlImports, SqlTables
from services.dossier.application import Contacts
from services.dossier.application.imports import Imports
from services.dossier.domain.contact import Contact
from services.dossier.domain.looking import ContactFilter, Cursor
from shared.blobs import MemoryBlobs
from shared.store import Store
from tests.benchmarks.contact_shapes import SHAPES
from tests.benchmarks.made_up import accented, contact
from tests.postgres import Postgres

_CHUNK = 5_000
_ACCENTED = 3_000
_PAGES = 40
_SERVER = {"shared_buffers": "1GB", "synchronous_commit": "on", "max_parallel_workers_per_gather": "0"}
Cpu = Callable[[], float]


async def fill(store: Store, rows: int) -> None:
    """Have so many contacts stand, and some with accents."""
    pages, tables = SqlContactPages(store), SqlContacts(store)
    standing, began = await pages.count(ContactFilter(), rows), time.perf_counter()
    for start in range(standing, rows, _CHUNK):
        chance = random.Random(start)
        await _put(store, tables, [contact(number, chance) for number in range(start, min(start + _CHUNK, rows))])
        if start % 100_000 == 0:
            print(f"  {start} rows, {(start - standing) / (time.perf_counter() - began):.0f}/s", flush=True)
    if not await pages.count(ContactFilter(q="Ζωή"), 1):
        await _put(store, tables, [accented(number) for number in range(_ACCENTED)])


async def _put(store: Store, tables: SqlContacts, contacts: list[Contact]) -> None:
    await store.record(rows=tables.rows(contacts))


async def pages_of(store: Store, cpu: Cpu) -> AsyncIterator[tuple[str, dict[str, float]]]:
    """Yield what each shape takes, in milliseconds: the first page (the best of three), all pages, and the count."""
    pages = SqlContactPages(store)
    for name, (wanted, order) in SHAPES.items():
        after: Cursor | None = None
        taken: list[tuple[float, float]] = []
        for number in range(-2, _PAGES):
            began, worked = time.perf_counter(), cpu()
            page = await pages.page(wanted, order, 50, after)
            taken.append(((time.perf_counter() - began) * 1000, cpu() - worked))
            after = page.next if number >= 0 else None
        firsts, taken = taken[:3], [min(taken[:3]), *taken[3:]]
        counted = cpu()
        await pages.count(wanted, 100_001)
        counting = cpu() - counted
        walls, works = (sorted(side) for side in zip(*taken, strict=True))
        yield (
            name,
            {
                "first": min(wall for wall, _ in firsts),
                "p50": _quantile(walls, 0.5),
                "p95": _quantile(walls, 0.95),
                "max": walls[-1],
                "cpu_first": min(work for _, work in firsts),
                "cpu_p50": _quantile(works, 0.5),
                "cpu_max": works[-1],
                "cpu_count": counting,
            },
        )


def _quantile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)]


async def importing(store: Store, cpu: Cpu, rows: int = 20_000) -> dict[str, float]:
    """Return how many contacts a second are imported anew, and again unchanged, and the microseconds of CPU of each."""
    contacts = Contacts(store, SqlContacts(store), SqlContactPages(store))
    imports = Imports(store, SqlTables(store), SqlImports(store), MemoryBlobs(), FileSheets(), contacts)
    chance = random.Random(time.time_ns())
    lines = [contact(number + 50_000_000, chance) for number in range(rows)]
    text = "kind,number,name,email,consent\n" + "".join(
        f"person,{one.address.number}-{one.address.contact_id},{one.facts['name']},{one.facts['email'] or ''},granted\n"
        for one in lines
    )
    measured: dict[str, float] = {}
    for name in ("anew", "again"):
        began, worked = time.perf_counter(), cpu()
        job = await imports.begin(io.BytesIO(text.encode()), "benchmark")
        while not await imports.work_on(job):
            pass
        taken, work = time.perf_counter() - began, cpu() - worked
        measured |= {f"{name}_per_s": rows / taken, f"{name}_cpu_us": work / rows * 1000}
    return measured


async def _measured(url: str, keys: str | None, rows: int, cpu: Cpu) -> dict[str, Any]:
    columns = ("first", "p50", "p95", "max", "cpu_first", "cpu_p50", "cpu_max", "cpu_count")
    found: dict[str, Any] = {"pages": {}}
    async with Store(url, "dossier", METADATA, keys) as store:
        await fill(store, rows)
        print(f"{'page of 50, ms':44} " + " ".join(f"{name:>9}" for name in columns))
        async for name, taken in pages_of(store, cpu):
            found["pages"][name] = {column: round(taken[column], 1) for column in columns}
            print(f"{name:44} " + " ".join(f"{taken[column]:9.1f}" for column in columns), flush=True)
        found["import"] = {name: round(value) for name, value in (await importing(store, cpu)).items()}
        print("import", found["import"])
    return found


@contextmanager
def _databases(data: Path, given: argparse.Namespace) -> Iterator[dict[str, tuple[str, str | None, Cpu]]]:
    """Yield the databases: a file, and a server of its own unless one was named."""
    found: dict[str, tuple[str, str | None, Cpu]] = {}
    if given.on in {None, "sqlite"} and not given.url:
        found["sqlite"] = f"sqlite:///{data}/dossier.db", f"sqlite:///{data}/keys.db", _own_cpu
    if given.url:
        yield found | {"postgresql": (given.url, None, _own_cpu)}
    elif given.on == "sqlite":
        yield found
    else:
        server = Postgres(data / "postgresql", **_SERVER)
        server.start()
        try:
            yield found | {"postgresql": (server.database("contacts"), None, lambda: _own_cpu() + server.cpu())}
        finally:
            server.stop()


def _own_cpu() -> float:
    return time.process_time() * 1000


def main() -> None:
    """Measure."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--data", type=Path)
    asked.add_argument("--on", choices=("sqlite", "postgresql"))
    asked.add_argument("--url")
    given = asked.parse_args()
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or Path(folder)
        data.mkdir(exist_ok=True)
        with _databases(data, given) as databases:
            for name, (url, keys, cpu) in databases.items():
                print(name)
                result[name] = asyncio.run(_measured(url, keys, given.rows, cpu))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
