"""What services tell one another: one module per publisher, additive only, an example file per message."""

from shared.contracts.message import Message, every_kind

__all__ = ["Message", "every_kind"]
