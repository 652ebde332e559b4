"""The kinds of destinations are data, from which lists and forms are made."""

import pytest

from services.dossier.domain.identity import Address
from tests.unit.dossier.conftest import House

BASE = {
    "organisation": (3, "ToBC"),
    "person": (3, "ToBC"),
    "employee": (2, "ToEm"),
    "sales_relation": (4, "ToSR"),
    "purchase_relation": (11, "ToPR"),
    "income_tax_client": (8, "ToCl"),
    "corporate_tax_client": (9, "ToCV"),
    "vat_client": (66, "ToOb"),
    "employer": (10, "ToEr"),
    "applicant": (17, "ToAp"),
}


@pytest.mark.parametrize(("language", "name"), [("nl", "verkooprelatie"), ("en", "sales relation")])
async def test_every_base_kind_is_there_with_its_names_and_its_numbers_in_knsubject(
    house: House, language: str, name: str
) -> None:
    """FR-24, FR-76, A2."""
    answer = (await house.ask("GET", "/destination-kinds", language=language)).json()

    kinds = {kind["id"]: kind for kind in answer["items"]}
    assert {code: (kinds[code]["knsubject"]["SfTp"], kinds[code]["knsubject"]["flag"]) for code in BASE} == BASE
    assert kinds["sales_relation"]["name"] == name
    assert kinds["contact_person"]["number_space"] == kinds["organisation"]["number_space"] == "relation"


async def test_a_kind_has_sub_destinations_by_their_names_in_knsubject(house: House) -> None:
    """A2."""
    answer = (await house.ask("GET", "/destination-kinds")).json()

    kinds = {kind["id"]: set(kind["sub_destinations"]) for kind in answer["items"]}
    fields = {kind["id"]: kind["knsubject"] for kind in answer["sub_destinations"]}
    assert fields["sales_invoice"] == ["SiUn", "SiTp", "SiId"]
    assert {"sales_invoice", "project"} <= kinds["sales_relation"]
    assert "sales_invoice" not in kinds["employee"]
    assert set().union(*kinds.values()) == set(fields)


@pytest.mark.parametrize(
    "kind", ["organisation", "person", "contact_person", "employee", "sales_relation", "applicant"]
)
async def test_an_item_is_recorded_at_a_destination_of_any_kind(house: House, kind: str) -> None:
    """FR-64, FR-72…76, A2."""
    contact_id = "5" if kind == "contact_person" else None
    path = f"/contacts/{kind}/7" + (f"?contact_id={contact_id}" if contact_id else "")
    await house.ask("PUT", path, {"name": "Anna"})
    destinations = [{"kind": kind, "number": "7", "contact_id": contact_id}]
    body = {"request_id": kind, "type": "note", "subject": "Gebeld", "destinations": destinations}

    answer = await house.ask("POST", "/dossier-items", body)

    assert answer.status_code == 202, answer.text
    listed = (await house.ask("GET", f"/contacts?kind={kind}&q=anna")).json()["items"]
    assert [Address(one["kind"], one["number"], one["contact_id"]) for one in listed] == [
        Address.of(kind, "7", contact_id)
    ]
