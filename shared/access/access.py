"""Users, sessions, login links and tokens as they are kept: of every secret only its SHA-256."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from shared.access.caller import Caller, Role, Scope, reach, scopes_of
from shared.access.memory import Found, Memory
from shared.access.tables import connect, links, sessions, tokens, users

ADMINISTRATOR = "administrator"  # the role, and the name of the first user
LINK_LASTS = timedelta(minutes=15)
SESSION_LASTS = timedelta(days=14)
_PREFIX = "uitpost_"  # so that secret scanners know a token when they see one


class NameTaken(ValueError):
    """A user or a token of this name exists already."""


class UnknownUser(LookupError):
    """There is no user of this name."""


@dataclass(frozen=True)
class Token:
    """A token as it is listed: all but its secret."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class User:
    """A person who may sign in by a login link; `full_name` and `email` are what others know the person by."""

    name: str
    role: Role
    created_at: datetime
    full_name: str | None = None
    email: str | None = None


class Access:
    """The access store at an SQLAlchemy URL; any thread and several processes may use it at once."""

    def __init__(self, url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = connect(url)
        self._now = now
        self._memory = Memory()

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    def create_token(
        self, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None, *, in_hex: bool = False
    ) -> str:
        """Return a new token, shown once; `in_hex` for one that has an AFAS form too.

        Raises NameTaken; ValueError for no name or wrong scopes.
        """
        token = _PREFIX + (secrets.token_hex(32) if in_hex else secrets.token_urlsafe(32))
        row = {
            "id": str(uuid4()),
            "name": _named(name),
            "digest": _digest(token),
            "scopes": " ".join(sorted(reach(scopes))),
            "created_at": self._seconds(),
            "expires_at": int(expires_at.timestamp()) if expires_at else None,
        }
        try:
            with self._writing() as connection:
                connection.execute(insert(tokens), row)
        except IntegrityError as error:
            raise NameTaken(f"there is a token named {name} already") from error
        return token

    def check_token(self, token: str) -> Caller | None:
        """Return whose token this is, None if nobody's, expired or revoked."""
        return self._caller(_digest(token), self._find_token) if token.startswith(_PREFIX) else None

    def list_tokens(self) -> list[Token]:
        """Return the tokens by name, expired ones too until they are cleaned up."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(tokens).order_by(tokens.c.name)).all()
        return [
            Token(row.id, row.name, reach(row.scopes.split()), _time(row.created_at), _time_or_none(row.expires_at))
            for row in rows
        ]

    def revoke_token(self, name_or_id: str) -> bool:
        """Take a token back; say whether there was one."""
        which = or_(tokens.c.name == name_or_id, tokens.c.id == name_or_id)
        with self._writing() as connection:
            gone = connection.execute(delete(tokens).where(which).returning(tokens.c.digest)).scalars().all()
        for digest in gone:
            self._memory.forget(digest)
        return bool(gone)

    def create_login_link(self, user: str = ADMINISTRATOR) -> str:
        """Return the secret of a login link, good once and for 15 minutes. Raises UnknownUser."""
        secret = secrets.token_urlsafe(32)
        row = {"digest": _digest(secret), "user_name": user, "expires_at": self._in(LINK_LASTS)}
        with self._writing() as connection:
            if not _exists(connection, user) and not _is_first(connection, user):
                raise UnknownUser(f"there is no user named {user}")
            connection.execute(insert(links), row)
        return secret

    def redeem_link(self, secret: str) -> str | None:
        """Use up a login link; return the id of a new session, None if the link is used, too old or unknown.

        The first administrator comes into being here.
        """
        used = delete(links).where(links.c.digest == _digest(secret)).returning(links.c.user_name, links.c.expires_at)
        session = secrets.token_urlsafe(32)
        with self._writing() as connection:
            link = connection.execute(used).one_or_none()
            if link is None or link.expires_at <= self._seconds():
                return None
            if _is_first(connection, link.user_name):
                self._add_first(connection)
            if not _exists(connection, link.user_name):
                return None
            row = {"digest": _digest(session), "user_name": link.user_name, "expires_at": self._in(SESSION_LASTS)}
            connection.execute(insert(sessions), row)
        return session

    def check_session(self, session: str) -> Caller | None:
        """Return whose session this is, None if nobody's, expired or ended."""
        return self._caller(_digest(session), self._find_session)

    def end_session(self, session: str) -> None:
        """Sign out."""
        with self._writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.digest == _digest(session)))
        self._memory.forget(_digest(session))

    def add_user(self, name: str, role: Role, full_name: str | None = None, email: str | None = None) -> None:
        """Let a person in, by login links from now on. Raises NameTaken; ValueError for no name or unknown role."""
        scopes_of(role)
        row = self._user(_named(name), role) | {"full_name": full_name, "email": email}
        try:
            with self._writing() as connection:
                connection.execute(insert(users), row)
        except IntegrityError as error:
            raise NameTaken(f"there is a user named {name} already") from error

    def change_user(self, name: str, **facts: str | None) -> None:
        """Give a user another `role`, `full_name` or `email`. Raises UnknownUser; ValueError for an unknown role."""
        if role := facts.get("role"):
            scopes_of(role)
        with self._writing() as connection:
            changed = connection.execute(update(users).where(users.c.name == name).values(**facts)).rowcount
        if not changed:
            raise UnknownUser(f"there is no user named {name}")
        self._memory.clear()

    def find_user(self, name: str) -> User | None:
        """Return a user, None where there is none of that name."""
        with self._engine.begin() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
        return _user_of(row) if row else None

    def list_users(self) -> list[User]:
        """Return the users by name."""
        with self._engine.begin() as connection:
            return [_user_of(row) for row in connection.execute(select(users).order_by(users.c.name))]

    def remove_user(self, name: str) -> bool:
        """Shut a person out, sessions and open links included; say whether there was one."""
        with self._writing() as connection:
            connection.execute(delete(links).where(links.c.user_name == name))
            connection.execute(delete(sessions).where(sessions.c.user_name == name))
            gone = connection.execute(delete(users).where(users.c.name == name)).rowcount
        self._memory.clear()
        return gone > 0

    def cleanup(self) -> int:
        """Delete what has expired; return how many rows that were."""
        with self._writing() as connection:
            return sum(
                connection.execute(delete(table).where(table.c.expires_at <= self._seconds())).rowcount
                for table in (tokens, sessions, links)
            )

    def _caller(self, digest: str, find: Callable[[str], Found | None]) -> Caller | None:
        return self._memory.recall(digest, self._now().timestamp(), find)

    def _find_token(self, digest: str) -> Found | None:
        with self._engine.begin() as connection:
            row = connection.execute(select(tokens).where(tokens.c.digest == digest)).one_or_none()
        return Found(Caller(row.name, "token", reach(row.scopes.split())), row.expires_at) if row else None

    def _find_session(self, digest: str) -> Found | None:
        whose = select(users.c.name, users.c.role, sessions.c.expires_at).join_from(
            sessions, users, sessions.c.user_name == users.c.name
        )
        with self._engine.begin() as connection:
            row = connection.execute(whose.where(sessions.c.digest == digest)).one_or_none()
        return Found(Caller(row.name, "session", scopes_of(row.role)), row.expires_at) if row else None

    def _add_first(self, connection: Connection) -> None:
        try:
            with connection.begin_nested():
                connection.execute(insert(users), self._user(ADMINISTRATOR, ADMINISTRATOR))
        except IntegrityError:  # two links redeemed at once: the other one was first
            return

    def _user(self, name: str, role: str) -> dict[str, object]:
        return {"name": name, "role": role, "created_at": self._seconds()}

    def _seconds(self) -> int:
        return int(self._now().timestamp())

    def _in(self, time: timedelta) -> int:
        return int((self._now() + time).timestamp())

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection


def _exists(connection: Connection, user: str) -> bool:
    return connection.execute(select(users.c.name).where(users.c.name == user)).first() is not None


def _is_first(connection: Connection, user: str) -> bool:
    """Say whether this would be the first administrator, who needs nobody to let him in."""
    administrators = select(users.c.name).where(users.c.role == ADMINISTRATOR)
    return user == ADMINISTRATOR and connection.execute(administrators).first() is None


def _user_of(row: Row[Any]) -> User:
    return User(row.name, row.role, _time(row.created_at), row.full_name, row.email)


def _named(name: str) -> str:
    if not name.strip():
        raise ValueError("a name is needed")
    return name


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else _time(seconds)
