"""How an AFAS client is refused: a message in its language, an error number, and a reference into the log (§5.5)."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from services.dossier.application import Refusals
from services.dossier.domain.afas.problems import RULE, UNEXPECTED, in_afas_words
from services.dossier.domain.refusal import Refused, Wrong
from shared.pages import Problem, language
from shared.store import StoreUnavailable

_log = structlog.get_logger()
_HOUSE = "nl"  # the language of whoever names none
_TOLD = 20  # things wrong in one message
_RETRY = 5  # seconds
_KEPT = (413, 503)  # statuses that are their own; whatever else is wrong with the content is a 500
_BARRED = {401: "afas_unauthenticated", 403: "afas_forbidden"}


def spoken(request: Request) -> str:
    """Return the language of a client; French and German ones are answered in English."""
    said = "lang" in request.query_params or request.headers.get("accept-language", "").strip()
    return language(request) if said else _HOUSE


def afas_route(refusals: Refusals) -> type[APIRoute]:
    """Return the kind of route that answers whatever goes wrong as AFAS does."""
    answers = _Answers(refusals)

    class AfasRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """Return the handler, whose errors are answered."""
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    return await handle(request)
                except Exception as error:  # noqa: BLE001 -- every error of this door has the three keys
                    return answers.of(error, request)

            return answered

    return AfasRoute


class _Answers:
    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def of(self, error: Exception, request: Request) -> Response:
        """Return the answer to an error; the log says more, under its reference."""
        reference = uuid4().hex.upper()
        if isinstance(error, Refused):
            return self._refused(error, request, reference)
        if isinstance(error, StoreUnavailable):
            return self._later("store_unavailable", request, reference)
        if isinstance(error, Problem):
            return self._barred(error, request, reference)
        if isinstance(error, RequestValidationError):
            return self._refused(Refused([Wrong("", "afas_unreadable")]), request, reference)
        _log.exception("an AFAS client's request failed", reference=reference, path=request.url.path)
        words = self._refusals.said(Wrong("", "afas_unexpected"), spoken(request))
        return _content(500, words, UNEXPECTED, reference)

    def _refused(self, refused: Refused, request: Request, reference: str) -> Response:
        if refused.status == 503:  # noqa: PLR2004 -- the status itself
            return self._later(refused.code, request, reference)
        said = [in_afas_words(wrong, spoken(request)) for wrong in refused.wrongs[:_TOLD]]
        words = [(one, self._refusals.said(one.wrong, spoken(request))) for one in said]
        message = "\n".join(f"{one.wrong.field}: {word}" if one.named else word for one, word in words)
        codes = [wrong.code for wrong in refused.wrongs[:_TOLD]]
        _log.warning("an AFAS client was refused", reference=reference, path=request.url.path, codes=codes)
        status = refused.status if refused.status in _KEPT else 500
        return _content(status, message, said[0].number if said else RULE, reference)

    def _barred(self, problem: Problem, request: Request, reference: str) -> Response:
        _log.warning("an AFAS client was barred", reference=reference, path=request.url.path, code=problem.code)
        code = _BARRED.get(problem.status, "afas_unexpected")
        answer = _content(problem.status, self._refusals.said(Wrong("", code), spoken(request)), UNEXPECTED, reference)
        answer.headers.update(problem.headers)
        return answer

    def _later(self, code: str, request: Request, reference: str) -> Response:
        _log.warning("an AFAS client must come again", reference=reference, path=request.url.path, code=code)
        words = self._refusals.said(Wrong("", "afas_later"), spoken(request))
        body = {"error": {"message": words, "code": code, "reference": reference}, "retry_after": _RETRY}
        return JSONResponse(body, 503, {"Retry-After": str(_RETRY), "Cache-Control": "no-store"})


def _content(status: int, message: str, number: int, reference: str) -> JSONResponse:
    body = {"externalMessage": message, "errorNumber": number, "profitLogReference": reference}
    return JSONResponse(body, status, {"Cache-Control": "no-store"})
