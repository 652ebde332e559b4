"""Lists of a million contacts: how long a page takes, by what is asked; and how fast contacts are put and imported.

    python -m tests.benchmarks.contacts [--rows 1000000] [--data FOLDER | --url postgresql+psycopg://…]

A data folder is kept, so that a second run finds its contacts there.
"""

import argparse
import asyncio
import io
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.dossier.adapters.sheets import FileSheets
from services.dossier.adapters.tables import METADATA, SqlContactPages, SqlContacts, SqlImports, SqlTables
from services.dossier.application import Contacts
from services.dossier.application.imports import Imports
from services.dossier.domain.contact import Contact
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from shared.blobs import MemoryBlobs
from shared.store import Store

_FIRST = [
    "Anna",
    "Bram",
    "Chris",
    "Dirk",
    "Eva",
    "Fleur",
    "Gijs",
    "Hanna",
    "Ivo",
    "Jip",
    "Karin",
    "Lotte",
    "Milan",
    "Noor",
    "Olaf",
    "Pim",
    "Roos",
    "Sanne",
    "Tess",
    "Yara",
]
_BETWEEN = ["", "", "", "de ", "van ", "van der ", "ten "]
_LAST = [
    "Bakker",
    "Bos",
    "Brouwer",
    "Dekker",
    "Dijk",
    "Groot",
    "Hendriks",
    "Jansen",
    "Kok",
    "Meijer",
    "Mulder",
    "Peters",
    "Smit",
    "Visser",
    "Vries",
    "Zwart",
]
_TRADES = [
    "Bakkerij",
    "Bouw",
    "Stichting",
    "Vereniging",
    "Gemeente",
    "Praktijk",
    "Garage",
    "Drukkerij",
    "Hoveniers",
    "Apotheek",
]
_SYLLABLES = ["ba", "ko", "ri", "ne", "ta", "lu", "mo", "ve", "zi", "do", "ra", "se"]
_CHUNK = 5_000
_TIMES = 40


def contact(number: int, chance: random.Random) -> Contact:
    """Return a contact as there might be one: two in five are contact persons of an organisation."""
    first, last = chance.choice(_FIRST), chance.choice(_BETWEEN) + chance.choice(_LAST)
    own = "".join(chance.choices(_SYLLABLES, k=4))
    domain = f"{own}.example"
    kind = chance.random()
    name = f"{first} {last}"
    if kind < 0.3:
        address, name = (
            Address("organisation", f"{1_000_000 + number}"),
            f"{chance.choice(_TRADES)} {own.title()} {last}",
        )
    elif kind < 0.7:
        address = Address("organisation", f"{1_000_000 + chance.randrange(number + 1)}", f"{number}")
    else:
        kinds = ["person"] * 20 + ["employee", "sales_relation", "sales_relation", "applicant"]
        address = Address(chance.choice(kinds), f"{5_000_000 + number}")
    email = f"{first.lower()}.{last.replace(' ', '').lower()}@{domain}"
    facts: dict[str, Any] = {
        "name": name,
        "email": None if chance.random() < 0.05 else email if chance.random() < 0.99 else "geen",
        "function": chance.choice([None, "Inkoper", "Directeur", "Secretaris"]),
        "consent": chance.choice(["granted", "granted", "unknown", "unknown", "unknown", "denied"]),
        "language": "en" if chance.random() < 0.1 else "nl",
        "blocked": chance.random() < 0.01,
    }
    return Contact.record(address, datetime.now(UTC), facts)


async def fill(store: Store, rows: int) -> None:
    """Have so many contacts stand."""
    tables, chance = SqlContacts(store), random.Random(7)
    pages = SqlContactPages(store)
    standing = await pages.count(ContactFilter(), rows)
    began = time.perf_counter()
    for start in range(standing, rows, _CHUNK):
        chance.seed(start)
        chunk = tables.rows([contact(number, chance) for number in range(start, min(start + _CHUNK, rows))])
        await store.record(rows=chunk)
        if start % 100_000 == 0:
            print(f"  {start} rows, {(start - standing) / (time.perf_counter() - began):.0f}/s", flush=True)


