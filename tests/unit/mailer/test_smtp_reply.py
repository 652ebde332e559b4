"""A server's words are read as the servers in use write them."""

import pytest

from services.mailer.domain.reply import Answer, judge, queue_id_in


@pytest.mark.parametrize(
    ("text", "queue_id"),
    [
        ("2.0.0 Ok: queued as 4XyZ12AbCd", "4XyZ12AbCd"),
        ("Ok: queued as 9F3C2A0", "9F3C2A0"),
        ("Message queued as <77-abc>", "77-abc"),
        ("OK id=1rVxyz-0003Ab-2c", "1rVxyz-0003Ab-2c"),
        (
            "2.6.0 <m@sender.example> [InternalId=1234567, Hostname=mx.there.example] Queued mail for delivery",
            "1234567",
        ),
        ("2.0.0 48BCd1 Message accepted for delivery", "48BCd1"),
        ("2.0.0 OK  1700000000 a1-20020a05 - gsmtp", "a1-20020a05"),
        ("Ok 0100018c2f3e-7d9a-000000", "0100018c2f3e-7d9a-000000"),
        ("Message Queued (9E5C-11.1)", "9E5C-11.1"),
        ("2.0.0 Ok", None),
        ("2.0.0 Message accepted for delivery", None),
        ("thanks", None),
        ("", None),
    ],
)
def test_a_queue_id_is_found_where_servers_put_it(text: str, queue_id: str | None) -> None:
    assert queue_id_in(text) == queue_id


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        ("5.1.1 no such mailbox", "5.1.1"),
        ("5.7.500 blocked", "5.7.500"),
        ("5.1.1", "5.1.1"),
        ("5.1.1.9 an address", None),
        ("no such 5.1.1 mailbox", None),
        ("3.1.1 what", None),
    ],
)
def test_an_enhanced_code_is_read_where_it_must_stand(text: str, enhanced: str | None) -> None:
    assert judge("RCPT", Answer(550, text), "envelope").enhanced_code == enhanced


def test_a_reply_to_a_mail_that_was_not_accepted_names_no_queue() -> None:
    assert judge("dot", Answer(451, "4.3.0 Ok: queued as 4XyZ12"), "done").queue_id is None


@pytest.mark.parametrize(
    ("said", "enhanced", "words"),
    [
        ("5.1.1 no such mailbox", "5.1.1", "no such mailbox"),
        ("5.7.1 blocked,\n5.7.1 see our page", "5.7.1", "blocked,\nsee our page"),
        ("no such mailbox 5.1.1", None, "no such mailbox 5.1.1"),
        ("5.1.1", "5.1.1", ""),
    ],
)
def test_the_enhanced_code_is_taken_out_of_the_words(said: str, enhanced: str | None, words: str) -> None:
    reply = judge("RCPT", Answer(550, said), "envelope")

    assert (reply.enhanced_code, reply.text) == (enhanced, words)
