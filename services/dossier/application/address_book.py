"""Everything that is done with contacts many at a time, wired together."""

from dataclasses import dataclass

from services.dossier.application.contact_tables import ContactChecks
from services.dossier.application.contacts import Contacts
from services.dossier.application.email_checks import EmailChecks
from services.dossier.application.importing import Importing
from services.dossier.application.views import Views, ViewTables
from shared.store import Store


@dataclass(frozen=True)
class AddressBook:
    """The use cases of whoever looks after many contacts."""

    views: Views
    email_checks: EmailChecks
    importing: Importing


def an_address_book(store: Store, contacts: Contacts, checks: ContactChecks, views: ViewTables) -> AddressBook:
    """Return the address book, wired."""
    return AddressBook(Views(store, views), EmailChecks(contacts, checks), Importing(contacts))
