"""History, wired together."""

from services.history.adapters.binding import Binding
from services.history.adapters.renderer import AskedRenderer
from services.history.adapters.tables import TABLES, JobTables, LetterTable, NoticeTable, ProjectedTables, RecordTables
from services.history.application import History, Notices, Printing, Resending, WordLetters
from services.history.inbox import asked, inbox
from services.history.web import routes
from shared.blobs import SqliteBlobs
from shared.messaging import Asking, Connection, Purge
from shared.process import Service
from shared.settings import Settings
from shared.store import Store


def assemble(settings: Settings) -> Service:
    """Wire history together."""
    store = Store(settings.store_of("history"), "history", TABLES, settings.keys_of("history"))
    connection = Connection(settings.nats, "history", settings.seed_of("history"))
    doors = Asking(connection.broker)
    resending = Resending(JobTables(store), doors)
    blobs = SqliteBlobs.create(settings.blobs_path)
    history = History(RecordTables(store), doors, blobs)
    word = WordLetters(AskedRenderer(doors), blobs)
    printing = Printing(history, LetterTable(store), doors, blobs, Binding, word)
    return Service(
        name="history",
        store=store,
        connection=connection,
        inbox=inbox(ProjectedTables(store)),
        asked=asked(history),
        background=[resending.run, Purge(connection, settings.stream_days).run],
        routers=routes(history, resending, Notices(NoticeTable(store)), printing),
    )
