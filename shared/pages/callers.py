"""Who is asking, as a FastAPI dependency: `reads`, `sends` or `administers`, by bearer token or session cookie."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from shared.access import Access, Caller, Scope
from shared.pages.language import language
from shared.pages.problems import Problem
from shared.pages.texts import detail_of

COOKIE = "uitpost_session"
_bearer = HTTPBearer(scheme_name="token", description="An API token: uitpost_…", auto_error=False)
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def access_of(request: Request) -> Access:
    """Return the access store that the frame gave to this application."""
    access: Access = request.app.state.access
    return access


class Requires:
    """Lets in who has the scope and returns the caller; others get a 401 or 403 problem."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def __call__(self, request: Request, bearer: _Bearer) -> Caller:
        """Return the caller. Where a token is sent the cookie is not looked at. Raises Problem."""
        caller = _by_token(request, bearer.credentials) if bearer else _by_cookie(request)
        if self._scope not in caller.scopes:
            detail = detail_of("scope_missing", language(request), scope=self._scope)
            raise Problem(403, "scope_missing", detail)
        return caller


reads = Requires("read")
sends = Requires("send")
administers = Requires("admin")


def _by_token(request: Request, token: str) -> Caller:
    caller = access_of(request).check_token(token)
    if caller is None:
        raise Problem(401, "invalid_token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return caller


def _by_cookie(request: Request) -> Caller:
    session = request.cookies.get(COOKIE)
    caller = access_of(request).check_session(session) if session else None
    if caller is None:
        raise Problem(401, "unauthenticated", headers={"WWW-Authenticate": "Bearer"})
    return caller
