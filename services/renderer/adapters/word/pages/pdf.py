"""A Word layout that makes a PDF for each recipient, set from its translation."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import count
from typing import Any

from services.renderer.adapters.typst import LetterLayout, Standard
from services.renderer.adapters.word.compiled import Compiled, environment_of
from services.renderer.adapters.word.layout import WordLayout
from services.renderer.adapters.word.merging import Scope
from services.renderer.adapters.word.pages.translation import LANGUAGE, TITLE, translated

ENGINES = {name: version(name) for name in ("jinja2", "lxml", "typst")}
_SAY = "{{(%s) | _json }}"


class TranslatedLayout:
    """A Word layout as a Typst layout of our own, with the same values."""

    engines: Mapping[str, str] = ENGINES
    content_type = "application/pdf"
    suffix = ".pdf"

    def __init__(
        self, content: bytes, language: str, standards: Sequence[Standard] = (), *, merged: bool = False
    ) -> None:
        """Translate it; raise `Declined` where only an office program can set it, `Unmergeable` for a faulty one.

        A document that is `merged` already is one letter, and has no tags.
        """
        layout = WordLayout(content, merged=merged)
        translation = translated(layout)
        self._language = language
        environment = environment_of(layout.marks.asked, language)
        environment.filters["_json"] = _as_json
        self._values = {
            name: Compiled(template, story, layout.marks.tags, environment, _SAY)
            for name, (template, story) in translation.values.items()
        }
        self._letter = LetterLayout({"typst": translation.source}, language, standards, translation.pictures)

    def letter(self, context: Mapping[str, Any], day: str) -> tuple[bytes, tuple[str, ...]]:
        """Return the PDF, dated midnight UTC of the day (YYYY-MM-DD), and warnings; raise `Unmergeable`."""
        seen = {**context, "_all": Scope(context, self._language), "_next_number": count().__next__}
        values = {name: json.loads(part.merged(seen)) for name, part in self._values.items()}
        told = {TITLE: str(context.get("subject") or ""), LANGUAGE: self._language}
        return self._letter.letter(values | told, day)


def _as_json(value: Any) -> str:
    return json.dumps("" if value is None else str(value), ensure_ascii=False)
