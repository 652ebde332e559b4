"""Contacts come and go as files: lists are imported line by line, whatever dies meanwhile, and exported."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.dossier.domain.contact import Contact
from services.dossier.domain.identity import Address, contact_id_of
from shared.blobs import Blob
from shared.contracts.message import BlobRef
from tests.unit.dossier.conftest import House
from tests.unit.dossier.test_recipients import a_workbook

THOUSANDS = 2_300  # more than are imported while their sender waits


async def imported(house: House, content: str | bytes, language: str = "en", status: int = 200) -> dict[str, Any]:
    """Import a list; return what is answered at once."""
    body = content.encode() if isinstance(content, str) else content
    answer = await house.ask("POST", "/contacts/import", body, language)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


def counts(answer: dict[str, Any]) -> dict[str, int]:
    """Return the counts that are not nought."""
    named = {name: answer[name] for name in ("recorded", "changed", "unchanged", "refused")}
    return {name: n for name, n in named.items() if n}


async def contact(house: House, path: str) -> dict[str, Any]:
    body: dict[str, Any] = (await house.ask("GET", f"/contacts/{path}")).json()
    return body


@asynccontextmanager
async def working(house: House) -> AsyncIterator[None]:
    """Have imports worked in the background, as a service does."""
    work = asyncio.create_task(house.dossier.address_book.imports.run())
    try:
        yield
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def ended(house: House, import_id: str) -> dict[str, Any]:
    """Return an import once it is at its end."""
    async with asyncio.timeout(60):
        while True:
            job: dict[str, Any] = (await house.ask("GET", f"/contacts/imports/{import_id}")).json()
            if job["state"] != "waiting":
                return job
            await asyncio.sleep(0.02)


def thousands(name: str = "Anna") -> str:
    return "kind,number,name\n" + "".join(f"person,{n},{name} {n}\n" for n in range(THOUSANDS))


async def test_a_list_is_imported_with_columns_of_its_own_and_again_changes_nothing(house: House) -> None:
    """R-2."""
    text = (
        "kind,number,contact_id,name,email,language,consent,organisation,blocked,shoe,correspondence,function\n"
        'organisation,1,,"Bakkerij, de ""Ster""",info@ster.example,,granted,,,40,,\n'
        "contact_person,1,5,Anna,anna@ster.example,en,,,ja,41,nee,Inkoper\n"
        "contact_person,,6,Bram,,,,1,nee,,,\n"
    )

    first, again = await imported(house, text), await imported(house, text)

    assert (first["state"], first["lines"], counts(first)) == ("done", 3, {"recorded": 3})
    assert counts(again) == {"unchanged": 3}
    baker = await contact(house, "organisation/1")
    assert (baker["name"], baker["consent"], baker["fields"]) == ('Bakkerij, de "Ster"', "granted", {"shoe": "40"})
    anna = await contact(house, "organisation/1?contact_id=5")
    assert (anna["language"], anna["blocked"], anna["correspondence"], anna["function"]) == (
        "en",
        True,
        False,
        "Inkoper",
    )
    assert (await contact(house, "organisation/1?contact_id=6"))["name"] == "Bram"
    found = await house.store.load(Contact, contact_id_of(Address("organisation", "1", "5")))
    assert found is not None
    assert found.version == 1


async def test_a_spreadsheet_is_imported_as_the_same_list_in_csv_is(house: House) -> None:
    """R-2."""
    header = ["Kind", "Number", "name", "email", "consent", "consent_date", "blocked", "shoe"]
    line = ["person", 1000744, "Anna", "anna@home.example", "granted", "2026-03-02", True, 40]

    first = await imported(house, a_workbook(header, line))
    again = await imported(house, a_workbook(header, line))

    assert (counts(first), counts(again)) == ({"recorded": 1}, {"unchanged": 1})
    anna = await contact(house, "person/1000744")
    assert (anna["consent_date"], anna["blocked"], anna["fields"]) == ("2026-03-02", True, {"shoe": 40})


