"""The one catalogue of the dossier's tables: whatever stands in it is made when the store opens."""

from sqlalchemy import MetaData

METADATA = MetaData()
