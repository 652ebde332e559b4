"""What stands on an operator's desk: field settings, and whether his desktop has a helper."""

from dataclasses import dataclass

from services.dossier.application.field_settings import FieldSettings
from services.dossier.application.personal import DesktopHelpers, Personal
from services.dossier.application.ports import Tables
from shared.store import Store


@dataclass(frozen=True)
class Desk:
    """The use cases of someone at work, each operator's own things apart from those of others."""

    field_settings: FieldSettings
    helpers: DesktopHelpers


def a_desk(store: Store, tables: Tables, personal: Personal) -> Desk:
    """Return the desk, wired."""
    return Desk(FieldSettings(store, tables, personal), DesktopHelpers(store, personal))
