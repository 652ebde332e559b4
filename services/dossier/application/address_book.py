"""Everything that is done with contacts many at a time, wired together."""

from dataclasses import dataclass

from services.dossier.application.contact_tables import ContactChecks
from services.dossier.application.contacts import Contacts
from services.dossier.application.email_checks import EmailChecks
from services.dossier.application.imports import Imports, ImportTables
from services.dossier.application.ports import Tables
from services.dossier.application.recipients import Sheets
from services.dossier.application.views import Views, ViewTables
from shared.blobs import Blobs
from shared.store import Store

_Tables = tuple[Tables, ContactChecks, ViewTables, ImportTables]


@dataclass(frozen=True)
class AddressBook:
    """The use cases of whoever looks after many contacts."""

    views: Views
    email_checks: EmailChecks
    imports: Imports


def an_address_book(store: Store, tables: _Tables, blobs: Blobs, sheets: Sheets, contacts: Contacts) -> AddressBook:
    """Return the address book, wired."""
    standing, checks, views, imports = tables
    return AddressBook(
        Views(store, views),
        EmailChecks(contacts, checks),
        Imports(store, standing, imports, blobs, sheets, contacts),
    )
