"""Doors to ask at: `uitpost.ask.<service>.<wish>` by request and reply, answered with JSON or refused with a code."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from faststream.exceptions import FeatureNotSupportedException
from faststream.nats import NatsBroker, NatsMessage
from nats.errors import ConnectionClosedError, NoRespondersError
from pydantic import BaseModel, ValidationError

W = TypeVar("W", bound=BaseModel)
Answer = BaseModel | None


class Refusal(Exception):
    """The asked service says no: a code, and words for a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class NoAnswer(Exception):
    """Nobody answered in time: not known whether the wish was heard, so ask again."""


@dataclass
class Asked:
    """The doors at which a service is asked: one function per wish, which may raise `Refusal`."""

    service: str
    doors: dict[str, tuple[type[BaseModel], Callable[[Any], Awaitable[Answer]], int]] = field(default_factory=dict)

    def answers(
        self, wish: str, question: type[W], *, at_once: int = 1
    ) -> Callable[[Callable[[W], Awaitable[Answer]]], Callable[[W], Awaitable[Answer]]]:
        """Register the function that answers a wish, so many of them at once."""

        def register(answer: Callable[[W], Awaitable[Answer]]) -> Callable[[W], Awaitable[Answer]]:
            self.doors[wish] = (question, answer, at_once)
            return answer

        return register

    def open(self, broker: NatsBroker) -> None:
        """Subscribe each door at the broker; asks are shared out among the processes of the service."""
        for wish, (question, answer, at_once) in self.doors.items():
            broker.subscriber(
                f"uitpost.ask.{self.service}.{wish}",
                queue=self.service,
                decoder=_raw,
                max_workers=at_once,
                title=wish,
                description=_doc(answer),
            )(_door(question, answer))


class Asking:
    """Asks at the doors of other services."""

    def __init__(self, broker: NatsBroker, timeout: float = 5.0) -> None:
        self._broker = broker
        self._timeout = timeout

    async def ask(
        self, service: str, wish: str, question: BaseModel, answer: type[W], *, timeout: float | None = None
    ) -> W:
        """Return the answer; raise `Refusal` for a no, `NoAnswer` where none comes in time (seconds)."""
        try:
            reply = await self._broker.request(
                question.model_dump_json().encode(), f"uitpost.ask.{service}.{wish}", timeout=timeout or self._timeout
            )
        except (TimeoutError, NoRespondersError, ConnectionClosedError, FeatureNotSupportedException) as error:
            msg = f"{service} does not answer"
            raise NoAnswer(msg) from error
        said = orjson.loads(reply.body)
        if "refused" in said:
            raise Refusal(said["refused"], said["detail"])
        return answer.model_validate(said["answer"])


def _door(question: type[W], answer: Callable[[W], Awaitable[Answer]]) -> Callable[[NatsMessage], Awaitable[bytes]]:
    async def door(message: NatsMessage) -> bytes:
        try:
            asked = question.model_validate_json(message.body)
        except ValidationError as error:
            return orjson.dumps({"refused": "unreadable", "detail": str(error)})
        try:
            said = await answer(asked)
        except Refusal as refusal:
            return orjson.dumps({"refused": refusal.code, "detail": refusal.detail})
        return orjson.dumps({"answer": said.model_dump(mode="json") if said is not None else {}})

    return door


async def _raw(message: NatsMessage) -> bytes:
    return message.body


def _doc(function: Callable[..., object]) -> str | None:
    return function.__doc__
