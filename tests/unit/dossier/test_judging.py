"""What a request comes to before it is accepted: all that is wrong, who gets no mail, and nothing recorded."""

from typing import Any

from services.dossier.application.judging import AT_ONCE, Judged
from services.dossier.domain.addressees import Addressees
from services.dossier.domain.intake import read
from tests.unit.dossier.conftest import House, a_destination, a_request


async def judged(house: House, **request: Any) -> tuple[Judged, list[Addressees]]:
    """Have a request judged; return what it comes to, and its addressees as they were handed over."""
    bunches: list[Addressees] = []

    async def hand_over(_: Judged, addressees: Addressees) -> None:
        bunches.append(addressees)

    return await house.dossier.judging.judge(read(a_request(**request)), hand_over), bunches


async def test_a_judged_request_is_counted_by_reason_and_nothing_of_it_is_recorded(house: House) -> None:
    await house.ask("PUT", "/contacts/person/1", {"name": "Zonder"})
    await house.ask("PUT", "/contacts/person/2", {"email": "b@home.example", "consent": "denied"})
    await house.ask("PUT", "/contacts/person/3", {"email": "c@home.example"})
    people = [{"kind": "person", "number": str(number)} for number in (1, 2, 3)]
    before = len(await house.told())

    request, [addressees] = await judged(house, destinations=people)

    assert [wrong.code for wrong in request.wrongs] == ["consent_not_attested"]
    assert request.tally.excluded == {("no_address", "missing"): 1, ("no_consent", "denied"): 1}
    assert [row.exclusion for row in addressees.rows] == [("no_address", "missing"), ("no_consent", "denied"), None]
    assert addressees.unknown_consent == [2]
    assert len(await house.told()) == before
    assert len(house.blobs._kept) == len(await house.tables.set_up("layout"))


async def test_many_destinations_are_judged_bunch_by_bunch_under_their_own_numbers(house: House) -> None:
    people = [a_destination(str(number)) for number in range(AT_ONCE)]
    unknown = {"kind": "person", "number": "stranger"}

    request, bunches = await judged(house, destinations=[*people, unknown], sender_id="nobody")

    assert [(bunch.first, len(bunch.rows)) for bunch in bunches] == [(0, AT_ONCE), (AT_ONCE, 1)]
    assert {(wrong.field, wrong.code) for wrong in request.wrongs} >= {
        ("sender_id", "unknown_sender"),
        (f"destinations[{AT_ONCE}]", "unknown_contact"),
    }
    assert request.tally.destinations == AT_ONCE + 1
