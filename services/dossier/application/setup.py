"""Senders and mail servers are set up: the same again records nothing."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from services.dossier.application.ports import Noun, Tables
from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.mail_server import MailServer, MailServerFacts, of_url
from services.dossier.domain.operator import ME
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.sender import Sender, SenderFacts
from services.dossier.domain.text import is_number
from shared.store import Conflict, Store

A = TypeVar("A", Sender, MailServer)
Facts = dict[str, Any]
SMTP_URL = "env:UITPOST_SMTP_URL"
_NAME = 80


class Setup:
    """What is set up before anything can be sent."""

    def __init__(
        self,
        store: Store,
        tables: Tables,
    ) -> None:
        self._store = store
        self._tables = tables

    async def all(self, noun: Noun) -> dict[str, Facts]:
        """Return what is set up of a kind, by id."""
        return await self._tables.set_up(noun)

    async def one(self, noun: Noun, name: str) -> Facts | None:
        """Return one sender or mail server, None where there is none."""
        return (await self._tables.set_up(noun)).get(name)

    async def put_sender(self, name: str, facts: SenderFacts) -> Facts:
        """Set up a sender; raise `Refused` for one that can't be."""
        _check(name, facts.wrongs())
        if name == ME:
            raise Refused([Wrong("id", "sender_me_is_reserved")])
        said = facts.model_dump()
        await self._put(
            Sender, "sender", name, lambda: Sender.record(name, said), lambda sender: sender.change(said), _of_facts
        )
        return said

    async def put_mail_server(self, name: str, facts: MailServerFacts) -> Facts:
        """Set up a mail server; raise `Refused` for one that can't be."""
        _check(name, facts.wrongs())
        said = facts.model_dump()
        await self._put(
            MailServer,
            "mail-server",
            name,
            lambda: MailServer.record(name, said),
            lambda server: server.change(said),
            _of_facts,
        )
        return said

    async def remove_mail_server(self, name: str) -> None:
        """Take a mail server away, what waits for it going on to wait; raise `Refused` (404) where there is none."""
        while True:
            server = await self._store.load(MailServer, setup_id_of("mail-server", name))
            if server is None or server.facts is None:
                raise Refused([Wrong("", "unknown_mail_server")], status=404)
            server.remove()
            try:
                await self._store.record(server, rows=[self._tables.unset("mail-server", name)])
            except Conflict:
                continue
            return

    async def record_smtp_url(self, url: str) -> None:
        """Set up the mail server of the settings as `default`; raise ValueError for a URL that is none."""
        await self.put_mail_server("default", of_url(url, SMTP_URL))

    async def _put(
        self,
        kind: type[A],
        noun: Noun,
        name: str,
        record: Callable[[], A],
        change: Callable[[A], None],
        row: Callable[[A], Facts],
    ) -> A:
        """Record or change what stands under a name; of two at once the later one finds the earlier's."""
        identity: UUID = setup_id_of(noun, name)
        while True:
            aggregate = await self._store.load(kind, identity)
            if aggregate is None:
                aggregate = record()
            else:
                change(aggregate)
            if not aggregate.pending_events:
                return aggregate
            try:
                await self._store.record(aggregate, rows=[self._tables.setup(noun, name, row(aggregate))])
            except Conflict:
                continue
            return aggregate


def _of_facts(aggregate: Sender | MailServer) -> Facts:
    return aggregate.facts or {}


def _check(name: str, wrongs: list[Wrong]) -> None:
    if not is_number(name) or len(name) > _NAME or "/" in name:
        wrongs = [Wrong("id", "wrong_number"), *wrongs]
    if wrongs:
        raise Refused(wrongs)
