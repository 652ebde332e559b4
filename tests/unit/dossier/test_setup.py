"""Senders, mail servers and layouts are set up over HTTP, the same again recording nothing."""

from typing import Any

import pytest

from services.dossier.domain.mail_server import of_url
from services.dossier.layouts import files, names, supplied
from shared.contracts.dossier import MailServerRemoved, MailServerSet
from tests.unit.dossier.conftest import LAYOUTS, House

SERVER = {"host": "relay.example", "port": 465, "security": "tls", "user": "post", "secret_ref": "env:RELAY"}


async def test_a_sender_is_set_and_shown(house: House) -> None:
    put = await house.ask("PUT", "/senders/info", {"name": "Info", "address": "info@house.example"})

    assert put.json() == {"id": "info", "name": "Info", "address": "info@house.example"}
    assert (await house.ask("GET", "/senders/info")).json() == put.json()
    assert [one["id"] for one in (await house.ask("GET", "/senders")).json()["items"]] == ["info", "sales"]


async def test_a_mail_server_is_told_once_until_it_is_set_otherwise(house: House) -> None:
    """FR-107, R-7."""
    for _ in range(2):
        await house.ask("PUT", "/mail-servers/relay", SERVER)
    await house.ask("PUT", "/mail-servers/relay", SERVER | {"max_per_minute": 30})

    told = [one for one in await house.told(MailServerSet) if one.mail_server_id == "relay"]
    assert [one.max_per_minute for one in told] == [None, 30]
    assert (told[0].host, told[0].secret_ref, told[0].max_connections) == ("relay.example", "env:RELAY", 8)


async def test_a_mail_server_is_taken_away_and_set_up_again(house: House) -> None:
    """R-4, A21: none is set up then, which is told once."""
    first = await house.ask("DELETE", "/mail-servers/default")
    again = await house.ask("DELETE", "/mail-servers/default")
    listed = (await house.ask("GET", "/mail-servers")).json()["items"]
    await house.ask("PUT", "/mail-servers/default", SERVER)

    assert (first.status_code, again.status_code, again.json()["code"]) == (204, 404, "unknown_mail_server")
    assert listed == []
    told = await house.told(MailServerSet, MailServerRemoved)
    assert [type(one).__name__ for one in told] == ["MailServerSet", "MailServerRemoved", "MailServerSet"]


@pytest.mark.parametrize(
    ("path", "body", "field", "code"),
    [
        ("/mail-servers/relay", SERVER | {"password": "hush"}, "password", "secret_in_body"),
        ("/mail-servers/relay", SERVER | {"port": 0}, "port", "wrong_value"),
        ("/mail-servers/relay", SERVER | {"security": "ssl"}, "security", "wrong_value"),
        ("/mail-servers/relay", SERVER | {"host": "a\nb"}, "host", "control_character"),
        ("/senders/info", {"address": "info@"}, "address", "invalid_sender_address"),
        ("/senders/info", {"name": "a\nb", "address": "info@house.example"}, "name", "control_character"),
        ("/layouts/x", LAYOUTS["plain"] | {"kind": "pages"}, "kind", "wrong_value"),
        ("/layouts/x", LAYOUTS["plain"] | {"sources": {}}, "sources", "missing"),
        ("/layouts/x", LAYOUTS["plain"] | {"sources": {"fr": {"text": ""}}}, "sources.fr", "unknown_language"),
        ("/layouts/x", LAYOUTS["plain"] | {"sources": {"nl": {}}}, "sources.nl.text", "missing"),
        (
            "/layouts/x",
            LAYOUTS["plain"] | {"sources": {"nl": {"text": "", "typst": ""}}},
            "sources.nl.typst",
            "not_of_this_kind",
        ),
        (
            "/layouts/x",
            LAYOUTS["plain"] | {"kind": "html", "sources": {"nl": {"html": "<p>", "mjml": "<mjml>"}}},
            "sources.nl.mjml",
            "html_and_mjml",
        ),
        ("/layouts/x", LAYOUTS["plain"] | {"pdf": "a-2b"}, "pdf", "not_of_this_kind"),
        (
            "/layouts/x",
            LAYOUTS["plain"] | {"kind": "paged", "sources": {"nl": {"filename": ""}}},
            "sources.nl.page",
            "missing",
        ),
        ("/layouts/x", LAYOUTS["plain"] | {"fields": [{"name": "a b"}]}, "fields[0].name", "wrong_field_name"),
        (
            "/layouts/x",
            LAYOUTS["plain"] | {"fields": [{"name": "a"}, {"name": "a"}]},
            "fields[1].name",
            "duplicate_field",
        ),
    ],
)
async def test_what_cannot_be_set_up_is_refused_by_name(
    house: House, path: str, body: Any, field: str, code: str
) -> None:
    answer = await house.ask("PUT", path, body)

    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert "hush" not in answer.text


