"""People who are known before something is measured: entered as a list, as an operator enters them."""

import asyncio

import httpx2


async def know(http: httpx2.AsyncClient, number: int) -> None:
    """Have so many contacts entered."""
    lines = ["kind,number,name,email,language,consent", *(_contact(n) for n in range(number))]
    said = (await http.post("/api/v1/contacts/import", content="\n".join(lines).encode())).json()
    while said.get("state") == "waiting":
        await asyncio.sleep(0.1)
        said = (await http.get(f"/api/v1/contacts/imports/{said['import_id']}")).json()
    if said.get("recorded") != number:
        raise SystemExit(str(said))


def _contact(n: int) -> str:
    return f"person,{100_000 + n},Anna {n} van der Merwe-Jørgensen,anna{n}@home{n % 50}.example,en,granted"
