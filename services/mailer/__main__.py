"""The mailer, wired together."""

from services.mailer.adapters.exchange import SmtpExchange
from services.mailer.adapters.tables import TABLES, DueTable, RunTable, ServerTable
from services.mailer.adapters.writer import PartsWriter
from services.mailer.application import Deliveries, Dispatch, Runs, Tools
from services.mailer.inbox import asked, inbox
from services.mailer.outbox import told, worded
from shared.blobs import SqliteBlobs
from shared.messaging import Connection, Purge
from shared.process import Service
from shared.relay import Relay, topics_of
from shared.settings import Settings
from shared.store import Store


def assemble(settings: Settings) -> Service:
    """Wire the mailer together."""
    store = Store(settings.store_of("mailer"), "mailer", TABLES, settings.keys_of("mailer"))
    alone = settings.store_url is None
    due = DueTable(store, alone=alone)
    servers = ServerTable(store, alone=alone)
    writer = PartsWriter(SqliteBlobs.create(settings.blobs_path))
    runs = Runs(store, due, RunTable(store, alone=alone))
    dispatch = Dispatch(Tools(store, due, servers, writer, SmtpExchange(), runs))
    deliveries = Deliveries(store, due, servers, writer, runs)
    deliveries.wake = runs.wake = dispatch.wake
    deliveries.serve, deliveries.leave = dispatch.serve, dispatch.leave
    connection = Connection(settings.nats, "mailer", settings.seed_of("mailer"))
    return Service(
        name="mailer",
        store=store,
        connection=connection,
        inbox=inbox(deliveries, runs),
        asked=asked(deliveries),
        background=[
            Relay(store, told, topics_of(worded), connection).run,
            dispatch.run,
            Purge(connection, settings.stream_days).run,
        ],
        drain=[dispatch.drain],
    )
