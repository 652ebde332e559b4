"""Every file says on its first line what it is for."""

import ast
from pathlib import Path

from tests.architecture.tree import ROOT, files


def first_line(path: Path) -> str:
    """Return what the first line of a Python file says, without its quotes; nothing if it is no docstring."""
    source = path.read_text("utf-8")
    says = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return says if source.startswith(f'"""{says}') else ""


def test_every_python_file_says_on_its_first_line_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path in files("*.py") if not first_line(path).endswith((".", ":"))]

    assert silent == []


def test_a_file_without_a_sentence_on_its_door_is_found(tmp_path: Path) -> None:
    room = tmp_path / "room.py"

    for source in ("import os\n", "", '# a comment\n"""Too late."""\n', '"""\nToo low."""\n'):
        room.write_text(source)
        assert first_line(room) == ""
    room.write_text('"""Keeps mails.\n\nFor ever.\n"""\n')
    assert first_line(room) == "Keeps mails."
