"""The doors of the dossier over HTTP: contacts, what is set up, items to be recorded, and runs under way."""

from fastapi import APIRouter

from services.dossier.application import Dossier
from services.dossier.web import (
    afas,
    changes,
    checks,
    contact_files,
    contact_lists,
    contacts,
    destination_kinds,
    draft_rehearsal,
    drafts,
    email_checks,
    field_settings,
    item_types,
    items,
    layouts,
    me,
    my_files,
    previews,
    runs,
    setup,
    tasks,
    views,
    workflows,
)


def routes(dossier: Dossier) -> list[APIRouter]:
    """Return the routes of the dossier."""
    return [
        contact_lists.routes(dossier),
        contact_files.routes(dossier),
        contacts.routes(dossier),
        email_checks.routes(dossier),
        destination_kinds.routes(),
        views.routes(dossier),
        setup.routes(dossier),
        layouts.routes(dossier),
        item_types.routes(dossier),
        items.routes(dossier),
        field_settings.routes(dossier),
        me.routes(dossier),
        previews.routes(dossier),
        drafts.routes(dossier),
        draft_rehearsal.routes(dossier),
        my_files.routes(dossier),
        checks.routes(dossier),
        workflows.routes(dossier),
        runs.routes(dossier),
        changes.routes(dossier),
        afas.routes(dossier),
        tasks.routes(dossier),
    ]
