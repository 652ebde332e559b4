"""Builds the Word layouts that come with the product, from parts that can be read; `python -m deploy.word_layouts`."""

import tomllib
from pathlib import Path

from deploy.word_layouts.package import docx
from deploy.word_layouts.sheets import SHEETS

LANGUAGES = ("nl", "en")
_WORDS = Path(__file__).parent / "words"
_SUPPLIED = Path(__file__).parents[1].parent / "services" / "dossier" / "layouts"


def built() -> dict[Path, bytes]:
    """Return each document by the path at which it is supplied."""
    made = {}
    for language in LANGUAGES:
        say = tomllib.loads((_WORDS / f"{language}.toml").read_text("utf-8"))
        for name, (paper, sheet) in SHEETS.items():
            path = _SUPPLIED / f"{name}-word" / language / "letter.docx"
            made[path] = docx(sheet(say), paper, say["language"], "{{ subject }}")
    return made
