"""Wires the dossier together, by hand, in one place."""

from services.dossier import inbox, layouts, outbox, web
from services.dossier.adapters.history import AskedHistory
from services.dossier.adapters.mailer import AskedMailer
from services.dossier.adapters.renderer import AskedRenderer
from services.dossier.adapters.sheets import FileSheets
from services.dossier.adapters.tables import (
    METADATA,
    ResendTable,
    SqlChecks,
    SqlContactChecks,
    SqlContactPages,
    SqlContacts,
    SqlImports,
    SqlItemTypes,
    SqlPreviews,
    SqlRoles,
    SqlSubjects,
    SqlTables,
    SqlTasks,
    SqlViews,
    sql_drawers,
)
from services.dossier.adapters.texts import TomlTexts
from services.dossier.application import (
    Attachments,
    Contacts,
    Dossier,
    Hands,
    Items,
    ItemTypes,
    Judging,
    Layouts,
    Printing,
    Recording,
    Refusals,
    Remaking,
    Requests,
    Resending,
    Roles,
    Runs,
    Setup,
    Shelf,
    Tasks,
    Upstream,
    Workflows,
    a_desk,
    a_rehearsal,
    an_address_book,
    subjects_of,
)
from services.dossier.application.freezing import Leftovers
from services.dossier.application.recorder import Recorder
from services.dossier.settings import Settings
from shared import settings as shared_settings
from shared.blobs import SqliteBlobs
from shared.messaging import Asking, Connection, Purge
from shared.process import Service
from shared.relay import Relay, topics_of
from shared.store import Store

_RENDERING = 60.0  # seconds; a worker lost over a layout is waited for


def assemble(settings: shared_settings.Settings) -> Service:
    """Return the dossier, wired."""
    own = settings if isinstance(settings, Settings) else Settings(**settings.model_dump())
    store = Store(own.store_of("dossier"), "dossier", METADATA, own.keys_of("dossier"))
    connection = Connection(own.nats_url or "nats://127.0.0.1:4222", "dossier", own.seed_of("dossier"))
    blobs, tables = SqliteBlobs.create(own.blobs_path), SqlTables(store)
    contacts, refusals = Contacts(store, SqlContacts(store), SqlContactPages(store)), Refusals(store, TomlTexts())
    asking, attachments = Asking(connection.broker), Attachments(store, tables, blobs)
    renderer = AskedRenderer(Asking(connection.broker, _RENDERING))
    setup, all_layouts = Setup(store, tables), Layouts(store, tables, blobs, layouts.canonical, renderer)
    task_table, sheets = SqlTasks(store), FileSheets()
    recorder = Recorder(store, tables, blobs, contacts, task_table)
    workflows = Workflows(store, tables)
    type_table = SqlItemTypes(store)
    types = ItemTypes(store, tables, type_table)
    judging = Judging(tables, types, contacts, attachments, own.consent)
    recording = Recording(store, tables, blobs, attachments, types, workflows, judging, task_table, recorder.take_up)
    resends = ResendTable(store)
    mailer = AskedMailer(asking)
    resending = Resending(store, contacts, mailer, resends)
    upstream = Upstream(recording, contacts, refusals)
    address_book = an_address_book(
        store, (tables, SqlContactChecks(store), SqlViews(store), SqlImports(store)), blobs, sheets, contacts
    )
    desk = a_desk(store, tables, sql_drawers(store), types, contacts, recording)
    history, shelf = AskedHistory(asking), Shelf(store, contacts, task_table)
    runs = Runs(store, history, resends, recorder.take_up)
    items, tasks = Items(shelf, types, attachments), Tasks(shelf, workflows, task_table)
    role_table = SqlRoles(store)
    hands = Hands(recording, items, tasks, workflows, shelf, attachments, history)
    rehearsal = a_rehearsal(
        store, (SqlPreviews(store), SqlChecks(store)), blobs, attachments, judging, (renderer, mailer)
    )
    dossier = Dossier(
        contacts=contacts,
        address_book=address_book,
        setup=setup,
        layouts=all_layouts,
        attachments=attachments,
        judging=judging,
        recording=recording,
        resending=resending,
        refusals=refusals,
        upstream=upstream,
        workflows=workflows,
        desk=desk,
        runs=runs,
        item_types=types,
        rehearsal=rehearsal,
        items=items,
        tasks=tasks,
        roles=Roles(contacts, role_table),
        sheets=sheets,
        subjects=subjects_of(SqlSubjects(store), type_table, recorder.finish, (types, contacts, role_table), hands),
        printing=Printing(store, all_layouts),
        remaking=Remaking(store, tables, contacts, resends),
        requests=Requests(store, outbox.told),
    )

    async def set_up() -> None:
        titles = {name: said["nl"] for name, said in layouts.names().items()}
        await all_layouts.record_supplied(layouts.supplied(), titles, layouts.files())
        await workflows.record_supplied()
        if own.smtp_url:
            await setup.record_smtp_url(own.smtp_url)

    relay = Relay(store, outbox.told, topics_of(outbox.told), connection)
    return Service(
        name="dossier",
        store=store,
        connection=connection,
        inbox=inbox.inbox(dossier),
        asked=inbox.asked(dossier),
        start=[set_up],
        background=[
            relay.run,
            recorder.run,
            rehearsal.run,
            desk.drafts.run,
            Leftovers(store, tables, blobs).run,
            address_book.imports.run,
            Purge(connection, settings.stream_days).run,
        ],
        close=[rehearsal.checking.close],
        routers=web.routes(dossier),
    )
