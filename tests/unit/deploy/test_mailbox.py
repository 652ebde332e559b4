"""The test mailbox keeps what it is sent, and its misbehaving recipients lead to the verdicts they are there to show."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy import mailbox
from deploy.mailbox import Mailbox
from services.mailer.adapters.smtp import MailServer, Reply, connect

MAIL = b"Subject: =?utf-8?b?w6nDqW4=?=\r\n\r\n.a dot first\r\n..and two\r\nlast\r\n"


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with Mailbox(folder=tmp_path / "mailbox") as box:
        yield box


async def send(box: Mailbox, *recipients: str) -> list[Reply]:
    connection = await connect(MailServer("127.0.0.1", box.port, "none"))
    replies = [await connection.send("sales@sender.example", recipient, MAIL) for recipient in recipients]
    await connection.quit()
    return replies


def kept(box: Mailbox) -> list[str]:
    return sorted(file.name for file in box.folder.glob("*.eml"))


async def test_a_mail_is_kept_byte_for_byte_and_listed(box: Mailbox) -> None:
    (reply,) = await send(box, "anna@bakery.example")

    assert (reply.verdict, reply.queue_id) == ("accepted", "000001")
    assert (box.folder / "000001-anna@bakery.example.eml").read_bytes() == MAIL
    (line,) = (box.folder / "index.txt").read_text("utf-8").splitlines()
    assert line.split("  ")[1:] == [
        "000001-anna@bakery.example.eml",
        "from sales@sender.example",
        "to anna@bakery.example",
        "één",
    ]


async def test_many_mails_are_kept_in_the_order_they_came(box: Mailbox) -> None:
    await send(box, "b@there.example", "a@there.example")

    assert kept(box) == ["000001-b@there.example.eml", "000002-a@there.example.eml"]


async def test_a_mailbox_opened_again_goes_on_counting(tmp_path: Path) -> None:
    for _ in range(2):
        async with Mailbox(folder=tmp_path) as box:
            await send(box, "a@there.example")

    assert kept(box) == ["000001-a@there.example.eml", "000002-a@there.example.eml"]


async def test_a_rejected_recipient_fails_for_good(box: Mailbox) -> None:
    (reply,) = await send(box, "reject.tom@there.example")

    assert (reply.verdict, reply.code, reply.enhanced_code, reply.scope) == ("permanent", 550, "5.1.1", "mail")
    assert kept(box) == []


async def test_a_later_recipient_is_put_off_once_and_then_accepted(box: Mailbox) -> None:
    first, again, other = await send(box, "later@there.example", "later@there.example", "later2@there.example")

    assert (first.verdict, first.code, first.scope) == ("transient", 451, "recipient_domain")
    assert again.verdict == "accepted"
    assert other.verdict == "transient"


async def test_a_slow_recipient_is_accepted_after_a_while(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(mailbox, "_wait", wait)

    (reply,) = await send(box, "slow@there.example")

    assert reply.verdict == "accepted"
    assert waited == [3.0]


async def test_a_dropped_mail_is_kept_and_leaves_its_sender_in_doubt(box: Mailbox) -> None:
    (reply,) = await send(box, "drop@there.example")

    assert (reply.verdict, reply.phase, reply.reason) == ("in_doubt", "dot", "reply_lost")
    assert kept(box) == ["000001-drop@there.example.eml"]


async def test_an_address_cannot_leave_the_folder(box: Mailbox) -> None:
    (reply,) = await send(box, "../../x@there.example")

    assert reply.verdict == "accepted"
    assert kept(box) == ["000001-.._.._x@there.example.eml"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_it_listens_on_this_machine_alone(host: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Mailbox(host, folder=tmp_path)
