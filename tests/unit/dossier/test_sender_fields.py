"""What sender name and address show after each happening: edit > field setting > selected sender > empty (§1.5)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dossier.domain.field_setting import NONE, Applied, applied
from services.dossier.domain.refusal import Refused
from services.dossier.domain.sender_fields import Edited, Happening, Reset, Selected, SenderField, after, differ

SETTING = Applied("Huis")
SALES = Selected("sales", "Verkoop")
INFO = Selected("info", "Info")


def shown(setting: Applied, *happenings: Happening) -> SenderField:
    """Return the field of a draft opened under this setting, after all that happened."""
    field = SenderField("sender_name", setting)
    for happening in happenings:
        field = after(field, happening)
    return field


@pytest.mark.parametrize(
    ("setting", "happenings", "value", "edited"),
    [
        pytest.param(NONE, [], "", False, id="row 1"),
        pytest.param(SETTING, [], "Huis", False, id="row 2"),
        pytest.param(NONE, [SALES], "Verkoop", False, id="row 3: first"),
        pytest.param(NONE, [SALES, INFO], "Info", False, id="row 3: again"),
        pytest.param(SETTING, [SALES], "Huis", False, id="row 4: first"),
        pytest.param(SETTING, [SALES, INFO], "Huis", False, id="row 4: again"),
        pytest.param(NONE, [Edited("Jan"), SALES], "Jan", True, id="row 5: first"),
        pytest.param(NONE, [SALES, Edited("Jan"), INFO], "Jan", True, id="row 5: again"),
        pytest.param(SETTING, [Edited("Jan"), SALES], "Jan", True, id="row 6: first"),
        pytest.param(SETTING, [SALES, Edited("Jan"), INFO], "Jan", True, id="row 6: again"),
        pytest.param(NONE, [SALES, Edited("Jan")], "Jan", True, id="row 7"),
        pytest.param(NONE, [Edited("Jan"), Edited("Piet")], "Piet", True, id="row 7: edited before"),
        pytest.param(SETTING, [SALES, Edited("Jan")], "Jan", True, id="row 8"),
        pytest.param(SETTING, [Edited("Jan"), Edited("Piet")], "Piet", True, id="row 8: edited before"),
        pytest.param(NONE, [SALES, Edited("")], "", True, id="clearing is an edit"),
        pytest.param(NONE, [SALES, Edited(""), INFO], "", True, id="what was cleared stays empty"),
        pytest.param(NONE, [SALES, Edited("Jan"), INFO, Reset()], "Info", False, id="reset: row 3 again"),
        pytest.param(SETTING, [SALES, Edited("Jan"), Reset()], "Huis", False, id="reset: row 4 again"),
        pytest.param(NONE, [Edited("Jan"), Reset()], "", False, id="reset: row 1 again"),
        pytest.param(NONE, [SALES, Selected(None, None)], "", False, id="nobody selected any more"),
    ],
)
def test_the_strongest_value_is_shown(setting: Applied, happenings: list[Happening], value: str, edited: bool) -> None:
    """FR-59…63, A8: rows 1–8 of the decision table, clearing and resetting."""
    field = shown(setting, *happenings)

    assert (field.value, field.origin == "operator") == (value, edited)


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        (Applied("Huis", changeable=False), "field_not_changeable"),
        (Applied("Huis", visible=False), "field_not_visible"),
        (Applied(None, changeable=False), "field_not_changeable"),
    ],
)
def test_a_field_that_may_not_be_changed_refuses_an_edit_and_stays(setting: Applied, code: str) -> None:
    """FR-60, FR-61, R-28: row 9 of the decision table."""
    field = shown(setting, SALES)

    with pytest.raises(Refused) as refused:
        after(field, Edited("Jan"))

    assert [(wrong.field, wrong.code) for wrong in refused.value.wrongs] == [("sender_name", code)]
    assert field.value == (setting.value or "Verkoop")


@pytest.mark.parametrize(
    ("administrator", "personal", "value"),
    [
        pytest.param({"preferred_value": "Huis"}, None, "Huis", id="a preferred value"),
        pytest.param({"preferred_value": ""}, None, "", id="an explicit empty one"),
        pytest.param({"mandatory": True}, None, "Verkoop", id="mandatory alone"),
        pytest.param({"visible": False}, None, "Verkoop", id="invisible alone"),
        pytest.param({"changeable": False}, None, "Verkoop", id="not changeable alone"),
        pytest.param(None, {"preferred_value": "Ik", "last_chosen": False}, "Ik", id="a personal preferred value"),
        pytest.param(None, {"last_chosen": True, "last_value": "Toen"}, "Toen", id="the last chosen value"),
        pytest.param(None, {"last_chosen": True, "last_value": ""}, "", id="which was empty"),
        pytest.param(None, {"last_chosen": True}, "Verkoop", id="no value chosen yet"),
        pytest.param({"mandatory": True}, {"preferred_value": "Ik", "last_chosen": False}, "Verkoop", id="shut out"),
        pytest.param(
            {"preferred_value": "Huis"}, {"preferred_value": "Ik", "last_chosen": False}, "Huis", id="shut out too"
        ),
    ],
)
def test_only_a_setting_that_supplies_a_value_takes_the_senders_place(
    administrator: dict[str, Any] | None, personal: dict[str, Any] | None, value: str
) -> None:
    """FR-61, A8, R-28: and an administrator's setting shuts a personal one out."""
    assert shown(applied(administrator, personal), SALES).value == value


