"""Gives a PDF of LibreOffice the date of its letter: the clock, and what is reckoned from it, is all that differs."""

import re
from hashlib import sha256

_CLOCK = re.compile(rb"\(D:\d{14}Z'\)|>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ<")
_MARK = re.compile(rb"(?<=<)[0-9A-F]{32}(?=>)|(?<=/DocChecksum /)[0-9A-F]{32}")


def dated(pdf: bytes, day: str) -> bytes:
    """Return the PDF, dated midnight UTC of the day (YYYY-MM-DD), and known by what stands in it."""
    plain = f"(D:{day.replace('-', '')}000000Z')".encode()
    packet = f">{day}T00:00:00Z<".encode()
    said = _CLOCK.sub(lambda found: plain if found[0].startswith(b"(") else packet, pdf)
    at = said.rfind(b"trailer")
    body, trailer = said[:at], said[at:]
    mark = sha256(body).hexdigest()[:32].upper().encode()
    return body + _MARK.sub(mark, trailer)
