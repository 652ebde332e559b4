"""Values and layouts that mean harm, at each engine and at the real workers: nobody else's message suffers."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from docx import Document

from services.renderer.adapters.pool import RenderPool
from services.renderer.adapters.press import Press
from services.renderer.domain import LimitReached, Made
from shared.blobs import Blob, Blobs, MemoryBlobs, SqliteBlobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.message import LayoutVersion
from shared.contracts.renderer import Fault
from tests.unit.renderer.jobs import a_context, a_document, a_job, kept
from tests.unit.renderer.word_files import document, p, r

TYPST = '#let data = json(bytes(sys.inputs.data))\n#set text(font: "Noto Sans")\nBeste #data.recipient.name'
TAG = "Beste {{ recipient.name }}"
KINDS = {
    "text": {"text": TAG},
    "html": {"html": f"<p>{TAG}</p>"},
    "typst": {"typst": TYPST},
    "paged": {"page": f"<p>{TAG}</p>"},
    "docx": {},
    "word as PDF": {},
}
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
HUGE = "{{ '%0999999999d' % 1 }}"
GREEDY: dict[str, tuple[Any, Any]] = {  # what takes too long, and what takes too much memory
    "text": ({"text": LOOPS}, {"text": HUGE}),
    "html": ({"html": LOOPS}, {"html": HUGE}),
    "typst": (
        {"typst": "#for a in range(99999) { for b in range(99999) { let c = a * b } }"},
        {"typst": "#range(400000000).len()"},
    ),
    "paged": ({"page": LOOPS}, {"page": HUGE}),
    "docx": (LOOPS, HUGE),
    "word as PDF": (LOOPS, HUGE),
}


def a_layout(blobs: Blobs, kind: str, source: Any = None) -> LayoutVersion:
    """A layout of a kind that greets, or that says what it is given."""
    if kind in {"docx", "word as PDF"}:
        [ref] = blobs.put_many([Blob(document(p(r(source or TAG))))])
        return kept(blobs, LayoutDocument(kind="word", sources={}, files={"nl": ref}), kind)
    return kept(blobs, a_document(kind, (), **(source or KINDS[kind])), kind)


def a_job_of(kind: str, layout: LayoutVersion, name: str = "Anna") -> Any:
    place = "body_layout" if kind in {"text", "html"} else "attachment_layout"
    person = {"name": name, "email": "x@home.example", "language": "nl"}
    return a_job(**{place: layout}, context=a_context(recipient=person), read_only=kind != "docx")


def said(made: Made | Fault, blobs: Blobs) -> str:
    """What a message says, whatever it is."""
    assert isinstance(made, Made), made
    part = made.parts.attachment or made.parts.html or made.parts.text
    assert part
    content = blobs.get(part.sha256)
    if content.startswith(b"%PDF"):
        with pypdfium2.PdfDocument(content) as opened:
            return "\n".join(page.get_textpage().get_text_bounded() for page in opened)
    if content.startswith(b"PK"):
        return "\n".join(paragraph.text for paragraph in Document(BytesIO(content)).paragraphs)
    return content.decode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("{{7*7}}", "{{7*7}}"),
        ("{% for x in y %}", "{% for x in y %}"),
        ("#import", "#import"),
        ('#read("/etc/passwd")', '#read("/etc/passwd")'),
        ("$x$ *y* _z_", "$x$ *y* _z_"),
        ("An\x00na\x07 \x1b[1m", "Anna [1m"),
        ("An\ud800na", "Anna"),
        ("An\u202ena\u2066", "Anna"),
        ("An\nna", "An na"),
    ],
)
def test_a_hostile_name_is_shown_as_what_it_says(kind: str, name: str, shown: str) -> None:
    """R-9, FR-102: values are data, to every engine: no tag, no markup, no control of the line."""
    blobs = MemoryBlobs()

    [made] = Press(blobs).make([a_job_of(kind, a_layout(blobs, kind), name)])

    assert f"Beste {shown}" in said(made, blobs).replace("&#34;", '"')


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "</w:t></w:r></w:p><w:p>", "&amp;<b>"])
def test_markup_in_a_name_is_shown_and_nothing_else_is_lost(kind: str, name: str) -> None:
    """FR-102."""
    blobs = MemoryBlobs()

    [made] = Press(blobs).make([a_job_of(kind, a_layout(blobs, kind), name)])

    text = said(made, blobs)
    shown = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if kind == "html" else text
    assert f"Beste {name}" in shown
    assert kind != "html" or name not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_of_ten_thousand_letters_is_taken_and_warned_of_where_it_does_not_fit(kind: str) -> None:
    """FR-102: a long word spoils no message; where nobody would see all of it, that is told, and Word breaks it."""
    blobs = MemoryBlobs()

    [made] = Press(blobs).make([a_job_of(kind, a_layout(blobs, kind), "x" * 10_240)])

    assert isinstance(made, Made)
    does_not_fit = kind in {"typst", "paged"}
    assert [warning for warning in made.warnings if "too long" in warning] == (
        ["a word is too long for page 1"] if does_not_fit else []
    )
    assert does_not_fit or said(made, blobs).count("x") == 10_240


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[RenderPool]:
    """Two workers with little memory and time."""
    SqliteBlobs.create(tmp_path / "blobs.db")
    pool = RenderPool(tmp_path / "blobs.db", 2, seconds=4, memory=1024**3)
    await pool.start()
    yield pool
    await pool.close()


async def test_what_eats_time_or_memory_fails_alone_whatever_engine_makes_it(pool: RenderPool, tmp_path: Path) -> None:
    """A22: at the real workers, each of which is lost over it and replaced; the others get their messages."""
    blobs = SqliteBlobs(tmp_path / "blobs.db")
    jobs = [
        a_job_of(kind, a_layout(blobs, kind, source)) for kind, greedy in GREEDY.items() for source in (None, *greedy)
    ]

    made = await pool.make(jobs)

    assert [type(one) for one in made] == [Made, LimitReached, LimitReached] * len(GREEDY)
    reasons = [one.detail for one in made if isinstance(one, LimitReached)]
    assert all("too long" in reason for reason in reasons[::2]), reasons
    assert all("memory" in reason for reason in reasons[1::2]), reasons


async def test_a_long_table_and_a_word_without_end_are_paged(pool: RenderPool, tmp_path: Path) -> None:
    """FR-102: hundreds of pages are no attack."""
    blobs = SqliteBlobs(tmp_path / "blobs.db")
    page = "<table>{% for n in range(8000) %}<tr><td>{{ n }}</td></tr>{% endfor %}</table>"
    sources = (page, f"<p>{'x' * 2_000_000}</p>")

    made = await pool.make([a_job_of("paged", a_layout(blobs, "paged", {"page": source})) for source in sources])

    assert [type(one) for one in made] == [Made, Made]
    assert "7999" in said(made[0], blobs)
