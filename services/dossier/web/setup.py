"""What is set up, over HTTP: senders and mail servers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from services.dossier.application import Dossier
from services.dossier.application.ports import Noun
from services.dossier.domain.intake import parse
from services.dossier.domain.mail_server import MailServerFacts, secrets_in
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.domain.sender import SenderFacts
from services.dossier.web.body import answering, takes, whole
from shared.access import Caller
from shared.pages import administers, reads

_SENDER = "/api/v1/senders/{sender_id}"
_MAIL_SERVER = "/api/v1/mail-servers/{mail_server_id}"
_Reads = Annotated[Caller, Depends(reads)]
_Administers = Annotated[Caller, Depends(administers)]


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of what is set up."""
    router = APIRouter(tags=["set-up"])
    _add_senders(router, dossier)
    _add_mail_servers(router, dossier)
    return router


def _add_senders(router: APIRouter, dossier: Dossier) -> None:
    @router.get("/api/v1/senders")
    async def list_senders(_: _Reads) -> dict[str, Any]:
        """List the senders."""
        return await _all(dossier, "sender")

    @router.get(_SENDER)
    async def get_sender(request: Request, _: _Reads, sender_id: str) -> dict[str, Any]:
        """Show one sender."""
        return await _one(dossier, request, "sender", sender_id)

    @router.put(_SENDER, openapi_extra=takes(SenderFacts, "put", _SENDER))
    async def put_sender(request: Request, _: _Administers, sender_id: str) -> dict[str, Any]:
        """Set up a sender."""
        with answering(dossier.refusals, request):
            facts = as_said(SenderFacts, parse(await whole(request)))
            return {"id": sender_id, **await dossier.setup.put_sender(sender_id, facts)}


def _add_mail_servers(router: APIRouter, dossier: Dossier) -> None:
    @router.get("/api/v1/mail-servers")
    async def list_mail_servers(_: _Reads) -> dict[str, Any]:
        """List the mail servers."""
        return await _all(dossier, "mail-server")

    @router.get(_MAIL_SERVER)
    async def get_mail_server(request: Request, _: _Reads, mail_server_id: str) -> dict[str, Any]:
        """Show one mail server."""
        return await _one(dossier, request, "mail-server", mail_server_id)

    @router.put(_MAIL_SERVER, openapi_extra=takes(MailServerFacts, "put", _MAIL_SERVER))
    async def put_mail_server(request: Request, _: _Administers, mail_server_id: str) -> dict[str, Any]:
        """Set up a mail server; its password is named by `secret_ref`, never given here."""
        with answering(dossier.refusals, request):
            said = parse(await whole(request))
            if wrongs := secrets_in(said):
                raise Refused(wrongs)
            facts = as_said(MailServerFacts, said)
            return {"id": mail_server_id, **await dossier.setup.put_mail_server(mail_server_id, facts)}

    @router.delete(_MAIL_SERVER, status_code=204)
    async def remove_mail_server(request: Request, _: _Administers, mail_server_id: str) -> None:
        """Take a mail server away: nothing can be mailed without one, and what waits for it goes on to wait."""
        with answering(dossier.refusals, request):
            await dossier.setup.remove_mail_server(mail_server_id)


async def _all(dossier: Dossier, noun: Noun) -> dict[str, Any]:
    return {"items": [{"id": name, **facts} for name, facts in (await dossier.setup.all(noun)).items()]}


async def _one(dossier: Dossier, request: Request, noun: Noun, name: str) -> dict[str, Any]:
    with answering(dossier.refusals, request):
        facts = await dossier.setup.one(noun, name)
        if facts is None:
            raise Refused([Wrong("", f"unknown_{noun.replace('-', '_')}", {"layout": name[:80]})], status=404)
        return {"id": name, **facts}
