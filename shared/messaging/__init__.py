"""How services talk: streams and consumers, CloudEvents headers, inboxes, and doors to ask at."""

from shared.messaging.ask import Asked, Asking, NoAnswer, Refusal
from shared.messaging.connection import Connection, let_end
from shared.messaging.inbox import Inbox, Place, Told, Unreadable
from shared.messaging.purge import Purge

__all__ = [
    "Asked",
    "Asking",
    "Connection",
    "Inbox",
    "NoAnswer",
    "Place",
    "Purge",
    "Refusal",
    "Told",
    "Unreadable",
    "let_end",
]
