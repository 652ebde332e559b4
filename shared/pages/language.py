"""The language that a caller wants to read: `?lang=`, else Accept-Language, else English."""

from typing import Literal

from starlette.requests import HTTPConnection

Language = Literal["nl", "en"]
_LANGUAGES: dict[str, Language] = {"nl": "nl", "en": "en"}


def language(request: HTTPConnection) -> Language:
    """Return the language for whoever sent this request; one we don't speak counts as not said."""
    asked = _LANGUAGES.get(request.query_params.get("lang", ""))
    if asked:
        return asked
    for name in _preferred(request.headers.get("accept-language", "")):
        spoken = _LANGUAGES.get(name.split("-")[0])
        if spoken:
            return spoken
    return "en"


def _preferred(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, the most wanted first."""
    weighed = [(_weight(parameters), name) for name, _, parameters in _parts(header)]
    return [name for weight, name in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _parts(header: str) -> list[tuple[str, str, str]]:
    return [part.strip().lower().partition(";") for part in header.split(",")]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
