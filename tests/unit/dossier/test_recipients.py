"""Recipients from a list: CSV or XLSX, a line each, as the same request with its destinations written out."""

from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import orjson
import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from services.dossier.domain.refusal import Refused
from services.dossier.web.form import parts_of
from shared.contracts.dossier import DossierItemExcluded, DossierItemRequested
from tests.unit.dossier.conftest import HOST, House, a_request

PEOPLE = """\
kind,number,name,email,language,table,day
person,007,Anna,anna@home.example,nl,12,2026-03-04
person,8,Bram,bram@home.example,EN,"two
lines",
"""


def a_workbook(*lines: Any, empty_above: int = 0) -> bytes:
    """Return a spreadsheet of these lines."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row, cells in enumerate(lines, empty_above + 1):
        for column, cell in enumerate(cells, 1):
            sheet.cell(row, column, cell)
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()


async def sent(house: House, recipients: bytes, language: str = "en", path: str = "", **other: Any) -> Response:
    """Ask for a mailing to the recipients of a list."""
    request = {"consent_attested": True, "record_separately": True, **a_request(**other)}
    if "destinations" not in other:
        del request["destinations"]
    files: dict[str, Any] = {
        "request": (None, orjson.dumps(request), "application/json"),
        "recipients": ("people", recipients),
    }
    headers = {"Authorization": f"Bearer {house.token}", "Accept-Language": language}
    async with AsyncClient(transport=ASGITransport(house.app), base_url=HOST) as client:
        return await client.post(f"/api/v1/dossier-items{path}", files=files, headers=headers)


async def mails(house: House, recipients: bytes, **other: Any) -> list[DossierItemRequested]:
    """Return the mails that the recipients of a list get."""
    answer = await sent(house, recipients, **other)
    assert answer.status_code == 202, answer.text
    await house.record_all()
    return await house.told(DossierItemRequested)


async def test_each_line_of_a_csv_file_is_a_recipient(house: House) -> None:
    """FR-65: a mailing to the people of a list."""
    anna, bram = await mails(house, PEOPLE.encode())

    assert (anna.destination.kind, anna.destination.number) == ("person", "007")
    assert (anna.recipient and anna.recipient.email, anna.merge) == (
        "anna@home.example",
        {"table": "12", "day": "2026-03-04"},
    )
    assert bram.recipient is not None
    assert (bram.recipient.name, bram.recipient.language, bram.merge) == ("Bram", "en", {"table": "two\nlines"})


@pytest.mark.parametrize(
    "content",
    [
        PEOPLE.replace(",", ";").encode("utf-8-sig"),
        PEOPLE.replace(",", "\t").encode("utf-16"),
        PEOPLE.replace("Anna", "Zoë").encode("cp1252"),
        PEOPLE.replace("kind,number", " Kind , NUMBER").replace("\n", "\r\n").encode(),
    ],
    ids=["semicolons and a mark", "tabs in UTF-16", "as Windows writes it", "headers in other letters"],
)
async def test_a_csv_file_may_be_written_in_many_ways(house: House, content: bytes) -> None:
    anna, bram = await mails(house, content)

    assert anna.recipient is not None
    assert anna.recipient.name in {"Anna", "Zoë"}
    assert (anna.destination.number, bram.destination.number) == ("007", "8")


async def test_cells_of_a_spreadsheet_become_what_a_layout_expects(house: House) -> None:
    header = ["kind", "number", "email", "code", "count", "price", "day", "at", "hour", "yes", "empty"]
    moment = datetime(2026, 3, 4, 10, 30)  # noqa: DTZ001 -- a cell has no zone
    cells = ["person", 1000744, "a@home.example", "007", 3, 2.5, date(2026, 3, 4), moment, time(9, 5), True, None]

    [mail] = await mails(house, a_workbook(header, cells))

    assert mail.destination.number == "1000744"
    assert mail.merge == {
        "code": "007",
        "count": 3,
        "price": 2.5,
        "day": "2026-03-04",
        "at": "2026-03-04T10:30:00",
        "hour": "09:05:00",
        "yes": True,
    }


async def test_a_list_and_the_same_destinations_written_out_are_one_request(house: House) -> None:
    """A23: what is asked is the same, however its recipients came."""
    listed = (await sent(house, PEOPLE.encode())).json()
    written = [
        {
            "kind": "person",
            "number": "007",
            "recipient": {"name": "Anna", "email": "anna@home.example", "language": "nl"},
            "merge": {"table": "12", "day": "2026-03-04"},
        },
        {
            "kind": "person",
            "number": "8",
            "recipient": {"name": "Bram", "email": "bram@home.example", "language": "en"},
            "merge": {"table": "two\nlines"},
        },
    ]

    body = a_request(destinations=written, consent_attested=True, record_separately=True)
    assert (await house.ask("POST", "/dossier-items", body)).json() == listed
    assert (await sent(house, PEOPLE.replace("Anna", "Ans").encode())).status_code == 409


async def test_every_wrong_line_is_named_by_line_and_column_in_one_refusal(house: House) -> None:
    wrong = (
        "kind,number,email,note\n"
        "person,1,not an address,\n"
        "unicorn,2,a@home.example,\n"
        "\n"
        "person,,b@home.example,\n"
        "person,3,c@home.example,x,y\n"
        "person,4,d@home.example,\n"
        "person,4,d@home.example,\n"
    )

    english, dutch = [(await sent(house, wrong.encode(), language)).json() for language in ("en", "nl")]

    assert [(error["field"], error["code"]) for error in english["errors"]] == [
        ("recipients[5].number", "missing"),
        ("recipients[6]", "too_many_cells"),
    ]
    assert english["errors"][0]["detail"] == "Line 5, column number: This field is required."
    assert dutch["errors"][0]["detail"].startswith("Regel 5, kolom number: ")
    again = wrong.replace("person,,b@home.example,\n", "\n").replace(",x,y", ",x")
    errors = (await sent(house, again.encode())).json()["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [
        ("recipients[3].kind", "unknown_destination_kind"),
        ("recipients[8]", "duplicate_destination"),
    ]
    assert "recipients[7]" in errors[1]["detail"]
    assert await house.told(DossierItemRequested) == []


async def test_an_address_of_a_list_that_is_none_leaves_its_addressee_out(house: House) -> None:
    """FR-94…98, A10: the others are sent; what was given is kept, to be corrected."""
    listed = b"kind,number,name,email\nperson,1,Jo,jo@home.example\nperson,2,Anna,anna@\nperson,3,Bram,\n"

    refused = await sent(house, listed, missing_addresses="refuse")
    accepted = await sent(house, listed)
    await house.record_all()

    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [
        ("recipients[3]", "address_invalid"),
        ("recipients[4]", "address_missing"),
    ]
    assert accepted.json()["reasons"] == {"invalid": 1, "missing": 1}
    assert [mail.destination.number for mail in await house.told(DossierItemRequested)] == ["1"]
    left_out = await house.told(DossierItemExcluded)
    assert [(one.destination.number, one.status, one.reason) for one in left_out] == [
        ("2", "no_address", "invalid"),
        ("3", "no_address", "missing"),
    ]
    contact = (await house.ask("GET", "/contacts/person/2")).json()
    assert (contact["email"], contact["email_valid"]) == ("anna@", False)


async def test_what_only_looking_up_shows_is_named_by_line_too(house: House) -> None:
    unknown = b"kind,number,table\nperson,1,5\nperson,2,\n"
    await house.ask("PUT", "/contacts/person/1", {"email": "a@home.example"})
    await house.ask("PUT", "/contacts/person/2", {"email": "b@home.example"})

    answer = await sent(house, unknown + b"person,3,4\n", body_layout_id="welcome", body_text=None)

    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("recipients[3].table", "merge_field_missing"),
        ("recipients[4]", "unknown_contact"),
    ]


async def test_lines_of_a_spreadsheet_are_counted_as_a_person_counts_them(house: House) -> None:
    book = a_workbook(["kind", "number", "email"], [], ["person", 5, "nothing"], empty_above=2)

    answer = await sent(house, book)

    assert [error["field"] for error in answer.json()["errors"]] == ["recipients[5].email"]


async def test_a_list_can_be_checked_and_one_of_it_previewed(house: House) -> None:
    """FR-94: the addresses of a list are checked before anything is sent."""
    checked = await sent(house, PEOPLE.encode(), path="/check")
    previewed = await sent(house, PEOPLE.encode(), path="/preview", recipient=1)
    wrong = await sent(house, PEOPLE.replace("anna@", "anna").encode(), path="/check")

    assert checked.json()["total"] == 2
    assert previewed.json()["recipient"]["name"] == "Bram"
    assert [(one["status"], one["reason"], one["count"]) for one in wrong.json()["reasons"]] == [
        ("no_address", "invalid", 1)
    ]
    assert await house.told(DossierItemRequested) == []


WRONG_LISTS = {
    "no header": (b"", ["missing_column", "missing_column"]),
    "a column twice": (b"kind,number,table,table\n", ["column_twice"]),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0 and more", ["unreadable_list"]),
    "a broken spreadsheet": (a_workbook(["kind", "number"])[:300], ["unreadable_list"]),
    "no spreadsheet at all": (b"PK\x03\x04 and more", ["unreadable_list"]),
}


@pytest.mark.parametrize(("content", "codes"), WRONG_LISTS.values(), ids=WRONG_LISTS.keys())
async def test_what_is_no_list_is_refused(house: House, content: bytes, codes: list[str]) -> None:
    answer = await sent(house, content)

    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == codes


async def test_a_spreadsheet_that_claims_too_much_harms_nobody(house: House) -> None:
    """A cell in the last corner makes its reader want 400 GB; a zip may hold a thousand times its size."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.cell(1, 1, "kind")
    sheet.cell(1_048_576, 16_384, "x")
    corner, bomb = BytesIO(), BytesIO()
    book.save(corner)
    with ZipFile(bomb, "w", 8) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (301 * 2**20))

    refusals = [(await sent(house, content.getvalue())).json()["code"] for content in (corner, bomb)]

    assert refusals == ["unreadable_list", "list_too_large"]


