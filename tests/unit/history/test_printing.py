"""The print file of a run: which letters are in it, in what order, who has none, and when there is none to be had."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import BaseModel

from services.history.adapters.tables import ProjectedTables, RecordTables
from services.history.application import History
from services.history.domain.printing import DOCX, PDF, filename_of, in_order
from services.history.web import printing
from shared.access import Access
from shared.blobs import Blob, MemoryBlobs
from shared.contracts import Message
from shared.contracts.asks import PrintWanted, SortValuesWanted
from shared.contracts.message import Attachment, LayoutVersion, Parts
from shared.contracts.renderer import LetterRendered
from shared.messaging import Refusal
from shared.pages import frame
from shared.store import Store
from tests.unit.history.doors import A
from tests.unit.history.letters import a_letter, said
from tests.unit.history.printed import WordPrinter, a_printing
from tests.unit.history.story import RUN, excluded, generated, not_rendered, recipient, requested, row_id, started, told

LAYOUT = LayoutVersion(layout_id="letter", version=2, sha256="ab" * 32)


class Dossier:
    """Knows the layout of the run, and what each row has for its city."""

    def __init__(self) -> None:
        self.sort_by: str | None = None
        self.city: dict[UUID, Any] = {}
        self.is_letters = True

    async def ask(
        self, service: str, wish: str, question: BaseModel, answer: type[A], *, timeout: float | None = None
    ) -> A:
        if isinstance(question, SortValuesWanted):
            assert (service, wish, question.field) == ("dossier", "sort-values", "city")
            return answer.model_validate({"values": [self.city.get(row) for row in question.processing_ids]})
        assert isinstance(question, PrintWanted)
        assert (service, wish) == ("dossier", "print")
        if not self.is_letters:
            raise Refusal("not_letters", "no letters")
        sortable = ("recipient.name", "merge.city")
        return answer.model_validate({"layout_name": "Brief", "sort_by": self.sort_by, "sortable": sortable})


class Press:
    """History with a run of letters, and its print file as a program gets it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.dossier, self.blobs, self._store = Dossier(), MemoryBlobs(), store
        self.printer = WordPrinter(self.blobs)
        self.letters: list[str] = []
        access = Access(f"sqlite:///{folder}/access.db")
        self.app = FastAPI()
        frame(self.app, access)
        history = History(RecordTables(store), self.dossier, self.blobs)
        self.app.include_router(printing.routes(a_printing(history, store, self.dossier, self.blobs, self.printer)))
        self._token = access.create_token("reader", ["read"])

    async def tell(self, publisher: str, *messages: Message) -> None:
        await ProjectedTables(self._store).project(publisher, told([*messages]))

    async def run_of(self, *names: str) -> None:
        """Have a run of a letter to each of these people."""
        asked = [
            requested(row, issue_method="document", recipient=recipient(row).model_copy(update={"name": name}))
            for row, name in enumerate(names, 1)
        ]
        await self.tell("renderer", *(self.letter(row, name) for row, name in reversed([*enumerate(names, 1)])))
        await self.tell("dossier", started(len(names), "document"), *asked)

    async def run_of_word(self, *names: str, layout: LayoutVersion = LAYOUT) -> None:
        """Have a run of a Word letter to each of these people."""
        asked = [requested(row, issue_method="document", attachment_layout=layout) for row in range(1, len(names) + 1)]
        await self.tell("dossier", started(len(names), "document"), *asked)
        await self.tell("renderer", *(self.letter(row, name, kind=DOCX) for row, name in enumerate(names, 1)))

    def letter(self, row: int, says: str, ordinal: int = 1, kind: str = PDF) -> LetterRendered:
        [ref] = self.blobs.put_many([Blob(a_letter(says) if kind == PDF else says.encode())])
        self.letters.append(ref.sha256)
        file = Attachment(**ref.model_dump(), filename="x", content_type=kind)
        return generated(row).model_copy(update={"parts": Parts(attachment=file), "ordinal": ordinal})

    async def get(self, what: str, **query: str) -> Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with AsyncClient(transport=ASGITransport(self.app), base_url="http://127.0.0.1") as client:
            return await client.get(f"/api/v1/runs/{RUN}/{what}", params=query, headers=headers)

    async def printed(self, **query: str) -> list[str]:
        answer = await self.get("print.pdf", **query)
        assert answer.status_code == 200, answer.text
        return said(answer.content)


