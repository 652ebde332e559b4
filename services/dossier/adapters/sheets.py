"""Lists as people keep them, CSV or XLSX, line by line; what kind a file is shows from its bytes, not from its name."""

import codecs
import csv
import subprocess
import sys
from collections.abc import Generator
from io import TextIOWrapper
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import IO, Any, cast

import orjson

from services.dossier.adapters import spreadsheet
from services.dossier.application.recipients import Line
from services.dossier.domain.refusal import Refused, Wrong

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = ";,\t"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WINDOW = 2**16  # bytes


class FileSheets:
    """Reads lists from files."""

    def lines(self, file: IO[bytes]) -> Generator[Line]:
        """Yield each line that says anything; raise `Refused` for a file that is no list."""
        begin = file.read(4)
        file.seek(0)
        if begin == _OLE:
            raise Refused([Wrong("", "unreadable_list")])
        yield from _of_spreadsheet(file) if begin == _ZIP else _of_text(file)


def _of_text(file: IO[bytes]) -> Generator[Line]:
    text = TextIOWrapper(cast("Any", file), _encoding(file), errors="surrogateescape", newline="")
    try:
        header = text.readline()
        text.seek(0)
        rows = csv.reader(text, delimiter=max(_DELIMITERS, key=header.count))
        while True:
            line = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error:
                yield line, None
                continue
            stripped: list[Any] = [cell.strip() or None for cell in cells]
            if any(stripped):
                yield line, stripped
    finally:
        text.detach()


def _encoding(file: IO[bytes]) -> str:
    """Return UTF-8 where the file is that, with or without its mark, else what Windows writes in Western Europe."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        window = file.read(_WINDOW)
        if window.startswith(_UTF_16):
            return "utf-16"
        while window:
            decoder.decode(window)
            window = file.read(_WINDOW)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    else:
        return "utf-8-sig"
    finally:
        file.seek(0)


def _of_spreadsheet(file: IO[bytes]) -> Generator[Line]:
    with NamedTemporaryFile(suffix=".xlsx") as copy:
        copyfileobj(file, copy)
        copy.flush()
        command = [sys.executable, "-m", spreadsheet.__name__, copy.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:  # noqa: S603 -- ours
            assert reader.stdout is not None  # noqa: S101 -- it is a pipe
            try:
                for said in reader.stdout:
                    line, cells = orjson.loads(said)
                    if any(cell is not None for cell in cells):
                        yield line, cells
            except GeneratorExit:
                reader.kill()
                raise
        if reader.returncode:
            code = "list_too_large" if reader.returncode == spreadsheet.TOO_LARGE else "unreadable_list"
            raise Refused([Wrong("", code)])