async def test_a_request_has_its_recipients_from_one_place(house: House) -> None:
    answer = await sent(house, PEOPLE.encode(), destinations=[{"kind": "person", "number": "1"}])

    assert answer.json()["code"] == "destinations_twice"


async def test_a_form_lacks_nothing(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.token}", "Accept-Language": "en"}
    async with AsyncClient(transport=ASGITransport(house.app), base_url=HOST) as client:
        half = await client.post("/api/v1/dossier-items", files={"recipients": ("x", b"a")}, headers=headers)
        odd = headers | {"Content-Type": "multipart/form-data"}
        none = await client.post("/api/v1/dossier-items", content=b"a", headers=odd)

    assert (half.status_code, half.json()["code"]) == (422, "missing_part")
    assert (none.status_code, none.json()["code"]) == (400, "malformed_form")


@given(
    parts=st.dictionaries(st.sampled_from("abc"), st.binary(max_size=200_000), min_size=1, max_size=3),
    boundary=st.from_regex(r"[A-Za-z0-9]{1,40}", fullmatch=True),
)
def test_parts_of_a_form_hold_what_was_put_into_them(parts: dict[str, bytes], boundary: str) -> None:
    line = b"--" + boundary.encode()
    parts = {name: content.replace(line, b"") for name, content in parts.items()}
    head = b'\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\nContent-Type: text/csv\r\n\r\n'
    body = b"".join(line + head % name.encode() + content + b"\r\n" for name, content in parts.items())
    form = BytesIO(body + line + b"--\r\n")

    found = parts_of(form, f'multipart/form-data; boundary="{boundary}"')

    assert {name: part.content(form) for name, part in found.items()} == parts


def test_a_form_without_a_boundary_is_none() -> None:
    with pytest.raises(Refused):
        parts_of(BytesIO(b"--x"), "multipart/form-data")
