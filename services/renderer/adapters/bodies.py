"""Makes mail bodies: text, and HTML if the layout has any; without a text source the text is what the page says."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from inscriptis import get_text  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]

from services.renderer.adapters import jinja, mjml
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.jinja import Merge
from services.renderer.adapters.mjml import MjmlPage

ENGINES = jinja.ENGINES | mjml.ENGINES | {"inscriptis": version("inscriptis")}


class BodyLayout:
    """A layout that makes a mail body: text, and HTML if it has any."""

    def __init__(self, sources: Mapping[str, str], language: str) -> None:
        """Compile both; raise `Unmergeable` when neither is there or one is not well written."""
        if not {"text", "html", "mjml"} & sources.keys():
            raise Unmergeable("the layout has neither text nor html, so it makes no mail body")
        self._text = Merge(sources["text"], language) if "text" in sources else None
        self._html = _page(sources, language)

    @property
    def engines(self) -> dict[str, str]:
        """Return the name and version of each engine that takes part."""
        taking_part = {
            "jinja2": True,
            "css-inline": self._html is not None,
            "mjml-python": isinstance(self._html, MjmlPage),
            "inscriptis": self._text is None,
        }
        return {name: ENGINES[name] for name, takes_part in taking_part.items() if takes_part}

    def body(self, context: Mapping[str, Any]) -> tuple[str, str | None]:
        """Return the text and HTML body; without a text source the text is what the page says."""
        page = self._html(context) if self._html else None
        text = self._text(context) if self._text else _said_by(page or "")
        return text, page


def _page(sources: Mapping[str, str], language: str) -> Merge | MjmlPage | None:
    if "mjml" in sources:
        return MjmlPage(sources["mjml"], language)
    return Merge(sources["html"], language, html=True) if "html" in sources else None


def _said_by(page: str) -> str:
    return str(get_text(page, ParserConfig(display_links=True))).strip() + "\n"
