"""`uitpost field-setting` and `uitpost mail-server`: what is set up for everyone, from the command line."""

import pytest

from tests.unit.deploy.stand_in import StandIn
from tests.unit.deploy.test_cli import Uitpost, api, uitpost

__all__ = ["api", "uitpost"]


def test_a_field_is_set_for_everyone_or_for_oneself_and_cleared(uitpost: Uitpost, api: StandIn) -> None:
    """FR-60, R-28."""
    everyones, own = "/field-settings/sender_name", "/me/field-settings/sender_name"
    for place in (everyones, own):
        api.answer(f"PUT {place}", {"id": "sender_name", "preferred_value": "Huis"})
        api.answer(f"DELETE {place}", None, status=204)

    ended = [
        uitpost("field-setting", "set", "sender_name", "--value", "Huis", "--locked"),
        uitpost("field-setting", "set", "sender_name", "--own", "--last-chosen"),
        uitpost("field-setting", "clear", "sender_name"),
        uitpost("field-setting", "clear", "sender_name", "--own"),
    ]

    assert [one.code for one in ended] == [0, 0, 0, 0]
    assert ended[0].out == "id\tsender_name\npreferred_value\tHuis\n"
    assert api.bodies(f"PUT {everyones}") == [
        {"preferred_value": "Huis", "mandatory": False, "visible": True, "changeable": False}
    ]
    assert api.bodies(f"PUT {own}") == [{"last_chosen": True}]
    assert [name for name, *_ in api.asked[-2:]] == [f"DELETE {everyones}", f"DELETE {own}"]


@pytest.mark.parametrize("said", [["--own", "--locked"], ["--last-chosen"]])
def test_what_is_of_everyone_and_what_is_of_one_are_not_mixed(uitpost: Uitpost, api: StandIn, said: list[str]) -> None:
    assert uitpost("field-setting", "set", "subject", *said).code == 2
    assert api.asked == []


def test_what_is_set_of_fields_is_listed(uitpost: Uitpost, api: StandIn) -> None:
    facts = {"preferred_value": None, "mandatory": True, "visible": True, "changeable": True, "is_set": True}
    api.answer("GET /field-settings", {"items": [{"id": "subject", **facts}]})

    assert uitpost("field-setting", "list").out == "subject\t\tyes\tyes\tyes\tyes\n"


def test_a_mail_server_is_set_up_shown_and_taken_away(uitpost: Uitpost, api: StandIn) -> None:
    """FR-107, R-4, R-7."""
    server = {"id": "default", "host": "relay.example", "port": 587, "security": "starttls", "user": None}
    api.answer("PUT /mail-servers/default", server)
    api.answer("GET /mail-servers", {"items": [server], "next": None})
    api.answer("GET /mail-servers/default", server)
    api.answer("DELETE /mail-servers/default", None, status=204)

    put = uitpost("mail-server", "set", "default", "--host", "relay.example", "--max-per-minute", "30")
    listed, shown = uitpost("mail-server", "list"), uitpost("mail-server", "show", "default")
    removed = uitpost("mail-server", "remove", "default")

    assert [one.code for one in (put, listed, shown, removed)] == [0, 0, 0, 0]
    assert api.bodies("PUT /mail-servers/default") == [
        {"host": "relay.example", "port": 587, "security": "starttls", "max_per_minute": 30}
    ]
    assert listed.out == "default\trelay.example\t587\tstarttls\t\t\n"
    assert shown.out == put.out
    assert removed.out == ""
