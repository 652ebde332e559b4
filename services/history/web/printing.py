"""The letters of a run over HTTP as one file to print, and what is in it."""

from collections.abc import Callable, Sequence
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request

from services.history.application import Printing
from services.history.domain.printing import PDF, PrintFile, PrintRow
from services.history.web.look import place_of
from services.history.web.refusals import Worded
from services.history.web.words import words_in
from shared.pages import language, reads

_FIELD = r"^(run|recipient\.name|merge\.[A-Za-z_][A-Za-z0-9_]{0,99})$"
Sort = Annotated[Annotated[str, StringConstraints(pattern=_FIELD)] | None, Query()]


class LetterPrinted(BaseModel):
    """A row whose letter is in the print file."""

    id: UUID
    recipient_name: str | None
    kind: str | None
    number: str | None


class LetterMissing(LetterPrinted):
    """A row without a letter in the print file: how it stands, and why it is not there."""

    status: str
    reason: str
    detail: str | None


class PrintShown(BaseModel):
    """A print file: its name, what it is sorted by (`run`: the run's order) and can be, its letters, and who lacks."""

    filename: str
    sort: str
    sortable: list[str]
    count: int
    letters: list[LetterPrinted]
    missing: list[LetterMissing]


def routes(printing: Printing) -> APIRouter:
    """Return the routes of print files."""
    router = APIRouter(prefix="/api/v1/runs", tags=["runs"], route_class=Worded, dependencies=[Depends(reads)])

    @router.get("/{id}/print.pdf", response_class=StreamingResponse, responses={200: {"content": {PDF: {}}}})
    async def print_letters(request: Request, id: UUID, sort: Sort = None) -> StreamingResponse:  # noqa: A002 -- the name in the URL
        """Download all letters of a run as one PDF, in the sort order of its layout unless `sort` says another.

        The headers `Uitpost-Letters` and `Uitpost-Missing` say how many letters are in it and how many rows have
        none; `print.json` names them. Word letters are made into PDFs on the way.
        """
        file = await printing.plan(id, sort)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
            "Uitpost-Letters": str(len(file.letters)),
            "Uitpost-Missing": str(len(file.missing)),
            "Cache-Control": "private, no-cache",
        }
        return StreamingResponse(printing.written(file, _instead(request)), media_type=PDF, headers=headers)

    @router.get("/{id}/print.json")
    async def show_print(id: UUID, sort: Sort = None) -> PrintShown:  # noqa: A002 -- the name in the URL
        """Show which letters are in the print file of a run, in order, and which rows are not and why."""
        return _shown(await printing.plan(id, sort))

    return router


def _instead(request: Request) -> Callable[[PrintRow], Sequence[str]]:
    """Return what the page says that stands for a letter which can't be made, in the caller's language."""
    words = words_in(language(request))

    def lines(row: PrintRow) -> Sequence[str]:
        place = {"kind": row.kind, "number": row.number, "contact_id": None}
        return words("no_print"), place_of(place, words), str(row.processing_id)

    return lines


def _shown(file: PrintFile) -> PrintShown:
    return PrintShown(
        filename=file.filename,
        sort=file.sort,
        sortable=list(file.sortable),
        count=len(file.letters),
        letters=[_of_row(row) for row in file.letters],
        missing=[
            LetterMissing(**_of_row(one.row).model_dump(), status=one.row.status, reason=one.reason, detail=one.detail)
            for one in file.missing
        ],
    )


def _of_row(row: PrintRow) -> LetterPrinted:
    return LetterPrinted(id=row.processing_id, recipient_name=row.recipient_name, kind=row.kind, number=row.number)
