"""Turns MJML, a layout language for mails that look the same in every reader, into HTML: once, values come later."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from mjml import mjml2html

from services.renderer.adapters.faults import Unmergeable, line_with
from services.renderer.adapters.jinja import Merge

ENGINES = {"mjml-python": version("mjml-python")}


class MjmlPage:
    """A page of MJML with Jinja2 tags; a tag that opens or closes around elements stands in `mj-raw`."""

    def __init__(self, source: str, language: str) -> None:
        """Compile; raise `Unmergeable` for what is no MJML, or includes what is not in it."""
        self._source = source
        try:
            page = mjml2html(source, fonts={})  # a font of a name known elsewhere would be fetched by every reader
        except ValueError as error:
            raise Unmergeable(f"this is not MJML: {error}") from error
        try:
            self._merge = Merge(page, language, html=True)
        except Unmergeable as error:
            raise Unmergeable(error.detail) from error  # the line is one of HTML that nobody wrote

    def __call__(self, context: Mapping[str, Any]) -> str:
        """Return the merged page; raise `Unmergeable` with the field, and the first line that names it."""
        try:
            return self._merge(context)
        except Unmergeable as error:
            line = line_with(error.field, self._source) if error.field else None
            raise Unmergeable(error.detail, field=error.field, line=line) from error
