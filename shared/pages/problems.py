"""Errors as RFC 9457 says them: problem+json for programs, a plain page for a browser."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from shared.pages.language import Language, language
from shared.pages.texts import detail_of, title_of

_WHERE = ("body", "query", "path", "header", "cookie")
_CODES = {"missing": "required", "extra_forbidden": "unknown_field"}


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field, named by its path, e.g. `destinations[0].recipient.email`."""

    field: str
    code: str
    detail: str


class Problem(Exception):
    """Raised by a door to refuse: `code` is for programs and stays, `detail` is for people, in their language.

    Without a title it gets that of its status; without a detail that of its code, if the frame has one.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        title: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.title = title
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem(request: Request, refusal: Problem) -> Response:
    """Return the answer for a refusal: a page if a browser asks for one, else problem+json."""
    spoken = language(request)
    title = refusal.title or title_of(refusal.status, spoken)
    detail = refusal.detail or detail_of(refusal.code, spoken)
    headers = refusal.headers | {
        "Content-Language": spoken,
        "Vary": "Accept, Accept-Language",
        "Cache-Control": "no-store",
    }
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_page(title, detail, refusal.errors, spoken), refusal.status, headers)
    content = {
        "type": f"urn:uitpost:problem:{refusal.code}",
        "title": title,
        "status": refusal.status,
        "detail": detail,
        "code": refusal.code,
        "errors": [asdict(error) for error in refusal.errors],
    }
    return JSONResponse(content, refusal.status, headers, "application/problem+json")


def field_errors(errors: Sequence[Any], spoken: Language) -> list[FieldError]:
    """Return pydantic's errors by field; never with the value itself, which may be personal."""
    return [_field_error(error, spoken) for error in errors]


def answer_with_problems(app: FastAPI) -> None:
    """Let an application say each of its refusals as a problem."""
    app.exception_handler(Problem)(problem)
    app.exception_handler(HTTPException)(_on_http_exception)
    app.exception_handler(RequestValidationError)(_on_invalid_request)


def _on_http_exception(request: Request, error: HTTPException) -> Response:
    phrase = HTTPStatus(error.status_code).phrase
    detail = "" if error.detail == phrase else str(error.detail)
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    return problem(request, Problem(error.status_code, code, detail, headers=error.headers))


def _on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem(request, Problem(400, "invalid_json"))
    errors = field_errors(error.errors(), language(request))
    return problem(request, Problem(422, "invalid_request", errors=errors))


def _field_error(error: Any, spoken: Language) -> FieldError:
    kind: str = error["type"]
    code = _CODES.get(kind) or ("wrong_type" if kind.endswith(("_type", "_parsing")) else "invalid_value")
    detail = detail_of(code, spoken)
    if code in {"wrong_type", "invalid_value"} and spoken == "en":
        detail = str(error["msg"])
    return FieldError(_path(error["loc"]), code, detail)


def _path(place: Sequence[int | str]) -> str:
    steps = place[1:] if place and place[0] in _WHERE else place
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _page(title: str, detail: str, errors: Iterable[FieldError], spoken: Language) -> str:
    listed = "".join(f"<li>{escape(error.field)}: {escape(error.detail)}</li>" for error in errors)
    return (
        f'<!doctype html><html lang="{spoken}"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<main><h1>{escape(title)}</h1><p>{escape(detail)}</p>{f'<ul>{listed}</ul>' if listed else ''}</main></html>"
    )
