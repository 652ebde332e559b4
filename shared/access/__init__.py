"""Who may do what: users with roles, their sessions and one-time login links, and API tokens with scopes."""

from shared.access.access import Access, NameTaken, Token, UnknownUser, User
from shared.access.afas import AFAS_SCHEME, afas_form, token_of_afas
from shared.access.caller import Caller, Role, Scope

__all__ = [
    "AFAS_SCHEME",
    "Access",
    "Caller",
    "NameTaken",
    "Role",
    "Scope",
    "Token",
    "UnknownUser",
    "User",
    "afas_form",
    "token_of_afas",
]
