"""What the dossier hears from upstream systems, and the doors at which other services ask it."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.dossier.application import Dossier
from services.dossier.domain.identity import Address
from services.dossier.domain.refusal import Refused
from shared.contracts.asks import (
    BounceNoted,
    NoteBounce,
    PrintFound,
    PrintWanted,
    Remake,
    RequestWanted,
    Resend,
    Resent,
    RolesFound,
    RolesWanted,
    SortValuesFound,
    SortValuesWanted,
)
from shared.contracts.dossier import DossierItemRequested
from shared.contracts.message import Destination
from shared.messaging import Asked, Inbox, Refusal
from shared.messaging.inbox import Taken


def inbox(dossier: Dossier) -> Inbox:
    """Return the ears of the dossier."""
    ears = Inbox("dossier", at_once=20)

    @ears.takes("uitpost.intake.dossier-item")
    async def dossier_item(taken: Taken) -> None:
        await dossier.upstream.dossier_item(taken.envelope.data, taken.at, taken.sequence)

    @ears.takes("uitpost.intake.contact")
    async def contact(taken: Taken) -> None:
        await dossier.upstream.contact(taken.envelope.data, taken.at, taken.sequence)

    return ears


def asked(dossier: Dossier) -> Asked:
    """Return the doors of the dossier."""
    doors = Asked("dossier")

    @doors.answers("resend", Resend)
    async def resend(wish: Resend) -> Resent:
        """Make the next mail of a row."""
        with _refusing(dossier):
            return await dossier.resending.resend(wish)

    @doors.answers("note-bounce", NoteBounce)
    async def note_bounce(said: NoteBounce) -> BounceNoted:
        """Note that mail to the address of a row was refused."""
        return BounceNoted(noted=await dossier.contacts.note_bounce(said.processing_id, said.address))

    @doors.answers("remake", Remake)
    async def remake(wish: Remake) -> Resent:
        """Make the next letter of a row."""
        with _refusing(dossier):
            return await dossier.remaking.remake(wish)

    @doors.answers("request", RequestWanted, at_once=4)
    async def request(wanted: RequestWanted) -> DossierItemRequested:
        """Say what the parts of a mail were made of."""
        with _refusing(dossier):
            return await dossier.requests.made_of(wanted.processing_id, wanted.mail_id)

    @doors.answers("roles", RolesWanted)
    async def roles(wanted: RolesWanted) -> RolesFound:
        """Name the destinations that are of one organisation or person with this one."""
        found = await dossier.roles.of(Address.of(wanted.kind, wanted.number))
        return RolesFound(roles=tuple(Destination(**address._asdict()) for address in found))

    @doors.answers("print", PrintWanted)
    async def printed(wanted: PrintWanted) -> PrintFound:
        """Say how the letters of a run are printed together."""
        with _refusing(dossier):
            return await dossier.printing.of(wanted.run_id)

    @doors.answers("sort-values", SortValuesWanted)
    async def sort_values(wanted: SortValuesWanted) -> SortValuesFound:
        """Say what rows have for a merge field that letters are sorted by."""
        return await dossier.printing.values(wanted.field, wanted.processing_ids)

    return doors


@contextmanager
def _refusing(dossier: Dossier) -> Iterator[None]:
    """Turn what the dossier refuses into the no of a door."""
    try:
        yield
    except Refused as refused:
        raise Refusal(refused.code, dossier.refusals.worded(refused).detail) from refused
