"""LibreOffice as a process beside a worker: started with the first document, killed when it hangs, renewed in time."""

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import weakref
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.office import kit
from services.renderer.adapters.office.dated import dated
from services.renderer.adapters.office.program import library_in, prepared
from shared.contracts.dossier import PdfStandard

_DOCUMENTS = 500  # made by one process: it grows a little with each
_START = 60.0  # seconds
_YES: dict[str, str] = {"type": "boolean", "value": "true"}
_OPTIONS: dict[PdfStandard, dict[str, dict[str, str]]] = {
    "plain": {},
    "a-2b": {"SelectPdfVersion": {"type": "long", "value": "2"}, "UseTaggedPDF": _YES},
}


class NotStarted(OSError):
    """LibreOffice is there and does not start: no document is to blame."""


class Office:
    """Makes PDFs, one after another. A document may take so many seconds, and in all so much memory as its parent."""

    def __init__(self, folder: Path, seconds: float = 10) -> None:
        """Plan it, from the folder of LibreOffice's program."""
        self._folder = folder
        self._seconds = seconds
        self._running: _Running | None = None

    @property
    def version(self) -> str:
        """The release; raises `NotStarted`."""
        return self._ready().version

    def pdf(self, docx: bytes, day: str, standard: PdfStandard = "plain") -> bytes:
        """Return a PDF, dated midnight UTC of the day (YYYY-MM-DD); raise `Unmergeable`, or `NotStarted`."""
        running = self._ready()
        try:
            made = running.converted(docx, json.dumps(_OPTIONS[standard]), self._seconds)
        except _Lost as lost:
            self.close()
            raise Unmergeable(f"LibreOffice {lost}") from lost
        if running.made >= _DOCUMENTS:
            self.close()
        return dated(made, day)

    def close(self) -> None:
        """End it; the next document starts it anew."""
        if self._running:
            self._running.end()
            self._running = None

    def _ready(self) -> "_Running":
        if self._running is None:
            self._running = _Running(self._folder)
        return self._running


class _Lost(Exception):
    """It hung or died over a document, or did not start."""


class _Running:
    """One process, with a folder of its own that goes when it does."""

    def __init__(self, folder: Path) -> None:
        self._scratch = Path(mkdtemp(prefix="uitpost-office-"))
        command = [sys.executable, "-m", kit.__name__, str(os.getpid()), str(library_in(folder)), str(folder)]
        self._process = subprocess.Popen(  # noqa: S603 - LibreOffice, as it is installed
            [*command, (self._scratch / "profile").as_uri()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it says what is in documents
            env=prepared(self._scratch),
            start_new_session=True,
        )
        self.end = weakref.finalize(self, _end, self._process, self._scratch)
        self.made = 0
        try:
            self.version = self._heard(_START)
        except _Lost as lost:
            self.end()
            raise NotStarted(f"LibreOffice in {folder} does not start: it {lost}") from lost

    def converted(self, docx: bytes, options: str, seconds: float) -> bytes:
        """Return the PDF of a .docx; raise `_Lost`, or `Unmergeable` for one that LibreOffice does not take."""
        source, target = self._scratch / "letter.docx", self._scratch / "letter.pdf"
        source.write_bytes(docx)
        try:
            line = json.dumps([source.as_uri(), target.as_uri(), options]) + "\n"
            with contextlib.suppress(BrokenPipeError):  # its silence then tells
                cast(Any, self._process.stdin).write(line.encode())
                cast(Any, self._process.stdin).flush()
            if wrong := self._heard(seconds):
                raise Unmergeable(f"LibreOffice makes no PDF of this document: {wrong}")
            self.made += 1
            return target.read_bytes()
        finally:
            for path in (source, target):
                path.unlink(missing_ok=True)

    def _heard(self, seconds: float) -> str:
        answers = cast(Any, self._process.stdout)
        with selectors.DefaultSelector() as selector:
            selector.register(answers, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise _Lost(f"takes longer than {seconds:g} seconds")
        line = answers.readline()
        if not line:
            raise _Lost("needs too much memory or crashes")
        return cast(str, json.loads(line))


def _end(process: "subprocess.Popen[bytes]", scratch: Path) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            cast(Any, pipe).close()
    shutil.rmtree(scratch, ignore_errors=True)
