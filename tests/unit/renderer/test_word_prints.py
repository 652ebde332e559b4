"""Word letters that are made already become pages as they stand, to be printed with others."""

from collections.abc import AsyncIterator
from datetime import date
from functools import cache
from pathlib import Path

import pypdfium2
import pytest

from services.renderer.adapters.pool import RenderPool
from services.renderer.adapters.word.pages.likeness import compared
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from services.renderer.adapters.word.template import DocxLayout
from services.renderer.application import Bench, Drafts
from shared.blobs import Blob, SqliteBlobs
from shared.contracts.asks import LettersWanted, LetterToPrint
from shared.contracts.drafts import Preview
from shared.contracts.message import LayoutVersion
from tests.office import needs_office
from tests.unit.renderer.jobs import a_context
from tests.unit.renderer.test_word_letters import a_word_layout
from tests.unit.renderer.test_word_pages import CORPUS, DECLINED, values
from tests.unit.renderer.word_corpus import LONG, SHORT
from tests.unit.renderer.word_files import document, p, r

DAY = date(2026, 11, 24)
PLAIN = document(p(r("Beste {{ recipient.name }}")))
COLUMNS = document(p(r("Beste {{ recipient.name }}")), more="<w:cols w:num='2'/>")


class Desk:
    """A renderer with workers of its own, which is asked to print letters."""

    def __init__(self, blobs: SqliteBlobs, folder: Path) -> None:
        self.blobs = blobs
        self.pool = RenderPool(folder / "blobs.db", 1, seconds=60)
        self._drafts = Drafts(Bench(self.pool, 1))

    def letter(self, content: bytes, layout: LayoutVersion) -> LetterToPrint:
        [ref] = self.blobs.put_many([Blob(content)])
        return LetterToPrint(sha256=ref.sha256, layout=layout, made_on=DAY)

    async def printed(self, *letters: LetterToPrint) -> list[list[str] | str]:
        """What each page of each letter says, or why there is none."""
        made = await self._drafts.print_letters(LettersWanted(letters=letters))
        return [
            pages(self.blobs.get(one.preview.sha256)) if one.preview else (one.fault.detail if one.fault else "")
            for one in made.results
        ]


def pages(preview: bytes) -> list[str]:
    """What the pages of a preview's PDF say."""
    pdf = Preview.model_validate_json(preview).attachment
    assert pdf
    with pypdfium2.PdfDocument(pdf) as opened:
        return [page.get_textpage().get_text_bounded().strip() for page in opened]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(SqliteBlobs.create(tmp_path / "blobs.db"), tmp_path)
    yield desk
    await desk.pool.close()


@cache
def _layouts(name: str) -> tuple[DocxLayout, TranslatedLayout]:
    """Read a layout once for all letters, as a worker does."""
    return DocxLayout(CORPUS[name], "nl"), TranslatedLayout(CORPUS[name], "nl")


@pytest.mark.parametrize("name", sorted(CORPUS.keys() - DECLINED.keys()))
@pytest.mark.parametrize("merge", [SHORT, LONG], ids=["short", "long"])
def test_a_letter_is_printed_as_it_would_have_been_made_read_only(name: str, merge: dict[str, object]) -> None:
    """R-14, A6."""
    layout, translated = _layouts(name)
    letter, _ = layout.letter(values(merge), DAY.isoformat())

    printed, _ = TranslatedLayout(letter, "nl", merged=True).letter({"subject": ""}, DAY.isoformat())

    read_only, _ = translated.letter(values(merge), DAY.isoformat())
    assert compared(printed, read_only).reasons == ()


async def test_what_somebody_wrote_in_braces_is_printed_as_it_stands(desk: Desk) -> None:
    """R-14: names are data, in a letter that was made of them too; and in any script."""
    layout = a_word_layout(desk.blobs, PLAIN)
    names = ("{{ 7 * 7 }}", "{% for x in y %}", "{# niets #}", "Ωμέγα 王小明", "«Anna» {{recipient.name}")
    merged = DocxLayout(PLAIN, "nl")
    contexts = [a_context(recipient={"name": name, "email": "x@home.example", "language": "nl"}) for name in names]
    letters = [desk.letter(merged.letter(context, DAY.isoformat())[0], layout) for context in contexts]

    assert await desk.printed(*letters) == [[f"Beste {name}"] for name in names]


async def test_a_letter_that_is_none_or_gone_fails_alone(desk: Desk) -> None:
    """A22, R-14."""
    layout = a_word_layout(desk.blobs, PLAIN)
    gone = LetterToPrint(sha256="0" * 64, layout=layout, made_on=DAY)
    good = desk.letter(document(p(r("Dag"))), layout)

    broken, missing, printed = await desk.printed(desk.letter(b"PK no zip", layout), gone, good)

    assert "not a Word document" in broken
    assert missing == "the letter is not kept any more"
    assert printed == ["Dag"]


async def test_without_libreoffice_a_letter_that_needs_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FR-39, R-14: a worker finds the programs that its service finds, and no others."""
    monkeypatch.setenv("PATH", "")
    desk = Desk(SqliteBlobs.create(tmp_path / "blobs.db"), tmp_path)
    layout = a_word_layout(desk.blobs, COLUMNS)

    [said] = await desk.printed(desk.letter(COLUMNS, layout))
    await desk.pool.close()

    assert "because of several columns; LibreOffice is not installed here" in said
    assert "apt-get install libreoffice-writer-nogui" in said


@needs_office
async def test_letters_of_a_layout_that_libreoffice_makes_are_printed_by_it(desk: Desk) -> None:
    """FR-39, R-14."""
    layout = a_word_layout(desk.blobs, COLUMNS)
    letter, _ = DocxLayout(COLUMNS, "nl").letter(a_context(), DAY.isoformat())

    assert await desk.printed(desk.letter(letter, layout)) == [["Beste Anna de Vries"]]
