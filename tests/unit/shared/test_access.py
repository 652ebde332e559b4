"""Users, sessions, login links and tokens: what is let in, for how long, and what is kept of a secret."""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from shared.access import Access, Caller, NameTaken, Scope, UnknownUser
from tests.postgres import Postgres

READ: frozenset[Scope] = frozenset({"read"})
SEND: frozenset[Scope] = frozenset({"read", "send"})
ALL: frozenset[Scope] = frozenset({"read", "send", "admin"})
SEVERAL = """
import sys
from shared.access import Access

access = Access(sys.argv[1])
for number in range(5):
    access.create_token(f"{sys.argv[2]}-{number}", {"read"})
"""


class Clock:
    """A time that moves when told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def passes(self, **time: float) -> None:
        self.time += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> str:
    return postgres.make_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/access.db"
    database: str = request.getfixturevalue("database")
    engine = create_engine(database)
    with engine.begin() as connection:  # quicker than a database for each test
        connection.execute(text("DROP SCHEMA IF EXISTS access CASCADE"))
    engine.dispose()
    return database


@pytest.fixture
def access(url: str, clock: Clock) -> Iterator[Access]:
    with closing(Access(url, clock)) as access:
        yield access


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ({"read"}, {"read"}),
        ({"send"}, {"read", "send"}),
        ({"admin"}, ALL),
        ({"read", "send"}, {"read", "send"}),
    ],
)
def test_a_token_reaches_what_its_scopes_imply(access: Access, given: set[Scope], reached: set[Scope]) -> None:
    token = access.create_token("crm", given)

    assert access.check_token(token) == Caller("crm", "token", frozenset(reached))


def test_a_token_is_recognised_by_its_form(access: Access) -> None:
    token = access.create_token("crm", {"read"})

    assert token.startswith("uitpost_")
    assert len(token) == len("uitpost_") + 43


@pytest.mark.parametrize("scopes", [set(), {"write"}, {"read", "write"}])
def test_a_token_needs_scopes_that_exist(access: Access, scopes: set[Scope]) -> None:
    with pytest.raises(ValueError, match="scopes are"):
        access.create_token("crm", scopes)


def test_a_token_needs_a_name_of_its_own(access: Access) -> None:
    access.create_token("crm", {"read"})

    with pytest.raises(NameTaken):
        access.create_token("crm", {"send"})
    with pytest.raises(ValueError, match="a name is needed"):
        access.create_token(" ", {"send"})


@pytest.mark.parametrize("token", ["", "uitpost_", "uitpost_" + "a" * 43, "Bearer"])
def test_a_token_that_was_not_given_is_nobodys(access: Access, token: str) -> None:
    access.create_token("crm", {"read"})

    assert access.check_token(token) is None


def test_a_token_expires_to_the_second_though_it_was_just_used(access: Access, clock: Clock) -> None:
    token = access.create_token("crm", {"read"}, expires_at=clock() + timedelta(seconds=3))

    clock.passes(seconds=2)
    before = access.check_token(token)
    clock.passes(seconds=1)

    assert before is not None
    assert access.check_token(token) is None


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_revoked_token_is_nobodys_at_once(access: Access, by: str) -> None:
    token = access.create_token("crm", {"read"})
    access.check_token(token)
    (listed,) = access.list_tokens()

    revoked = access.revoke_token(getattr(listed, by)), access.revoke_token(getattr(listed, by))

    assert revoked == (True, False)
    assert access.check_token(token) is None
    assert access.list_tokens() == []


def test_a_token_revoked_elsewhere_is_nobodys_within_five_seconds(access: Access, url: str, clock: Clock) -> None:
    token = access.create_token("crm", {"read"})
    access.check_token(token)

    with closing(Access(url, clock)) as elsewhere:
        elsewhere.revoke_token("crm")
    clock.passes(seconds=5)

    assert access.check_token(token) is None


def test_tokens_are_listed_without_their_secrets(access: Access, clock: Clock) -> None:
    expiry = clock() + timedelta(days=1)
    access.create_token("web shop", {"send"}, expires_at=expiry)
    access.create_token("crm", {"read"})

    crm, shop = access.list_tokens()

    assert (crm.name, crm.scopes, crm.created_at, crm.expires_at) == ("crm", READ, clock(), None)
    assert (shop.name, shop.scopes, shop.expires_at) == ("web shop", SEND, expiry)


def test_the_first_link_makes_the_first_administrator(access: Access, clock: Clock) -> None:
    link = access.create_login_link()
    before = access.list_users()

    session = access.redeem_link(link)

    assert before == []
    assert session is not None
    assert access.check_session(session) == Caller("administrator", "session", ALL)
    assert [(user.name, user.role, user.created_at) for user in access.list_users()] == [
        ("administrator", "administrator", clock())
    ]


def test_a_link_is_good_once(access: Access) -> None:
    link = access.create_login_link()

    used = access.redeem_link(link), access.redeem_link(link)

    assert used[0] is not None
    assert used[1] is None


@pytest.mark.parametrize(("minutes", "good"), [(14.9, True), (15, False)])
def test_a_link_is_good_for_a_quarter_of_an_hour(access: Access, clock: Clock, minutes: float, good: bool) -> None:
    link = access.create_login_link()

    clock.passes(minutes=minutes)

    assert (access.redeem_link(link) is not None) is good


def test_a_link_nobody_made_opens_nothing(access: Access) -> None:
    access.create_login_link()

    assert access.redeem_link("") is None
    assert access.redeem_link("guess") is None
    assert access.list_users() == []


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("reader", {"read"}),
        ("clerk", {"read", "send"}),
        ("operator", {"read", "send"}),
        ("administrator", ALL),
    ],
)
def test_a_user_may_what_the_role_says(access: Access, role: str, scopes: set[Scope]) -> None:
    access.add_user("anna", role)  # type: ignore[arg-type]

    session = access.redeem_link(access.create_login_link("anna"))

    assert session is not None
    assert access.check_session(session) == Caller("anna", "session", frozenset(scopes))


def test_nobody_else_gets_a_link(access: Access) -> None:
    with pytest.raises(UnknownUser):
        access.create_login_link("anna")


def test_the_name_administrator_lets_nobody_in_once_there_is_one(access: Access) -> None:
    access.add_user("anna", "administrator")

    with pytest.raises(UnknownUser):
        access.create_login_link()


def test_a_user_has_a_name_of_its_own_and_a_role_that_exists(access: Access) -> None:
    access.add_user("anna", "clerk")

    with pytest.raises(NameTaken):
        access.add_user("anna", "reader")
    with pytest.raises(ValueError, match="roles are"):
        access.add_user("bert", "boss")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a name is needed"):
        access.add_user("", "reader")


def test_a_removed_user_is_out_with_sessions_and_links(access: Access) -> None:
    access.add_user("anna", "clerk")
    session = access.redeem_link(access.create_login_link("anna"))
    assert session is not None
    access.check_session(session)
    link = access.create_login_link("anna")

    removed = access.remove_user("anna"), access.remove_user("anna")
    access.add_user("anna", "reader")  # another person of that name

    assert removed == (True, False)
    assert access.check_session(session) is None
    assert access.redeem_link(link) is None


def test_a_session_ends_when_told(access: Access) -> None:
    session = access.redeem_link(access.create_login_link())
    assert session is not None
    access.check_session(session)

    access.end_session(session)

    assert access.check_session(session) is None


@pytest.mark.parametrize(("days", "good"), [(13.9, True), (14, False)])
def test_a_session_lasts_two_weeks(access: Access, clock: Clock, days: float, good: bool) -> None:
    session = access.redeem_link(access.create_login_link())
    assert session is not None

    clock.passes(days=days)

    assert (access.check_session(session) is not None) is good


def test_a_user_is_found_with_name_and_address_and_changed(access: Access) -> None:
    """R-6: who writes in his own name needs an address."""
    access.add_user("anna", "clerk", "Anna de Vries", "anna@house.example")
    session = access.redeem_link(access.create_login_link("anna"))
    assert session is not None
    access.check_session(session)

    access.change_user("anna", role="reader", email=None)

    anna = access.find_user("anna")
    assert anna is not None
    assert (anna.role, anna.full_name, anna.email) == ("reader", "Anna de Vries", None)
    assert access.check_session(session) == Caller("anna", "session", READ)
    assert access.find_user("bert") is None
    with pytest.raises(UnknownUser):
        access.change_user("bert", role="reader")
    with pytest.raises(ValueError, match="roles are"):
        access.change_user("anna", role="boss")


def test_a_token_is_no_session_and_a_session_no_token(access: Access) -> None:
    token = access.create_token("crm", {"read"})
    session = access.redeem_link(access.create_login_link())
    assert session is not None

    assert access.check_session(token) is None
    assert access.check_token(session) is None


def test_what_has_expired_is_cleaned_up_and_nothing_else(access: Access, clock: Clock) -> None:
    access.create_token("old", {"read"}, expires_at=clock() + timedelta(minutes=1))
    access.create_token("for ever", {"read"})
    access.create_login_link()
    session = access.redeem_link(access.create_login_link())
    assert session is not None
    clock.passes(minutes=20)

    cleaned = access.cleanup()

    assert cleaned == 2
    assert [token.name for token in access.list_tokens()] == ["for ever"]
    assert access.check_session(session) is not None


def test_no_secret_is_kept(access: Access, url: str) -> None:
    token, link = access.create_token("crm", {"read"}), access.create_login_link()
    session = access.redeem_link(access.create_login_link())
    assert session is not None

    engine = create_engine(url)
    schema = "access." if engine.dialect.name == "postgresql" else ""
    with engine.connect() as connection:
        kept = [
            str(value)
            for table in ("tokens", "users", "sessions", "login_links")
            for row in connection.execute(text(f"SELECT * FROM {schema}{table}")).all()  # noqa: S608
            for value in row
        ]
    engine.dispose()

    assert len([value for value in kept if len(value) == 64]) == 3
    assert not [value for value in kept for secret in (token, link, session) if secret in value]


def test_all_of_it_outlives_the_process(url: str, clock: Clock) -> None:
    with closing(Access(url, clock)) as first:
        token, link = first.create_token("crm", {"send"}), first.create_login_link()

    with closing(Access(url, clock)) as second:
        assert second.check_token(token) == Caller("crm", "token", SEND)
        assert second.redeem_link(link) is not None


async def test_several_processes_make_and_use_the_store_at_once(url: str) -> None:
    names = ["dossier", "renderer", "mailer", "history"]

    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", SEVERAL, url, name, stderr=asyncio.subprocess.PIPE)
        for name in names
    ]
    said = [(await process.communicate())[1].decode() for process in started]

    assert said == ["", "", "", ""]
    with closing(Access(url)) as access:
        assert len(access.list_tokens()) == 20


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(tmp_path / "access.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN IMMEDIATE")
        other.execute("SELECT * FROM t").fetchall()
        monkeypatch.setattr("shared.access.tables.time.sleep", lambda _: other.execute("ROLLBACK"))

        with closing(Access(f"sqlite:///{tmp_path}/access.db")) as access:
            assert access.list_tokens() == []


def test_the_file_is_written_ahead_and_in_full(tmp_path: Path) -> None:
    with closing(Access(f"sqlite:///{tmp_path}/access.db")) as access:
        with access._engine.connect() as connection:
            synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        with closing(sqlite3.connect(tmp_path / "access.db")) as file:
            journal = file.execute("PRAGMA journal_mode").fetchone()

    assert synchronous == 2  # FULL
    assert journal == ("wal",)
