"""What history is asked over HTTP: the API for programs, plain pages for people."""

from fastapi import APIRouter

from services.history.application import History, Resending
from services.history.web import files, items, page, processing, resend

__all__ = ["routes"]


def routes(history: History, resending: Resending) -> list[APIRouter]:
    """Return history's routes."""
    return [
        resend.routes(resending),  # before those of rows: `/processing/resend` is no row
        processing.routes(history),
        items.routes(history),
        files.routes(history),
        page.routes(history, resending),
    ]
