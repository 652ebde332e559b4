"""Signing in by a one-time link, and signing out."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.access.access import SESSION_LASTS
from shared.pages.callers import COOKIE, access_of
from shared.pages.problems import Problem

router = APIRouter(include_in_schema=False)


@router.get("/login")
@router.get("/aanmelden")
def sign_in(request: Request, link: str = "") -> Response:
    """Trade a login link for a session cookie; the redirect takes the secret out of the address bar."""
    session = access_of(request).redeem_link(link)
    if session is None:
        raise Problem(403, "login_link_invalid")
    answer = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    lasts = int(SESSION_LASTS.total_seconds())
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, session, lasts, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


@router.post("/logout")
@router.post("/afmelden")
def sign_out(request: Request) -> Response:
    """End the session."""
    access_of(request).end_session(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer
