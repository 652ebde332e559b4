"""Who is at work, as the use cases know him: a person by his session, or a program by its token."""

from typing import Annotated

from fastapi import Depends, Request

from services.dossier.domain.intake import Intake
from services.dossier.domain.operator import Operator
from services.dossier.domain.text import has_control, is_email
from shared.access import Caller, User
from shared.pages import access_of, administers, reads, sends

_KINDS = {"session": "user", "token": "token"}


def user_of(request: Request, caller: Caller) -> User | None:
    """Return the user behind a session; a token has none (R-6)."""
    return access_of(request).find_user(caller.name) if caller.kind == "session" else None


def operator_of(request: Request, caller: Caller) -> Operator:
    """Return the operator; a user's e-mail address makes him a sender too."""
    user = user_of(request, caller)
    me = None
    if user and user.email and is_email(user.email):
        name = user.full_name or user.name
        me = {"name": "" if has_control(name) else name, "address": user.email}
    return Operator(f"{_KINDS[caller.kind]}:{caller.name}", caller.name, me)


def submitted(intake: Intake, operator: Operator) -> Intake:
    """Return a request as this operator submits it, unless it says who does."""
    return intake.model_copy(update={"submitted_by": intake.submitted_by or operator.name})


def _reading(request: Request, caller: Annotated[Caller, Depends(reads)]) -> Operator:
    return operator_of(request, caller)


def _sending(request: Request, caller: Annotated[Caller, Depends(sends)]) -> Operator:
    return operator_of(request, caller)


def _administering(request: Request, caller: Annotated[Caller, Depends(administers)]) -> Operator:
    return operator_of(request, caller)


Reading = Annotated[Operator, Depends(_reading)]
Sending = Annotated[Operator, Depends(_sending)]
Administering = Annotated[Operator, Depends(_administering)]
