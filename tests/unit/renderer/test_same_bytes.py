"""The same layout, values and date give the same bytes, whatever machine and however many workers make them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.dossier.layouts import supplied
from services.renderer.adapters.pool import RenderPool
from services.renderer.domain import Job, Made
from shared.blobs import Blob, SqliteBlobs
from shared.contracts.dossier import LayoutDocument, PdfStandard
from shared.contracts.message import LayoutVersion
from tests.unit.renderer.jobs import LETTER, a_context, a_document, a_job, kept
from tests.unit.renderer.word_corpus import LONG, SHORT, by_hand

MJML = """<mjml><mj-body><mj-section><mj-column><mj-text>Beste {{ recipient.name }}</mj-text>
<mj-raw>{% for row in merge.rows %}</mj-raw><mj-text>{{ row.what }}</mj-text><mj-raw>{% endfor %}</mj-raw>
</mj-column></mj-section></mj-body></mjml>"""
PAGE = """<style>@page { @bottom-right { content: counter(page) } }</style><p>Beste {{ recipient.name }}</p>
{% for row in merge.rows %}<p>{{ row.what }}, {{ date | datum }}</p>{% endfor %}"""
KINDS = ("text", "html", "mjml", "typst", "archived", "paged", "docx", "translated", "translated, archived")


def layout_of(kind: str, blobs: SqliteBlobs) -> LayoutVersion:
    """A layout of each kind."""
    standard: PdfStandard = "a-3a+ua-1" if "archived" in kind else "plain"
    if kind == "docx" or kind.startswith("translated") or kind == "libreoffice":
        [ref] = blobs.put_many([Blob(by_hand()["two columns" if kind == "libreoffice" else "letter with logo"])])
        return kept(blobs, LayoutDocument(kind="word", sources={}, files={"nl": ref}, pdf=standard))
    sources = {
        "text": a_document(),
        "html": supplied()["invitation"],
        "mjml": a_document("html", mjml=MJML),
        "typst": a_document("typst", typst=LETTER),
        "archived": a_document("typst", typst=f'#set document(title: "Brief")\n{LETTER}').model_copy(
            update={"pdf": standard}
        ),
        "paged": a_document("paged", page=PAGE),
    }
    return kept(blobs, sources[kind])


def jobs_of(kind: str, blobs: SqliteBlobs) -> list[Job]:
    """Ten recipients of a kind, with few values and with many."""
    layout = layout_of(kind, blobs)
    place = "body_layout" if kind in ("text", "html", "mjml") else "attachment_layout"
    people = [{"name": f"Zoë Ωμέγα 王 {n}", "email": "zoe@home.example", "language": "nl"} for n in range(10)]
    return [
        a_job(
            **{place: layout},
            read_only=kind != "docx",
            context=a_context(recipient=person, merge=SHORT if number % 2 else LONG),
        )
        for number, person in enumerate(people)
    ]


async def made_of(kinds: list[str], folder: Path, workers: int) -> dict[str, list[list[str]]]:
    """The hashes of all parts of each job, by kind."""
    SqliteBlobs.create(folder / "blobs.db")
    blobs = SqliteBlobs(folder / "blobs.db")
    pool = RenderPool(folder / "blobs.db", workers, seconds=120)
    made = {kind: await pool.make(jobs_of(kind, blobs)) for kind in kinds}
    await pool.close()
    return {kind: [_hashes(one) for one in each] for kind, each in made.items()}


def _hashes(made: object) -> list[str]:
    assert isinstance(made, Made), made
    return [part.sha256 for part in (made.parts.text, made.parts.html, made.parts.attachment) if part]


def _elsewhere(kinds: list[str], folder: Path, surroundings: dict[str, str]) -> dict[str, list[list[str]]]:
    """Make them in another process, on a machine of another name where that is allowed."""
    home = Path(__file__).parents[3]
    asks = (
        "import asyncio, json, pathlib, sys\n"
        "from tests.unit.renderer.test_same_bytes import made_of\n"
        "print(json.dumps(asyncio.run(made_of(sys.argv[2:], pathlib.Path(sys.argv[1]), 2))))"
    )
    command = [sys.executable, "-c", asks, str(folder), *kinds]
    if _may_rename():
        command = ["unshare", "-u", "sh", "-c", 'hostname elsewhere 2>/dev/null; exec "$@"', "sh", *command]
    env = {**os.environ, **surroundings, "PYTHONPATH": str(home)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, list[list[str]]] = json.loads(done.stdout)
    return told


def _may_rename() -> bool:
    if not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "-u", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "kinds", [list(KINDS), pytest.param(["libreoffice"], marks=pytest.mark.libreoffice)], ids=["ours", "libreoffice"]
)
async def test_each_kind_has_the_same_bytes_on_another_machine(
    kinds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-13, A4: another locale, time zone, name of the machine, folder, order of hashes, and number of workers."""
    here, there = tmp_path / "here", tmp_path / "elders, ver weg"
    here.mkdir()
    there.mkdir()
    monkeypatch.setenv("TZ", "Europe/Amsterdam")
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")

    made = await made_of(kinds, here, 1)
    surroundings = {"TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    again = _elsewhere(kinds, there, surroundings)

    assert made == again
    assert {len(parts) > 0 for each in made.values() for parts in each} == {True}
    assert all(len({tuple(parts) for parts in each}) == 10 for kind, each in made.items() if kind != "libreoffice")
