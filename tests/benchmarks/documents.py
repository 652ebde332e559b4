"""Measures the engines that make documents: how many a second on all cores, and whether their memory stays flat.

Run by `make bench-documents`. The last line is one JSON object: documents a second by engine. Each engine runs in as
many processes as there are cores, each document has values of its own, and what was set before is not reused. The CPU
time of a document tells more than its rate where other work shares the cores. Memory is that which is theirs (PSS),
LibreOffice's process included, which is renewed every 500 documents: before, at most, and after.
"""

import argparse
import base64
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from PIL import Image

from services.dossier.layouts import supplied
from services.renderer.adapters.context import context_of
from services.renderer.adapters.office.layout import OfficeLayout
from services.renderer.adapters.office.office import Office
from services.renderer.adapters.office.program import found
from services.renderer.adapters.paged import PagedLayout
from services.renderer.adapters.press import AttachmentLayout
from services.renderer.adapters.typst import LetterLayout
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from services.renderer.adapters.word.template import DocxLayout
from tests.unit.renderer.jobs import a_context, a_document, a_job
from tests.unit.renderer.word_corpus import SHORT, by_hand

_WARM = 20  # documents before the clock starts and the memory is read
_LOOK = 100  # documents until the memory is looked at again
_GOALS = {"typst": 200, "html": 300, "docx": 2000, "word_translated": 150, "libreoffice": 10}  # documents/s
_DAY = "2026-11-24"
_PAGE = """<html lang="nl"><head><title>{{ subject }}</title><style>
@page { size: A4; margin: 2cm; @bottom-right { content: "Pagina " counter(page) " van " counter(pages) } }
body { font: 10pt "Noto Sans" } table { width: 100%; border-collapse: collapse } td { border-bottom: 1px solid #bbb }
td:nth-child(n + 2) { text-align: right }
</style></head><body><img src="LOGO" style="width: 4cm"><p>{{ recipient.name }}<br>{{ merge.street }}</p>
<h1>{{ subject }}</h1><p>{{ merge.text }}</p><table>{% for row in merge.rows %}
<tr><td>{{ row.what }}</td><td>{{ row.count }}</td><td>{{ row.price }}</td></tr>{% endfor %}</table>
<p>Met vriendelijke groet,<br>{{ sender.name }}</p></body></html>"""


@dataclass(frozen=True)
class Row:
    """What one engine did: documents, seconds, CPU seconds of all processes, and MB of memory of the largest."""

    documents: int
    seconds: float
    cpu: float
    before: float
    most: float
    after: float

    @property
    def rate(self) -> float:
        """Documents a second."""
        return round(self.documents / self.seconds, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000, help="by each engine")
    parser.add_argument("--engines", nargs="*", choices=list(_GOALS), default=list(engines()))
    wanted = parser.parse_args()
    rates = {}
    print(f"{'engine':16}{'documents':>10}{'/s':>9}{'goal':>7}{'CPU ms':>9}{'MB before':>11}{'most':>8}{'after':>8}")
    for name in wanted.engines:
        row = _measured(name, wanted.documents)
        rates[name] = row.rate
        cost = 1000 * row.cpu / row.documents
        figures = f"{row.rate:9.1f}{_GOALS[name]:7}{cost:9.2f}{row.before:11.1f}{row.most:8.1f}{row.after:8.1f}"
        print(f"{name:16}{row.documents:10}{figures}", flush=True)
    print(json.dumps(rates))


def engines() -> dict[str, Callable[[], AttachmentLayout]]:
    """Return how the layout of each engine that is on this machine is made."""
    word = by_hand()["letter with logo"]
    folder = found()
    by_office = {"libreoffice": lambda: OfficeLayout(word, "nl", Office(folder), "plain")} if folder else {}
    return {
        "typst": lambda: LetterLayout(supplied()["letter"].sources["nl"], "nl"),
        "html": lambda: PagedLayout({"page": _PAGE.replace("LOGO", _logo())}, "nl"),
        "docx": lambda: DocxLayout(word, "nl"),
        "word_translated": lambda: TranslatedLayout(word, "nl"),
        **by_office,
    }


def values(name: str, number: int) -> Mapping[str, Any]:
    """Return what the layout of an engine sees of one recipient."""
    rows = [{**row, "what": f"{row['what']} {number}"} for row in SHORT["rows"]]
    merge = SHORT | {"rows": rows, "table": number}
    document = a_document(fields=())
    if name == "typst":
        document = supplied()["letter"]
        merge = {"rows": [[f"Artikel {row} voor {number}", "1", f"{number},50"] for row in range(8)]}
    recipient = {"name": f"Anna {number} van der Merwe-Jørgensen", "email": "anna@home.example", "language": "nl"}
    return context_of(a_job(context=a_context(recipient=recipient, merge=merge)), document)


def _measured(name: str, documents: int) -> Row:
    workers = os.cpu_count() or 1
    processes = get_context("spawn")
    began, results = processes.Barrier(workers), processes.SimpleQueue()
    share = -(-documents // workers)
    given = [(name, number * share, share, began, results) for number in range(workers)]
    started = [processes.Process(target=_work, args=each) for each in given]
    for one in started:
        one.start()
    done = [results.get() for _ in started]
    for one in started:
        one.join()
    starts, ends, cpus, *memory = zip(*done, strict=True)
    return Row(share * workers, max(ends) - min(starts), sum(cpus), *map(max, memory))


def _work(name: str, first: int, documents: int, began: Barrier, results: Any) -> None:
    """Make a share of the documents, once all are ready to; `results` gets the figures."""
    layout = engines()[name]()
    for number in range(_WARM):
        layout.letter(values(name, -number - 1), _DAY)
    seen = [values(name, first + number) for number in range(documents)]
    before = _memory()
    began.wait()
    start, used, most = time.monotonic(), _cpu(), before
    for number, one in enumerate(seen, 1):
        layout.letter(one, _DAY)
        if number % _LOOK == 0:
            most = max(most, _memory())
    results.put((start, time.monotonic(), _cpu() - used, before, most, _memory()))
    sys.stdout.flush()
    os._exit(0)  # an engine may take its time to end


def _cpu() -> float:
    """Return the CPU seconds of this process and its children, those that ended too."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in _processes()]
    own = stats[0]
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in stats) + int(own[13]) + int(own[14])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory() -> float:
    """Return the share of memory (PSS) of this process and its children in MB."""
    lines = [line for pid in _processes() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _processes() -> list[str]:
    children = Path("/proc/self/task").glob("*/children")
    return ["self", *(pid for each in children for pid in each.read_text().split())]


def _logo() -> str:
    """Return a picture of the size at which it is shown: larger ones are scaled for each document anew."""
    made = BytesIO()
    Image.new("RGB", (150, 50), "#1f5fa8").save(made, "PNG")
    return "data:image/png;base64," + base64.b64encode(made.getvalue()).decode()


if __name__ == "__main__":
    main()
