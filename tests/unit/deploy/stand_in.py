"""Stands in for the API of a running uitpost: canned answers over real HTTP, and what was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class StandIn:
    """Answers `METHOD /path` below /api/v1: each list is a series of answers, the last of which stays."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.headers_of: dict[str, dict[str, str]] = {}  # those that an answer has beside the usual ones
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self._queries: dict[str, list[dict[str, str]]] = {}

    def note(self, request: str, query: str) -> None:
        """Remember the query of a request."""
        self._queries.setdefault(request, []).append(dict(parse_qsl(query)))

    def answer(self, request: str, *bodies: Any, status: int = 200) -> None:
        """Have a request answered with these bodies, one after another."""
        self.answers[request] = [(status, body) for body in bodies]

    def bodies(self, request: str) -> list[Any]:
        """Return what was sent with each such request."""
        return [body for name, _, body in self.asked if name == request]

    def queries(self, request: str) -> list[dict[str, str]]:
        """Return the query of each such request."""
        return self._queries.get(request, [])

    def headers(self, request: str) -> dict[str, str]:
        """Return the headers of the last such request."""
        return [headers for name, headers, _ in self.asked if name == request][-1]


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Listen as long as the block lasts."""
    stand_in = StandIn()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

        def _answer(self) -> None:
            name = f"{self.command} {urlsplit(self.path).path.removeprefix('/api/v1')}"
            stand_in.note(name, urlsplit(self.path).query)
            given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = self.headers.get("Content-Type", "").startswith("application/json")
            stand_in.asked.append((name, dict(self.headers), json.loads(given) if is_json else given))
            series = stand_in.answers.get(name, [(404, {"title": "Not found", "detail": f"no {name}", "errors": []})])
            status, body = series.pop(0) if len(series) > 1 else series[0]
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
            for header, value in stand_in.headers_of.get(name, {}).items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        stand_in.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.01,)).start()
        yield stand_in
        server.shutdown()
