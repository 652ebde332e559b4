"""A Word layout from its file to the mails: as a document to write on, and as a PDF to read only."""

from base64 import b64encode
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2

from tests.e2e.crew import Crew, a_mailing
from tests.unit.renderer.word_files import document, field, p, r, said

LETTER = document(p(r("Beste {{ recipient.name }},")) + p(r("uw tafel is "), field("MERGEFIELD table")))
MACROS = document(p(field("MACROBUTTON Go klik hier")))


def put(crew: Crew, content: bytes) -> Any:
    """Put a Word layout."""
    file = {"content": b64encode(content).decode()}
    facts = {"name": "Brief", "kind": "word", "fields": [{"name": "table", "required": True}], "files": {"nl": file}}
    return crew.put("dossier", "/api/v1/layouts/word-letter", json=facts)


async def attachment(crew: Crew, request_id: str, **more: Any) -> tuple[str, bytes]:
    """Mail one letter; return the name and content of its attachment, as the history hands it out."""
    mailing = a_mailing(1, request_id, attachment_layout_id="word-letter", **more)
    mailing["destinations"][0]["merge"] = {"table": 7}
    run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=mailing)).json()["run_id"]
    assert await crew.settled(run_id) == {"sent": 1}
    [row] = await crew.rows(run_id)
    message = message_from_bytes(
        (await crew.get("history", f"/api/v1/processing/{row['id']}/message.eml")).content, policy=default
    )
    [file] = message.iter_attachments()
    content: Any = file.get_payload(decode=True)
    return str(file.get_filename()), content


async def letters(crew: Crew, number: int) -> tuple[dict[str, Any], list[str]]:
    """Have so many Word letters made and printed; return the item of the first, and what each page says."""
    more = {"issue_method": "document", "body_layout_id": None, "attachment_layout_id": "word-letter"}
    mailing = a_mailing(number, "word-letters", **more)
    for destination in mailing["destinations"]:
        destination["merge"] = {"table": 7}
    run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=mailing)).json()["run_id"]
    assert await crew.settled(run_id) == {"generated": number}
    row = (await crew.rows(run_id))[0]
    item = await crew.get("history", f"/api/v1/dossier-items/{row['item_id']}")
    printed = await crew.get("history", f"/api/v1/runs/{run_id}/print.pdf", params={"sort": "recipient.name"})
    with pypdfium2.PdfDocument(printed.content) as opened:
        return item.json(), [page.get_textpage().get_text_range() for page in opened]


async def test_a_word_layout_becomes_a_document_or_a_pdf_and_is_printed(tmp_path: Path) -> None:
    """FR-38, FR-39, FR-66, FR-101, FR-102, A6, R-14: as it was put, it reaches people as a file of Word or as a PDF."""
    async with Crew(tmp_path) as crew:
        refused = await put(crew, MACROS)
        accepted = await put(crew, LETTER)
        name, docx = await attachment(crew, "word-1")
        read_only, pdf = await attachment(crew, "word-2", attachment_read_only=True)
        item, printed = await letters(crew, 30)

    assert (refused.status_code, refused.json()["code"]) == (422, "word_macros")
    assert accepted.status_code == 200, accepted.text
    assert (name, said(docx)) == ("word-letter.docx", ["Beste Anna 0 de Vries,", "uw tafel is 7"])
    opened = pypdfium2.PdfDocument(BytesIO(pdf))
    assert (read_only, "uw tafel is 7" in opened[0].get_textpage().get_text_range()) == ("word-letter.pdf", True)
    opened.close()
    assert all(f"Beste Anna {n} de Vries" in page for n, page in enumerate(printed))
    [made] = [row["made_with"] for row in item["rows"]]
    assert (made["attachment_layout"]["layout_id"], made["engines"].keys()) == ("word-letter", {"jinja2", "lxml"})
