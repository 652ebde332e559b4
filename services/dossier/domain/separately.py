"""The tick box "record separately per destination": the table of requirements §1.6 (FR-68…70, FR-82…89), a row each."""

from dataclasses import dataclass
from typing import Literal

State = Literal["not_shown", "free", "must_be_on", "locked_off", "impossible"]
BY_WORKFLOW = "separate_required_by_workflow"
BY_DOCUMENT = "separate_forbidden_by_auto_document"
BY_BOTH = "workflow_conflicts_with_auto_document"


@dataclass(frozen=True, slots=True)
class TickBox:
    """What the box may be, and the code of the reason why it may be nothing else (FR-70)."""

    state: State
    reason: str | None = None

    def refusal(self, *, ticked: bool) -> str | None:
        """Return the code with which the box is refused as it is, None where it may be so."""
        allowed = {"must_be_on": ticked, "locked_off": not ticked, "impossible": False}.get(self.state, True)
        return None if allowed else self.reason


def tick_box(destinations: int, *, auto_document: bool, workflow: bool) -> TickBox:
    """Return the state of the box: by how many destinations, whether the type makes a document, a workflow applies."""
    if destinations <= 1:
        return TickBox("not_shown")
    if auto_document and workflow:
        return TickBox("impossible", BY_BOTH)
    if auto_document:
        return TickBox("locked_off", BY_DOCUMENT)
    if workflow:
        return TickBox("must_be_on", BY_WORKFLOW)
    return TickBox("free")
