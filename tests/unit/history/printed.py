"""Printing as history has it, over blobs at hand."""

from services.history.adapters.binding import Binding
from services.history.adapters.tables import LetterTable
from services.history.application import History, Printing
from services.history.application.ports import Doors
from shared.blobs import Blobs, MemoryBlobs
from shared.store import Store


def a_printing(history: History, store: Store, doors: Doors, blobs: Blobs | None = None) -> Printing:
    """Return it, wired."""
    return Printing(history, LetterTable(store), doors, blobs or MemoryBlobs(), Binding)
