"""What stands before every page: known host names, no writing from other sites, and the headers of a careful answer."""

from collections.abc import Collection
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.pages.problems import Problem, problem

_log = structlog.get_logger()
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FOR_PROBES = frozenset({"/healthz", "/readyz"})  # asked by address, and telling nothing


class CarefulHeaders:
    """Adds the headers that a page needs; an answer that brings its own, like stored mail, keeps them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Mishaps:
    """Answers an error that nobody foresaw with a 500 problem, and logs it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and answer in place of what failed; an answer that has begun can only be broken off."""
        begun = False

        async def send_and_see(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            _log.exception("a request failed", method=scope["method"], path=scope["path"], error=repr(error))
            await problem(Request(scope), Problem(500, "internal_error"))(scope, receive, send)


class KnownHosts:
    """Answers to its own names only: a foreign name that resolves here is DNS rebinding. `*` lets any name in."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower().strip("[]") for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with 421."""
        if scope["type"] != "http" or self._knows(scope):
            await self._app(scope, receive, send)
            return
        await problem(Request(scope), Problem(421, "host_unknown"))(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        if "*" in self._hosts or scope["path"] in _FOR_PROBES:
            return True
        return _host_name(Headers(scope=scope).get("host", "")) in self._hosts


class SameOrigin:
    """Refuses writing on behalf of another site (CSRF), by what a browser says of itself; programs say nothing.

    A bearer token is passed: no browser adds one by itself, and where there is one the cookie is not looked at.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with 403."""
        if scope["type"] != "http" or scope["method"] in _SAFE or _is_own(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        await problem(Request(scope), Problem(403, "cross_site"))(scope, receive, send)


def _is_own(headers: Headers) -> bool:
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