async def test_wrong_lines_are_refused_by_line_and_column_and_the_others_entered(house: House) -> None:
    """R-3."""
    text = (
        "\ufeffkind;number;name;consent\n"
        "person;1;Anna;granted\n"
        "planet;2;Mars;\n"
        "person;;Niemand;\n"
        "\n"
        "person;3;Chris;perhaps\n"
        "person;4;Dirk;;;x\n"
        "organisation;1;Bakkerij;\n"
        "person;5;\x00;\n"
        "person;6;Eva;denied\n"
    )

    answer = await imported(house, text, "nl")

    assert counts(answer) == {"recorded": 2, "refused": 6}
    assert [(line["line"], line["field"], line["code"]) for line in answer["refused_lines"]] == [
        (3, "kind", "unknown_destination_kind"),
        (4, "number", "wrong_number"),
        (6, "consent", "wrong_value"),
        (7, "", "too_many_cells"),
        (8, "number", "number_taken"),
        (9, "name", "not_text"),
    ]
    said = answer["refused_lines"][0]["detail"]
    assert said == "Regel 3, kolom kind: Er is geen bestemming van de soort planet."


async def test_refused_lines_are_listed_from_any_line_on_and_downloaded(house: House) -> None:
    """R-3."""
    job = await imported(house, "kind,number\n" + "".join(f"planet,{n}\n" for n in range(4)))
    place = f"/contacts/imports/{job['import_id']}"

    first = (await house.ask("GET", f"{place}/refused?limit=3")).json()
    rest = (await house.ask("GET", f"{place}/refused?limit=3&after={first['next']}")).json()
    file = await house.ask("GET", f"{place}/refused.csv", language="en")

    assert [line["line"] for line in first["items"] + rest["items"]] == [2, 3, 4, 5]
    assert rest["next"] is None
    lines = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff")), delimiter=";"))
    assert [line["line"] for line in lines] == ["2", "3", "4", "5"]
    assert lines[0]["detail"] == "Line 2, column kind: There is no destination of kind planet."
    assert [one["import_id"] for one in (await house.ask("GET", "/contacts/imports")).json()["items"]] == [
        job["import_id"]
    ]


async def test_a_list_of_thousands_is_worked_in_the_background_and_an_empty_cell_leaves_consent(house: House) -> None:
    """R-30."""
    granted = "".join(f"person,{n},Anna {n},granted\n" for n in range(THOUSANDS))
    async with working(house):
        begun = await imported(house, f"kind,number,name,consent\n{granted}", status=202)
        job = await ended(house, begun["import_id"])

    second = await imported(house, "kind,number,name,consent\nperson,7,Anna Zeven,\n")

    assert (begun["lines"], begun["state"]) == (THOUSANDS, "waiting")
    assert (counts(job), job["done"]) == ({"recorded": THOUSANDS}, THOUSANDS)
    assert counts(second) == {"changed": 1}
    shown = await contact(house, "person/7")
    assert (shown["name"], shown["consent"]) == ("Anna Zeven", "granted")
    (_, big) = await house.dossier.address_book.imports.latest(2)
    assert not any(house.blobs.has(chunk) for chunk in big.chunks)


async def test_an_import_goes_on_where_it_was_left_and_counts_each_line_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    begun = await imported(house, thousands() + "planet,1,Mars\n", status=202)
    imports = house.dossier.address_book.imports
    assert not await imports.work_on(await imports.find(begun["import_id"]))
    await house.store.close()

    later = House(tmp_path, blobs=house.blobs)
    async with working(later):
        job = await ended(later, begun["import_id"])

    assert counts(job) == {"recorded": THOUSANDS, "refused": 1}
    assert job["refused_lines"][0]["line"] == THOUSANDS + 2
    await later.store.close()


