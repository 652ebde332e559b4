"""Sample values with which a translated Word layout is compared with LibreOffice's: short ones, and long ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.renderer.adapters.reading.of_word import read_word
from services.renderer.adapters.reading.samples import LONG_WORD, contexts
from services.renderer.adapters.reading.used import Used
from shared.contracts.dossier import LayoutDocument

_SIZES = {"words": "short", "long": "long"}
# Nobody cares where a word that is wider than the page is broken.
_WORDS = "Stichting tot behoud van het oude raadhuis en de tuinen daaromheen"


def samples(content: bytes, language: str, document: LayoutDocument) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a Word document sees of each size of values; raise `Unmergeable` for a faulty one."""
    used = Used()
    read_word(content, language, used, tuple(field.name for field in document.fields))
    for kind, context in contexts(used, document, language):
        if kind in _SIZES:
            yield _SIZES[kind], _in_words(context)


def _in_words(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(LONG_WORD, _WORDS)
    if isinstance(value, dict):
        return {key: _in_words(within) for key, within in value.items()}
    return [_in_words(within) for within in value] if isinstance(value, list) else value
