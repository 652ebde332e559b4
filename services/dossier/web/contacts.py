"""Contacts over HTTP, one by one: looked up and put.

A contact person is addressed as kind `contact_person` with the organisation's number, and `contact_id` in the query;
it is the same contact as that of kind `organisation` with this number and `contact_id`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.dossier.application import Dossier
from services.dossier.application.contacts import Stated
from services.dossier.domain.contact_facts import ContactFacts
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.web.body import answering, takes, whole
from services.dossier.web.contact_shown import address_said, checked_shown, shown
from shared.access import Caller
from shared.pages import language, reads, sends

_ONE = "/api/v1/contacts/{kind}/{number}"
_ContactId = Annotated[str | None, Query(description="The contact person chosen there", max_length=80)]


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of contacts."""
    router = APIRouter(tags=["contacts"])

    @router.get(_ONE)
    async def get_contact(
        request: Request,
        _: Annotated[Caller, Depends(reads)],
        kind: str,
        number: str,
        contact_id: _ContactId = None,
    ) -> dict[str, Any]:
        """Show one contact, and whether it can be mailed."""
        with answering(dossier.refusals, request):
            contact = await dossier.contacts.find(address_said(kind, number, contact_id))
            if contact is None:
                named = f"{kind} {number}{' ' + contact_id if contact_id else ''}"[:200]
                raise Refused([Wrong("", "no_such_contact", {"contact": named})], status=404)
            checked = await dossier.address_book.email_checks.one(contact)
            return {**shown(contact), "email_check": checked_shown(dossier.refusals, checked, language(request))}

    @router.get(f"{_ONE}/consents")
    async def list_consents(
        request: Request,
        _: Annotated[Caller, Depends(reads)],
        kind: str,
        number: str,
        contact_id: _ContactId = None,
    ) -> dict[str, Any]:
        """List what a contact said of mailings, oldest first: the consent, its day, its proof and the address then."""
        with answering(dossier.refusals, request):
            said = await dossier.contacts.consents(address_said(kind, number, contact_id))
            return {"items": [stand._asdict() for stand in said], "next": None}

    @router.put(_ONE, openapi_extra=takes(ContactFacts, "put", _ONE))
    async def put_contact(
        request: Request,
        _: Annotated[Caller, Depends(sends)],
        kind: str,
        number: str,
        contact_id: _ContactId = None,
    ) -> dict[str, Any]:
        """Put a contact: what the body leaves out gets its default."""
        with answering(dossier.refusals, request):
            address = address_said(kind, number, contact_id)
            facts = as_said(ContactFacts, parse(await whole(request)))
            if wrongs := facts.wrongs():
                raise Refused(wrongs)
            await dossier.contacts.enter([Stated(address, facts.model_dump())])
            contact = await dossier.contacts.find(address)
            assert contact is not None  # noqa: S101 -- it was entered just now
            return shown(contact)

    return router
