"""What the renderer does with a request: make the parts once, record that they are made or why they are not."""

import asyncio
from collections import deque
from typing import Any
from uuid import UUID

import structlog

from services.renderer.domain import Engine, Job, LimitReached, Made, Rendering
from shared.contracts.dossier import DocumentRequested, DossierItemRequested
from shared.contracts.message import Parts, Recipient
from shared.contracts.renderer import Fault
from shared.store import Conflict, Store

_log = structlog.get_logger()
_CHUNK = 25  # jobs a worker gets at once: their parts are stored in one transaction


class Renderer:
    """Makes the parts of what is requested, in chunks as they queue up."""

    def __init__(self, store: Store, engine: Engine, workers: int) -> None:
        self._store = store
        self._bench = Bench(engine, workers + 1)  # one chunk more than workers, so that none waits for the next

    async def render(self, request: DossierItemRequested) -> None:
        """Make a mail or letter, unless that was settled before."""
        if await self._store.knows(request.mail_id):
            return
        facts = _of_request(request)
        if request.recipient is None:
            await self._fail(request.mail_id, facts, "erased", Fault(detail="the contact was erased"))
        elif request.parts is not None:
            await self._complete(request.mail_id, facts, _completed(request, Made(request.parts, {})))
        else:
            made = await self._bench.make(_job(request, request.recipient))
            if isinstance(made, Fault):
                await self._fail(request.mail_id, facts, _reason(made), made)
            else:
                await self._complete(request.mail_id, facts, _completed(request, made))

    async def make_document(self, request: DocumentRequested) -> None:
        """Make a file of an item, with field names for values, unless that was settled before."""
        if await self._store.knows(request.document_id):
            return
        facts = {
            "made": request.slot,
            "run_id": request.run_id,
            "item_id": request.item_id,
            "processing_id": None,
            "ordinal": 1,
            "person": None,
        }
        made = await self._bench.make(_generic(request))
        if isinstance(made, Fault):
            await self._fail(request.document_id, facts, _reason(made), made)
        else:
            await self._complete(request.document_id, facts, _filed(request, made))

    async def _complete(self, identity: UUID, facts: dict[str, Any], completed: dict[str, Any]) -> None:
        await self._record(Rendering.complete(identity, **facts, **completed))

    async def _fail(self, identity: UUID, facts: dict[str, Any], reason: str, fault: Fault) -> None:
        _log.warning("not rendered", id=str(identity), reason=reason, layout=fault.layout_id, field=fault.field)
        await self._record(Rendering.fail(identity, **facts, reason=reason, **fault.model_dump()))

    async def _record(self, rendering: Rendering) -> None:
        try:
            await self._store.record(rendering)
        except Conflict:
            _log.info("rendered by another in the meantime", id=str(rendering.id))


class Bench:
    """Lays jobs side by side: whatever queues up while all workers are busy goes out in one chunk."""

    def __init__(self, engine: Engine, chunks_at_once: int) -> None:
        self._engine = engine
        self._free = chunks_at_once
        self._waiting: deque[tuple[Job, asyncio.Future[Made | Fault]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def make(self, job: Job) -> Made | Fault:
        """Return what came of the job; raise `EngineUnavailable` where nothing is known of it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Made | Fault] = loop.create_future()
        self._waiting.append((job, future))
        loop.call_soon(self._hand_out)  # not at once: what comes in with the same fetch goes along
        return await future

    def _hand_out(self) -> None:
        while self._waiting and self._free:
            chunk = [self._waiting.popleft() for _ in range(min(_CHUNK, len(self._waiting)))]
            self._free -= 1
            task = asyncio.create_task(self._work(chunk))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _work(self, chunk: list[tuple[Job, asyncio.Future[Made | Fault]]]) -> None:
        try:
            made = await self._engine.make([job for job, _ in chunk])
        except Exception as error:  # noqa: BLE001 -- told to each of those who wait for it
            for _, future in chunk:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in zip(chunk, made, strict=True):
                if not future.done():
                    future.set_result(result)
        finally:
            self._free += 1
            self._hand_out()


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


def _job(request: DossierItemRequested, recipient: Recipient) -> Job:
    mails = request.issue_method == "email"
    return Job(
        language=recipient.language,
        context={
            "recipient": {"name": recipient.name, "email": recipient.email, "language": recipient.language},
            "subject": request.subject,
            "date": request.document_date.isoformat(),
            "sender": {"name": request.sender.name, "address": request.sender.address} if request.sender else {},
            "destination": request.destination.model_dump(),
            "merge": dict(request.merge or {}),
        },
        body_layout=request.body_layout if mails else None,
        body_text=(request.body_text or "") if mails and not request.body_layout else None,
        attachment_layout=request.attachment_layout,
        transient=not request.record_separately,
    )


def _generic(request: DocumentRequested) -> Job:
    return Job(
        language=request.language,
        context={
            "recipient": {},
            "subject": request.subject,
            "date": request.document_date.isoformat(),
            "sender": {"name": request.sender.name, "address": request.sender.address} if request.sender else {},
            "destination": {},
            "merge": {},
        },
        body_layout=None if request.attachment_layout else request.body_layout,
        body_text=None if request.attachment_layout or request.body_layout else (request.body_text or ""),
        attachment_layout=request.attachment_layout,
        generic=True,
    )


def _reason(fault: Fault) -> str:
    return "limit" if isinstance(fault, LimitReached) else "layout"