async def test_an_import_whose_lines_are_lost_says_so(house: House) -> None:
    begun = await imported(house, thousands(), status=202)
    (standing,) = await house.dossier.address_book.imports.latest(1)
    house.blobs.delete(standing.chunks)

    async with working(house):
        job = await ended(house, begun["import_id"])

    assert (job["state"], job["done"]) == ("lost", 0)


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"name\nAnna\n", ["kind", "number"]),
        (b"", ["kind", "number"]),
        (b"kind,number,name,NAME,Name \nperson,1,a,b,c\n", []),
        (b"PK\x03\x04 and nothing of a spreadsheet", [""]),
        (b"\xd0\xcf\x11\xe0 as it was before 2007", [""]),
    ],
)
async def test_what_is_no_list_of_contacts_is_refused_whole(house: House, content: bytes, fields: list[str]) -> None:
    answer = await house.ask("POST", "/contacts/import", content)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == (fields or ["name"])
    assert (await house.ask("GET", "/contacts/imports")).json()["items"] == []


async def test_a_list_that_breaks_off_while_it_is_taken_on_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-26: what was read of it is personal."""
    put: list[str] = []
    keep = house.blobs.put_many

    def keep_once(blobs: Sequence[Blob]) -> list[BlobRef]:
        if put:
            raise OSError("the disk is full")
        refs = keep(blobs)
        put.extend(ref.sha256 for ref in refs)
        return refs

    monkeypatch.setattr(house.blobs, "put_many", keep_once)
    big = "kind,number\n" + "".join(f"person,{n}\n" for n in range(11_000))

    with pytest.raises(OSError, match="full"):
        await house.dossier.address_book.imports.begin(io.BytesIO(big.encode()), "anna")

    assert put
    assert not any(house.blobs.has(sha256) for sha256 in put)
    assert await house.tables.left_frozen(datetime.max.replace(tzinfo=UTC)) == {}
    assert await house.dossier.address_book.imports.latest(1) == []


async def test_an_import_that_is_not_there_is_not_found(house: House) -> None:
    answer = await house.ask("GET", "/contacts/imports/5b0ce0a3-3c4e-5d0b-8f43-6a3d1f1c7e90")

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_import")


async def test_a_contact_named_twice_in_a_list_is_as_the_last_line_says(house: House) -> None:
    answer = await imported(house, "kind,number,name\nperson,1,Anna\nperson,1,Bram\n")

    assert counts(answer) == {"recorded": 1, "changed": 1}
    assert (await contact(house, "person/1"))["name"] == "Bram"


async def test_what_was_exported_is_imported_again_without_a_change(house: House) -> None:
    """FR-14, R-2."""
    facts = {
        "name": '=HYPERLINK("http://x")',
        "email": "anna@home.example",
        "phone": "+31 6 12345678",
        "attention_line": "'-",
        "correspondence": False,
        "consent": "granted",
        "consent_date": "2026-03-02",
        "consent_proof": "a;b",
        "fields": {"shoe": "40", "@home": "ja"},
    }
    await house.ask("PUT", "/contacts/organisation/1?contact_id=5", facts)
    await house.ask("PUT", "/contacts/person/2", {"name": "Bram", "blocked": True})

    exported = await house.ask("GET", "/contacts/export.csv")
    again = await imported(house, exported.content)
    some = await house.ask("GET", "/contacts/export.csv?kind=person")

    assert exported.text.count("'=HYPERLINK") == exported.text.count("'+31 6") == exported.text.count("''-") == 1
    assert counts(again) == {"unchanged": 3}
    assert (await contact(house, "organisation/1?contact_id=5"))["fields"] == {"shoe": "40", "@home": "ja"}
    assert [line.split(";")[1] for line in some.text.splitlines()[1:]] == ["2"]


async def test_a_list_changes_the_fields_it_has_columns_for_and_an_empty_cell_ends_one(house: House) -> None:
    await house.ask("PUT", "/contacts/person/1", {"fields": {"shoe": "40", "colour": "red", "table": "7"}})

    await imported(house, "kind,number,shoe,colour\nperson,1,41,\nperson,2,,blue\n")

    assert (await contact(house, "person/1"))["fields"] == {"shoe": "41", "table": "7"}
    assert (await contact(house, "person/2"))["fields"] == {"colour": "blue"}
