"""Who and what a KnSubject body names is looked up: types by their code, destinations among the contacts."""

from collections.abc import Sequence
from dataclasses import replace

from services.dossier.application.contacts import Contacts
from services.dossier.application.item_types import ItemTypes
from services.dossier.application.roles import RoleTable
from services.dossier.domain.afas.links import Party
from services.dossier.domain.identity import Address
from services.dossier.domain.item_type import SUPPLIED, ItemType
from services.dossier.domain.refusal import Refused, Wrong

_OUTGOING = SUPPLIED["outgoing_mail"].code  # of the supplied types the only one that this door takes (§5.2)
_NO_SUCH = "afas_does_not_exist"


class Parties:
    """The types and contacts as AFAS clients name them."""

    def __init__(self, types: ItemTypes, contacts: Contacts, roles: RoleTable) -> None:
        self._types = types
        self._roles = roles
        self._contacts = contacts

    async def kind(self, type_id: str) -> ItemType:
        """Return the type of an item that stands."""
        return await self._types.one(type_id)

    async def type_of(self, code: int | None) -> str:
        """Return the id of the type with a code; raise `Refused` where there is none for this door."""
        for kind in await self._types.all():
            if kind.code == code and (not kind.supplied or code == _OUTGOING):
                return kind.id
        raise Refused([Wrong("StId", _NO_SUCH)])

    async def addresses(self, parties: Sequence[Party]) -> list[Address]:
        """Return where the contacts stand that links name, each once; raise `Refused` with those there are not."""
        found: dict[Address, None] = {}
        wrongs: list[Wrong] = []
        for party in parties:
            standing = await self._find(party)
            if isinstance(standing, Address):
                found[standing] = None
            else:
                wrongs.append(standing)
        if wrongs:
            raise Refused(wrongs)
        return list(found)

    async def _find(self, party: Party) -> Address | Wrong:
        """Return where a party stands: an organisation or a person by the one number they share."""
        roles = await self._roles.roles_of(party.relation) if party.relation else []
        places = party.places(roles)
        known = await self._contacts.known({one for place in places for one in (place, place.base)})
        for place in places:
            if standing := known.get(place.place):
                return standing.address
        bases = [known[place.base.place] for place in places if place.base.place in known]
        if party.contact_id and bases and bases[0].organisation and not party.relation:
            return await self._find(replace(party, relation=bases[0].organisation))
        return Wrong("CdId" if party.contact_id and bases else party.field, _NO_SUCH)
