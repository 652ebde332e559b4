"""What each fact of the dossier is told as: the files beside this one add a fact each to `told`."""

from functools import singledispatch
from typing import Any

from shared.contracts import Message


@singledispatch
def told(event: object) -> Message | None:  # noqa: ARG001 -- a fact without a contract
    """Return the message that tells a fact, None for one that stays private."""
    return None


def message(kind: type[Message], **facts: Any) -> Message:
    """Return a message of these facts."""
    return kind.model_validate(facts)
