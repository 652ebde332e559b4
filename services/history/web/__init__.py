"""What history is asked over HTTP: the API for programs, plain pages for people."""

from fastapi import APIRouter

from services.history.application import History, Notices, Printing, Resending
from services.history.web import files, items, notices, page, printing, processing, remake, resend, runs

__all__ = ["routes"]


def routes(history: History, resending: Resending, told: Notices, prints: Printing) -> list[APIRouter]:
    """Return history's routes."""
    return [
        resend.routes(resending),  # before those of rows: `/processing/resend` is no row
        remake.routes(history, resending),
        processing.routes(history),
        items.routes(history),
        runs.routes(history),
        printing.routes(prints),
        notices.routes(told),
        files.routes(history),
        page.routes(history, resending),
    ]
