"""A request is judged: all that must be looked up and decided for it, and all that is wrong with it; none recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from services.dossier.application.attachments import Attachments, Checked
from services.dossier.application.contacts import Contacts
from services.dossier.application.item_types import ItemTypes
from services.dossier.application.ports import Tables
from services.dossier.domain.address import ConsentMode
from services.dossier.domain.addressees import Addressees, Tally, decide
from services.dossier.domain.choice import Choice, SetUp, choose
from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.identity import Address
from services.dossier.domain.intake import Intake
from services.dossier.domain.operator import ME, Me
from services.dossier.domain.refusal import TOLD, Wrong
from services.dossier.domain.run import CHUNK
from services.dossier.domain.type_rules import Ruled

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
AT_ONCE = 10 * CHUNK  # destinations decided together


@dataclass
class Judged:
    """What a request comes to: what its type makes of it and it chooses, its files (not kept yet), the tally of all.

    `wrongs` is everything wrong with it, once all addressees were gone through; the request can be accepted if it is
    empty.
    """

    ruled: Ruled
    at: datetime
    choice: Choice
    files: list[Checked]
    wrongs: list[Wrong]
    tally: Tally = field(default_factory=Tally)

    @property
    def intake(self) -> Intake:
        """The request, issued as its type says where it says nothing of that."""
        return self.ruled.intake

    @property
    def merges(self) -> bool:
        """Whether something is made with the addressees' own data."""
        document = self.choice.auto_document is not None and self.choice.auto_document_is_personal
        return document or self.intake.issue_method != "none"

    @property
    def items(self) -> int:
        """How many items it becomes."""
        return self.tally.destinations if self.intake.separately else 1

    @property
    def document_date(self) -> date:
        """The date of its documents: where its writers are."""
        return self.at.astimezone(_AMSTERDAM).date()


Each = Callable[[Judged, Addressees], Awaitable[None]]


class Judging:
    """Judges requests, for whoever accepts them and for whoever only wants to know."""

    def __init__(
        self, tables: Tables, types: ItemTypes, contacts: Contacts, attachments: Attachments, consent: ConsentMode
    ) -> None:
        self._tables = tables
        self._types = types
        self._contacts = contacts
        self._attachments = attachments
        self.consent: ConsentMode = consent

    async def judge(self, intake: Intake, each: Each | None = None, me: Me = None) -> Judged:
        """Return the request judged; `each` is handed its addressees bunch by bunch, with what is judged so far.

        `me` is the sender of that name, of a person who asks (R-6).
        The addressees are not kept, so that a request of a hundred thousand takes no more memory than a small one.
        """
        now = datetime.now(UTC)
        ruled = await self._types.obeyed(intake, now)
        choice = choose(ruled.intake, await all_set_up(self._tables, me), ruled.auto_document_layout_id)
        wrongs, files = await self._attachments.check(intake.attachments, mailed=ruled.intake.issue_method == "email")
        judged = Judged(ruled, now, choice, files, [*ruled.wrongs, *choice.wrongs, *wrongs])
        bunches = _bunches(intake.destinations)
        while bunch := await asyncio.to_thread(next, bunches, None):
            addressees = await self._decide(judged, *bunch)
            judged.tally.add(addressees)
            judged.wrongs += addressees.wrongs[: TOLD - len(judged.wrongs)]
            if each:
                await each(judged, addressees)
        if not judged.tally.wrong:
            judged.wrongs += judged.tally.issue_wrongs(judged.intake, self.consent)
        return judged

    async def _decide(
        self, judged: Judged, first: int, destinations: Sequence[GivenDestination], addresses: set[Address]
    ) -> Addressees:
        known = await self._contacts.known(addresses)
        choice, now = judged.choice, judged.at
        needs = choice.fields, self.consent, now, choice.collections
        return await asyncio.to_thread(decide, judged.intake, first, destinations, known, *needs)


async def all_set_up(tables: Tables, me: Me = None) -> SetUp:
    """Return all that is set up, for a person who may be a sender too (R-6)."""
    return SetUp(
        await tables.set_up("sender") | ({ME: dict(me)} if me else {}),
        await tables.set_up("mail-server"),
        await tables.set_up("layout"),
        await tables.set_up("field-setting"),
    )


def _bunches(destinations: Sequence[GivenDestination]) -> Iterator[tuple[int, list[GivenDestination], set[Address]]]:
    """Yield neighbouring destinations with the number of the first, and where contacts of theirs may stand."""
    given, first = iter(destinations), 0
    while bunch := list(islice(given, AT_ONCE)):
        yield first, bunch, {address for one in bunch for address in (one.address, one.address.base)}
        first += len(bunch)
