"""What the frame says, in both languages: titles by status, and the details of its own refusals."""

from shared.pages.language import Language

_OURS = 500  # from here on the fault is ours
_TITLES: dict[Language, dict[int, str]] = {
    "en": {
        400: "The request cannot be read",
        401: "Sign in first",
        403: "Not allowed",
        404: "Not found",
        405: "Not possible here",
        409: "Conflicts with what stands already",
        413: "Too large",
        415: "Unknown kind of content",
        421: "Unknown host name",
        422: "The request is not right",
        429: "Too many requests",
        500: "Something went wrong here",
        503: "Not available now",
    },
    "nl": {
        400: "De aanvraag is niet te lezen",
        401: "Meld u eerst aan",
        403: "Niet toegestaan",
        404: "Niet gevonden",
        405: "Kan hier niet",
        409: "In strijd met wat er al is",
        413: "Te groot",
        415: "Onbekend soort inhoud",
        421: "Onbekende hostnaam",
        422: "De aanvraag klopt niet",
        429: "Te veel aanvragen",
        500: "Hier ging iets mis",
        503: "Nu niet beschikbaar",
    },
}
_DETAILS: dict[Language, dict[str, str]] = {
    "en": {
        "unauthenticated": "Send an API token as “Authorization: Bearer uitpost_…”, or open a login link"
        " (“uitpost user link” prints one).",
        "invalid_token": "This token is unknown, expired or revoked.",
        "scope_missing": "This needs the scope “{scope}”.",
        "cross_site": "This request comes from another site.",
        "host_unknown": "This server does not answer to that host name.",
        "login_link_invalid": "This login link is used or too old. “uitpost user link” prints a new one.",
        "internal_error": "The error is in the log of the service.",
        "invalid_request": "See the errors, by field.",
        "invalid_json": "The body is not valid JSON.",
        "required": "this field is required",
        "unknown_field": "this field is unknown",
        "wrong_type": "this value is of the wrong type",
        "invalid_value": "this value is not allowed",
    },
    "nl": {
        "unauthenticated": "Stuur een API-token mee als “Authorization: Bearer uitpost_…”, of open een aanmeldlink"
        " (“uitpost user link” geeft er een).",
        "invalid_token": "Dit token is onbekend, verlopen of ingetrokken.",
        "scope_missing": "Hiervoor is het recht “{scope}” nodig.",
        "cross_site": "Deze aanvraag komt van een andere site.",
        "host_unknown": "Deze server luistert niet naar die hostnaam.",
        "login_link_invalid": "Deze aanmeldlink is gebruikt of te oud. “uitpost user link” geeft een nieuwe.",
        "internal_error": "De fout staat in het logboek van de dienst.",
        "invalid_request": "Zie de fouten per veld.",
        "invalid_json": "De inhoud is geen geldige JSON.",
        "required": "dit veld is verplicht",
        "unknown_field": "dit veld is onbekend",
        "wrong_type": "deze waarde is van een verkeerd type",
        "invalid_value": "deze waarde is niet toegestaan",
    },
}


def title_of(status: int, language: Language) -> str:
    """Return the title of a status; that of its class for one without a title of its own."""
    titles = _TITLES[language]
    return titles.get(status) or titles[400 if status < _OURS else _OURS]


def detail_of(code: str, language: Language, **values: str) -> str:
    """Return what a code means in words, empty for a code that is not the frame's own."""
    return _DETAILS[language].get(code, "").format(**values)
