"""Contacts as there might be a million of: organisations, their contact persons, and people, some with accents."""

import random
from datetime import UTC, datetime
from typing import Any

from services.dossier.domain.contact import Contact
from services.dossier.domain.identity import Address

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
_ACCENTED = ["Zoë Müller", "Ana Núñez", "Łukasz Żak", "Ζωή Παπαδοπούλου", "Γιώργος Ζωγράφος", "Øystein Bråten"]


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


def accented(number: int) -> Contact:
    """Return a contact whose name is written with more than the letters of English."""
    name = _ACCENTED[number % len(_ACCENTED)]
    facts = {"name": name, "email": f"info{number}@{'school' if number % 2 else 'home'}.example", "consent": "granted"}
    return Contact.record(Address("person", f"{9_000_000 + number}"), datetime.now(UTC), facts)
