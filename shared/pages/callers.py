"""Who is asking, as a FastAPI dependency: `reads`, `sends` or `administers`, by bearer token or session cookie.

`AfasRequires` takes a token in the form of AFAS clients too.
"""

from typing import Annotated

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from shared.access import AFAS_SCHEME, Access, Caller, Scope, token_of_afas
from shared.pages.language import language
from shared.pages.problems import Problem
from shared.pages.texts import detail_of

COOKIE = "uitpost_session"
_bearer = HTTPBearer(scheme_name="token", description="An API token: uitpost_…", auto_error=False)
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_afas = APIKeyHeader(
    name="Authorization",
    scheme_name="afas",
    description="AfasToken and the base64 of <token><version>1</version><data>64 hex digits</data></token>",
    auto_error=False,
)


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
        return _within(caller, self._scope, request)


class AfasRequires:
    """As `Requires`, for a token that an AFAS client carries (requirements §5.5); a bearer token works as well."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._others = Requires(scope)

    async def __call__(
        self, request: Request, bearer: _Bearer, header: Annotated[str | None, Depends(_afas)]
    ) -> Caller:
        """Return the caller. Raises Problem."""
        scheme, _, form = (header or "").strip().partition(" ")
        if scheme.lower() != AFAS_SCHEME.lower():
            return await self._others(request, bearer)
        return _within(_by_token(request, token_of_afas(form.strip()) or ""), self._scope, request)


reads = Requires("read")
sends = Requires("send")
administers = Requires("admin")


def _within(caller: Caller, scope: Scope, request: Request) -> Caller:
    if scope not in caller.scopes:
        raise Problem(403, "scope_missing", detail_of("scope_missing", language(request), scope=scope))
    return caller


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
