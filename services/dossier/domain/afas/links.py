"""Where an item is recorded by its links, in each of the styles that clients have, and what else it is about (§5.3)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.dossier.domain.afas.fields import LINK
from services.dossier.domain.afas.shape import Node
from services.dossier.domain.identity import Address
from services.dossier.domain.refusal import Wrong

RELATION = "organisation"  # or a person: they share one number space
_KINDS = {
    2: "employee",
    3: RELATION,
    4: "sales_relation",
    8: "income_tax_client",
    9: "corporate_tax_client",
    10: "employer",
    11: "purchase_relation",
    17: "applicant",
    66: "vat_client",
}
_NONE = 1
_FLAGS = {
    "ToBC": RELATION,
    "ToEm": "employee",
    "ToSR": "sales_relation",
    "ToPR": "purchase_relation",
    "ToCl": "income_tax_client",
    "ToCV": "corporate_tax_client",
    "ToOb": "vat_client",
    "ToEr": "employer",
    "ToAp": "applicant",
}
_NAMED = {RELATION: "ToBC"} | {kind: flag for flag, kind in _FLAGS.items()}
_OF_DESTINATIONS = {"SbId", "DoCRM", "SfTp", "SfId", "BcId", "CdId", *_FLAGS}


@dataclass(frozen=True, slots=True)
class Party:
    """Who a link names: by the number in that role, or by that of the relation (`BcId`), and the contact there."""

    kind: str
    number: str | None
    relation: str | None = None
    contact_id: str | None = None

    def places(self, roles: Sequence[Address]) -> list[Address]:
        """Return where it may stand, the likeliest first, over the `roles` that its relation has.

        A relation's item shows at all its roles (R-22), so what names one by `BcId` may stand at the relation.
        """
        named = [Address(self.kind, self.number)] if self.number else [role for role in roles if role.kind == self.kind]
        if self.relation:
            named += [] if self.number else [Address(self.kind, self.relation)]
            named += [Address(RELATION, self.relation)]
        return [place._replace(contact_id=self.contact_id) for place in dict.fromkeys(named)]

    @property
    def field(self) -> str:
        """The field that names its role."""
        return _NAMED[self.kind]


@dataclass(slots=True)
class Links:
    """What all links of an item say together; `subs` are kinds and numbers, None where cleared.

    `names_contact` says that the last of them names the contact, or clears it.
    """

    parties: list[Party] = field(default_factory=list)
    subs: dict[str, str | None] = field(default_factory=dict)
    verbatim: list[dict[str, Any]] = field(default_factory=list)
    contact_id: str | None = None
    names_contact: bool = False
    wrongs: list[Wrong] = field(default_factory=list)


def read_links(nodes: Iterable[Node]) -> Links:
    """Return what the links of an item say."""
    links = Links()
    for node in nodes:
        if "CdId" in node.fields:
            links.contact_id, links.names_contact = node.fields["CdId"], True
        _read_parties(node.fields, links)
        _read_subs(node.fields, links)
    links.parties = list(dict.fromkeys(links.parties))
    return links


def _read_parties(said: dict[str, Any], links: Links) -> None:
    if said.get("DoCRM") is False:
        return
    relation, contact = said.get("BcId"), said.get("CdId")
    kind = said.get("SfTp")
    if kind is not None and kind not in (*_KINDS, _NONE):
        expected = ", ".join(str(one) for one in (_NONE, *_KINDS))
        links.wrongs.append(Wrong("SfTp", "wrong_value", {"expected": expected}))
    elif kind in _KINDS:
        if said.get("SfId") is None and relation is None:
            links.wrongs.append(Wrong("SfId", "missing"))
        links.parties.append(Party(_KINDS[kind], said.get("SfId"), relation, contact))
    elif said.get("SfId") is not None and kind is None:
        links.wrongs.append(Wrong("SfTp", "missing"))
    flags = [*_flagged(said, kind)]
    if flags and relation is None and kind not in _KINDS:
        links.wrongs.append(Wrong("BcId", "missing"))
    links.parties += [Party(flag, None, relation, _contact_of(flag, flags, contact)) for flag in flags if relation]


def _flagged(said: dict[str, Any], kind: int | None) -> Iterator[str]:
    """Yield the roles that are flagged; a relation's number alone means the relation."""
    named = [flag for flag in _FLAGS if said.get(flag) is not None]
    if not named and said.get("BcId") is not None and kind is None:
        yield RELATION
    for flag in named:
        if said[flag] and _FLAGS[flag] != _KINDS.get(kind or 0):
            yield _FLAGS[flag]


def _contact_of(kind: str, kinds: list[str], contact: str | None) -> str | None:
    """Return the contact where it belongs: at the relation, if that is one of them."""
    return contact if kind == RELATION or RELATION not in kinds else None


def _read_subs(said: dict[str, Any], links: Links) -> None:
    kept = {}
    for name, value in said.items():
        if name in _OF_DESTINATIONS:
            continue
        if of := LINK.fields[name.lower()].name:
            links.subs[of] = value
        elif value is not None:
            kept[name] = value
    if kept:
        links.verbatim.append(kept)
