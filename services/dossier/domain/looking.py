"""How contacts are looked for: a filter, an order, a cursor that stands between two of them; and words as compared."""

import unicodedata
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.contact_facts import Consent, Language
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import KINDS, Address
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.text import not_text

SortedBy = Literal["number", "name", "email", "function", "changed"]
SORTS: tuple[SortedBy, ...] = ("number", "name", "email", "function", "changed")
_TERMS = 8  # words looked for at once
_TRIGRAM = 3
_WORDS = 2_000  # bytes: all of a contact but one of some hundred signs that take four each; an index takes no more


class ContactFilter(BaseModel):
    """Which contacts are wanted; None leaves a point open.

    `q` holds words, each of which is found anywhere in number, name or address: two letters at the beginning of a word,
    one at the beginning of any of the three. `address` not_valid is any state but valid. `of` is `kind/number` of the
    destination whose contact persons are wanted.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    q: str | None = Field(None, max_length=200)
    kind: str | None = None
    blocked: bool | None = None
    consent: Consent | None = None
    address: Literal["missing", "invalid", "bounced", "valid", "not_valid"] | None = None
    language: Language | None = None
    correspondence: bool | None = None
    of: str | None = Field(None, max_length=140)

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it."""
        kinds = {"kind": self.kind, "of": self.of and self.of.partition("/")[0]}
        if wrongs := list(not_text(self.model_dump())):
            return wrongs
        return [
            Wrong(name, "unknown_destination_kind", {"kind": kind[:40]})
            for name, kind in kinds.items()
            if kind is not None and kind not in KINDS
        ]

    @property
    def base(self) -> Address | None:
        """The destination whose contact persons are wanted, None where all contacts are."""
        kind, _, number = (self.of or "").partition("/")
        return Address.of(kind, number) if kind else None

    def lets(self, facet: Facet) -> bool:
        """Return whether contacts with these values are let through."""
        points = ("kind", "blocked", "consent", "language", "correspondence")
        if any(getattr(self, name) not in {None, getattr(facet, name)} for name in points):
            return False
        if self.address == "not_valid":
            return facet.address != "valid"
        return self.address in {None, facet.address}

    def within(self, other: "ContactFilter") -> "ContactFilter":
        """Return this filter, where it leaves a point open that of the other."""
        return ContactFilter(**(other.model_dump(exclude_none=True) | self.model_dump(exclude_none=True)))

    @property
    def terms(self) -> tuple[str, ...]:
        """What is looked for in the words of a contact, as `words_of` has them; each must be found."""
        terms = fold(self.q or "").split()[:_TERMS]
        return tuple(" " * (_TRIGRAM - len(term)) + term for term in terms)


@dataclass(frozen=True, slots=True)
class Order:
    """By what contacts are listed, and whether the last comes first; who has nothing of it comes last either way."""

    by: SortedBy = "number"
    descending: bool = False

    def __str__(self) -> str:
        """Return the order as it is asked for: `name`, or `-name` with the last first."""
        return f"{'-' if self.descending else ''}{self.by}"

    @classmethod
    def read(cls, text: str) -> "Order":
        """Return the order that a text asks for; raise `Refused` for one there is not."""
        for by in SORTS:
            if text.removeprefix("-") == by:
                return cls(by, text.startswith("-"))
        raise Refused([Wrong("sort", "wrong_value", {"expected": ", ".join(SORTS)})])


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last contact of a page: what it is sorted by, and where it stands among those of the same value."""

    order: Order
    value: str
    sequence: int

    def __str__(self) -> str:
        """Return the cursor as it stands in a URL."""
        raw = orjson.dumps([str(self.order), self.value, self.sequence])
        return urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, order: Order) -> "Cursor":
        """Return the cursor that a URL holds; raise `Refused` for none that was given out for this order."""
        try:
            said: Any = orjson.loads(b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
            of, value, sequence = said
        except (ValueError, TypeError):
            of = value = sequence = None
        if of != str(order) or not isinstance(value, str) or not _is_count(sequence) or "\0" in value:
            raise Refused([Wrong("cursor", "wrong_value", {"expected": "next"})])
        return cls(order, value, sequence)


def fold(text: str) -> str:
    """Return a text as it is compared: in small letters, without accents, with single spaces."""
    if not text.isascii():
        text = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return " ".join(text.casefold().split())


def words_of(*parts: str | None) -> str:
    """Return what is searched of these parts, at most 2,000 bytes; two spaces begin each of them."""
    words = "".join(f"  {fold(part)}" for part in parts if part)
    if len(words) * 4 <= _WORDS:
        return words
    return words.encode()[:_WORDS].decode(errors="ignore")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
