"""Sets letters in Typst: values come as data, so no name can be taken for markup."""

import json
import os
import re
import shutil
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import typst

from services.renderer.adapters.faults import Unmergeable, as_written
from services.renderer.adapters.formats import long_date
from services.renderer.adapters.glyphs import FONTS, not_shown
from shared.contracts.dossier import PdfStandard

ENGINES: Mapping[str, str] = {"typst": version("typst")}
Standard = Literal["a-2b", "a-3a", "ua-1"]
STANDARDS: Mapping[PdfStandard, tuple[Standard, ...]] = {"plain": (), "a-2b": ("a-2b",), "a-3a+ua-1": ("a-3a", "ua-1")}
# A computed package name passes the check of the source; its download then meets a closed door.
OFFLINE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
_VALUES = "values.json"
_BLOCK = 4096  # bytes; a file that keeps its size waits for no other file on the disk
# Given as `sys_inputs`, values make typst build and hash its whole library anew and forget all that it set before:
# 2 ms a letter. So they come by a file, under the same name. This is one line, before the first of the layout.
_BEFORE = f'#let sys = (version: sys.version, inputs: (data: read("{_VALUES}")))\n'
_PACKAGE = re.compile(r"\b(?:import|include)\b[^\n;]*?\"\s*@")
_PLACE = re.compile(r"┌─ [^\n]*:(\d+):\d+$", re.MULTILINE)
_LACKING = re.compile(r"does not contain key \"(?P<inner>[^\"]+)\"|^unknown variable: (?P<outer>[\w-]+)")


class LetterLayout:
    """A layout that makes a PDF, with a compiler of its own."""

    engines = ENGINES
    content_type = "application/pdf"
    suffix = ".pdf"

    def __init__(
        self,
        sources: Mapping[str, str],
        language: str,
        standards: Sequence[Standard] = (),
        beside: Mapping[str, bytes] | None = None,
    ) -> None:
        """Take the source, the standards of its PDF, and the files beside it by name.

        Raises `Unmergeable` for no source, or one with packages.
        """
        if "typst" not in sources:
            raise Unmergeable("the layout has no typst source, so it makes no letter")
        self._source = sources["typst"]
        self._language = language
        self._standards: list[Any] = list(standards)  # typst knows more of them
        _refuse_packages(self._source)
        # A compiler forgets a source given as bytes, so it lies in a folder that is all the layout can read.
        folder = Path(mkdtemp(prefix="uitpost-layout-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        for name, content in (beside or {}).items():
            (folder / name).write_bytes(content)
        main = folder / "letter.typ"
        main.write_text(_BEFORE + self._source.removeprefix("\ufeff"), "utf-8")
        self._folder = str(folder)
        self._values = _Values(folder / _VALUES)
        self._compiler = typst.Compiler(
            main, root=folder, font_paths=_fonts(), ignore_system_fonts=True, package_path=folder
        )

    def letter(self, context: Mapping[str, Any], day: str) -> tuple[bytes, tuple[str, ...]]:
        """Return the PDF, dated midnight UTC of the day (YYYY-MM-DD), and warnings; raise `Unmergeable` or `OSError`.

        The layout reads its values by `json(bytes(sys.inputs.data))`; `long_date` is the date in words.
        """
        seen = {**context, "long_date": long_date(day, self._language)}
        midnight = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
        values = json.dumps(seen, ensure_ascii=False, default=str)
        with self._values.shown(values.encode()):
            try:
                pdf, warnings = self._compiler.compile_with_warnings(
                    format="pdf",
                    timestamp=midnight,
                    pdf_tags=bool(self._standards),
                    pdf_standards=self._standards or None,
                )
            except typst.TypstError as error:
                raise self._located(error) from error
        if not isinstance(pdf, bytes):
            raise Unmergeable("the layout makes no pages")
        lacking = [f"no font has the character {point}" for point in not_shown(values)]
        return pdf, (*(_with_line(warning) for warning in warnings), *lacking)

    def _located(self, error: typst.TypstError) -> Unmergeable:
        line = _line(error.diagnostic)
        lacking = _LACKING.search(error.message)
        if not lacking:
            return Unmergeable(error.message.replace(self._folder, ""), line=line)
        field = as_written(lacking["inner"] or lacking["outer"], self._source, line)
        return Unmergeable(f"the field {field} is unknown or has no value", field=field, line=line)


class _Values:
    """The file in which a layout finds the values of one letter; afterwards nothing of them is left in it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        self._size = 0
        weakref.finalize(self, os.close, self._file)

    @contextmanager
    def shown(self, values: bytes) -> Iterator[None]:
        """Let the layout read these values; raise `OSError` when the disk fails."""
        size = -(-len(values) // _BLOCK) * _BLOCK
        if size < self._size:
            os.ftruncate(self._file, size)
        self._size = size
        try:
            self._write(values.ljust(size))
            yield
        finally:
            self._write(b" " * size)

    def _write(self, content: bytes) -> None:
        written = 0
        while written < len(content):
            written += os.pwrite(self._file, content[written:], written)


def _refuse_packages(source: str) -> None:
    for number, line in enumerate(source.splitlines(), start=1):
        if _PACKAGE.search(line):
            raise Unmergeable("a layout can't import packages", line=number)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _with_line(warning: typst.TypstWarning) -> str:
    line = _line(warning.diagnostic)
    return f"{warning.message} (line {line})" if line else warning.message


def _line(diagnostic: str) -> int | None:
    place = _PLACE.search(diagnostic)
    return int(place[1]) - _BEFORE.count("\n") if place else None
