"""Words for people, from `locales/nl.toml` and `locales/en.toml`: a text per code, with values in {braces}."""

import tomllib
from pathlib import Path

from services.dossier.domain.refusal import Wrong

LOCALES = Path(__file__).parent.parent / "locales"
_HOUSE = "nl"


class TomlTexts:
    """The words of the dossier in each language it has."""

    def __init__(self, folder: Path = LOCALES) -> None:
        self._texts = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))}

    def of(self, wrong: Wrong, language: str) -> str:
        """Return in words what is wrong."""
        texts = self._texts.get(language, self._texts[_HOUSE])["refusals"]
        return str(texts[wrong.code]).format_map(_Values(wrong.values | {"field": wrong.field}))

    def several(self, count: int, language: str) -> str:
        """Return in words that so many things are wrong."""
        return str(self._texts.get(language, self._texts[_HOUSE])["several"]).format(count=count)


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
