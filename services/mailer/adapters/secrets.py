"""Finds a secret where its reference says it lies; a secret itself is in no event, log or table."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit


class SecretMissing(LookupError):
    """A reference leads to nothing; it says where it was looked for, never what was found."""


def resolved(secret_ref: str) -> str:
    """Return the secret behind `env:NAME` or `file:/path`; of a URL in a variable, its password."""
    scheme, _, where = secret_ref.partition(":")
    if scheme == "env":
        value = os.environ.get(where)
        if value is None:
            msg = f"the environment has no {where}"
            raise SecretMissing(msg)
        return unquote(urlsplit(value).password or "") if "://" in value else value
    if scheme == "file":
        try:
            return Path(where).read_text("utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"the secret's file can't be read: {error}"
            raise SecretMissing(msg) from error
    msg = f"{secret_ref!r} is no reference to a secret: env:NAME or file:/path"
    raise SecretMissing(msg)
