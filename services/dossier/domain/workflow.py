"""Workflows: named steps, each with the actions that lead on to the next step or to the end; versions by content."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control, not_text

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
Name = dict[Literal["nl", "en"], Annotated[str, Field(min_length=1, max_length=200)]]
Text = dict[Literal["nl", "en"], Annotated[str, Field(max_length=2000)]]
STEPS = 50
_ACTIONS = 20  # of one step
_TERM = 3650  # days


def is_id(text: str) -> bool:
    """Return whether this may name a workflow, a step or an action."""
    return _ID.fullmatch(text) is not None


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ActionFacts(_Given):
    """What may be done at a step: `to` is the step that follows, null the end of the workflow."""

    id: str
    name: Name = Field(min_length=1)
    to: str | None = None


class StepFacts(_Given):
    """One task, due `term_days` days after it begins; `assignee` null is the person responsible for the item."""

    id: str
    name: Name = Field(min_length=1)
    description: Text = {}
    assignee: str | None = Field(None, min_length=1, max_length=80)
    term_days: int | None = Field(None, ge=0, le=_TERM)
    actions: list[ActionFacts] = Field(min_length=1, max_length=_ACTIONS)


class WorkflowFacts(_Given):
    """What is set of a workflow: an item enters it at the first step."""

    name: Name = Field(min_length=1)
    description: Text = {}
    steps: list[StepFacts] = Field(min_length=1, max_length=STEPS)

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it: texts, names given twice, and steps that can't be reached or left."""
        wrongs = [*self._text_wrongs(), *self._id_wrongs()]
        return wrongs or [*self._paths()]

    def _text_wrongs(self) -> Iterator[Wrong]:
        yield from not_text(self.model_dump())
        lines = {"name": self.name}
        for n, step in enumerate(self.steps):
            lines[f"steps[{n}].name"] = step.name
            if step.assignee and has_control(step.assignee):
                yield Wrong(f"steps[{n}].assignee", "control_character")
            lines |= {f"steps[{n}].actions[{m}].name": action.name for m, action in enumerate(step.actions)}
        for field, name in lines.items():
            yield from (Wrong(f"{field}.{spoken}", "control_character") for spoken in name if has_control(name[spoken]))

    def _id_wrongs(self) -> Iterator[Wrong]:
        yield from _wrong_ids("steps", [step.id for step in self.steps], "duplicate_step")
        for n, step in enumerate(self.steps):
            yield from _wrong_ids(f"steps[{n}].actions", [action.id for action in step.actions], "duplicate_action")

    def _paths(self) -> Iterator[Wrong]:
        known = {step.id: n for n, step in enumerate(self.steps)}
        astray = [
            Wrong(f"steps[{n}].actions[{m}].to", "action_leads_nowhere", {"step": action.to})
            for n, step in enumerate(self.steps)
            for m, action in enumerate(step.actions)
            if action.to is not None and action.to not in known
        ]
        if astray:
            yield from astray
            return
        onward = {step.id: {action.to for action in step.actions} for step in self.steps}
        for step in _cut_off(onward, self.steps[0].id):
            yield Wrong(f"steps[{known[step]}]", "step_unreachable", {"step": step})
        if not any(None in to for to in onward.values()):
            yield Wrong("steps", "workflow_without_end")
            return
        for step in _endless(onward):
            yield Wrong(f"steps[{known[step]}]", "step_without_end", {"step": step})


def _wrong_ids(place: str, ids: list[str], twice: str) -> Iterator[Wrong]:
    for n, one in enumerate(ids):
        if not is_id(one):
            yield Wrong(f"{place}[{n}].id", "wrong_workflow_id")
        elif one in ids[:n]:
            yield Wrong(f"{place}[{n}].id", twice, {"id": one})


def _cut_off(onward: dict[str, set[str | None]], first: str) -> list[str]:
    """Return the steps that no action leads to, starting from the first one."""
    reached, ahead = {first}, [first]
    while ahead:
        fresh = {to for to in onward[ahead.pop()] if to is not None} - reached
        reached |= fresh
        ahead += fresh
    return [step for step in onward if step not in reached]


def _endless(onward: dict[str, set[str | None]]) -> list[str]:
    """Return the steps from which no row of actions leads to the end."""
    ending: set[str | None] = {None}
    while found := {step for step, to in onward.items() if step not in ending and to & ending}:
        ending |= found
    return [step for step in onward if step not in ending]


class Workflow(Aggregate):
    """A workflow with all its versions: an item stays in the version that it entered."""

    TOPIC = "dossier.Workflow"

    class Created(Aggregate.Created):
        """The first fact of a workflow."""

        TOPIC = "dossier.Workflow.Created"

    class Recorded(Created):
        """A workflow was set up, as version 1."""

        TOPIC = "dossier.Workflow.Recorded"

        workflow_id: str
        supplied: bool
        facts: dict[str, Any]

    class VersionRecorded(Aggregate.Event):
        """A workflow was set otherwise, as its next version."""

        TOPIC = "dossier.Workflow.VersionRecorded"

        workflow_id: str
        number: int
        facts: dict[str, Any]

        def apply(self, aggregate: Aggregate) -> None:
            """Let this be the latest version."""
            assert isinstance(aggregate, Workflow)  # noqa: S101 -- the library types it as any aggregate
            aggregate.versions[self.number] = self.facts

    def __init__(self, workflow_id: str, supplied: bool, facts: dict[str, Any]) -> None:
        self.workflow_id = workflow_id
        self.supplied = supplied
        self.versions = {1: facts}

    @classmethod
    def record(cls, name: str, facts: dict[str, Any], *, supplied: bool) -> Self:
        """Set up a workflow."""
        identity = setup_id_of("workflow", name)
        return cls._create(cls.Recorded, id=identity, workflow_id=name, supplied=supplied, facts=facts)

    @property
    def number(self) -> int:
        """The number of the latest version."""
        return max(self.versions)

    @property
    def facts(self) -> dict[str, Any]:
        """What the latest version says."""
        return self.versions[self.number]

    def change(self, facts: dict[str, Any]) -> None:
        """Set a next version, if anything of it is otherwise."""
        if facts != self.facts:
            number = self.number + 1
            self.trigger_event(self.VersionRecorded, workflow_id=self.workflow_id, number=number, facts=facts)


SUPPLIED = {
    "handle": WorkflowFacts(
        name={"nl": "Afhandelen", "en": "Handle"},
        description={
            "nl": "Beoordelen wat er is ingestuurd, en het afhandelen.",
            "en": "Assess what was submitted, and complete it.",
        },
        steps=[
            StepFacts(
                id="assess",
                name={"nl": "Beoordelen", "en": "Assess"},
                description={
                    "nl": "Bepaal of dit moet worden afgehandeld.",
                    "en": "Decide whether this is to be completed.",
                },
                term_days=2,
                actions=[
                    ActionFacts(id="accept", name={"nl": "Akkoord", "en": "Accept"}, to="complete"),
                    ActionFacts(id="reject", name={"nl": "Afwijzen", "en": "Reject"}),
                ],
            ),
            StepFacts(
                id="complete",
                name={"nl": "Afhandelen", "en": "Complete"},
                description={"nl": "Doe wat nodig is, en meld het af.", "en": "Do what is needed, and report it done."},
                term_days=5,
                actions=[
                    ActionFacts(id="complete", name={"nl": "Afgehandeld", "en": "Completed"}),
                    ActionFacts(id="return", name={"nl": "Terug naar beoordelen", "en": "Back to assess"}, to="assess"),
                ],
            ),
        ],
    )
}
