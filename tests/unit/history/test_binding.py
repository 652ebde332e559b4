"""Letters are bound into one PDF that every reader takes, what they share stands in it once."""

import os
from io import BytesIO

import pikepdf
import pytest

from services.history.adapters import binding as binding_module
from services.history.adapters.binding import Binding
from tests.unit.history.letters import a_letter, said


def bound(*sections: list[bytes]) -> bytes:
    """Return one PDF of sections of letters."""
    binding = Binding()
    pieces = [binding.add(section) for section in sections]
    return b"".join([*pieces, binding.end()])


def complaints(pdf: bytes) -> list[str]:
    """Return what QPDF finds wrong with the structure of a PDF."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        found: list[str] = opened.check_pdf_syntax()
        return found


def test_the_pages_of_all_letters_stand_in_order(subtests: pytest.Subtests) -> None:
    """R-14: whatever the sections are, and also where a text looks like a reference."""
    letters = [a_letter("Anna (7 0 R"), a_letter("Bram", pages=3), a_letter("Chris"), a_letter("Daan 2 0 R")]
    letters[0] = a_letter("Anna 7 0 R")

    for sections in ([letters], [[one] for one in letters], [letters[:3], letters[3:]]):
        with subtests.test(sections=len(sections)):
            pdf = bound(*sections)

            assert said(pdf) == ["Anna 7 0 R", "Bram", "Bram", "Bram", "Chris", "Daan 2 0 R"]
            assert complaints(pdf) == []


def test_what_letters_share_stands_in_the_file_once() -> None:
    """R-14: a letterhead of 100 kB does not make it grow with each letter."""
    letterhead = os.urandom(100_000)
    letters = [a_letter(f"Anna {n}", picture=letterhead) for n in range(20)]

    pdf = bound(letters[:10], letters[10:])

    assert len(pdf) < 120_000
    assert said(pdf) == [f"Anna {n}" for n in range(20)]
    assert complaints(pdf) == []


def test_only_what_came_lately_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a print file of any length takes the same memory; what is forgotten stands in it once more."""
    monkeypatch.setattr(binding_module, "_REMEMBERED", 4)
    first = os.urandom(10_000)
    pictures = [first, *(os.urandom(100) for _ in range(9)), first]

    pdf = bound(*([a_letter(f"Anna {n}", picture=picture)] for n, picture in enumerate(pictures)))

    assert len(pdf) > 20_000
    assert complaints(pdf) == []


def test_the_same_letters_give_the_same_file() -> None:
    letters = [a_letter("Anna"), a_letter("Bram")]

    assert bound(letters) == bound(letters)
