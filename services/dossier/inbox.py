"""What the dossier hears from upstream systems, and the doors at which other services ask it."""

from services.dossier.application import Dossier
from services.dossier.domain.identity import Address
from services.dossier.domain.refusal import Refused
from shared.contracts.asks import Resend, Resent, RolesFound, RolesWanted
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
        try:
            return await dossier.resending.resend(wish)
        except Refused as refused:
            raise Refusal(refused.code, dossier.refusals.worded(refused).detail) from refused

    @doors.answers("roles", RolesWanted)
    async def roles(wanted: RolesWanted) -> RolesFound:
        """Name the destinations that are of one organisation or person with this one."""
        found = await dossier.roles.of(Address.of(wanted.kind, wanted.number))
        return RolesFound(roles=tuple(Destination(**address._asdict()) for address in found))

    return doors