values = st.sampled_from(["", "a", "b", "c"])
happenings = st.one_of(
    st.builds(Selected, st.sampled_from(["sales", "info"]), values),
    st.builds(Edited, values),
    st.just(Reset()),
)


@given(st.builds(Applied, st.none() | values), st.lists(happenings, max_size=12))
def test_whatever_happens_in_whatever_order_the_strongest_wins(setting: Applied, series: list[Happening]) -> None:
    """FR-59…63, A8: judged from the whole story at its end, not step by step."""
    since_reset = series[max((n + 1 for n, one in enumerate(series) if isinstance(one, Reset)), default=0) :]
    edits = [one.value for one in since_reset if isinstance(one, Edited)]
    senders = [one.value for one in series if isinstance(one, Selected)]
    expected = edits[-1:] or ([setting.value] if setting.value is not None else senders[-1:]) or [""]

    assert shown(setting, *series).value == expected[0]


@given(st.lists(st.tuples(st.sampled_from(["both", "name", "address"]), happenings), max_size=12))
def test_editing_one_field_freezes_that_field_only(series: list[tuple[str, Happening]]) -> None:
    """A8: what is done to one field never shows in the other; only a sender is selected for both."""
    told = [("both" if isinstance(one, Selected) else where, one) for where, one in series]

    with_both = {"name": SenderField("sender_name"), "address": SenderField("sender_address")}
    for where, one in told:
        for field in with_both if where == "both" else [where]:
            with_both[field] = after(with_both[field], one)

    for field, result in with_both.items():
        assert result.value == shown(NONE, *(one for where, one in told if where in (field, "both"))).value


@pytest.mark.parametrize(
    ("name", "address", "warned"),
    [
        pytest.param([SALES], [SALES], False, id="one sender"),
        pytest.param([SALES, Edited("Jan")], [SALES], False, id="edited under the same sender"),
        pytest.param([SALES, Edited("Jan"), INFO], [SALES, INFO], True, id="edited under the one before"),
        pytest.param([SALES, Edited("Jan"), INFO, Reset()], [SALES, INFO], False, id="reset"),
        pytest.param([Edited("Jan"), SALES], [SALES], False, id="typed before any was selected"),
        pytest.param([SALES, INFO], [SALES, Edited("a@b.example"), INFO], True, id="the address stayed"),
    ],
)
def test_name_and_address_of_different_senders_are_warned_of(
    name: list[Happening], address: list[Happening], warned: bool
) -> None:
    """A8: the check step warns."""
    assert differ(shown(NONE, *name), shown(NONE, *address)) is warned
