"""The mailer, wired together."""

from datetime import timedelta

from services.mailer.adapters.exchange import SmtpExchange
from services.mailer.adapters.renderer import AskedRenderer
from services.mailer.adapters.tables import TABLES, DueTable, PartTable, RunTable, ServerTable
from services.mailer.adapters.writer import PartsWriter
from services.mailer.application import Book, Deliveries, Dispatch, Messages, Runs, Sweep, Tools
from services.mailer.inbox import asked, inbox
from services.mailer.outbox import told, worded
from services.mailer.settings import Settings
from shared import settings as shared_settings
from shared.blobs import SqliteBlobs
from shared.messaging import Asking, Connection, Purge
from shared.process import Service
from shared.relay import Relay, topics_of
from shared.store import Store


def assemble(settings: shared_settings.Settings) -> Service:
    """Wire the mailer together."""
    own = settings if isinstance(settings, Settings) else Settings(**settings.model_dump())
    store = Store(own.store_of("mailer"), "mailer", TABLES, own.keys_of("mailer"))
    alone = own.store_url is None
    due = DueTable(store, alone=alone)
    servers = ServerTable(store, alone=alone)
    blobs, parts = SqliteBlobs.create(own.blobs_path), PartTable(store, alone=alone)
    book, writer = Book(store, parts), PartsWriter(blobs)
    runs = Runs(book, due, RunTable(store, alone=alone))
    connection = Connection(own.nats, "mailer", own.seed_of("mailer"))
    messages = Messages(book, writer, AskedRenderer(Asking(connection.broker)))
    dispatch = Dispatch(Tools(book, due, servers, writer, SmtpExchange(), runs, messages))
    deliveries = Deliveries(book, due, servers, writer, runs)
    deliveries.wake = runs.wake = dispatch.wake
    deliveries.serve, deliveries.leave = dispatch.serve, dispatch.leave
    return Service(
        name="mailer",
        store=store,
        connection=connection,
        inbox=inbox(deliveries, runs),
        asked=asked(deliveries, messages),
        background=[
            Relay(store, told, topics_of(worded), connection).run,
            dispatch.run,
            Sweep(parts, blobs, timedelta(days=own.parts_days)).run,
            Purge(connection, own.stream_days).run,
        ],
        drain=[dispatch.drain],
    )
