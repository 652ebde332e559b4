"""What the dossier does: each use case reads as a list of steps, over the ports it needs."""

from dataclasses import dataclass

from services.dossier.application.address_book import AddressBook, an_address_book
from services.dossier.application.attachments import Attachments
from services.dossier.application.contacts import Contacts
from services.dossier.application.desk import Desk, a_desk
from services.dossier.application.item_types import ItemTypes
from services.dossier.application.items import Items
from services.dossier.application.judging import Judging
from services.dossier.application.layouts import Layouts
from services.dossier.application.printing import Printing
from services.dossier.application.recipients import Sheets
from services.dossier.application.recording import Recording
from services.dossier.application.refusals import Refusals
from services.dossier.application.rehearsal import Rehearsal, a_rehearsal
from services.dossier.application.remaking import Remaking
from services.dossier.application.requests import Requests
from services.dossier.application.resending import Resending
from services.dossier.application.roles import Roles
from services.dossier.application.runs import Runs
from services.dossier.application.setup import Setup
from services.dossier.application.shelf import Shelf
from services.dossier.application.subjects import Hands, Subjects, subjects_of
from services.dossier.application.tasks import Tasks
from services.dossier.application.upstream import Upstream
from services.dossier.application.workflows import Workflows

__all__ = [
    "AddressBook",
    "Attachments",
    "Contacts",
    "Desk",
    "Dossier",
    "Hands",
    "ItemTypes",
    "Items",
    "Judging",
    "Layouts",
    "Printing",
    "Recording",
    "Refusals",
    "Rehearsal",
    "Remaking",
    "Requests",
    "Resending",
    "Roles",
    "Runs",
    "Setup",
    "Shelf",
    "Subjects",
    "Tasks",
    "Upstream",
    "Workflows",
    "a_desk",
    "a_rehearsal",
    "an_address_book",
    "subjects_of",
]


@dataclass(frozen=True)
class Dossier:
    """The use cases, for whoever stands at a door."""

    contacts: Contacts
    address_book: AddressBook
    setup: Setup
    layouts: Layouts
    attachments: Attachments
    judging: Judging
    recording: Recording
    resending: Resending
    refusals: Refusals
    upstream: Upstream
    workflows: Workflows
    desk: Desk
    runs: Runs
    item_types: ItemTypes
    rehearsal: Rehearsal
    items: Items
    tasks: Tasks
    roles: Roles
    sheets: Sheets
    subjects: Subjects
    printing: Printing
    remaking: Remaking
    requests: Requests
