"""How a no is said over HTTP: each code with its status, and words in the caller's language."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from services.history.application.refused import Refused
from services.history.domain.looking import Cursor
from services.history.web.words import words_in
from shared.messaging import NoAnswer, Refusal
from shared.pages import FieldError, Problem, language

_STATUS = {
    "unknown_row": 404,
    "unknown_run": 404,
    "unknown_notice": 404,
    "unknown_item": 404,
    "unknown_file": 404,
    "unknown_job": 404,
    "no_letter": 404,
    "nothing_to_print": 404,
    "not_printable": 404,
    "not_sortable": 422,
    "no_attachment": 404,
    "attachment_not_ready": 404,
    "unknown_mail": 404,
    "never_attempted": 404,
    "erased": 410,
    "parts_gone": 410,
    "not_remade": 410,
    "engine_unavailable": 503,
    "file_gone": 410,
    "no_answer": 503,
}
_CONFLICT = 409


class Worded(APIRoute):
    """A route whose refusals are told as problems."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which raises Problem where the application refuses."""
        handle = super().get_route_handler()

        async def handle_in_words(request: Request) -> Response:
            try:
                return await handle(request)
            except (Refused, Refusal) as refusal:
                raise _problem(request, refusal.code, refusal.detail) from refusal
            except NoAnswer as silence:
                raise _problem(request, "no_answer", str(silence)) from silence

        return handle_in_words


def cursor_of(request: Request, text: str | None) -> Cursor | None:
    """Return the cursor that a query names. Raises Problem for one that was never given out."""
    if text is None:
        return None
    try:
        return Cursor.read(text)
    except ValueError:
        raise wrong(request, "cursor", "invalid_value", "invalid_cursor") from None


def wrong(request: Request, field: str, code: str, words: str) -> Problem:
    """Return the refusal of one field of a request."""
    spoken = words_in(language(request))
    error = FieldError(field, code, spoken.refusal(words))
    return Problem(422, "invalid_request", spoken.refusal("invalid_request"), errors=[error])


def _problem(request: Request, code: str, detail: str) -> Problem:
    spoken = words_in(language(request))
    return Problem(_STATUS.get(code, _CONFLICT), code, spoken.refusal(code).replace("{detail}", detail) or detail)
