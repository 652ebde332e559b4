"""The renderer, wired together."""

import os

from services.renderer.adapters.dossier import AskedDossier
from services.renderer.adapters.made import formats_made
from services.renderer.adapters.pool import RenderPool
from services.renderer.adapters.runs import TABLES, CancelledRuns
from services.renderer.application import Bench, Drafts, Layouts, Remakes, Renderer
from services.renderer.inbox import asked, inbox
from services.renderer.outbox import told
from shared.blobs import SqliteBlobs
from shared.messaging import Asking, Connection, Purge
from shared.process import Service
from shared.relay import Relay, topics_of
from shared.settings import Settings
from shared.store import Store


def assemble(settings: Settings) -> Service:
    """Wire the renderer together."""
    store = Store(settings.store_of("renderer"), "renderer", TABLES, settings.keys_of("renderer"))
    SqliteBlobs.create(settings.blobs_path)
    workers = os.cpu_count() or 1
    pool = RenderPool(settings.blobs_path, workers)
    bench = Bench(pool, workers)
    connection = Connection(settings.nats, "renderer", settings.seed_of("renderer"))
    return Service(
        name="renderer",
        store=store,
        connection=connection,
        inbox=inbox(Renderer(store, bench, CancelledRuns(store))),
        asked=asked(
            Drafts(bench), Layouts(pool, formats_made), Remakes(bench, AskedDossier(Asking(connection.broker)))
        ),
        background=[
            Relay(store, told, topics_of(told), connection).run,
            Purge(connection, settings.stream_days).run,
            pool.stand_by,
        ],
        close=[pool.close],
    )
