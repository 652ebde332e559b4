"""Files for spreadsheets: CSV as they open it here, and no cell that one would take for a formula."""

import csv
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from io import StringIO

from starlette.responses import StreamingResponse

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_AT_ONCE = 500  # lines


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet computes: one that looks like a formula begins with a quote, as text does."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def lines_of(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as lines of CSV, with semicolons."""
    file = StringIO()
    csv.writer(file, delimiter=";").writerows([defused(cell) for cell in row] for row in rows)
    return file.getvalue()


def download(name: str, columns: Sequence[str], rows: AsyncIterable[Sequence[str]]) -> StreamingResponse:
    """Return a file in pieces, as its rows come; with a byte order mark, by which spreadsheets know UTF-8."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_pieces(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)


async def _pieces(columns: Sequence[str], rows: AsyncIterable[Sequence[str]]) -> AsyncIterator[str]:
    yield "\ufeff" + lines_of([columns])
    gathered: list[Sequence[str]] = []
    async for row in rows:
        gathered.append(row)
        if len(gathered) == _AT_ONCE:
            yield lines_of(gathered)
            gathered = []
    yield lines_of(gathered)
