"""Sets letters in paged HTML: Jinja2 gives the page its values, and plutoprint its pages (CSS Paged Media)."""

import atexit
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import Any
from xml.sax.saxutils import escape

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.glyphs import FONTS, not_shown
from services.renderer.adapters.jinja import Merge

_MADE = find_spec("plutoprint") is not None  # for Linux on x86_64 alone
plutoprint: Any = import_module("plutoprint") if _MADE else None
ENGINES: Mapping[str, str] = {name: version(name) for name in ("jinja2", "plutoprint") if name != "plutoprint" or _MADE}
_FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern"><edit name="family" mode="append_last"><string>Noto Sans</string></edit></match>
</fontconfig>
"""


class AsksOutside(Unmergeable):
    """A page asks for what is not part of it."""


class PagedLayout:
    """A layout of HTML with paged CSS that makes a PDF; images stand in it as `data:` URLs, nothing is fetched."""

    engines = ENGINES
    content_type = "application/pdf"
    suffix = ".pdf"

    def __init__(self, sources: Mapping[str, str], language: str) -> None:
        """Compile the page; raise `Unmergeable` for none, a badly written one, or where no PDF can be made of it."""
        if not _MADE:
            raise Unmergeable("HTML becomes a PDF on Linux on x86_64 only; use a typst layout here")
        if "page" not in sources:
            raise Unmergeable("the layout has no page source, so it makes no letter")
        self._merge = Merge(sources["page"], language, html=True, inlines=False)
        _use_our_fonts()

    def letter(self, context: Mapping[str, Any], day: str) -> tuple[bytes, tuple[str, ...]]:
        """Return the PDF, dated midnight UTC of the day (YYYY-MM-DD), and warnings; raise `Unmergeable`."""
        page = self._merge(context)
        asked = _Nothing()
        book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)
        book.custom_resource_fetcher = asked
        book.load_html(page, base_url="layout:///")
        for moment in (plutoprint.PDF_METADATA_CREATION_DATE, plutoprint.PDF_METADATA_MODIFICATION_DATE):
            book.set_metadata(moment, f"{day}T00:00:00Z")  # else it has the time of the clock
        pdf = BytesIO()
        book.write_to_pdf_stream(pdf)
        if asked.urls:
            raise AsksOutside(f"the page asks for {asked.urls[0][:200]}, which is not part of the layout")
        return pdf.getvalue(), tuple(f"no font has the character {point}" for point in not_shown(page))


_Fetcher: Any = plutoprint.ResourceFetcher if _MADE else object


class _Nothing(_Fetcher):  # type: ignore[misc] # whose base depends on the machine
    """Gives nothing to a page, whatever it asks for, and remembers what that was."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def fetch_url(self, url: str) -> Any:
        """Give no bytes."""
        self.urls.append(url)
        return plutoprint.ResourceData(b"", "text/plain", "utf-8")


@cache
def _use_our_fonts() -> None:
    """Let no font of the machine be used, so that a letter has the same bytes on every machine."""
    folder = Path(tempfile.mkdtemp(prefix="uitpost-fonts-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    told = _FONTCONFIG.format(fonts=escape(str(FONTS)), cache=escape(str(folder / "cache")))
    (folder / "fonts.conf").write_text(told, "utf-8")
    plutoprint.plutobook_set_fontconfig_path(str(folder))
