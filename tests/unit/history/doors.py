"""Doors of other services that answer as a test tells them to."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid5

from pydantic import BaseModel

from shared.contracts.asks import Remake, Resend, Resent, RolesWanted
from shared.messaging import NoAnswer, Refusal

A = TypeVar("A", bound=BaseModel)


class Silence:
    """Nobody answers."""

    async def ask(
        self, service: str, wish: str, question: BaseModel, answer: type[A], *, timeout: float | None = None
    ) -> A:
        msg = f"{service} does not answer"
        raise NoAnswer(msg)


class Relations:
    """A dossier that knows which destinations are of one organisation; all others stand alone."""

    def __init__(self, *roles: tuple[str, str]) -> None:
        self._roles = roles

    async def ask(
        self, service: str, wish: str, question: BaseModel, answer: type[A], *, timeout: float | None = None
    ) -> A:
        assert (service, wish) == ("dossier", "roles")
        assert isinstance(question, RolesWanted)
        own = (question.kind, question.number)
        roles = dict.fromkeys([own, *(self._roles if own in self._roles else ())])
        return answer.model_validate({"roles": [{"kind": kind, "number": number} for kind, number in roles]})


class Dossier:
    """A dossier that resends each row once per token, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Resend] = []
        self.remade: list[Remake] = []
        self.tried = 0
        self.refuses: Callable[[Any], str | None] = lambda _: None
        self.is_there = True
        self.pause = 0.0

    async def ask(
        self, service: str, wish: str, question: BaseModel, answer: type[A], *, timeout: float | None = None
    ) -> A:
        assert (service, wish) in {("dossier", "resend"), ("dossier", "remake")}
        assert isinstance(question, Resend if wish == "resend" else Remake)
        self.tried += 1
        await asyncio.sleep(self.pause)
        if not self.is_there:
            raise NoAnswer(service)
        if isinstance(question, Remake):
            self.remade.append(question)
        else:
            self.asked.append(question)
        code = self.refuses(question)
        if code:
            raise Refusal(code, "no")
        made: Any = Resent(
            processing_id=question.processing_id, mail_id=uuid5(question.processing_id, str(question.token)), ordinal=2
        )
        return answer.model_validate(made.model_dump())
