"""The API and the pages over HTTP, without NATS: who may ask, what is refused by name, and what a person sees."""

import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
from fastapi import FastAPI

from services import history as house
from services.history.adapters.tables import JobTables, NoticeTable, ProjectedTables, RecordTables
from services.history.application import History, Notices, Resending
from services.history.domain.status import Status
from services.history.web import routes
from shared.access import Access
from shared.blobs import MemoryBlobs
from shared.contracts.message import LayoutVersion, Recipient
from shared.pages import frame
from shared.store import Store
from tests.unit.history.doors import Silence
from tests.unit.history.printed import a_printing
from tests.unit.history.story import (
    at,
    deferred,
    excluded,
    failed,
    in_doubt,
    not_rendered,
    recorded,
    rendered,
    requested,
    resolved,
    row_id,
    sent,
    started,
    told,
)

LOCALES = Path(house.__file__).parent / "locales"
LETTER = LayoutVersion(layout_id="letter", version=2, sha256="ab" * 32)
NASTY = '<script>alert("x")</script>'


@pytest.fixture
def access(tmp_path: Path) -> Access:
    return Access(f"sqlite:///{tmp_path / 'access.db'}")


@pytest.fixture
async def client(file_store: Store, access: Access) -> AsyncIterator[httpx2.AsyncClient]:
    """A caller without credentials, of a history that knows eleven rows."""
    projected = ProjectedTables(file_store)
    people = [requested(row, attachment_layout=LETTER) for row in range(1, 10)]
    nasty = requested(10, recipient=Recipient(name=NASTY, email="x@bakery.example"))
    await projected.project("dossier", told([started(12), recorded(1), *people, nasty, excluded(11), requested(2, 2)]))
    await projected.project(
        "renderer", told([rendered(1).model_copy(update={"engines": {"typst": "0.15.2"}}), not_rendered(3)])
    )
    await projected.project(
        "mailer", told([sent(1), failed(2), deferred(4), in_doubt(5), in_doubt(6), resolved(6, "sent"), failed(2, 2)])
    )
    app = FastAPI()
    doors = Silence()
    history = History(RecordTables(file_store), doors, MemoryBlobs())
    for router in routes(
        history,
        Resending(JobTables(file_store), doors),
        Notices(NoticeTable(file_store)),
        a_printing(history, file_store, doors),
    ):
        app.include_router(router)
    frame(app, access)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as caller:
        yield caller


@pytest.fixture
async def reader(client: httpx2.AsyncClient, access: Access) -> httpx2.AsyncClient:
    client.headers["Authorization"] = f"Bearer {access.create_token('reader', {'read'})}"
    return client


@pytest.fixture
async def person(client: httpx2.AsyncClient, access: Access) -> httpx2.AsyncClient:
    """A person who came in by a login link."""
    await client.get("/login", params={"link": access.create_login_link()})
    client.headers["Accept"] = "text/html"
    return client


async def refused(caller: httpx2.AsyncClient, path: str, **query: Any) -> tuple[int, list[str]]:
    answer = await caller.get(path, params=query)
    return answer.status_code, [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0),
        ("limit", 501),
        ("limit", "many"),
        ("cursor", "x"),
        ("status", "gone"),
        ("run_id", "7"),
        ("from", "yesterday"),
        ("to", "2026-13-01"),
        ("q", "a" * 201),
        ("q", "a\0b"),
    ],
)
async def test_a_bad_value_is_refused_by_name(reader: httpx2.AsyncClient, name: str, value: object) -> None:
    assert await refused(reader, "/api/v1/processing", **{name: value}) == (422, [name])


async def test_a_row_has_what_was_promised(reader: httpx2.AsyncClient) -> None:
    answer = await reader.get("/api/v1/processing", params={"limit": 1})

    (row,) = answer.json()["items"]
    promised = "id item_id run_id kind number recipient_name recipient_address subject status attempts requested_at"
    assert {*promised.split(), "updated_at", "smtp_code", "smtp_text", "message_id", "resend_of"} <= row.keys()
    assert answer.json()["next"]


