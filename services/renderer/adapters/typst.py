"""Sets letters in Typst: values come as data, so no name can be taken for markup."""

import json
import re
import shutil
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import typst

from services.renderer.adapters.dates import long_date
from services.renderer.adapters.faults import Unmergeable, as_written

ENGINES = {"typst": version("typst")}
# A computed package name passes the check of the source; its download then meets a closed door.
OFFLINE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
FONTS = Path(__file__).parent.parent / "fonts"
_PACKAGE = re.compile(r"\b(?:import|include)\b[^\n;]*?\"\s*@")
_PLACE = re.compile(r"┌─ [^\n]*:(\d+):\d+$", re.MULTILINE)
_LACKING = re.compile(r"does not contain key \"(?P<inner>[^\"]+)\"|^unknown variable: (?P<outer>[\w-]+)")


class LetterLayout:
    """A layout that makes a PDF, with a compiler of its own."""

    def __init__(self, sources: Mapping[str, str], language: str) -> None:
        """Take the source; raise `Unmergeable` when it is not there or imports a package."""
        if "typst" not in sources:
            raise Unmergeable("the layout has no typst source, so it makes no letter")
        self._source = sources["typst"]
        self._language = language
        _refuse_packages(self._source)
        # A compiler forgets a source given as bytes, so it lies alone in a folder that is all the layout can read.
        folder = Path(mkdtemp(prefix="uitpost-layout-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        main = folder / "letter.typ"
        main.write_text(self._source, "utf-8")
        self._compiler = typst.Compiler(
            main, root=folder, font_paths=_fonts(), ignore_system_fonts=True, package_path=folder
        )

    def letter(self, context: Mapping[str, Any], day: str) -> tuple[bytes, tuple[str, ...]]:
        """Return the PDF, dated midnight UTC of the day (YYYY-MM-DD), and warnings; raise `Unmergeable`.

        The layout reads its values by `json(bytes(sys.inputs.data))`; `long_date` is the date in words.
        """
        seen = {**context, "long_date": long_date(day, self._language)}
        midnight = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
        inputs = {"data": json.dumps(seen, ensure_ascii=False, default=str)}
        try:
            pdf, warnings = self._compiler.compile_with_warnings(
                sys_inputs=inputs, format="pdf", timestamp=midnight, pdf_tags=False
            )
        except typst.TypstError as error:
            raise self._located(error) from error
        if not isinstance(pdf, bytes):
            raise Unmergeable("the layout makes no pages")
        return pdf, tuple(_with_line(warning) for warning in warnings)

    def _located(self, error: typst.TypstError) -> Unmergeable:
        line = _line(error.diagnostic)
        lacking = _LACKING.search(error.message)
        if not lacking:
            return Unmergeable(error.message, line=line)
        field = as_written(lacking["inner"] or lacking["outer"], self._source, line)
        return Unmergeable(f"the field {field} is unknown or has no value", field=field, line=line)


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
    return int(place[1]) if place else None
