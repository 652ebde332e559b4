"""Words for people, from the files of `locales/nl/` and `locales/en/`: a text per code, with values in {braces}."""

import tomllib
from pathlib import Path

from services.dossier.domain.refusal import Wrong

LOCALES = Path(__file__).parent.parent / "locales"
_HOUSE = "nl"


class TomlTexts:
    """The words of the dossier in each language it has."""

    def __init__(self, folder: Path = LOCALES) -> None:
        self._texts = {language.name: _read(language) for language in sorted(folder.iterdir())}

    def of(self, wrong: Wrong, language: str) -> str:
        """Return in words what is wrong."""
        texts = self._texts.get(language, self._texts[_HOUSE])
        said = texts[wrong.code].format_map(_Values(wrong.values | {"field": wrong.field}))
        if wrong.place is None:
            return said
        line, column = wrong.place
        return texts["in_cell" if column else "in_line"].format(line=line, column=column, said=said)

    def several(self, count: int, language: str) -> str:
        """Return in words that so many things are wrong."""
        return self._texts.get(language, self._texts[_HOUSE])["several"].format(count=count)


def _read(folder: Path) -> dict[str, str]:
    """Return the words of one language: each file holds those of its noun, and no code stands in two."""
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        words = tomllib.loads(path.read_text("utf-8"))
        if twice := texts.keys() & words.keys():
            raise ValueError(f"{path.name} says again what another file says: {', '.join(sorted(twice))}")
        texts |= words
    return texts


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
