"""The tables of an operator's desk, in the database of the events."""

from services.dossier.adapters.tables.drafts import SqlDrafts
from services.dossier.adapters.tables.my_files import SqlFiles
from services.dossier.adapters.tables.personal import SqlPersonal
from services.dossier.application.desk import Drawers
from shared.store import Store


def sql_drawers(store: Store) -> Drawers:
    """Return the tables of the desk."""
    return Drawers(SqlPersonal(store), SqlDrafts(store), SqlFiles(store))
