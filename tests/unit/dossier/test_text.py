"""What a text may be: addresses as the full check says, and numbers that no two contacts share."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from services.dossier.domain.text import is_email, is_number


def fully_checked(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


_LABEL = st.text("aZ09-_+.@é", max_size=8)
_TOP = st.sampled_from(["example", "nl", "test", "local", "arpa", "onion", "x", "c0", "EXAMPLE", "", "invalid"])


@given(st.builds("{}@{}.{}".format, _LABEL, _LABEL, _TOP) | st.from_regex(r"\A[a-z+._-]{1,70}@[a-z0-9.-]{1,70}\Z"))
def test_an_address_valid_at_first_sight_is_valid_by_the_full_check(address: str) -> None:
    assert is_email(address) == fully_checked(address)


@pytest.mark.parametrize(
    "address",
    [
        "anna@home.example",
        "anna.de-vries+news@mail.home.example",
        "a" * 64 + "@home.example",
        "a" * 65 + "@home.example",
        "a@" + "b" * 63 + ".example",
        "a@" + "b" * 64 + ".example",
        "a@" + "b" * 63 + "." + "b" * 63 + "." + "b" * 63 + "." + "b" * 50 + ".example",
        "anna@home.test",
        "anna@localhost",
        "anna@home",
        "anna@xn--caf-dma.example",
        "jürgen@bäckerei.example",
        '"anna b"@home.example',
        "anna@[127.0.0.1]",
        "anna@home.example\n",
        "Anna <anna@home.example>",
        "a@b.example, c@d.example",
        "anna..b@home.example",
        ".anna@home.example",
        "",
    ],
)
def test_addresses_are_judged_as_by_the_full_check(address: str) -> None:
    assert is_email(address) == fully_checked(address)


@pytest.mark.parametrize("number", ["1000744", "000256", "A-1", "é", "1 2", "1/2"])
def test_a_number_may_be_any_short_text(number: str) -> None:
    assert is_number(number)


@pytest.mark.parametrize("number", ["", " 1", "1 ", "1|2", "1#0", "1\n", "1\x002", "\u20281"])
def test_a_number_holds_nothing_that_parts_an_id(number: str) -> None:
    assert not is_number(number)
