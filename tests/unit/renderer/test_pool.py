"""The workers: many jobs in order, limits that hit one job alone, and an end in every case."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.renderer.adapters import worker
from services.renderer.adapters.pool import RenderPool
from services.renderer.domain import EngineUnavailable, LimitReached, Made
from shared.blobs import SqliteBlobs
from shared.contracts.message import LayoutVersion
from shared.contracts.renderer import Fault
from tests.unit.renderer.jobs import LETTER, TEXT, a_context, a_document, a_job, kept, named

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
SLOW = "{% for a in range(3000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}slow"
HUGE = "{{ '%0999999999d' % 1 }}"
HUGE_LETTER = "#let data = json(bytes(sys.inputs.data))\n#let x = range(400000000)\n#x.len() #range(400000000).len()"

SERVICE = """
import asyncio, pathlib, sys
from services.renderer.adapters.pool import RenderPool
async def main():
    await RenderPool(pathlib.Path(sys.argv[1]), 2).start()
    print("ready", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def blobs(tmp_path: Path) -> SqliteBlobs:
    """Empty blobs in a file."""
    return SqliteBlobs.create(tmp_path / "blobs.db")


@pytest.fixture
async def pool(blobs: SqliteBlobs, tmp_path: Path) -> AsyncIterator[RenderPool]:
    """Two workers with little memory."""
    pool = RenderPool(tmp_path / "blobs.db", 2, memory=1024**3)
    yield pool
    await pool.close()


def name_of(made: Made | Fault, blobs: SqliteBlobs) -> str:
    """The text that was made."""
    assert isinstance(made, Made)
    assert made.parts.text
    return blobs.get(made.parts.text.sha256).decode()


def workers_on(blobs: Path) -> list[int]:
    """The worker processes that store in this file."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if worker.__name__.encode() in words and str(blobs).encode() in words:
                found.append(int(process.name))
    return found


async def ended(pids: list[int]) -> None:
    """Wait until these processes are gone."""
    async with asyncio.timeout(10):
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            await asyncio.sleep(0.01)


async def test_jobs_are_answered_in_their_order(blobs: SqliteBlobs, pool: RenderPool) -> None:
    layout = kept(blobs, a_document(text="{{ recipient.name }}"))

    made = await pool.make([a_job(context=named(f"nr {number}"), body_layout=layout) for number in range(120)])

    assert [name_of(each, blobs) for each in made] == [f"nr {number}" for number in range(120)]


async def test_no_jobs_are_no_work(pool: RenderPool) -> None:
    assert await pool.make([]) == []


@pytest.mark.parametrize(("source", "why"), [(ENDLESS, "too long"), (HUGE, "memory")])
async def test_a_job_that_reaches_a_limit_fails_alone(
    blobs: SqliteBlobs, tmp_path: Path, source: str, why: str
) -> None:
    """A22."""
    pool = RenderPool(tmp_path / "blobs.db", 2, seconds=1.5, memory=1024**3)
    good, bad = kept(blobs, a_document(text=TEXT)), kept(blobs, a_document(text=source), "greedy")
    jobs = [a_job(context=named(f"nr {number}"), body_layout=bad if number == 6 else good) for number in range(10)]

    made = await pool.make(jobs)

    [fault] = [each for each in made if not isinstance(each, Made)]
    assert made.index(fault) == 6
    assert isinstance(fault, LimitReached)
    assert fault.layout_id == "greedy"
    assert why in fault.detail
    await pool.close()


async def test_a_chunk_may_take_longer_than_a_job(blobs: SqliteBlobs, tmp_path: Path) -> None:
    """A22: many that take their time are no fault of any."""
    pool = RenderPool(tmp_path / "blobs.db", 1, seconds=3)
    layout = kept(blobs, a_document(text=SLOW))
    await pool.start()
    before = workers_on(tmp_path / "blobs.db")

    made = await pool.make([a_job(body_layout=layout)] * 15)

    assert [type(each) for each in made] == [Made] * 15
    assert workers_on(tmp_path / "blobs.db") == before
    await pool.close()


async def test_a_letter_that_takes_its_worker_along_fails_alone(blobs: SqliteBlobs, pool: RenderPool) -> None:
    good = kept(blobs, a_document("typst", typst=LETTER))
    bad = kept(blobs, a_document("typst", typst=HUGE_LETTER), "greedy")

    made = await pool.make([a_job(attachment_layout=layout) for layout in (good, bad, good)])

    assert [type(each) for each in made] == [Made, LimitReached, Made]


async def test_a_page_nested_beyond_measure_fails_alone(blobs: SqliteBlobs, tmp_path: Path) -> None:
    """A22: what ends its worker is one recipient's affair."""
    pool = RenderPool(tmp_path / "blobs.db", 1, seconds=1.5)
    page = "<p>{{ recipient.name }}</p>{% for n in range(merge.depth or 0) %}<div>{% endfor %}"
    layout = kept(blobs, a_document("paged", ("depth",), page=page), "nested")
    depths = (0, 60_000, 0)

    made = await pool.make(
        [a_job(context=a_context(merge={"depth": depth}), attachment_layout=layout) for depth in depths]
    )

    assert [type(each) for each in made] == [Made, LimitReached, Made]
    assert isinstance(made[0], Made)
    assert made[0].parts.attachment is not None
    assert (made[0].parts.attachment.filename, made[0].engines["plutoprint"] > "") == ("nested.pdf", True)
    await pool.close()


@pytest.mark.parametrize(
    ("kind", "part", "source", "code"),
    [
        ("text", "text", ENDLESS, "layout_too_heavy"),
        ("text", "text", HUGE, "layout_too_heavy"),
        ("typst", "typst", "#for a in range(40000) { for b in range(40000) { a } }", "layout_failing"),  # it counts
        ("typst", "typst", HUGE_LETTER, "layout_too_heavy"),
        ("paged", "page", "<div>" * 50_000, "layout_too_heavy"),
        ("text", "text", "{{ " + "(" * 90_000, "layout_too_heavy"),
    ],
)
async def test_a_layout_that_takes_too_much_is_refused_before_it_is_recorded(
    blobs: SqliteBlobs, tmp_path: Path, kind: str, part: str, source: str, code: str
) -> None:
    """FR-102, A22."""
    pool = RenderPool(tmp_path / "blobs.db", 1, seconds=3, memory=1024**3)

    [problem] = (await pool.read(a_document(kind, (), **{part: source}))).problems
    after = await pool.read(a_document(text=TEXT))

    assert (problem.part, problem.code) == (part, code)
    assert after.problems == ()
    await pool.close()


async def test_nothing_lies_about_after_a_worker_was_lost(
    blobs: SqliteBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    pool = RenderPool(tmp_path / "blobs.db", 1)
    await pool.make([a_job(attachment_layout=kept(blobs, a_document("typst", typst=LETTER)))])
    [lost] = workers_on(tmp_path / "blobs.db")

    os.kill(lost, signal.SIGKILL)
    await pool.close()

    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("jobs", [1, 6])
async def test_a_worker_killed_from_outside_is_replaced_and_nobody_fails(
    blobs: SqliteBlobs, pool: RenderPool, tmp_path: Path, jobs: int
) -> None:
    layout = kept(blobs, a_document())
    await pool.start()
    for pid in workers_on(tmp_path / "blobs.db"):
        os.kill(pid, signal.SIGKILL)

    made = await pool.make([a_job(body_layout=layout) for _ in range(jobs)])

    assert [type(each) for each in made] == [Made] * jobs


async def test_a_disk_that_fails_is_nobodys_fault(blobs: SqliteBlobs, pool: RenderPool) -> None:
    absent = LayoutVersion(layout_id="absent", version=1, sha256="0" * 64)
    layout = kept(blobs, a_document())

    with pytest.raises(EngineUnavailable, match="BlobMissing"):
        await pool.make([a_job(body_layout=absent)])

    assert isinstance((await pool.make([a_job(body_layout=layout)]))[0], Made)


async def test_workers_that_cannot_start_are_nobodys_fault(tmp_path: Path) -> None:
    pool = RenderPool(tmp_path / "nowhere" / "blobs.db", 1)

    with pytest.raises(EngineUnavailable, match="can't start"):
        await pool.make([a_job(body_text="x")])
    await pool.close()


async def test_workers_stand_by_before_the_first_job(tmp_path: Path, blobs: SqliteBlobs) -> None:
    del blobs
    pool = RenderPool(tmp_path / "blobs.db", 2)

    standing = asyncio.create_task(pool.stand_by())
    async with asyncio.timeout(30):
        while len(workers_on(tmp_path / "blobs.db")) < 2:
            await asyncio.sleep(0.02)

    await pool.make([a_job(body_text="x")] * 2)  # after them
    assert not standing.done()
    standing.cancel()
    await pool.close()


async def test_workers_that_cannot_start_end_no_service(tmp_path: Path) -> None:
    pool = RenderPool(tmp_path / "nowhere" / "blobs.db", 1)
    standing = asyncio.create_task(pool.stand_by())
    await asyncio.sleep(0)

    with pytest.raises(EngineUnavailable):
        await pool.make([a_job(body_text="x")])  # its turn comes once standing by has failed

    assert not standing.done()
    standing.cancel()
    await pool.close()


async def test_a_question_taken_back_ends_its_worker_and_does_not_answer_the_next(
    blobs: SqliteBlobs, tmp_path: Path
) -> None:
    pool = RenderPool(tmp_path / "blobs.db", 1)
    slow, layout = kept(blobs, a_document(text=SLOW)), kept(blobs, a_document(text="{{ recipient.name }}"))
    await pool.start()
    [lost] = workers_on(tmp_path / "blobs.db")
    question = asyncio.create_task(pool.make([a_job(body_layout=slow)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    question.cancel()
    made = await pool.make([a_job(context=named("next"), body_layout=layout)])

    assert name_of(made[0], blobs) == "next"
    await ended([lost])
    await pool.close()


async def test_a_closed_pool_finishes_its_work_and_takes_no_more(blobs: SqliteBlobs, tmp_path: Path) -> None:
    pool = RenderPool(tmp_path / "blobs.db", 1)
    layout = kept(blobs, a_document())
    await pool.start()
    async with asyncio.TaskGroup() as tasks:
        question = tasks.create_task(pool.make([a_job(body_layout=layout) for _ in range(20)]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        await pool.close()

    assert [type(each) for each in question.result()] == [Made] * 20
    assert workers_on(tmp_path / "blobs.db") == []
    with pytest.raises(EngineUnavailable):
        await pool.make([a_job(body_layout=layout)])


async def test_workers_end_with_a_service_that_was_killed(blobs: SqliteBlobs, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVICE, str(tmp_path / "blobs.db")]
    service = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert service.stdout
    assert service.stdout.readline() == b"ready\n"
    workers = workers_on(tmp_path / "blobs.db")

    service.kill()
    service.communicate()

    assert len(workers) == 2
    await ended(workers)


async def test_the_same_job_has_the_same_bytes_in_another_process_place_and_language(
    blobs: SqliteBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-13, A4."""
    body = kept(blobs, a_document("html", html="<p>{{ recipient.name }}, {{ date | datum }}</p>"))
    letter = kept(blobs, a_document("typst", typst=LETTER))
    jobs = [a_job(context=named(name), body_layout=body, attachment_layout=letter) for name in ("Anna", "Ωμέγα")]
    made = []

    for zone, language in (("Europe/Amsterdam", "nl_NL.UTF-8"), ("Pacific/Kiritimati", "C")):
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("LANG", language)
        pool = RenderPool(tmp_path / "blobs.db", 1)
        made.append(await pool.make(jobs))
        await pool.close()

    assert made[0] == made[1]
    assert isinstance(made[0][0], Made)
