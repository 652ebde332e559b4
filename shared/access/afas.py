"""The form in which AFAS clients carry a token: `AfasToken` and the base64 of a little XML with 64 hex digits."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64

AFAS_SCHEME = "AfasToken"
_TOKEN = re.compile(r"\s*<token>\s*<version>\s*1\s*</version>\s*<data>\s*([0-9A-Fa-f]{64})\s*</data>\s*</token>\s*")
_PREFIX = "uitpost_"
_LONGEST = 1000


def afas_form(token: str) -> str:
    """Return what goes behind `AfasToken` for a token of hex digits."""
    data = token.removeprefix(_PREFIX).upper()
    return b64encode(f"<token><version>1</version><data>{data}</data></token>".encode()).decode()


def token_of_afas(form: str) -> str | None:
    """Return the token behind `AfasToken`, None where there is none in it."""
    try:
        said = b64decode(form[:_LONGEST], validate=True).decode()
    except (NotBase64, ValueError):
        return None
    found = _TOKEN.fullmatch(said)
    return _PREFIX + found[1].lower() if found else None
