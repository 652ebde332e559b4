"""A wish asked of another service is answered, refused, or known to be unanswered."""

import asyncio
from uuid import UUID, uuid4

import pytest

from shared.contracts.asks import MayResend, ResendAnswer
from shared.messaging import Asked, Asking, NoAnswer, Refusal
from tests.nats import Nats

MAIL = UUID("0f4e7f3e-6f0a-4f43-9d53-7d2f3f4a9b10")


@pytest.fixture
async def asking(nats: Nats) -> Asking:
    connection = await nats.connect("dossier")
    await connection.start()
    return Asking(connection.broker, timeout=30)


async def answering(nats: Nats, state: str = "free") -> list[MayResend]:
    """Have a mailer answer at its door; return what it is asked."""
    asked_of: list[MayResend] = []
    asked = Asked("mailer")

    @asked.answers("may-resend", MayResend)
    async def may_resend(question: MayResend) -> ResendAnswer:
        """Say whether a mail may be made again."""
        asked_of.append(question)
        if question.mail_id != MAIL:
            raise Refusal("unknown_mail", "no such mail was ever heard of")
        if state == "broken":
            raise LookupError("a fault of our own")
        return ResendAnswer(state="free")

    connection = await nats.connect("mailer")
    asked.open(connection.broker)
    await connection.start()
    return asked_of


async def test_a_question_is_answered(nats: Nats, asking: Asking) -> None:
    asked_of = await answering(nats)

    answer = await asking.ask("mailer", "may-resend", MayResend(mail_id=MAIL), ResendAnswer)

    assert answer == ResendAnswer(state="free")
    assert asked_of == [MayResend(mail_id=MAIL)]


async def test_a_no_comes_with_its_code_and_its_words(nats: Nats, asking: Asking) -> None:
    await answering(nats)

    with pytest.raises(Refusal, match="ever heard of") as refused:
        await asking.ask("mailer", "may-resend", MayResend(mail_id=uuid4()), ResendAnswer)

    assert refused.value.code == "unknown_mail"


async def test_a_question_that_cannot_be_read_is_refused(nats: Nats, asking: Asking) -> None:
    await answering(nats)

    with pytest.raises(Refusal) as refused:
        await asking.ask("mailer", "may-resend", ResendAnswer(state="free"), ResendAnswer)

    assert refused.value.code == "unreadable"


async def test_nobody_at_the_door_is_no_answer_at_once(asking: Asking) -> None:
    with pytest.raises(NoAnswer):
        await asking.ask("mailer", "may-resend", MayResend(mail_id=MAIL), ResendAnswer)


async def test_a_door_that_breaks_is_no_answer_and_stays_open(nats: Nats, asking: Asking) -> None:
    asked_of = await answering(nats, "broken")

    with pytest.raises(NoAnswer):
        await impatient(asking).ask("mailer", "may-resend", MayResend(mail_id=MAIL), ResendAnswer)
    with pytest.raises(Refusal):
        await asking.ask("mailer", "may-resend", MayResend(mail_id=uuid4()), ResendAnswer)

    assert len(asked_of) == 2


async def test_no_server_is_no_answer(nats: Nats, asking: Asking) -> None:
    await nats.kill()

    with pytest.raises(NoAnswer):
        await impatient(asking).ask("mailer", "may-resend", MayResend(mail_id=MAIL), ResendAnswer)


def impatient(asking: Asking) -> Asking:
    return Asking(asking._broker, timeout=0.5)


async def test_processes_of_a_service_share_what_they_are_asked(nats: Nats, asking: Asking) -> None:
    first, second = await answering(nats), await answering(nats)

    await asyncio.gather(
        *(asking.ask("mailer", "may-resend", MayResend(mail_id=MAIL), ResendAnswer) for _ in range(60))
    )

    assert len(first) + len(second) == 60
    assert first
    assert second
