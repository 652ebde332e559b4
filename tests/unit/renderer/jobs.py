"""Jobs and layouts for the tests of the renderer's engines."""

from typing import Any

from services.dossier.layouts import canonical
from services.renderer.domain import Job
from shared.blobs import Blob, Blobs
from shared.contracts.dossier import LayoutDocument, LayoutField
from shared.contracts.message import LayoutVersion

TEXT = "Beste {{ recipient.name }},\n{% if merge.table %}\nUw tafel: {{ merge.table }}\n{% endif %}\n"
LETTER = """#let data = json(bytes(sys.inputs.data))
#set text(font: "Noto Sans")
Beste #data.recipient.name
#if data.merge.table != none [Uw tafel: #data.merge.table]
"""


def a_context(**others: Any) -> dict[str, Any]:
    """What a layout sees of Anna, unless told otherwise."""
    return {
        "recipient": {"name": "Anna de Vries", "email": "anna@bakery.example", "language": "nl"},
        "subject": "Uitnodiging",
        "date": "2026-11-24",
        "sender": {"name": "Bakkerij Van den Berg", "address": "info@bakery.example"},
        "destination": {"kind": "organisation", "number": "1000744", "contact_id": "1005"},
        "merge": {},
        **others,
    }


def named(name: str) -> dict[str, Any]:
    """What a layout sees of somebody with this name."""
    return a_context(recipient={"name": name, "email": "x@bakery.example", "language": "nl"})


def a_job(**others: Any) -> Job:
    """A job for Anna, in Dutch."""
    return Job(**{"language": "nl", "context": a_context(), **others})


def a_document(kind: Any = "text", fields: tuple[str, ...] = ("table",), **sources: str) -> LayoutDocument:
    """A layout in Dutch, with optional fields."""
    declared = tuple(LayoutField(name=name) for name in fields)
    return LayoutDocument(kind=kind, fields=declared, sources={"nl": sources or {"text": TEXT}})


def kept(blobs: Blobs, document: LayoutDocument, layout_id: str = "a-layout") -> LayoutVersion:
    """Put a layout among the blobs, as its first version."""
    [ref] = blobs.put_many([Blob(canonical(document))])
    return LayoutVersion(layout_id=layout_id, version=1, sha256=ref.sha256)
