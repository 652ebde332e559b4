"""What `Blobs` promises, kept by the blobs in SQLite and by those in memory."""

import json
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from shared.blobs import Blob, BlobDamaged, BlobMissing, Blobs, BlobsUnavailable, Lasts, MemoryBlobs, SqliteBlobs, Swept

ABSENT = "0" * 64
NAMES = (b"put again", b"wanted again", b"left alone")
SWEPT: tuple[Swept, ...] = ("while_needed", "a_day")
LAYOUT = (
    b'<table style="border: 0; padding: 12px"><tr><td>Beste {{ recipient.name }}, van harte welkom</td></tr></table>'
)
PAGE = LAYOUT.replace(b"{{ recipient.name }}", b"Anna de Vries")
WRITER = """
import sys
from pathlib import Path
from shared.blobs import Blob, SqliteBlobs
blobs = SqliteBlobs(Path(sys.argv[1]))
for number in range(20):
    blobs.put_many([Blob(f"{sys.argv[2]} {number} {part}".encode()) for part in range(25)])
"""


@pytest.fixture(params=["sqlite", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Empty blobs, of each kind."""
    return SqliteBlobs.create(tmp_path / "blobs.db") if request.param == "sqlite" else MemoryBlobs()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of empty blobs."""
    SqliteBlobs.create(tmp_path / "blobs.db").close()
    return tmp_path / "blobs.db"


def test_bytes_come_back_under_the_hash_of_what_was_put(blobs: Blobs) -> None:
    [plain, packed] = blobs.put_many([Blob(b"a letter"), Blob(b"a page" * 99, compress=True)])

    assert (plain.sha256, plain.size) == (sha256(b"a letter").hexdigest(), 8)
    assert (packed.sha256, packed.size) == (sha256(b"a page" * 99).hexdigest(), 594)
    assert blobs.get_many([plain.sha256, packed.sha256]) == {plain.sha256: b"a letter", packed.sha256: b"a page" * 99}


def test_a_part_compressed_against_its_layout_comes_back_whole(blobs: Blobs) -> None:
    [layout] = blobs.put_many([Blob(LAYOUT, compress=True)])

    [page] = blobs.put_many([Blob(PAGE, dictionary=layout.sha256, compress=True)])

    assert blobs.get(page.sha256) == PAGE


def test_empty_bytes_are_bytes_too(blobs: Blobs) -> None:
    [plain] = blobs.put_many([Blob(b"", compress=True)])

    assert blobs.get(plain.sha256) == b""


def test_what_was_never_put_is_missing(blobs: Blobs) -> None:
    [there] = blobs.put_many([Blob(b"there")])

    assert (blobs.has(there.sha256), blobs.has(ABSENT)) == (True, False)
    with pytest.raises(BlobMissing):
        blobs.get(ABSENT)
    with pytest.raises(BlobMissing):
        blobs.get_many([there.sha256, ABSENT])


def test_nothing_is_kept_of_items_whose_dictionary_is_missing(blobs: Blobs) -> None:
    with pytest.raises(BlobMissing):
        blobs.put_many([Blob(b"first"), Blob(b"second", dictionary=ABSENT, compress=True)])

    assert not blobs.has(sha256(b"first").hexdigest())


def test_deleted_bytes_are_missing_and_may_be_put_again(blobs: Blobs) -> None:
    [ref] = blobs.put_many([Blob(b"erase me")])

    blobs.delete([ref.sha256, ABSENT])

    assert not blobs.has(ref.sha256)
    assert blobs.put_many([Blob(b"erase me")]) == [ref]
    assert blobs.get(ref.sha256) == b"erase me"


@pytest.mark.parametrize(
    ("puts", "lasts"),
    [
        (["a_day"], "a_day"),
        (["while_needed"], "while_needed"),
        (["until_deleted"], "until_deleted"),
        (["for_good"], "for_good"),
        (["a_day", "a_day"], "a_day"),
        (["a_day", "while_needed"], "while_needed"),
        (["while_needed", "a_day"], "while_needed"),
        (["while_needed", "for_good"], "for_good"),
        (["for_good", "while_needed"], "for_good"),
        (["until_deleted", "a_day"], "until_deleted"),
        (["for_good", "until_deleted", "a_day"], "for_good"),
    ],
)
def test_of_several_puts_the_one_that_lasts_longest_holds(blobs: Blobs, puts: list[Lasts], lasts: Lasts) -> None:
    for one in puts:
        [ref] = blobs.put_many([Blob(b"a part", one)])

    later = time.time() + 1
    found = {swept: [old.sha256 for old in blobs.old(swept, later, 10)] for swept in SWEPT}
    for swept in SWEPT:
        blobs.sweep([ref.sha256], swept, later)

    assert found == {swept: [ref.sha256] if swept == lasts else [] for swept in SWEPT}
    assert blobs.has(ref.sha256) is (lasts not in SWEPT)
    blobs.delete([ref.sha256], only_transient=True)
    assert blobs.has(ref.sha256) is (lasts == "for_good")


def test_what_is_old_is_found_page_by_page_oldest_first(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = []
    for number in range(5):
        monkeypatch.setattr(time, "time", lambda number=number: 1000.0 + number // 2)
        refs += blobs.put_many([Blob(str(number).encode(), "while_needed")])

    first = blobs.old("while_needed", 1002.0, 3)
    rest = blobs.old("while_needed", 1002.0, 3, first[-1])

    assert [one.put_at for one in first + rest] == [1000.0, 1000.0, 1001.0, 1001.0]
    assert {one.sha256 for one in first + rest} == {ref.sha256 for ref in refs[:4]}


def test_what_was_put_again_or_is_wanted_again_is_not_swept(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    put, wanted, left = (ref.sha256 for ref in blobs.put_many([Blob(name, "while_needed") for name in NAMES]))
    monkeypatch.setattr(time, "time", lambda: 9000.0)

    blobs.put_many([Blob(NAMES[0], "a_day")])
    all_there = blobs.keep_on([wanted, wanted])
    blobs.sweep([put, wanted, left], "while_needed", 5000.0)

    assert all_there
    assert [blobs.has(one) for one in (put, wanted, left)] == [True, True, False]
    assert not blobs.keep_on([wanted, left])
    assert blobs.keep_on([])


def test_the_same_bytes_twice_in_one_put_are_one_blob(blobs: Blobs) -> None:
    [first, second] = blobs.put_many([Blob(b"same", "while_needed"), Blob(b"same")])

    blobs.delete([first.sha256], only_transient=True)

    assert first == second
    assert blobs.has(first.sha256)


def test_threads_put_and_get_at_once(blobs: Blobs) -> None:
    [layout] = blobs.put_many([Blob(LAYOUT)])

    def put_and_get(number: int) -> bool:
        content = PAGE + str(number).encode()
        [ref] = blobs.put_many([Blob(content, dictionary=layout.sha256, compress=True)])
        return blobs.get(ref.sha256) == content

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(put_and_get, range(80)))


def test_processes_write_one_file_at_once(file: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, file, name]) for name in ("one", "two")]

    assert [writer.wait(60) for writer in writers] == [0, 0]
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM blobs").fetchone() == (1000,)
    connection.close()


def test_what_was_put_survives_the_loss_of_power(file: Path) -> None:
    blobs = SqliteBlobs(file)
    ask = blobs._session.connection.execute

    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ask("PRAGMA synchronous").fetchone() == (2,)  # FULL: every commit is flushed to the disk
    assert ask("PRAGMA busy_timeout").fetchone()[0] >= 30_000  # ms
    assert ask("PRAGMA secure_delete").fetchone() == (1,)


def test_a_page_is_small_beside_its_layout(file: Path) -> None:
    blobs = SqliteBlobs(file)
    [layout] = blobs.put_many([Blob(LAYOUT)])

    [page] = blobs.put_many([Blob(PAGE, dictionary=layout.sha256, compress=True)])

    query = "SELECT length(content) FROM blobs WHERE sha256 = ?"
    [size] = blobs._session.connection.execute(query, (bytes.fromhex(page.sha256),)).fetchone()
    assert size < len(PAGE) / 2


@pytest.mark.parametrize("compress", [False, True])
def test_bytes_that_changed_on_disk_are_not_handed_out(file: Path, compress: bool) -> None:
    blobs = SqliteBlobs(file)
    [ref] = blobs.put_many([Blob(b"as it was sent", compress=compress)])
    blobs._session.connection.execute("UPDATE blobs SET content = ?", (json.dumps("as it was not").encode(),))

    with pytest.raises(BlobDamaged):
        blobs.get(ref.sha256)


def test_a_sweep_is_told_that_the_blobs_are_not_to_be_had(file: Path) -> None:
    blobs = SqliteBlobs(file)
    [ref] = blobs.put_many([Blob(b"old", "while_needed")])
    blobs._session.connection.execute("PRAGMA busy_timeout = 10")

    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BlobsUnavailable, match="locked"):
            blobs.sweep([ref.sha256], "while_needed", time.time() + 1)
        other.execute("ROLLBACK")
    other.close()

    assert blobs.has(ref.sha256)


def test_a_file_that_nobody_created_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        SqliteBlobs(tmp_path / "blobs.db")

    assert list(tmp_path.iterdir()) == []