@pytest.fixture
def press(file_store: Store, tmp_path: Path) -> Press:
    return Press(file_store, tmp_path)


async def test_all_letters_of_a_run_are_one_file_in_the_order_of_the_run(store: Store, tmp_path: Path) -> None:
    """R-14, FR-101: whatever the order in which they were made."""
    press = Press(store, tmp_path)
    await press.run_of("Chris", "Anna", "Bram")

    answer = await press.get("print.pdf")

    assert said(answer.content) == ["Chris", "Anna", "Bram"]
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Output%20Brief.pdf"
    assert (answer.headers["uitpost-letters"], answer.headers["uitpost-missing"]) == ("3", "0")


async def test_letters_are_sorted_as_their_layout_says_unless_asked_otherwise(press: Press) -> None:
    """R-14."""
    await press.run_of("Chris", "Anna", "Bram")
    press.dossier.sort_by = "merge.city"
    press.dossier.city = {row_id(1): "Zwolle", row_id(2): None, row_id(3): "Almelo"}

    by_layout, by_name, as_run = (
        await press.printed(),
        await press.printed(sort="recipient.name"),
        await press.printed(sort="run"),
    )

    assert by_layout == ["Bram", "Chris", "Anna"]
    assert by_name == ["Anna", "Bram", "Chris"]
    assert as_run == ["Chris", "Anna", "Bram"]
    assert (await press.get("print.json")).json()["sort"] == "merge.city"


async def test_who_has_no_letter_in_it_is_listed_with_the_reason(press: Press) -> None:
    """R-14: a letter that failed, one that is no document, one whose content is gone, and a destination left out."""
    asked = [requested(row, issue_method="document") for row in range(1, 5)]
    text = press.letter(3, "Text", kind="text/plain")
    gone = press.letter(4, "Gone")
    await press.tell("dossier", started(5, "document"), *asked, excluded(5, "no_consent", "no_correspondence"))
    await press.tell("renderer", press.letter(1, "Anna"), not_rendered(2), text, gone)
    assert gone.parts.attachment
    press.blobs.delete([gone.parts.attachment.sha256])

    shown, answer = (await press.get("print.json")).json(), await press.get("print.pdf")

    assert [(one["number"], one["status"], one["reason"]) for one in shown["missing"]] == [
        ("2", "render_failed", "layout"),
        ("3", "generated", "not_pdf"),
        ("4", "generated", "file_gone"),
        ("5", "no_consent", "no_correspondence"),
    ]
    assert (shown["filename"], shown["count"], shown["letters"][0]["number"]) == ("Output Brief.pdf", 1, "1")
    assert (said(answer.content), answer.headers["uitpost-missing"]) == (["Anna"], "4")


async def test_word_letters_are_made_into_pages_and_printed_with_the_others(press: Press) -> None:
    """R-14, FR-101: in the order asked for, and nothing of that lies about afterwards."""
    await press.run_of_word("Chris", "Anna", "Bram")
    press.dossier.city = {row_id(1): "c", row_id(2): "a", row_id(3): "b"}

    printed = await press.printed(sort="merge.city")
    shown = (await press.get("print.json")).json()

    assert printed == ["Anna", "Bram", "Chris"]
    assert (shown["count"], shown["missing"]) == (3, [])
    assert all(press.blobs.has(letter) for letter in press.letters)
    assert [one for one in press.printer.made if press.blobs.has(one)] == []


async def test_a_word_letter_that_cannot_be_printed_has_a_page_that_says_so(press: Press) -> None:
    """R-14, A22: the others are there, each in its place."""
    await press.run_of_word("Chris", "Faulty", "Bram")

    first, page, last = await press.printed()

    assert (first, last) == ("Chris", "Bram")
    assert page.splitlines() == [
        "This letter could not be made into a page to print.",
        "organisation 2",
        str(row_id(2)),
    ]


