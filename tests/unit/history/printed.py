"""Printing as history has it, over blobs at hand."""

from collections.abc import Sequence

from services.history.adapters.binding import Binding
from services.history.adapters.tables import LetterTable
from services.history.application import History, Printing, WordLetters
from services.history.application.ports import Doors, Printer
from shared.blobs import Blob, Blobs, MemoryBlobs
from shared.contracts.asks import LetterToPrint, PrintMade
from shared.contracts.drafts import Preview
from shared.contracts.renderer import Fault
from shared.messaging import NoAnswer
from shared.store import Store
from tests.unit.history.letters import a_letter


class WordPrinter:
    """Makes of each Word letter, a text, the PDF that says so; `Faulty` has none, and none of a layout in `unable`.

    `silences` say of the next times whether it gives no answer.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.asked: list[int] = []
        self.unable: dict[str, str] = {}
        self.made: list[str] = []
        self.silences: list[bool] = []

    async def print_letters(self, letters: Sequence[LetterToPrint]) -> Sequence[PrintMade]:
        if self.silences and self.silences.pop(0):
            raise NoAnswer("renderer does not answer")
        self.asked.append(len(letters))
        return [self._made(number, letter) for number, letter in enumerate(letters)]

    def _made(self, number: int, letter: LetterToPrint) -> PrintMade:
        said = self._blobs.get(letter.sha256).decode()
        why = self.unable.get(letter.layout.layout_id) or ("it takes too long" if said == "Faulty" else None)
        if why:
            return PrintMade(fault=Fault(layout_id=letter.layout.layout_id, detail=why))
        looked = Preview(mark=f"{len(self.asked)}/{number}", attachment=a_letter(said))
        [ref] = self._blobs.put_many([Blob(looked.model_dump_json().encode(), "a_day")])
        self.made.append(ref.sha256)
        return PrintMade(preview=ref)


def a_printing(
    history: History, store: Store, doors: Doors, blobs: Blobs | None = None, printer: Printer | None = None
) -> Printing:
    """Return it, wired."""
    kept = blobs or MemoryBlobs()
    word = WordLetters(printer or WordPrinter(kept), kept, pause=0)
    return Printing(history, LetterTable(store), doors, kept, Binding, word)
