"""An engine that makes mails of one line at once: it keeps the promise of `Engine` without workers."""

import asyncio
from collections.abc import Sequence

from services.renderer.domain import EngineUnavailable, Job, LimitReached, Made
from shared.blobs import Blob, Blobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import LayoutJudged
from shared.contracts.message import Attachment, Parts
from shared.contracts.renderer import Fault

UNKNOWN_FIELD = Fault(layout_id="a-layout", language="nl", field="merge.tabel", line=3, detail="unknown field")
TOO_LONG = LimitReached(layout_id="a-layout", language="nl", detail="it takes too long")


class QuickEngine:
    """Greets each recipient by name; `Faulty` has a fault, `Endless` a limit.

    `chunks` holds the sizes of what it was given, `jobs` each job, `urgent` how many of the chunks were. While `open` is not set it does not answer, and
    the next `unavailable` times it fails.
    """

    def __init__(self, blobs: Blobs) -> None:
        self.chunks: list[int] = []
        self.jobs: list[Job] = []
        self.unavailable = 0
        self.urgent = 0
        self.open = asyncio.Event()
        self.open.set()
        self._blobs = blobs

    async def make(self, jobs: Sequence[Job], *, urgent: bool = False) -> list[Made | Fault]:
        """Make the jobs."""
        self.urgent += urgent
        self.chunks.append(len(jobs))
        self.jobs += jobs
        await self.open.wait()
        if self.unavailable:
            self.unavailable -= 1
            raise EngineUnavailable("no disk")
        return [self._made(job) for job in jobs]

    async def read(self, document: LayoutDocument) -> LayoutJudged:
        """Find nothing wrong."""
        return LayoutJudged()

    def _made(self, job: Job) -> Made | Fault:
        name = job.context["recipient"].get("name", "«recipient.name»")
        if name in {"Faulty", "Endless"}:
            return UNKNOWN_FIELD if name == "Faulty" else TOO_LONG
        text, pdf = self._blobs.put_many([Blob(f"Beste {name}".encode(), job.lasts), Blob(b"%PDF " + name.encode())])
        letter = Attachment(**pdf.model_dump(), filename="brief.pdf", content_type="application/pdf")
        return Made(
            Parts(
                text=text if job.body_layout or job.body_text is not None else None,
                attachment=letter if job.attachment_layout else None,
            ),
            {"quick": "1.0"},
            ("a font was missing",),
        )
