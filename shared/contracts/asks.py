"""What services ask one another at their doors, and what is answered: the wishes, which the asked one may refuse."""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.contracts.message import BlobRef, Destination, Frozen, LayoutVersion, Parts
from shared.contracts.renderer import Fault


class MayResend(Frozen):
    """Asked of the mailer: whether the row of this mail, its latest, may get another one."""

    mail_id: UUID


class ResendAnswer(Frozen):
    """Free or not: busy until settled, in doubt, or not known (which counts as busy); `parts` if they are kept."""

    state: Literal["free", "busy", "in_doubt", "unknown"]
    parts: Parts | None = None


class Resolve(Frozen):
    """Asked of the mailer: settle a mail in doubt (A11)."""

    mail_id: UUID
    outcome: Literal["sent", "not_sent", "resend"]
    operator: str
    reason: str = ""


class Resolved(Frozen):
    """The status that the mail now has."""

    mail_id: UUID
    status: Literal["sent", "failed", "sending"]


class MessageWanted(Frozen):
    """Asked of the mailer: the exact bytes of a mail as handed over."""

    mail_id: UUID


class MessageKept(Frozen):
    """The blob that holds the message, its hash compared with the one recorded at the attempt."""

    sha256: str
    size: int
    remade: Literal["kept", "remade-equal", "remade-different"]


class PartsWanted(Frozen):
    """Asked of the renderer: make the parts of a mail again, as they were requested."""

    processing_id: UUID
    mail_id: UUID


class PartsMade(Frozen):
    """The parts as they are made today, and the engines that made them."""

    parts: Parts
    engines: dict[str, str] = {}


class RequestWanted(Frozen):
    """Asked of the dossier: the `DossierItemRequested` that the parts of a mail were made of. Personal."""

    processing_id: UUID
    mail_id: UUID


class OutcomeWanted(Frozen):
    """Asked of the mailer: what became of a mail."""

    mail_id: UUID


class MailOutcome(Frozen):
    """What became of a mail so far, and what the mail server answered last; `unknown` if it was not heard of yet."""

    status: Literal["unknown", "sending", "deferred", "sent", "failed", "in_doubt", "cancelled", "render_failed"]
    code: int | None = None
    text: str = ""


class RunWanted(Frozen):
    """Asked of the history: how far a run is."""

    run_id: UUID


class RunFound(Frozen):
    """Whether every row of the run is final, None for a run not heard of yet."""

    run_id: UUID
    complete: bool | None


class RolesWanted(Frozen):
    """Asked of the dossier: at which destinations the items show that are recorded at this one (R-22)."""

    kind: str
    number: str


class RolesFound(Frozen):
    """The destination, the organisation or person that it is, and all its other roles."""

    roles: tuple[Destination, ...]


class PrintWanted(Frozen):
    """Asked of the dossier: how the letters of a run are printed together (R-14)."""

    run_id: UUID


class PrintFound(Frozen):
    """The layout that the letters were made with, what it says they are sorted by, and all they can be sorted by."""

    layout_name: str
    sort_by: str | None = None
    sortable: tuple[str, ...]


class SortValuesWanted(Frozen):
    """Asked of the dossier: what rows have for a merge field that letters are sorted by. At most 500 at a time."""

    field: str
    processing_ids: tuple[UUID, ...]


class SortValuesFound(Frozen):
    """The values in the order asked, null where there is none or it is erased. Personal."""

    values: tuple[float | str | None, ...]


class LetterToPrint(Frozen):
    """A Word letter by its SHA-256, the layout version that it was made of, and on which day."""

    sha256: str
    layout: LayoutVersion
    made_on: date


class LettersWanted(Frozen):
    """Asked of the renderer: make PDFs of Word letters as they stand, to be printed (R-14). At most 25 at a time."""

    letters: tuple[LetterToPrint, ...]


class PrintMade(Frozen):
    """The blob that holds a `Preview` with the PDF, which whoever asked takes away; or why there is none."""

    preview: BlobRef | None = None
    fault: Fault | None = None


class LettersMade(Frozen):
    """What came of each letter, in the order of the question."""

    results: tuple[PrintMade, ...]


class NoteBounce(Frozen):
    """Asked of the dossier, until it is answered: mail to this address was refused after sending (A10). Personal."""

    processing_id: UUID
    address: str


class BounceNoted(Frozen):
    """Whether a contact of the row has this address and was not known to have it in vain."""

    noted: bool


class Resend(Frozen):
    """Asked of the dossier: make the next mail of a row (A11). The same token twice is one wish."""

    processing_id: UUID
    token: UUID
    operator: str
    reason: str = ""
    address: Literal["current", "original"] = "current"
    content: Literal["same", "anew"] | None = None


class Remake(Frozen):
    """Asked of the dossier: make the letter of a row again (A11), by its pinned layout or as that now is.

    `after` is the ordinal of the latest letter that the asker knows to be settled: it wants none after a later one.
    """

    processing_id: UUID
    token: UUID
    operator: str
    reason: str = ""
    address: Literal["current", "original"] = "current"
    layout: Literal["pinned", "newest"] = "pinned"
    after: int | None = None


class Resent(Frozen):
    """The mail or letter that was made: the asker's own, or the one of whoever was first."""

    processing_id: UUID
    mail_id: UUID
    ordinal: int
