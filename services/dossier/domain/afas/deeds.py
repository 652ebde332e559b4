"""What a body asks to be done of an item: a response to it (KnReaction), or a step of its workflow (KnWorkflow)."""

from dataclasses import dataclass, field
from typing import Any

from services.dossier.domain.afas.fields import REACTION, WORKFLOW, Shape
from services.dossier.domain.afas.shape import Node, read_body
from services.dossier.domain.afas.subject import files_of
from services.dossier.domain.refusal import Refused, Wrong

_INTERNAL = {"I": True, "EI": False}


@dataclass(frozen=True, slots=True)
class Response:
    """A response to an item: for colleagues alone (`I`), which is so where nothing is said, or for all (`EI`)."""

    number: int
    text: str
    internal: bool
    files: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """An action of the task that an item is at; workflow, task and action by id or by name."""

    number: int
    workflow: str
    task: str
    action: str
    text: str
    files: list[dict[str, Any]] = field(default_factory=list)


def read_response(said: Any) -> Response:
    """Return the response that a body asks for; raise `Refused` with all that is wrong in itself."""
    node = read_body(said, REACTION, "KnSubjectReaction")
    visible = node.fields.get("VaRe") or "I"
    files, wrongs = _checked(node, REACTION)
    if visible not in _INTERNAL:
        wrongs.append(Wrong("VaRe", "wrong_value", {"expected": ", ".join(_INTERNAL)}))
    if wrongs:
        raise Refused(wrongs)
    return Response(_number(node), node.fields["SbTx"], _INTERNAL[visible], files)


def read_step(said: Any) -> Step:
    """Return the action that a body asks for; raise `Refused` with all that is wrong in itself."""
    node = read_body(said, WORKFLOW, "KnSubjectWorkflowReaction")
    files, wrongs = _checked(node, WORKFLOW)
    if wrongs:
        raise Refused(wrongs)
    workflow, task, action = (node.fields[name] for name in ("WfNm", "TkNm", "AcNm"))
    return Step(_number(node), workflow, task, action, node.fields.get("Tx") or "", files)


def _checked(node: Node, shape: Shape) -> tuple[list[dict[str, Any]], list[Wrong]]:
    """Return the files of a body, and what is missing or wrong in it."""
    needed = [one.id for one in shape.fields.values() if one.mandatory and not one.key]
    wrongs = [Wrong(name, "missing") for name in needed if not (node.fields.get(name) or "").strip()]
    if node.number() is None:
        wrongs.insert(0, Wrong("SbId", "missing"))
    if node.action not in (None, "insert"):
        wrongs.append(Wrong("@Action", "wrong_value", {"expected": "insert"}))
    return [*files_of(node.objects.get("KnReactionAttachment", []), wrongs)], wrongs


def _number(node: Node) -> int:
    number = node.number()
    assert number is not None  # noqa: S101 -- checked with the rest
    return number