SHAPES: dict[str, tuple[ContactFilter, Order]] = {
    "all, by number": (ContactFilter(), Order()),
    "all, by name, last first": (ContactFilter(), Order("name", descending=True)),
    "kind, by name": (ContactFilter(kind="employee"), Order("name")),
    "blocked, by email": (ContactFilter(blocked=True), Order("email")),
    "without valid address, by function": (ContactFilter(address="not_valid"), Order("function")),
    "blocked and denied and English, by changed": (
        ContactFilter(blocked=True, consent="denied", language="en"),
        Order("changed"),
    ),
    "nobody": (ContactFilter(kind="employer", blocked=True), Order("name")),
    "a name, by name": (ContactFilter(q="fleur zwart"), Order("name")),
    "a rare word, by name": (ContactFilter(q="barikobari"), Order("name")),
    "a common word, by name": (ContactFilter(q="stichting"), Order("name")),
    "a common word, by email, last first": (ContactFilter(q="zwart"), Order("email", descending=True)),
    "every address, by name": (ContactFilter(q="example"), Order("name")),
    "a number": (ContactFilter(q="1000744"), Order("name")),
    "the beginning of a number": (ContactFilter(q="50001"), Order("number")),
    "two letters, by name": (ContactFilter(q="zw"), Order("name")),
    "one letter, by name": (ContactFilter(q="z"), Order("name")),
    "a word and a filter": (ContactFilter(q="garage", consent="denied", blocked=True), Order("name")),
    "no such word": (ContactFilter(q="xylofoon"), Order("name")),
    "persons of one organisation": (ContactFilter(of="organisation/1000744"), Order("name")),
}


async def pages_of(store: Store) -> AsyncIterator[tuple[str, float, float, float, float]]:
    """Yield for each shape the milliseconds of its first page, the median and the most of all pages, and of its count."""
    pages = SqlContactPages(store)
    for name, (wanted, order) in SHAPES.items():
        after: Cursor | None = None
        taken = []
        for _ in range(_TIMES):
            began = time.perf_counter()
            page = await pages.page(wanted, order, 50, after)
            taken.append((time.perf_counter() - began) * 1000)
            after = page.next
        counted = time.perf_counter()
        await pages.count(wanted, 100_001)
        counting = (time.perf_counter() - counted) * 1000
        yield name, taken[0], statistics.median(taken), max(taken), counting


async def importing(store: Store, rows: int = 20_000) -> None:
    """Say how many contacts a second are imported anew, and again unchanged."""
    contacts = Contacts(store, SqlContacts(store), SqlContactPages(store))
    imports = Imports(store, SqlTables(store), SqlImports(store), MemoryBlobs(), FileSheets(), contacts)
    chance = random.Random(time.time_ns())
    lines = [contact(number + 50_000_000, chance) for number in range(rows)]
    text = "kind,number,name,email,consent\n" + "".join(
        f"person,{one.address.number}-{one.address.contact_id},{one.facts['name']},{one.facts['email'] or ''},granted\n"
        for one in lines
    )
    for name in ("anew", "again"):
        began, worked = time.perf_counter(), time.process_time()
        job = await imports.begin(io.BytesIO(text.encode()), "benchmark")
        while not await imports.work_on(job):
            pass
        taken, work = time.perf_counter() - began, time.process_time() - worked
        print(f"imported {name}: {rows / taken:.0f}/s, {work / rows * 1e6:.0f} µs of CPU each")


async def _main(url: str, keys: str | None, rows: int) -> None:
    async with Store(url, "dossier", METADATA, keys) as store:
        await fill(store, rows)
        print(f"{'page of 50':44} {'first':>8} {'p50':>8} {'max':>8} {'count':>8}  ms")
        async for name, *taken in pages_of(store):
            print(f"{name:44} " + " ".join(f"{one:8.1f}" for one in taken))
        await importing(store)


def main() -> None:
    """Measure."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--data", type=Path)
    asked.add_argument("--url")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or Path(folder)
        data.mkdir(exist_ok=True)
        url = given.url or f"sqlite:///{data}/dossier.db"
        asyncio.run(_main(url, None if given.url else f"sqlite:///{data}/keys.db", given.rows))


if __name__ == "__main__":
    main()
