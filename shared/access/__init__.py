"""Who may do what: users with roles, their sessions and one-time login links, and API tokens with scopes."""

from shared.access.access import Access, NameTaken, Token, UnknownUser, User
from shared.access.caller import Caller, Role, Scope

__all__ = ["Access", "Caller", "NameTaken", "Role", "Scope", "Token", "UnknownUser", "User"]