async def test_a_time_without_zone_is_utc(reader: httpx2.AsyncClient) -> None:
    naive = await reader.get("/api/v1/processing", params={"from": at(10).replace(tzinfo=None).isoformat()})

    assert [row["number"] for row in naive.json()["items"]] == ["11", "10"]


@pytest.mark.parametrize(
    "path", ["processing", "runs", "status", "dead-letters", f"processing/{row_id(1)}", f"runs/{row_id(1)}"]
)
async def test_nobody_looks_in_without_a_token(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(f"/api/v1/{path}")).status_code == 401


@pytest.mark.parametrize("path", ["resend", f"{row_id(5)}/resolve"])
async def test_a_reader_sends_nothing(reader: httpx2.AsyncClient, path: str) -> None:
    body = {"outcome": "sent"} if "resolve" in path else {"ids": [str(row_id(1))]}

    answer = await reader.post(f"/api/v1/processing/{path}", json=body, headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("body", "headers", "field"),
    [
        ({"ids": [str(row_id(1))]}, {}, "idempotency-key"),
        ({}, {"Idempotency-Key": "k"}, "ids"),
        ({"ids": [str(row_id(1))], "filter": {}}, {"Idempotency-Key": "k"}, "ids"),
        ({"ids": []}, {"Idempotency-Key": "k"}, "ids"),
        ({"ids": ["7"]}, {"Idempotency-Key": "k"}, "ids[0]"),
        ({"filter": {"colour": "red"}}, {"Idempotency-Key": "k"}, "filter.colour"),
        ({"ids": [str(row_id(1))], "address": "new"}, {"Idempotency-Key": "k"}, "address"),
        ({"ids": [str(row_id(1))], "reason": "a\0"}, {"Idempotency-Key": "k"}, "reason"),
    ],
)
async def test_a_wrong_wish_is_refused_by_name(
    client: httpx2.AsyncClient, access: Access, body: dict[str, Any], headers: dict[str, str], field: str
) -> None:
    client.headers["Authorization"] = f"Bearer {access.create_token('clerk', {'send'})}"

    answer = await client.post("/api/v1/processing/resend", json=body, headers=headers)

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


@pytest.mark.parametrize(
    ("spoken", "detail"), [("nl", "Deze verwerking is niet bekend."), ("en", "This processing is not known.")]
)
async def test_what_is_not_there_is_said_in_the_callers_language(
    reader: httpx2.AsyncClient, spoken: str, detail: str
) -> None:
    answer = await reader.get(f"/api/v1/processing/{row_id(99)}", headers={"Accept-Language": spoken})

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (404, "unknown_row", detail)


async def test_the_counters_add_up_to_what_was_asked(reader: httpx2.AsyncClient) -> None:
    """A14."""
    status = (await reader.get("/api/v1/status")).json()

    assert status["total"] == 12
    assert status["counts"]["queued"] == 1


