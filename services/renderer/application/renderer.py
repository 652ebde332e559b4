"""What the renderer does with a request: make the parts once, record that they are made or why they are not."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from services.renderer.application.bench import Bench
from services.renderer.application.jobs import document_job, job_of, lasting
from services.renderer.domain import LimitReached, Made, Rendering
from shared.contracts.dossier import DocumentRequested, DossierItemRequested, RunCancelled
from shared.contracts.message import Parts
from shared.contracts.renderer import Fault
from shared.store import Conflict, Store

_log = structlog.get_logger()


class CancelledRuns(Protocol):
    """Remembers which runs were cancelled, durably."""

    async def cancel(self, run_id: UUID, at: datetime) -> None:
        """Remember that whatever was requested of a run until then is not wanted."""
        ...

    async def cancelled_at(self, run_id: UUID) -> datetime | None:
        """Return when a run was cancelled last, None where it was not."""
        ...


class Renderer:
    """Makes the parts of what is requested, in chunks as they queue up."""

    def __init__(self, store: Store, bench: Bench, runs: CancelledRuns) -> None:
        self._store = store
        self._bench = bench
        self._runs = runs

    async def render(self, request: DossierItemRequested) -> None:
        """Make a mail or letter, unless that was settled before."""
        if await self._store.knows(request.mail_id):
            return
        facts = _of_request(request)
        if request.recipient is None:
            await self._fail(request.mail_id, facts, "erased", Fault(detail="the contact was erased"))
        elif await self._is_cancelled(request):
            await self._fail(request.mail_id, facts, "cancelled", Fault(detail="the run was cancelled"))
        elif request.parts is not None:
            await self._complete(request.mail_id, facts, _completed(request, Made(request.parts, {})))
        else:
            made = await self._bench.make(job_of(request, request, request.recipient, lasts=lasting(request)))
            if isinstance(made, Fault):
                await self._fail(request.mail_id, facts, _reason(made), made)
            else:
                await self._complete(request.mail_id, facts, _completed(request, made))

    async def cancel(self, run: RunCancelled) -> None:
        """Make no mail or letter of a run that was requested until it was cancelled; files of its items are made."""
        await self._runs.cancel(run.run_id, run.at)

    async def make_document(self, request: DocumentRequested) -> None:
        """Make a file of an item, with its addressee's data or field names for values, unless that was settled."""
        if await self._store.knows(request.document_id):
            return
        facts = {
            "made": request.slot,
            "run_id": request.run_id,
            "item_id": request.item_id,
            "processing_id": None,
            "ordinal": 1,
            "person": request.person,
        }
        if request.person and request.recipient is None:
            await self._fail(request.document_id, facts, "erased", Fault(detail="the contact was erased"))
            return
        made = await self._bench.make(document_job(request))
        if isinstance(made, Fault):
            await self._fail(request.document_id, facts, _reason(made), made)
        else:
            await self._complete(request.document_id, facts, _filed(request, made))

    async def _is_cancelled(self, request: DossierItemRequested) -> bool:
        cancelled_at = await self._runs.cancelled_at(request.run_id)
        return cancelled_at is not None and request.requested_at <= cancelled_at

    async def _complete(self, identity: UUID, facts: dict[str, Any], completed: dict[str, Any]) -> None:
        await self._record(Rendering.complete(identity, **facts, **completed))

    async def _fail(self, identity: UUID, facts: dict[str, Any], reason: str, fault: Fault) -> None:
        say = _log.debug if reason == "cancelled" else _log.warning
        say("not rendered", id=str(identity), reason=reason, layout=fault.layout_id, field=fault.field)
        await self._record(Rendering.fail(identity, **facts, reason=reason, **fault.model_dump()))

    async def _record(self, rendering: Rendering) -> None:
        try:
            await self._store.record(rendering)
        except Conflict:
            _log.info("rendered by another in the meantime", id=str(rendering.id))


def _of_request(request: DossierItemRequested) -> dict[str, Any]:
    return {
        "made": "letter" if request.issue_method == "document" else "mail",
        "run_id": request.run_id,
        "item_id": request.item_id,
        "processing_id": request.processing_id,
        "ordinal": request.ordinal,
        "person": request.person,
    }


def _completed(request: DossierItemRequested, made: Made) -> dict[str, Any]:
    return {
        "recipient": request.recipient.model_dump() if request.recipient else None,
        "sender": request.sender.model_dump() if request.sender else None,
        "mail_server_id": request.mail_server_id,
        "subject": request.subject,
        "attachments": [attachment.model_dump() for attachment in request.attachments],
        "record_separately": request.record_separately,
        "requested_at": request.requested_at,
        "resend_of": request.resend_of,
        **_made(made.parts, made),
    }


def _filed(request: DocumentRequested, made: Made) -> dict[str, Any]:
    return {
        "recipient": None,
        "sender": None,
        "mail_server_id": "",
        "subject": request.subject,
        "attachments": [],
        "record_separately": False,
        "requested_at": request.requested_at,
        "resend_of": None,
        **_made(made.parts, made),
    }


def _made(parts: Parts, made: Made) -> dict[str, Any]:
    return {
        "parts": parts.model_dump(exclude_none=True),
        "engines": dict(made.engines),
        "warnings": list(made.warnings),
    }


def _reason(fault: Fault) -> str:
    return "limit" if isinstance(fault, LimitReached) else "layout"
