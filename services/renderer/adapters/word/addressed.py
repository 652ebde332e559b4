"""What the fields ADDRESSBLOCK and GREETINGLINE say of a recipient, by the names that addresses have here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.renderer.adapters.word.merging import Lacking, Row, Scope

NAME, ATTENTION = ("recipient.name",), ("attention_line",)
STREET, POSTCODE = ("street", "straat", "address", "adres"), ("postcode", "postal_code", "zip")
CITY, COUNTRY = ("city", "plaats", "woonplaats"), ("country", "land")
SALUTATION = ("salutation", "letter_salutation", "aanhef")
_GREETINGS = {"nl": ("Geachte ", ",", "Geachte heer of mevrouw,"), "en": ("Dear ", ",", "Dear Sir or Madam,")}


@dataclass(frozen=True)
class AddressBlock:
    r"""An address as lines; the country is left out where `\c` is 0, and a country of home (`\e`) where it is 2."""

    country: str = "1"
    home: tuple[str, ...] = ()

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> str:
        """Return the lines that say anything."""
        name, attention, street, postcode, city, country = (
            said_of(scope, rows, names) for names in (NAME, ATTENTION, STREET, POSTCODE, CITY, COUNTRY)
        )
        abroad = self.country == "1" or (self.country == "2" and country not in self.home)
        place = "  ".join(said for said in (postcode, city) if said)
        return "\n".join(line for line in (name, attention, street, place, country if abroad else "") if line)


@dataclass(frozen=True)
class GreetingLine:
    """The words that a letter begins with: the recipient's own, or those before and after a name."""

    before: str | None = None
    after: str | None = None
    nameless: str | None = None

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> str:
        """Return them; who has no name is greeted without."""
        before, after, nameless = _GREETINGS.get(scope.language, _GREETINGS["en"])
        if own := said_of(scope, rows, SALUTATION):
            return own
        name = said_of(scope, rows, NAME)
        if not name:
            return nameless if self.nameless is None else self.nameless
        return f"{before if self.before is None else self.before}{name}{after if self.after is None else self.after}"


def address_block(switches: Sequence[tuple[str, str]]) -> AddressBlock:
    """Return the address that these switches ask for; in which order its lines stand is the same for all."""
    said = dict(switches)
    return AddressBlock(said.get("c", "1"), tuple(value for name, value in switches if name == "e"))


def greeting_line(switches: Sequence[tuple[str, str]]) -> GreetingLine:
    r"""Return the greeting that these switches ask for, `\f "<<_BEFORE_ Geachte >>…<<_AFTER_ ,>>"`."""
    said = dict(switches)
    before, after = (_around(part, said.get("f", "")) for part in ("BEFORE", "AFTER"))
    return GreetingLine(before, after, said.get("e"))


def said_of(scope: Scope, rows: Sequence[Row], names: Sequence[str]) -> str:
    """Return what the first of these fields with a value says, empty where none has one."""
    for name in names:
        try:
            value = scope.value(name, rows)
        except Lacking:
            continue
        if value not in (None, "") and not isinstance(value, dict | list):
            return str(value).strip()
    return ""


def _around(part: str, form: str) -> str | None:
    found = re.search(rf"<<\s*_{part}_ (.*?)>>", form, re.DOTALL)
    return found[1] if found else None
