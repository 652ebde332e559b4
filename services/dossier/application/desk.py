"""What stands on an operator's desk: drafts and their finish, field settings, his files, and his desktop's helper."""

from dataclasses import dataclass

from services.dossier.application.contacts import Contacts
from services.dossier.application.draft_destinations import DraftDestinations
from services.dossier.application.draft_store import DraftTable
from services.dossier.application.drafts import Drafts
from services.dossier.application.field_settings import FieldSettings
from services.dossier.application.finishing import Finishing
from services.dossier.application.item_types import ItemTypes
from services.dossier.application.my_files import FileTable, MyFiles
from services.dossier.application.personal import DesktopHelpers, Personal
from services.dossier.application.ports import Tables
from services.dossier.application.recording import Recording
from services.dossier.application.surroundings import Surroundings
from shared.store import Store


@dataclass(frozen=True)
class Desk:
    """The use cases of someone at work, each operator's own things apart from those of others."""

    field_settings: FieldSettings
    helpers: DesktopHelpers
    drafts: Drafts
    finishing: Finishing
    my_files: MyFiles


@dataclass(frozen=True)
class Drawers:
    """The tables of a desk."""

    personal: Personal
    drafts: DraftTable
    files: FileTable


def a_desk(
    store: Store, tables: Tables, drawers: Drawers, types: ItemTypes, contacts: Contacts, recording: Recording
) -> Desk:
    """Return the desk, wired."""
    settings = FieldSettings(store, tables, drawers.personal)
    helpers, files = DesktopHelpers(store, drawers.personal), MyFiles(store, drawers.files)
    destinations, surroundings = DraftDestinations(store, drawers.drafts, contacts), Surroundings(tables, types)
    drafts = Drafts(store, drawers.drafts, contacts, destinations, surroundings, settings)
    finishing = Finishing(
        store, drawers.drafts, drafts, destinations, recording, settings, helpers, files, surroundings
    )
    return Desk(settings, helpers, drafts, finishing, files)
