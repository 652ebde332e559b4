"""What the dossier tells of letters that are printed together: their layout as pinned, and values to sort by."""

from typing import Any
from uuid import UUID

import pytest

from services.dossier.domain.refusal import Refused
from shared.contracts.dossier import DossierItemRequested
from tests.unit.dossier.conftest import House, a_destination, a_request

LAYOUT = {
    "name": "Brief aan leden",
    "kind": "typst",
    "fields": [{"name": "city"}, {"name": "table"}],
    "sources": {"nl": {"typst": "Dag"}},
    "sort_by": "merge.city",
}
CITIES: list[Any] = ["Zwolle", 7, ["x"], True]


async def letters(house: House, **other: Any) -> UUID:
    """Have a run of letters recorded; return it."""
    await house.ask("PUT", "/layouts/members", LAYOUT)
    request = {
        "issue_method": "document",
        "body_text": None,
        "sender_id": None,
        "attachment_layout_id": "members",
        "record_separately": True,
        "destinations": [
            *(a_destination(str(n), merge={"city": city}) for n, city in enumerate(CITIES)),
            a_destination("99"),
        ],
        **other,
    }
    answer = await house.ask("POST", "/dossier-items", a_request(**request))
    assert answer.status_code == 202, answer.text
    await house.record_all()
    return UUID(answer.json()["run_id"])


async def test_letters_are_printed_by_the_version_of_the_layout_they_were_made_with(house: House) -> None:
    """R-14, A24: a later name and sort order are of later letters."""
    run_id = await letters(house)
    await house.ask("PUT", "/layouts/members", LAYOUT | {"name": "Anders", "sort_by": None})

    found = await house.dossier.printing.of(run_id)

    assert (found.layout_name, found.sort_by) == ("Brief aan leden", "merge.city")
    assert found.sortable == ("recipient.name", "merge.city", "merge.table")


async def test_rows_have_values_to_be_sorted_by_numbers_and_texts_alone(house: House) -> None:
    """R-14."""
    await letters(house)
    rows = [message.processing_id for message in await house.told(DossierItemRequested)]

    found = await house.dossier.printing.values("city", [*rows, UUID(int=1)])

    assert found.values == ("Zwolle", 7, None, None, None, None)


async def test_a_mailing_without_letters_has_nothing_to_print(house: House) -> None:
    answer = await house.ask("POST", "/dossier-items", a_request())
    for run_id, code in ((UUID(answer.json()["run_id"]), "not_letters"), (UUID(int=1), "unknown_run")):
        with pytest.raises(Refused) as refused:
            await house.dossier.printing.of(run_id)
        assert refused.value.code == code
