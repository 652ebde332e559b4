"""What history says to people, from `locales/`, in Dutch and English."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from shared.pages import Language

_LOCALES = Path(__file__).parent.parent / "locales"


class Words:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts: dict[str, Any] = tomllib.loads((_LOCALES / f"{language}.toml").read_text("utf-8"))

    def refusal(self, code: str) -> str:
        """Return what the code of a refusal means; empty for one that is not known here."""
        return str(self._texts["refusals"].get(code, ""))

    def status(self, code: str) -> str:
        """Return the word for a status."""
        return str(self._texts["statuses"].get(code, code))

    def reason(self, code: str) -> str:
        """Return the words for a reason; a reason somebody gave stands as it is."""
        return str(self._texts["reasons"].get(code, code))

    def text(self, name: str) -> str:
        """Return a text of the pages, empty where there is none of that name."""
        return str(self._texts["pages"].get(name, ""))

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text of the pages by its name."""
        return str(self._texts["pages"][name]).format(**values)


@cache
def words_in(language: Language) -> Words:
    """Return the texts of a language."""
    return Words(language)