async def test_other_content_is_the_next_version_of_a_layout(house: House) -> None:
    """FR-102, A24."""
    first = (await house.ask("GET", "/layouts/plain")).json()
    same = (await house.ask("PUT", "/layouts/plain", LAYOUTS["plain"])).json()
    other = LAYOUTS["plain"] | {"sources": {"nl": {"text": "Hoi"}}}
    second = (await house.ask("PUT", "/layouts/plain", other)).json()

    assert same == first | {"warnings": [], "pdf_engines": {}, "declined": {}}
    assert (first["version"], second["version"]) == (1, 2)
    assert b'"Hoi"' in house.blobs.get(second["sha256"])


async def test_supplied_layouts_are_there_and_stay_as_they_are(house: House) -> None:
    """R-9."""
    titles = {layout: said["nl"] for layout, said in names().items()}
    for _ in range(2):
        await house.dossier.layouts.record_supplied(supplied(), titles, files())

    for layout, document in supplied().items():
        shown = (await house.ask("GET", f"/layouts/{layout}")).json()
        assert (shown["supplied"], shown["version"], shown["kind"]) == (True, 1, document.kind)
        answer = await house.ask("PUT", f"/layouts/{layout}", LAYOUTS["plain"])
        assert (answer.status_code, answer.json()["code"]) == (409, "supplied_layout")
        assert [house.blobs.get(ref.sha256)[:2] for ref in document.files.values()] == [b"PK"] * len(document.files)
        assert shown["pdf_missing"] == []


async def test_what_is_not_set_up_is_not_found(house: House) -> None:
    for path in ("/senders/x", "/mail-servers/x", "/layouts/x"):
        assert (await house.ask("GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("url", "security", "port"),
    [
        ("smtp://relay.example", "starttls", 25),
        ("smtp://relay.example:587", "starttls", 587),
        ("smtps://relay.example", "tls", 465),
        ("smtp://127.0.0.1:2525", "if-offered", 2525),
        ("smtp://[::1]:2525", "if-offered", 2525),
        ("smtp://localhost", "if-offered", 25),
        ("smtp://localhost?tls=required", "starttls", 25),
        ("smtp://relay.example?tls=if-offered", "if-offered", 25),
        ("smtp://relay.example?tls=none", "none", 25),
    ],
)
def test_a_url_says_how_mail_is_kept_secret_on_its_way(url: str, security: str, port: int) -> None:
    server = of_url(url, "env:X")

    assert (server.security, server.port) == (security, port)


def test_a_url_with_a_password_gives_its_place_and_not_itself() -> None:
    server = of_url("smtp://jan%40house:pass@relay.example", "env:X")

    assert (server.user, server.secret_ref) == ("jan@house", "env:X")
    assert of_url("smtp://jan@relay.example", "env:X").secret_ref is None


@pytest.mark.parametrize(
    "url", ["http://a:hush@b", "smtp://", "smtp://a:hush@b?tls=maybe", "smtp://a:hush@b:port", "a:hush@relay"]
)
def test_a_url_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="UITPOST_SMTP_URL") as refused:
        of_url(url, "env:X")

    assert "hush" not in str(refused.value)


async def test_the_url_of_the_settings_is_recorded_once(house: House) -> None:
    for _ in range(2):
        await house.dossier.setup.record_smtp_url("smtp://jan:hush@mail.example:587")

    told = [one for one in await house.told(MailServerSet) if one.host == "mail.example"]
    assert [(one.mail_server_id, one.secret_ref) for one in told] == [("default", "env:UITPOST_SMTP_URL")]
