"""Speaks HTTP to the dossier and to the history, and turns what goes wrong into exit codes and words."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any

import httpx2

from deploy.cli.failure import Code, Failure

EVERY = 10_000  # things of a list that is short by nature
_SECONDS = 60.0  # a bulk resend or an import is worked while the caller waits
_CODES = {
    401: Code.NOT_ALLOWED,
    403: Code.NOT_ALLOWED,
    404: Code.NOT_FOUND,
    408: Code.TIMED_OUT,
    429: Code.OUT_OF_REACH,
    504: Code.TIMED_OUT,
}


class Door:
    """The API of one service: paths below `/api/v1`, JSON in and out."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self._client = httpx2.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Accept-Language": _language()} | ({"Authorization": f"Bearer {token}"} if token else {}),
            timeout=_SECONDS,
        )

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return what stands at a path. Raises Failure."""
        return self.call("GET", path, params=_given(params)).json()

    def put(self, path: str, body: Any) -> Any:
        """Set what stands at a path and return it. Raises Failure."""
        return self.call("PUT", path, json=_given(body)).json()

    def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        """Ask for something to be done; the same key twice is one wish. Raises Failure."""
        return self.call("POST", path, json=body, headers={"Idempotency-Key": key} if key else {}).json()

    def patch(self, path: str, body: Any, *, version: int | None = None) -> Any:
        """Change what stands at a path, if it is still at `version` where one is named. Raises Failure."""
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        return self.call("PATCH", path, json=body, headers=headers).json()

    def delete(self, path: str) -> None:
        """Take away what stands at a path. Raises Failure."""
        self.call("DELETE", path)

    def content(self, path: str) -> bytes:
        """Return what stands at a path as it is; a link as it came in an answer is taken too. Raises Failure."""
        return self.call("GET", path.removeprefix("/api/v1")).content

    def save(self, path: str, file: Path, params: Mapping[str, Any] | None = None) -> None:
        """Write what stands at a path to a file as it comes, to stdout for `-`. Raises Failure."""
        pieces = self._pieces(path, params or {})
        first = next(pieces, b"")  # a refusal writes nothing
        try:
            with nullcontext(sys.stdout.buffer) if str(file) == "-" else file.open("wb") as kept:
                for piece in chain((first,), pieces):
                    kept.write(piece)
                    kept.flush()
        except OSError as error:
            raise Failure(Code.WRONG_USE, f"{file} cannot be written: {error.strerror}") from error

    def _pieces(self, path: str, params: Mapping[str, Any]) -> Iterator[bytes]:
        with self.stream(path, params) as answer:
            yield from answer.iter_bytes()

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[httpx2.Response]:
        """Open what stands at a path, to be read piece by piece, of whatever size. Raises Failure."""
        request = self._client.build_request("GET", path, params=_given(params))
        with self._reached("GET", path):
            answer = self._client.send(request, stream=True)
            try:
                if answer.is_error:
                    answer.read()
                    raise _failure(answer)
                yield answer
            finally:
                answer.close()

    def upload(self, path: str, content: bytes, content_type: str) -> Any:
        """Send a file. Raises Failure."""
        return self.call("POST", path, content=content, headers={"Content-Type": content_type}).json()

    def form(self, path: str, body: Any, recipients: Path, *, key: str | None = None) -> Any:
        """Ask for something to be done with a list of recipients. Raises Failure."""
        try:
            with recipients.open("rb") as listed:
                parts = {"request": (None, json.dumps(body).encode()), "recipients": (recipients.name, listed)}
                headers = {"Idempotency-Key": key} if key else {}
                return self.call("POST", path, files=parts, headers=headers).json()
        except OSError as error:
            raise Failure(Code.WRONG_USE, f"{recipients} cannot be read: {error.strerror}") from error

    def ask(self, path: str, body: Any, recipients: Path | None = None, *, key: str | None = None) -> Any:
        """Ask for something to be done, to a list of recipients if there is one. Raises Failure."""
        return self.form(path, body, recipients, key=key) if recipients else self.post(path, body, key=key)

    def items(self, path: str, params: Mapping[str, Any] | None = None, *, limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` things of a list, page after page. Raises Failure."""
        found: list[dict[str, Any]] = []
        for page in self._pages(path, dict(params or {}), limit):
            found.extend(page)
            if len(found) >= limit:
                break
        return found[:limit]

    def _pages(self, path: str, params: dict[str, Any], limit: int) -> Iterator[list[dict[str, Any]]]:
        while True:
            page = self.get(path, {**params, "limit": min(limit, 500)})
            yield page["items"]
            if not page.get("next"):
                return
            params["cursor"] = page["next"]

    def call(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """Return the answer to a request. Raises Failure with the exit code that says what went wrong."""
        with self._reached(method, path):
            answer = self._client.request(method, path, **request)
        if answer.is_error:
            raise _failure(answer)
        return answer

    @contextmanager
    def _reached(self, method: str, path: str) -> Iterator[None]:
        try:
            yield
        except httpx2.TimeoutException as error:
            raise Failure(Code.TIMED_OUT, f"{self.url} does not answer in time ({method} {path})") from error
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise Failure(Code.OUT_OF_REACH, f"{self.url} is out of reach: {error}") from error


class Api:
    """The two services that are asked over HTTP, each where it runs."""

    def __init__(self, dossier: str, history: str, token: str | None) -> None:
        self.dossier = Door(dossier, token)
        self.history = Door(history, token)


def _language() -> str:
    """Return the language of whoever asks, as the locale has it (POSIX, 8.2): the first that is set counts."""
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return said.partition(".")[0].partition("@")[0].replace("_", "-") or "en"


def _given(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Leave out what was not given, so that the server's defaults hold."""
    return {name: value for name, value in (values or {}).items() if value is not None}


def _failure(answer: httpx2.Response) -> Failure:
    """Read a refusal: problem+json (RFC 9457) field by field, or whatever a proxy says."""
    code = _CODES.get(answer.status_code, Code.REFUSED if answer.is_client_error else Code.OUT_OF_REACH)
    if answer.status_code == httpx2.codes.INTERNAL_SERVER_ERROR:
        code = Code.UNEXPECTED
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return Failure(code, f"{answer.request.url} answers {answer.status_code} {answer.reason_phrase}")
    problem = answer.json()
    said = problem.get("detail") or problem.get("title") or f"status {answer.status_code}"
    wrong = [(error["field"], error["detail"]) for error in problem.get("errors") or ()]
    return Failure(code, said, *(f"{field}: {detail}" for field, detail in wrong if field))
