"""The event store of one service: facts and its own tables in one transaction, personal fields sealed."""

from shared.store.keyring import Keyring
from shared.store.mapper import seal, unseal
from shared.store.store import Store
from shared.store.tables import events_table
from shared.store.trouble import Conflict, StoreUnavailable
from shared.store.writer import Condition, Row

__all__ = ["Condition", "Conflict", "Keyring", "Row", "Store", "StoreUnavailable", "events_table", "seal", "unseal"]
