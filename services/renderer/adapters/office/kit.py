"""A process that is LibreOffice, without its windows: takes .docx files on stdin, line by line, and makes PDFs.

It speaks LibreOfficeKit, the C interface of LibreOffice, by ctypes. It ends when its stdin does, and with its parent.
"""

import json
import os
import signal
import sys
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_size_t, c_void_p, cast, string_at
from typing import Any, TextIO

_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_LOADING = b"Batch=1"  # no questions


class _OfficeClass(Structure):
    """The first functions of an office, in the order of LibreOfficeKit.h, which only grows."""

    _fields_ = (
        ("size", c_size_t),
        ("destroy", c_void_p),
        ("load", c_void_p),
        ("error", CFUNCTYPE(c_void_p, c_void_p)),
        ("load_with_options", CFUNCTYPE(c_void_p, c_void_p, c_char_p, c_char_p)),
        ("free_error", CFUNCTYPE(None, c_void_p)),
        ("register_callback", c_void_p),
        ("filter_types", c_void_p),
        ("set_optional_features", c_void_p),
        ("set_document_password", c_void_p),
        ("version", CFUNCTYPE(c_void_p, c_void_p)),
    )


class _DocumentClass(Structure):
    """The first functions of an opened document."""

    _fields_ = (
        ("size", c_size_t),
        ("destroy", CFUNCTYPE(None, c_void_p)),
        ("save_as", CFUNCTYPE(c_int, c_void_p, c_char_p, c_char_p, c_char_p)),
    )


class Kit:
    """LibreOffice, in this process."""

    def __init__(self, library: str, folder: str, profile: str) -> None:
        """Start it from its folder, with its settings at a `file:` URL; raise `OSError` if it doesn't start."""
        hook = CDLL(library).libreofficekit_hook_2
        hook.restype, hook.argtypes = c_void_p, [c_char_p, c_char_p]
        self._office = hook(folder.encode(), profile.encode())
        if not self._office:
            raise OSError("LibreOffice does not start")
        self._calls = _class_of(self._office, _OfficeClass)

    @property
    def version(self) -> str:
        """Return which release it is."""
        told = json.loads(string_at(self._calls.version(self._office)))
        return f"{told['ProductVersion']}{told['ProductExtension']}"

    def opened(self, source: str) -> int:
        """Open the file at a `file:` URL, and return where it is; 0 where it can't be opened."""
        return self._calls.load_with_options(self._office, source.encode(), _LOADING) or 0

    def convert(self, source: str, target: str, options: str) -> str:
        """Make a PDF of a file, both at `file:` URLs; return what went wrong, empty where nothing did."""
        document = self.opened(source)
        if not document:
            return self._error() or "it can't be opened"
        calls = _class_of(document, _DocumentClass)
        saved = calls.save_as(document, target.encode(), b"pdf", options.encode())
        calls.destroy(document)
        return "" if saved else self._error() or "it can't be saved as PDF"

    def _error(self) -> str:
        error = self._calls.error(self._office)
        if not error:
            return ""
        said = string_at(error).decode(errors="replace")
        self._calls.free_error(error)
        return said


def _class_of(thing: int, kind: type[Structure]) -> Any:
    return cast(cast(thing, POINTER(c_void_p))[0] or 0, POINTER(kind)).contents


def main(parent: int, library: str, folder: str, profile: str) -> None:
    """Answer the version, and then each line of stdin with a line."""
    CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    answers = _answers()
    kit = Kit(library, folder, profile)
    _say(answers, kit.version)
    for line in sys.stdin:
        _say(answers, kit.convert(*json.loads(line)))
    os._exit(0)  # an orderly end of LibreOffice takes longer, and has nothing to save


def _answers() -> TextIO:
    """Keep stdout for answers: whatever LibreOffice prints goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _say(answers: TextIO, said: str) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:5])
