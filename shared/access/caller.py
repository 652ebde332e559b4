"""Whoever asks something, and how far that reaches: admin implies send, send implies read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Scope = Literal["read", "send", "admin"]
Role = Literal["reader", "clerk", "operator", "administrator"]

_REACH: dict[str, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "send": frozenset({"read", "send"}),
    "admin": frozenset({"read", "send", "admin"}),
}
_SCOPE_OF: dict[str, Scope] = {"reader": "read", "clerk": "send", "operator": "send", "administrator": "admin"}


@dataclass(frozen=True)
class Caller:
    """A person by a session, or a program by a token, with all scopes that theirs imply."""

    name: str
    kind: Literal["token", "session"]
    scopes: frozenset[Scope]


def reach(scopes: Iterable[str]) -> frozenset[Scope]:
    """Return these scopes and what they imply. Raises ValueError for none, or an unknown one."""
    wanted = set(scopes)
    if not wanted or wanted - _REACH.keys():
        raise ValueError(f"scopes are read, send and admin, at least one; not {sorted(wanted)}")
    return frozenset[Scope]().union(*(_REACH[scope] for scope in wanted))


def scopes_of(role: str) -> frozenset[Scope]:
    """Return what a role may do. Raises ValueError for an unknown one."""
    if role not in _SCOPE_OF:
        raise ValueError(f"roles are {', '.join(_SCOPE_OF)}; not {role!r}")
    return _REACH[_SCOPE_OF[role]]
