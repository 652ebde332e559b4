"""The tables beside the events, on SQLite and PostgreSQL, in the database of the events."""

from services.dossier.adapters.tables.checks import SqlChecks
from services.dossier.adapters.tables.contact_checks import SqlContactChecks
from services.dossier.adapters.tables.contact_imports import SqlImports
from services.dossier.adapters.tables.contact_pages import SqlContactPages
from services.dossier.adapters.tables.contacts import SqlContacts
from services.dossier.adapters.tables.drawers import sql_drawers
from services.dossier.adapters.tables.item_types import SqlItemTypes
from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.adapters.tables.previews import SqlPreviews
from services.dossier.adapters.tables.resends import ResendTable
from services.dossier.adapters.tables.roles import SqlRoles
from services.dossier.adapters.tables.standing import SqlTables
from services.dossier.adapters.tables.subjects import SqlSubjects
from services.dossier.adapters.tables.tasks import SqlTasks
from services.dossier.adapters.tables.views import SqlViews

__all__ = [
    "METADATA",
    "ResendTable",
    "SqlChecks",
    "SqlContactChecks",
    "SqlContactPages",
    "SqlContacts",
    "SqlImports",
    "SqlItemTypes",
    "SqlPreviews",
    "SqlRoles",
    "SqlSubjects",
    "SqlTables",
    "SqlTasks",
    "SqlViews",
    "sql_drawers",
]
