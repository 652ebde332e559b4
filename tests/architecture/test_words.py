"""The project speaks of itself alone: no machine's folders, no index hosts, no unfinished work, no real addresses."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import ROOT, files

NOT_PROSE = ("*.lock", "services/renderer/fonts/*", "tests/architecture/test_words.py", "*.svg", "*.js")
FORBIDDEN = {
    "a folder of one machine": re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/"),
    "the host of a package index": re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.org|deb\.debian\.org"),
    "unfinished work": re.compile(r"\b(?:TODO|FIXME|XXX|HACK|WIP)\b"),
    "an address outside .example": re.compile(r"[\w+-]@(?:[\w-]+\.)+(?:com|net|org|nl|be|de|eu|io)\b"),
}
LOGIN_SESSION = re.compile(r"(?<!login )(?<!SMTP )\bsessions?\b", re.IGNORECASE)


def lines(*patterns: str) -> Iterator[tuple[str, str]]:
    """Yield where each line of text stands, and the line."""
    but = [f":(exclude){pattern}" for pattern in NOT_PROSE]
    for path in files(*(patterns or (".",)), *but):
        content = path.read_bytes()
        if b"\0" not in content:
            for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
                yield f"{path.relative_to(ROOT)}:{number}", line


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_names(what: str) -> None:
    assert [f"{place}: {line.strip()}" for place, line in lines() if FORBIDDEN[what].search(line)] == []


def test_a_session_in_a_document_is_a_login_or_smtp_session() -> None:
    assert [f"{place}: {line.strip()}" for place, line in lines("*.md") if LOGIN_SESSION.search(line)] == []
