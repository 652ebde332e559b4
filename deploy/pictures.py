"""Makes the pictures of the supplied layouts in `deploy/layouts.md`, by the engines that make the real documents.

Where LibreOffice is installed, also those of one Word letter made in three ways, which stand side by side.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from services.dossier.layouts import files, supplied
from services.renderer.adapters.bodies import BodyLayout
from services.renderer.adapters.context import context_of
from services.renderer.adapters.office.office import Office
from services.renderer.adapters.office.program import found, library_in, prepared
from services.renderer.adapters.paged import PagedLayout
from services.renderer.adapters.pages import images_of
from services.renderer.adapters.typst import LetterLayout
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from services.renderer.adapters.word.template import DocxLayout
from services.renderer.domain import Job
from shared.contracts.dossier import LayoutDocument

FOLDER = Path(__file__).parent / "pictures"
WAYS = ("word-docx", "word-libreoffice", "word-translated")
_COMPARED = "letter-word"
_DAY = "2026-11-24"
_ADDRESS = {"street": "Wilgenlaan 12", "postcode": "1234 AB", "city": "Meerdorp"}
_VALUES: Mapping[str, dict[str, Any]] = {
    "invitation": {
        "event": "Relatiemiddag",
        "day": "2026-12-10",
        "place": "De Meelfabriek, Meerdorp",
        "table": "7",
        "answer_link": "https://bakery.example/aanmelden",
        "answer_before": "2026-12-03",
    },
    "letter": _ADDRESS
    | {"reference": "2026-117", "rows": [["Brood, 40 stuks", 40, 118], ["Taart", 2, 61.5]], "total": 179.5},
    "statement": _ADDRESS
    | {
        "reference": "D-1000744",
        "period_from": "2026-10-01",
        "period_to": "2026-10-31",
        "opening_balance": 112.5,
        "lines": [["2026-10-04", "Factuur 2026-311", 240], ["2026-10-21", "Betaling, met dank", -112.5]],
        "account": "NL00 BANK 0123 4567 89",
        "pay_before": "2026-11-30",
    },
    "appointment": {
        "day": "2026-12-02",
        "time": "10.30",
        "duration": "ongeveer drie kwartier",
        "place": "Wilgenlaan 12, Meerdorp",
        "with": "mevrouw De Boer",
        "bring": "uw laatste overzicht",
        "phone": "012 345 67 89",
        "reference": "A-88",
    },
}
_SUBJECTS = {
    "invitation": "Uitnodiging voor onze relatiemiddag",
    "letter": "Uw bestelling voor 10 december",
    "statement": "Uw overzicht van oktober",
    "appointment": "Uw afspraak met ons",
}


def pictures() -> Iterator[tuple[str, bytes]]:
    """Yield the id of each supplied layout and its first page as a PNG, with invented values, in Dutch."""
    for layout_id, document in supplied().items():
        yield layout_id, _page(_pdf(document, _context(layout_id, document)))


def side_by_side() -> Iterator[tuple[str, bytes]]:
    """Yield a Word letter as LibreOffice shows the .docx, as it prints it, and as we print it; needs LibreOffice."""
    folder = found()
    if folder is None:
        return
    document = supplied()[_COMPARED]
    context, office = _context(_COMPARED, document), Office(folder)
    docx, _ = DocxLayout(_word(document), "nl").letter(context, _DAY)
    yield "word-docx", _small(_shown(docx))
    yield "word-libreoffice", _page(office.pdf(docx, _DAY))
    yield "word-translated", _page(_pdf(document, context))
    office.close()


def _context(layout_id: str, document: LayoutDocument) -> dict[str, Any]:
    original = layout_id.removesuffix("-word")
    values = {
        "recipient": {"name": "Anna de Vries", "email": "anna@house.example", "language": "nl"},
        "subject": _SUBJECTS[original],
        "date": _DAY,
        "sender": {"name": "Bakkerij Van den Berg", "address": "post@bakery.example"},
        "destination": {"kind": "person", "number": "1000744", "contact_id": None},
        "merge": _VALUES[original] | (_ADDRESS if layout_id.startswith("invitation-") else {}),
    }
    return context_of(Job(language="nl", context=values), document)


def _shown(docx: bytes) -> bytes:
    """Return the first page of a Word document as LibreOffice shows it."""
    folder = found()
    assert folder  # noqa: S101 -- it was found before
    with TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "letter.docx", Path(scratch) / "page.png"
        source.write_bytes(docx)
        surroundings = {**os.environ, **prepared(Path(scratch))}
        profile = (Path(scratch) / "profile").as_uri()
        command = [sys.executable, "-m", "deploy.word_shown", str(library_in(folder)), str(folder), profile]
        subprocess.run([*command, str(source), str(target)], check=True, timeout=120, env=surroundings)
        return target.read_bytes()


def _word(document: LayoutDocument) -> bytes:
    contents = {hashlib.sha256(content).hexdigest(): content for content in files()}
    return contents[document.files["nl"].sha256]


def _page(pdf: bytes) -> bytes:
    [page], _ = images_of(pdf, 1)
    return _small(page)


def _pdf(document: LayoutDocument, context: Mapping[str, Any]) -> bytes:
    kind, sources = document.kind, document.sources["nl"]
    if kind == "word":
        return TranslatedLayout(_word(document), "nl").letter(context, _DAY)[0]
    if kind == "typst":
        return LetterLayout(sources, "nl").letter(context, _DAY)[0]
    if kind == "paged":
        return PagedLayout(sources, "nl").letter(context, _DAY)[0]
    _, page = BodyLayout(sources, "nl").body(context)
    shown = "<style>@page { size: 175mm 336mm; margin: 0 }</style>"  # a mail, shown as a mail reader would
    escaped = (page or "").replace("</head>", f"{shown}</head>").replace("{", "{{ '{' }}")
    return PagedLayout({"page": escaped}, "nl").letter({}, _DAY)[0]


def _small(page: bytes) -> bytes:
    """Return an image of few colours, which a page of text does not miss."""
    content = BytesIO()
    with Image.open(BytesIO(page)) as image:
        image.convert("RGB").quantize(64).save(content, "PNG", optimize=True)
    return content.getvalue()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, picture in (*pictures(), *side_by_side()):
        (FOLDER / f"{name}.png").write_bytes(picture)
        sys.stdout.write(f"{name}: {len(picture)} bytes\n")
