"""Hears what the dossier requests."""

from services.renderer.application import Renderer
from shared.contracts.dossier import DocumentRequested, DossierItemRequested
from shared.messaging import Inbox

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

    return ears
