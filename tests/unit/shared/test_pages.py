"""The HTTP frame: who is let in, from where, in which language, and how an error is said."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException, Response
from pydantic import BaseModel, ConfigDict
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from shared.access import Access, Caller, Scope
from shared.pages import FieldError, Problem, administers, frame, reads, sends, texts

HOST = "http://127.0.0.1:8420"


class Recipient(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject: str
    recipients: list[Recipient] = []


def an_application() -> FastAPI:
    app = FastAPI()

    @app.get("/read")
    async def read(caller: Annotated[Caller, Depends(reads)]) -> str:
        return f"{caller.kind} {caller.name}"

    @app.post("/send")
    async def send(item: Item, _: Annotated[Caller, Depends(sends)]) -> str:
        return item.subject

    @app.post("/administer")
    async def administer(_: Annotated[Caller, Depends(administers)]) -> str:
        return "done"

    @app.get("/open")
    async def open_to_all(limit: int = 50) -> int:
        return limit

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.get("/stored-mail")
    async def stored_mail() -> Response:
        return Response("<p>", headers={"Content-Security-Policy": "sandbox"})

    @app.get("/reused")
    async def reused() -> None:
        errors = [FieldError("request_id", "reused", "<used> before")]
        raise Problem(409, "request_id_reused", "This request_id stands for something else.", errors=errors)

    @app.get("/limit")
    async def limit() -> None:
        raise HTTPException(429, "At most three a minute.", headers={"Retry-After": "20"})

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a secret detail")

    return app


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    with closing(Access(f"sqlite:///{tmp_path}/access.db")) as access:
        yield access


@pytest.fixture
def client(access: Access) -> Iterator[TestClient]:
    app = an_application()
    frame(app, access, hosts={"post.bakery.example"})
    with TestClient(app, base_url=HOST, follow_redirects=False) as client:
        yield client


def bearer(access: Access, *scopes: Scope) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.create_token('crm', scopes)}"}


@pytest.fixture
def signed_in(client: TestClient, access: Access) -> TestClient:
    client.get("/login", params={"link": access.create_login_link()})
    return client


def problem_of(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == answer.status_code
    assert said["type"] == f"urn:uitpost:problem:{said['code']}"
    return said


def test_who_brings_nothing_is_asked_to_sign_in(client: TestClient) -> None:
    answer = client.get("/read")

    assert (answer.status_code, problem_of(answer)["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_lets_in(client: TestClient, access: Access) -> None:
    answer = client.get("/read", headers=bearer(access, "read"))

    assert answer.json() == "token crm"


def test_an_unknown_token_does_not_even_with_a_session(signed_in: TestClient) -> None:
    answer = signed_in.get("/read", headers={"Authorization": "Bearer uitpost_unknown"})

    assert (answer.status_code, problem_of(answer)["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("read", "/send", 403),
        ("read", "/administer", 403),
        ("send", "/send", 200),
        ("send", "/administer", 403),
        ("admin", "/send", 200),
        ("admin", "/administer", 200),
    ],
)
def test_a_door_asks_for_its_scope(client: TestClient, access: Access, scope: Scope, path: str, status: int) -> None:
    answer = client.post(path, json={"subject": "x"}, headers=bearer(access, scope))

    assert answer.status_code == status


def test_too_little_scope_is_named(client: TestClient, access: Access) -> None:
    answer = client.post("/administer", headers=bearer(access, "send"))

    assert problem_of(answer)["code"] == "scope_missing"
    assert "“admin”" in problem_of(answer)["detail"]


@pytest.mark.parametrize("path", ["/login", "/aanmelden"])
def test_a_login_link_becomes_a_session(client: TestClient, access: Access, path: str) -> None:
    answer = client.get(path, params={"link": access.create_login_link()})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("uitpost_session=")
    assert {"httponly", "samesite=lax", "path=/", "max-age=1209600"} <= set(cookie.split("; "))
    assert "secure" not in cookie
    assert client.get("/read").json() == "session administrator"


def test_a_session_cookie_over_tls_stays_there(client: TestClient, access: Access) -> None:
    answer = client.get("https://127.0.0.1:8420/login", params={"link": access.create_login_link()})

    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_a_used_login_link_is_refused(client: TestClient, access: Access) -> None:
    link = access.create_login_link()
    client.get("/login", params={"link": link})
    client.cookies.clear()

    answer = client.get("/login", params={"link": link})

    assert (answer.status_code, problem_of(answer)["code"]) == (403, "login_link_invalid")
    assert client.get("/login").status_code == 403
    assert "set-cookie" not in answer.headers


def test_who_signs_out_is_out(signed_in: TestClient) -> None:
    session = signed_in.cookies["uitpost_session"]

    left = signed_in.post("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    forgotten = "uitpost_session" not in signed_in.cookies
    with_old_cookie = signed_in.get("/read", headers={"Cookie": f"uitpost_session={session}"})

    assert left.status_code == 303
    assert forgotten
    assert with_old_cookie.status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": HOST}, 403),
        ({"Origin": HOST}, 200),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example", "Authorization": "Basic YTpi"}, 403),
        ({}, 200),
    ],
)
def test_another_site_cannot_write_with_a_session(signed_in: TestClient, headers: dict[str, str], status: int) -> None:
    answer = signed_in.post("/administer", headers=headers)

    assert answer.status_code == status
    if status == 403:
        assert problem_of(answer)["code"] == "cross_site"


def test_a_token_may_write_from_anywhere(client: TestClient, access: Access) -> None:
    answer = client.post("/administer", headers=bearer(access, "admin") | {"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


def test_another_site_may_link_here(signed_in: TestClient) -> None:
    assert signed_in.get("/read", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8420", 200),
        ("localhost", 200),
        ("[::1]:8420", 200),
        ("post.bakery.example", 200),
        ("POST.bakery.example:443", 200),
        ("rebound.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_the_server_answers_to_its_own_names(client: TestClient, host: str, status: int) -> None:
    answer = client.get("/open", headers={"Host": host})

    assert answer.status_code == status
    if status == 421:
        assert problem_of(answer)["code"] == "host_unknown"


def test_a_probe_asks_by_any_address(client: TestClient) -> None:
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8420"}).status_code == 200


def test_any_name_will_do_where_that_is_said(access: Access) -> None:
    app = an_application()
    frame(app, access, hosts=["*"])

    with TestClient(app, base_url="http://anything.example") as client:
        assert client.get("/open").status_code == 200


@pytest.mark.parametrize("path", ["/open", "/read", "/nowhere"])
def test_every_answer_has_careful_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_a_refused_host_has_careful_headers_too(client: TestClient) -> None:
    answer = client.get("/open", headers={"Host": "evil.example"})

    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_answer_keeps_a_policy_of_its_own(client: TestClient) -> None:
    assert client.get("/stored-mail").headers.get_list("content-security-policy") == ["sandbox"]


def test_a_wrong_body_is_told_by_field(client: TestClient, access: Access) -> None:
    body = {"recipients": [{"email": "a@bakery.example"}, {"email": 7, "mail": "Secret Person"}]}

    answer = client.post("/send", json=body, headers=bearer(access, "send"))

    said = problem_of(answer)
    assert (said["status"], said["code"], said["title"]) == (422, "invalid_request", "The request is not right")
    assert {(error["field"], error["code"]) for error in said["errors"]} == {
        ("subject", "required"),
        ("recipients[1].email", "wrong_type"),
        ("recipients[1].mail", "unknown_field"),
    }
    assert all(error["detail"] for error in said["errors"])
    assert "Secret Person" not in answer.text


def test_a_wrong_query_is_told_by_field(client: TestClient) -> None:
    (error,) = problem_of(client.get("/open", params={"limit": "many"}))["errors"]

    assert (error["field"], error["code"]) == ("limit", "wrong_type")


def test_a_body_that_is_no_json_is_said_so(client: TestClient, access: Access) -> None:
    headers = bearer(access, "send") | {"Content-Type": "application/json"}

    answer = client.post("/send", content=b'{"subject": ', headers=headers)

    assert (answer.status_code, problem_of(answer)["code"]) == (400, "invalid_json")


def test_a_refusal_of_the_application_is_a_problem(client: TestClient) -> None:
    said = problem_of(client.get("/reused"))

    assert said == {
        "type": "urn:uitpost:problem:request_id_reused",
        "title": "Conflicts with what stands already",
        "status": 409,
        "detail": "This request_id stands for something else.",
        "code": "request_id_reused",
        "errors": [{"field": "request_id", "code": "reused", "detail": "<used> before"}],
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/open", 405, "method_not_allowed"),
        ("GET", "/limit", 429, "too_many_requests"),
    ],
)
def test_an_error_of_the_framework_is_a_problem(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)

    assert (answer.status_code, problem_of(answer)["code"]) == (status, code)


def test_an_error_of_the_framework_keeps_its_words_and_headers(client: TestClient) -> None:
    answer = client.get("/limit")

    assert problem_of(answer)["detail"] == "At most three a minute."
    assert answer.headers["retry-after"] == "20"


def test_an_unforeseen_error_is_told_to_the_log_alone(client: TestClient) -> None:
    with capture_logs() as log:
        answer = client.get("/broken")

    assert (answer.status_code, problem_of(answer)["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [(entry["path"], entry["exc_info"]) for entry in log] == [("/broken", True)]


def test_a_browser_reads_a_page(client: TestClient) -> None:
    answer = client.get("/reused", headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "nl"})

    assert (answer.status_code, answer.headers["content-type"]) == (409, "text/html; charset=utf-8")
    assert '<html lang="nl">' in answer.text
    assert "<h1>In strijd met wat er al is</h1>" in answer.text
    assert "&lt;used&gt; before" in answer.text


@pytest.mark.parametrize(
    ("query", "accepted", "expected"),
    [
        ("", None, "en"),
        ("", "nl", "nl"),
        ("", "nl-BE, en;q=0.8", "nl"),
        ("", "en;q=0.8, nl;q=0.9", "nl"),
        ("", "fy, nl;q=0.5, en;q=0.4", "nl"),
        ("", "nl;q=0, en", "en"),
        ("", "de", "en"),
        ("", "nl;q=much", "en"),
        ("?lang=nl", "en", "nl"),
        ("?lang=en", "nl", "en"),
        ("?lang=fr", "nl", "nl"),
    ],
)
def test_a_problem_is_said_in_the_language_of_the_caller(
    client: TestClient, query: str, accepted: str | None, expected: str
) -> None:
    headers = {"Accept-Language": accepted} if accepted else {}

    answer = client.get(f"/nowhere{query}", headers=headers)

    assert answer.headers["content-language"] == expected
    assert problem_of(answer)["title"] == {"en": "Not found", "nl": "Niet gevonden"}[expected]


def test_errors_by_field_are_said_in_dutch_too(client: TestClient, access: Access) -> None:
    answer = client.post("/send", json={}, headers=bearer(access, "send") | {"Accept-Language": "nl"})

    assert problem_of(answer)["errors"] == [{"field": "subject", "code": "required", "detail": "dit veld is verplicht"}]


def test_both_languages_say_the_same_things() -> None:
    assert texts._TITLES["en"].keys() == texts._TITLES["nl"].keys()
    assert texts._DETAILS["en"].keys() == texts._DETAILS["nl"].keys()


def test_the_api_description_names_the_token(client: TestClient) -> None:
    described = client.get("/openapi.json").json()

    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "/login" not in described["paths"]
