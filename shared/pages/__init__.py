"""The HTTP frame of every service: who may come in, from where, and how an error is said (RFC 9457)."""

from shared.pages.callers import AfasRequires, access_of, administers, reads, sends
from shared.pages.frame import frame
from shared.pages.language import Language, language
from shared.pages.problems import FieldError, Problem, field_errors, problem

__all__ = [
    "AfasRequires",
    "FieldError",
    "Language",
    "Problem",
    "access_of",
    "administers",
    "field_errors",
    "frame",
    "language",
    "problem",
    "reads",
    "sends",
]
