"""Hears what the dossier requests; is asked to try out and to show drafts, and to make parts again."""

from collections.abc import Awaitable
from typing import TypeVar

import structlog

from services.renderer.application import Drafts, Layouts, Remakes, Renderer
from services.renderer.domain import EngineUnavailable
from shared.contracts.asks import LettersMade, LettersWanted, PartsMade, PartsWanted
from shared.contracts.dossier import DocumentRequested, DossierItemRequested, RunCancelled
from shared.contracts.drafts import PreviewMade, PreviewWanted, TriedOut, TryOut
from shared.contracts.layouts import FormatsTold, FormatsWanted, LayoutJudged, LayoutWanted
from shared.messaging import Asked, Inbox, Refusal

A = TypeVar("A")
_log = structlog.get_logger()
_AT_ONCE = 150  # messages held while they are rendered: six chunks, so that two workers never wait


def inbox(renderer: Renderer) -> Inbox:
    """Return the ears of the renderer."""
    ears = Inbox("renderer", at_once=_AT_ONCE)

    @ears.hears(DossierItemRequested)
    async def render(request: DossierItemRequested) -> None:
        await renderer.render(request)

    @ears.hears(DocumentRequested)
    async def make_document(request: DocumentRequested) -> None:
        await renderer.make_document(request)

    @ears.hears(RunCancelled, ahead=True)
    async def cancel(run: RunCancelled) -> None:
        await renderer.cancel(run)

    return ears


def asked(drafts: Drafts, layouts: Layouts, remakes: Remakes) -> Asked:
    """Return the doors of the renderer."""
    doors = Asked("renderer")

    @doors.answers("preview", PreviewWanted, at_once=4)
    async def preview(wanted: PreviewWanted) -> PreviewMade:
        """Show what one recipient's message looks like."""
        return await _available(drafts.preview(wanted))

    @doors.answers("try-out", TryOut, at_once=8)
    async def try_out(wanted: TryOut) -> TriedOut:
        """Say for which recipients a message could not be made."""
        return await _available(drafts.try_out(wanted))

    @doors.answers("judge-layout", LayoutWanted, at_once=2)
    async def judge_layout(wanted: LayoutWanted) -> LayoutJudged:
        """Say whether a layout can be merged, and what is wrong with it."""
        return await _available(layouts.judge(wanted))

    @doors.answers("print-letters", LettersWanted, at_once=2)
    async def print_letters(wanted: LettersWanted) -> LettersMade:
        """Make PDFs of Word letters, to be printed with others."""
        return await _available(drafts.print_letters(wanted))

    @doors.answers("parts", PartsWanted, at_once=4)
    async def parts(wanted: PartsWanted) -> PartsMade:
        """Make the parts of a mail again."""
        return await _available(remakes.make(wanted))

    @doors.answers("formats", FormatsWanted, at_once=4)
    async def formats(_: FormatsWanted) -> FormatsTold:
        """Say which formats are made on this machine."""
        return layouts.formats()

    return doors


async def _available(answer: Awaitable[A]) -> A:
    try:
        return await answer
    except EngineUnavailable as error:
        _log.error("what was asked for could not be rendered", error=str(error))
        raise Refusal("engine_unavailable", "the engine that makes documents is not to be had now") from error
