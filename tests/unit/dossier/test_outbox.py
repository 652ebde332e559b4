"""What the dossier tells agrees with the contracts, and the doors agree with what OpenAPI says of them."""

from datetime import UTC, datetime
from typing import Any

import orjson

from services.dossier.domain.identity import run_id_of
from services.dossier.outbox import told
from shared.contracts import dossier, every_kind
from tests.unit.dossier.afas import PATH, Client, furnish
from tests.unit.dossier.conftest import House, a_destination, a_request


async def test_every_contract_of_the_dossier_is_told(house: House) -> None:
    people = [a_destination("1"), a_destination("2", recipient={"name": "Anna"})]
    request = a_request(destinations=people, consent_attested=True)
    await house.ask("POST", "/dossier-items", request)
    await house.record_all()
    for number, body in enumerate((b"", orjson.dumps(request))):
        await house.dossier.upstream.dossier_item(body, datetime.now(UTC), number)
    await house.dossier.workflows.record_supplied()
    await house.ask("POST", "/dossier-items/preview", a_request(send=True))
    for word in ("pause", "resume", "cancel"):
        await house.ask("POST", f"/runs/{run_id_of('crm-1')}/{word}")
    (item, *_) = await house.told(dossier.DossierItemRecorded)
    await house.ask("PATCH", f"/dossier-items/{item.item_id}", {"priority": "high"})
    await house.ask("POST", f"/dossier-items/{item.item_id}/responses", {"text": "Gebeld."})
    client = Client(house)
    await furnish(house)
    await client.ask("DELETE", f"{PATH}/KnSubject/@SbId/{await client.record()}")
    await house.ask("DELETE", "/mail-servers/default")

    kinds = {kind for kind in every_kind() if kind.__module__ == dossier.__name__}

    assert {type(message) for message in await house.told()} == kinds


def test_what_has_no_contract_stays_private() -> None:
    assert told(object()) is None


async def test_what_openapi_points_at_is_there(house: House) -> None:
    document = house.app.openapi()

    pointers = set(refs(document))

    assert any("requestBody" in pointer for pointer in pointers)
    for pointer in pointers:
        place: Any = document
        for step in pointer.removeprefix("#/").split("/"):
            place = place[step.replace("~1", "/").replace("%7B", "{").replace("%7D", "}").replace("%24", "$")]


def refs(value: Any) -> list[str]:
    """Return every pointer of a JSON document."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [pointer for part in value.values() for pointer in refs(part)]
    return [pointer for part in value for pointer in refs(part)] if isinstance(value, list) else []