async def test_word_letters_that_nothing_here_can_print_are_told_of_before_anything_is_written(press: Press) -> None:
    """R-14, FR-39: with what is to be done about it, one among others too."""
    press.printer.unable = {"letter": "several columns; LibreOffice is not installed here"}
    await press.run_of_word("Chris", "Anna")
    alone = await press.get("print.pdf")
    await press.tell("renderer", *[press.letter(3, "-")] * 2, press.letter(2, "Als PDF", ordinal=2))

    shown, printed = (await press.get("print.json")).json(), await press.printed()

    assert (alone.status_code, alone.json()["code"]) == (404, "not_printable")
    assert "LibreOffice is not installed here" in alone.json()["detail"]
    [missing] = shown["missing"]
    assert (missing["reason"], missing["detail"]) == ("not_pdf", press.printer.unable["letter"])
    assert printed == ["Als PDF"]


async def test_a_renderer_that_gives_no_answer_for_a_moment_holds_up_no_print_file(press: Press) -> None:
    names = [f"Anna {row}" for row in range(1, 41)]
    await press.run_of_word(*names)
    press.printer.silences = [True]
    refused = await press.get("print.pdf")
    press.printer.silences = [False, True, True, False, True]

    assert (refused.status_code, refused.json()["code"]) == (503, "no_answer")
    assert await press.printed() == names
    assert press.printer.silences == []


async def test_the_letter_made_last_is_printed(press: Press) -> None:
    await press.run_of("Anna", "Bram")
    await press.tell("dossier", started(2), *(requested(row) for row in (1, 2)), requested(1, 2))
    await press.tell("renderer", press.letter(2, "x"), press.letter(1, "x"), press.letter(1, "Anna opnieuw", ordinal=2))

    assert await press.printed() == ["Anna opnieuw", "Bram"]


async def test_a_file_that_would_lack_letters_is_not_to_be_had(press: Press) -> None:
    await press.tell("dossier", started(2, "document"), requested(1, issue_method="document"))
    await press.tell("renderer", press.letter(1, "Anna"))

    answer = await press.get("print.pdf")

    assert (answer.status_code, answer.json()["code"]) == (409, "letters_to_come")


async def test_what_cannot_be_printed_is_refused(press: Press) -> None:
    unknown = await press.get("print.pdf")
    await press.tell("dossier", started(1, "document"), requested(1, issue_method="document"))
    await press.tell("renderer", not_rendered(1))
    none, unsortable, no_field = (
        await press.get("print.pdf"),
        await press.get("print.pdf", sort="merge.postcode"),
        await press.get("print.pdf", sort="postcode"),
    )
    press.dossier.is_letters = False
    mails = await press.get("print.pdf")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_run")
    assert (none.status_code, none.json()["code"]) == (404, "nothing_to_print")
    assert (unsortable.status_code, unsortable.json()["code"]) == (422, "not_sortable")
    assert no_field.status_code == 422
    assert (mails.status_code, mails.json()["code"]) == (409, "not_letters")


async def test_more_letters_than_are_in_memory_at_a_time_are_printed_all(press: Press) -> None:
    names = [f"Anna {row}" for row in range(1, 61)]
    await press.run_of(*names)

    printed, again = await asyncio.gather(press.printed(), press.printed())

    assert printed == again == names


@pytest.mark.parametrize(
    ("given", "sorted_"),
    [
        (["b", "A", "a", "B"], ["A", "a", "b", "B"]),
        (["Zoë", "Zoe", "Zof", "Zod"], ["Zod", "Zoë", "Zoe", "Zof"]),
        (["1012 AB", "999 ZZ", "1012 AA"], ["999 ZZ", "1012 AA", "1012 AB"]),
        (["Weg 10", "Weg 9", "Weg"], ["Weg", "Weg 9", "Weg 10"]),
        ([10, "9", 1.5, None, "", "x"], [1.5, "9", 10, "x", None, ""]),
    ],
)
def test_letters_are_sorted_as_people_sort(given: list[Any], sorted_: list[Any]) -> None:
    """R-14: neither case nor accents count, numbers do, and what is missing comes last; equals keep their order."""
    assert in_order(given, given) == sorted_


@pytest.mark.parametrize(("name", "file"), [("Brief", "Output Brief.pdf"), ("A/B: \n«c»", "Output A B  «c».pdf")])
def test_a_print_file_is_called_by_its_layout(name: str, file: str) -> None:
    """R-14."""
    assert filename_of(name).split() == file.split()
