"""The layouts that come with the product: a folder each, with `layout.toml` and the sources per language.

The Word documents among them are built by `python -m deploy.word_layouts`.
"""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from shared.contracts.dossier import LayoutDocument
from shared.contracts.message import BlobRef

_HERE = Path(__file__).parent
_SOURCES = {
    "subject.txt": "subject",
    "filename.txt": "filename",
    "body.txt": "text",
    "body.html": "html",
    "letter.typ": "typst",
    "page.html": "page",
}


_WORD = "letter.docx"


def supplied() -> dict[str, LayoutDocument]:
    """Return the document of each supplied layout by its id."""
    return {layout_id: _document(_HERE / layout_id, about) for layout_id, about in _layouts().items()}


def files() -> list[bytes]:
    """Return the Word documents that supplied layouts refer to."""
    return [path.read_bytes() for path in sorted(_HERE.glob(f"*/*/{_WORD}"))]


def names() -> dict[str, dict[str, str]]:
    """Return what each supplied layout is called: layout id → language → name."""
    return {layout_id: about["name"] for layout_id, about in _layouts().items()}


def canonical(document: LayoutDocument) -> bytes:
    """Return a layout document as its blob: JSON with sorted keys and no spaces, in UTF-8."""
    values = document.model_dump(mode="json")
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _layouts() -> dict[str, dict[str, Any]]:
    return {path.parent.name: tomllib.loads(path.read_text("utf-8")) for path in sorted(_HERE.glob("*/layout.toml"))}


def _document(folder: Path, about: dict[str, Any]) -> LayoutDocument:
    sources = {language: _sources(folder / language) for language in about["name"]}
    words = {language: _ref(path) for language in about["name"] if (path := folder / language / _WORD).exists()}
    engines = dict.fromkeys(words, "translated")  # which is tested; no LibreOffice is needed
    return LayoutDocument.model_validate(
        {"kind": about["kind"], "fields": about["fields"], "sources": sources, "files": words, "pdf_engines": engines}
    )


def _sources(folder: Path) -> dict[str, str]:
    return {_SOURCES[path.name]: path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.name != _WORD}


def _ref(path: Path) -> BlobRef:
    content = path.read_bytes()
    return BlobRef(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
