"""What history is asked over HTTP: the API for programs, plain pages for people."""

from fastapi import APIRouter

from services.history.application import History, Notices, Resending
from services.history.web import files, items, notices, page, processing, resend, runs

__all__ = ["routes"]


def routes(history: History, resending: Resending, told: Notices) -> list[APIRouter]:
    """Return history's routes."""
    return [
        resend.routes(resending),  # before those of rows: `/processing/resend` is no row
        processing.routes(history),
        items.routes(history),
        runs.routes(history),
        notices.routes(told),
        files.routes(history),
        page.routes(history, resending),
    ]
