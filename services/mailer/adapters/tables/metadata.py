"""The one catalogue of the mailer's tables: whatever stands in it is made when the store opens."""

from sqlalchemy import MetaData

TABLES = MetaData()
