"""An AFAS client of a dossier: it carries its token as AFAS has it, and writes bodies as AFAS clients do."""

from typing import Any

import orjson
from httpx2 import ASGITransport, AsyncClient, Response

from services.dossier.application.contacts import Stated
from services.dossier.domain.identity import Address
from services.dossier.domain.item_type import ItemTypeFacts
from shared.access import Scope, afas_form
from tests.unit.dossier.conftest import HOST, House

PATH = "/connectors/KnSubject"
MEMO = 15  # the code of a type that takes everything


class Client:
    """A client with a token of its own."""

    def __init__(self, house: House, name: str = "profit", scope: Scope = "send") -> None:
        self.house = house
        self.token = house.access.create_token(name, {scope}, in_hex=True)

    async def ask(self, method: str, path: str, body: Any = None, language: str = "en-us", **headers: str) -> Response:
        """Ask, without a word on what the content is."""
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = {"Authorization": f"AfasToken {afas_form(self.token)}", "Accept-Language": language} | headers
        async with AsyncClient(transport=ASGITransport(self.house.app), base_url=HOST) as client:
            return await client.request(method, f"/ProfitRestServices{path}", content=content, headers=sent)

    async def record(self, body: Any = None, **headers: str) -> str:
        """Record an item and return its number."""
        return await self.done("POST", PATH, body or a_subject(), **headers)

    async def done(self, method: str, path: str, body: Any, **headers: str) -> str:
        """Have something done and return the number of its item."""
        answer = await self.ask(method, path, body, **headers)
        assert answer.status_code == 201, answer.text
        [(_, said)] = answer.json()["results"].items()
        number: str = said["SbId"]
        return number

    async def refused(self, method: str, path: str, body: Any, language: str = "en-us") -> dict[str, Any]:
        """Ask for what must be refused; return the answer, after seeing that nothing was recorded."""
        before = len(await self.house.told())
        answer = await self.ask(method, path, body, language)
        assert answer.status_code == 500, answer.text
        assert len(await self.house.told()) == before
        said: dict[str, Any] = answer.json()
        assert said.keys() == {"externalMessage", "errorNumber", "profitLogReference"}
        return said


async def furnish(house: House) -> None:
    """Have the contacts and types that the examples name."""
    await house.dossier.workflows.record_supplied()
    put = house.dossier.item_types.put
    await put("memo", ItemTypeFacts.model_validate({"name": {"nl": "Memo"}, "code": MEMO, "features": FEATURES}))
    bare = {"name": {"nl": "Kaal"}, "code": 16, "link_file": False, "fields": {"priority": "off", "comment": "off"}}
    only = {"name": {"nl": "Personeel"}, "code": 17, "destinations": {"employee": "mandatory"}}
    flow = {"name": {"nl": "Post"}, "code": 18, "workflow_id": "handle"}
    for name, facts in (("bare", bare), ("staff", only), ("flow", flow)):
        await put(name, ItemTypeFacts.model_validate(facts))
    stated = [Stated(Address(*address), {"name": " ".join(address[:2])}) for address in CONTACTS]
    stated.append(Stated(Address("purchase_relation", "50013"), {"organisation": "1000744"}))
    await house.dossier.contacts.enter(stated)


FEATURES = {
    "use": True,
    "feature_1": {"name": {"nl": "Product"}, "values": [{"id": n, "name": {"nl": f"p{n}"}} for n in (1, 2)]},
    "feature_2": {"name": {"nl": "Aard"}},
    "feature_3": {"name": {"nl": "Bron"}},
    "combinations": [{"id": 12, "feature_value_1": 1, "feature_value_2": 4}],
}
CONTACTS: list[tuple[str, str, str | None]] = [
    ("organisation", "1000744", None),
    ("organisation", "1000744", "1005"),
    ("person", "1000585", None),
    ("employee", "000256", None),
    ("sales_relation", "10001", None),
    ("income_tax_client", "81", None),
    ("corporate_tax_client", "82", None),
    ("vat_client", "83", None),
    ("employer", "1", None),
    ("applicant", "000256", None),
]


def a_subject(objects: Any = None, **fields: Any) -> dict[str, Any]:
    """Return the body of an item, without a destination unless there is a link in `objects`."""
    element: dict[str, Any] = {"Fields": {"StId": MEMO, "Ds": "Gebeld over de oven", **fields}}
    if objects is not None:
        element["Objects"] = objects
    return {"KnSubject": {"Element": element}}


def a_link(**fields: Any) -> dict[str, Any]:
    """Return the object of one link."""
    return {"KnSubjectLink": {"Element": {"Fields": fields}}}


def an_update(number: str, objects: Any = None, **fields: Any) -> dict[str, Any]:
    """Return the body that changes an item."""
    body = {"@SbId": number, "Fields": fields} | ({"Objects": objects} if objects is not None else {})
    return {"KnSubject": {"Element": body}}
