"""Opens one spreadsheet and writes its lines as JSON: a program of its own, so that a bad file harms nobody else.

A few bytes can claim a sheet of 17 thousand million cells; what reads it then dies, within the limits set here.
"""

import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zipfile import BadZipFile, ZipFile

import orjson
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

UNREADABLE, TOO_LARGE = 3, 4  # exit codes
MEMORY = 2**30  # bytes
SECONDS = 60  # of CPU
INFLATED = 300 * 2**20  # bytes of all files in it
_EXACT = 2**53  # a float below it that is whole is a whole number


def main() -> int:
    """Write each line of the first sheet that shows, with its number, as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    path = sys.argv[1]
    try:
        with ZipFile(path) as archive:
            if sum(file.file_size for file in archive.infolist()) > INFLATED:
                return TOO_LARGE
        for line in lines(path):
            sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    except MemoryError:
        return TOO_LARGE
    except (CalamineError, BadZipFile, ValueError, KeyError):
        return UNREADABLE
    return 0


def lines(path: str) -> Iterator[tuple[int, list[Any]]]:
    """Yield the lines of a workbook with their numbers; raise `CalamineError` where it is none."""
    with CalamineWorkbook.from_path(path) as workbook:
        shown = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if (sheet.typ, sheet.visible) == (SheetTypeEnum.WorkSheet, SheetVisibleEnum.Visible)
        ]
        sheet = workbook.get_sheet_by_name(shown[0])
        for number, cells in enumerate(sheet.iter_rows(), 1):
            yield number, [_plain(cell) for cell in cells]


def _plain(cell: Any) -> str | int | float | bool | None:
    """Return a cell as JSON has it: dates and times in ISO 8601, whole numbers without a point."""
    match cell:
        case "":
            return None
        case float() if cell.is_integer() and abs(cell) < _EXACT:
            return int(cell)
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            minutes, seconds = divmod(int(cell.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    plain: str | int | float | bool = cell
    return plain


if __name__ == "__main__":
    sys.exit(main())