async def test_a_stranger_is_asked_to_sign_in(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/verwerking", headers={"Accept": "text/html"})

    assert answer.status_code == 401
    assert "bakery" not in answer.text


async def test_the_first_page_leads_to_the_list(person: httpx2.AsyncClient) -> None:
    answer = await person.get("/?lang=nl")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/verwerking?lang=nl"


@pytest.mark.parametrize(("spoken", "words"), [("nl", "Verzenden mislukt"), ("en", "Sending failed")])
async def test_the_list_shows_each_row_with_its_status_in_words(
    person: httpx2.AsyncClient, spoken: str, words: str
) -> None:
    """FR-54, FR-99, FR-110."""
    answer = await person.get("/verwerking", params={"lang": spoken})

    assert f'<html lang="{spoken}">' in answer.text
    assert words in answer.text
    assert "550 5.1.1 no such user" in answer.text
    assert "anna1@bakery.example" in answer.text


@pytest.mark.parametrize("path", ["/verwerking", f"/verwerking/{row_id(10)}", f"/verwerking/{row_id(5)}"])
async def test_pages_hold_no_script_no_inline_style_and_nothing_unescaped(
    person: httpx2.AsyncClient, path: str
) -> None:
    text = (await person.get(path)).text

    assert "<script" not in text
    assert not re.search(r"\sstyle=|\son\w+=|javascript:", text)


async def test_a_row_says_which_layout_version_and_which_engine_made_it(person: httpx2.AsyncClient) -> None:
    """A24, R-13."""
    made, unmade = [await person.get(f"/verwerking/{row_id(row)}", params={"lang": "en"}) for row in (1, 11)]

    assert "<dt>Layout of the letter</dt><dd>letter, version 2</dd>" in made.text
    assert "<dt>Made with</dt><dd>typst 0.15.2</dd>" in made.text
    assert "Made with" not in unmade.text


async def test_the_pages_of_the_list_are_linked(person: httpx2.AsyncClient, file_store: Store) -> None:
    more = [requested(row) for row in range(20, 120)]
    await ProjectedTables(file_store).project("dossier", told([*more], after=50))
    seen: list[str] = []
    path: str | None = "/verwerking?q=bakery"
    while path:
        text = (await person.get(path)).text
        seen += re.findall(r"<span>(\S+@bakery\.example)</span>", text)
        older = re.search(r'<a class="btn sm" href="([^"]+)" rel="next">', text)
        path = older[1].replace("&amp;", "&") if older else None

    assert len(seen) == len(set(seen)) == 110


async def test_filters_of_the_list_narrow_it(person: httpx2.AsyncClient) -> None:
    failed_only = await person.get("/verwerking", params={"status": "render_failed", "van": "2026-03-02"})
    later = await person.get("/verwerking", params={"van": "2026-03-03"})
    wrong = await person.get("/verwerking", params={"tot": "soon"})

    assert "anna3@bakery.example" in failed_only.text
    assert "anna1@bakery.example" not in failed_only.text
    assert "bakery" not in later.text
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("row", "offered"),
    [(1, ["opnieuw"]), (2, ["opnieuw"]), (4, []), (5, ["afhandelen"]), (9, [])],
    ids=["sent", "failed", "deferred", "in doubt", "on its way"],
)
async def test_only_what_is_allowed_is_offered(person: httpx2.AsyncClient, row: int, offered: list[str]) -> None:
    text = (await person.get(f"/verwerking/{row_id(row)}")).text

    assert re.findall(r'action="/verwerking/[^"/]+/(\w+)"', text) == offered


async def test_a_silent_door_is_told_on_the_page(person: httpx2.AsyncClient) -> None:
    answer = await person.post(f"/verwerking/{row_id(5)}/afhandelen?lang=en", data={"outcome": "sent"})
    page = await person.get(answer.headers["Location"])

    assert answer.status_code == 303
    assert "gives no answer now" in page.text


async def test_a_wish_from_another_site_is_refused(person: httpx2.AsyncClient) -> None:
    answer = await person.post(
        f"/verwerking/{row_id(5)}/afhandelen", data={"outcome": "sent"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403


async def test_the_style_is_served_and_may_be_kept(person: httpx2.AsyncClient) -> None:
    href = re.search(r'<link rel="stylesheet" href="([^"]+)">', (await person.get("/verwerking")).text)
    assert href

    style = await person.get(href[1])

    assert style.headers["Content-Type"].startswith("text/css")
    assert "immutable" in style.headers["Cache-Control"]


def test_both_languages_have_words_for_the_same_things() -> None:
    dutch, english = (tomllib.loads((LOCALES / f"{name}.toml").read_text("utf-8")) for name in ("nl", "en"))

    assert {part: set(texts) for part, texts in dutch.items()} == {part: set(texts) for part, texts in english.items()}
    assert set(english["statuses"]) == set(get_args(Status))
