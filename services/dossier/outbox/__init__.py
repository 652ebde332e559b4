"""What the dossier tells: each fact that has a contract, in its words; all other facts stay private."""

from services.dossier.outbox import items, rows, runs, setup
from services.dossier.outbox.telling import told

__all__ = ["items", "rows", "runs", "setup", "told"]
