"""Who and what a KnSubject body names is looked up: types by their code, destinations among the contacts."""

from collections.abc import Mapping, Sequence

from services.dossier.application.contacts import Contacts
from services.dossier.application.item_types import ItemTypes
from services.dossier.domain.afas.fields import LINK, SUBJECT
from services.dossier.domain.afas.links import Party
from services.dossier.domain.contact import Known
from services.dossier.domain.identity import Address
from services.dossier.domain.item_type import SUPPLIED, ItemType
from services.dossier.domain.refusal import Refused, Wrong

_OUTGOING = SUPPLIED["outgoing_mail"].code  # of the supplied types the only one that this door takes (§5.2)


class Parties:
    """The types and contacts as AFAS clients name them."""

    def __init__(self, types: ItemTypes, contacts: Contacts) -> None:
        self._types = types
        self._contacts = contacts

    async def kind(self, type_id: str) -> ItemType:
        """Return the type of an item that stands."""
        return await self._types.one(type_id)

    async def type_of(self, code: int | None) -> str:
        """Return the id of the type with a code; raise `Refused` where there is none for this door."""
        for kind in await self._types.all():
            if kind.code == code and (not kind.supplied or code == _OUTGOING):
                return kind.id
        raise Refused([_no_such("StId", SUBJECT.fields["stid"].nl, SUBJECT.fields["stid"].en)])

    async def addresses(self, parties: Sequence[Party]) -> list[Address]:
        """Return where the contacts stand that links name, each once; raise `Refused` with those there are not."""
        asked = {address for party in parties for address in _candidates(party)}
        known = await self._contacts.known({one for address in asked for one in (address, address.base)})
        found: list[Address] = []
        wrongs: list[Wrong] = []
        for party in parties:
            standing = _standing(party, known)
            if standing is None:
                wrongs.append(_missing(party, known))
            elif standing not in found:
                found.append(standing)
        if wrongs:
            raise Refused(wrongs)
        return found


def _candidates(party: Party) -> list[Address]:
    return [Address(kind, number, party.contact_id) for kind, number in party.candidates()]


def _standing(party: Party, known: Mapping[str, Known]) -> Address | None:
    """Return where a party stands: an organisation or a person by the one number they share."""
    for address in _candidates(party):
        if found := known.get(address.place):
            return found.address
    return None


def _missing(party: Party, known: Mapping[str, Known]) -> Wrong:
    """Return which value does not exist: the contact where its destination does."""
    has_base = any(address.base.place in known for address in _candidates(party))
    spec = LINK.fields["cdid" if party.contact_id and has_base else party.field.lower()]
    return _no_such(spec.id, spec.nl, spec.en)


def _no_such(field: str, label_nl: str, label_en: str) -> Wrong:
    return Wrong(field, "afas_does_not_exist", {"label_nl": label_nl, "label_en": label_en})
