"""Workflows are set up, copied and looked up in the version that an item entered; supplied ones stay as they are."""

from collections.abc import Callable
from datetime import date
from typing import Any

from services.dossier.application.ports import Tables
from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.task import first_task
from services.dossier.domain.workflow import SUPPLIED, Name, Workflow, WorkflowFacts, is_id
from shared.store import Conflict, Store

Facts = dict[str, Any]
_COPIED = {"nl": "{name} (kopie)", "en": "{name} (copy)"}


class Workflows:
    """The workflows that items may enter."""

    def __init__(self, store: Store, tables: Tables) -> None:
        self._store = store
        self._tables = tables

    async def all(self) -> dict[str, Facts]:
        """Return the latest version of each workflow, by id in order."""
        return await self._tables.set_up("workflow")

    async def one(self, workflow_id: str) -> Facts | None:
        """Return the latest version of a workflow, None where there is none."""
        return (await self.all()).get(workflow_id)

    async def version(self, workflow_id: str, number: int) -> Facts:
        """Return a version that an item entered."""
        workflow = await self._store.load(Workflow, setup_id_of("workflow", workflow_id))
        assert workflow is not None  # noqa: S101 -- an item entered it
        return workflow.versions[number]

    async def entered(self, workflow_id: str | None, day: date) -> Facts:
        """Return what an item has of the workflow it enters on a day: its latest version, and the first task."""
        workflow = await self.one(workflow_id) if workflow_id else None
        version, task = (workflow["version"], first_task(workflow, day).facts()) if workflow else (None, None)
        return {"workflow_id": workflow_id if workflow else None, "workflow_version": version, "task": task}

    async def put(self, workflow_id: str, facts: WorkflowFacts) -> Facts:
        """Set up a workflow, as its next version if anything differs; raise `Refused` for a supplied or wrong one."""
        _check(workflow_id, facts)
        standing = await self.one(workflow_id)
        if standing and standing["supplied"]:
            raise Refused([Wrong("id", "supplied_workflow", {"workflow": workflow_id})], status=409)
        return await self._put(workflow_id, facts, _changed, supplied=False)

    async def copy(self, workflow_id: str, as_id: str, name: Name | None = None) -> Facts:
        """Set up a copy under another id; raise `Refused` for an unknown workflow or a taken id."""
        original = await self.one(workflow_id)
        if original is None:
            raise Refused([Wrong("", "unknown_workflow", {"workflow": workflow_id[:80]})], status=404)
        named = name or {spoken: _COPIED[spoken].format(name=said)[:200] for spoken, said in original["name"].items()}
        kept = {part: original[part] for part in WorkflowFacts.model_fields}
        facts = WorkflowFacts.model_validate(kept | {"name": named})
        _check(as_id, facts)
        return await self._put(as_id, facts, _taken, supplied=False)

    async def record_supplied(self) -> None:
        """Set up the workflows that come with the product, each as its next version where it changed."""
        for workflow_id, facts in SUPPLIED.items():
            await self._put(workflow_id, facts, _changed, supplied=True)

    async def _put(
        self, workflow_id: str, facts: WorkflowFacts, change: Callable[[Workflow, Facts], None], *, supplied: bool
    ) -> Facts:
        """Record a workflow, or change the one that stands; of two at once the later one finds the earlier's."""
        said = facts.model_dump()
        while True:
            workflow = await self._store.load(Workflow, setup_id_of("workflow", workflow_id))
            if workflow is None:
                workflow = Workflow.record(workflow_id, said, supplied=supplied)
            else:
                change(workflow, said)
            shown = {**workflow.facts, "version": workflow.number, "supplied": workflow.supplied}
            if not workflow.pending_events:
                return shown
            try:
                await self._store.record(workflow, rows=[self._tables.setup("workflow", workflow_id, shown)])
            except Conflict:
                continue
            return shown


def _changed(workflow: Workflow, facts: Facts) -> None:
    workflow.change(facts)


def _taken(workflow: Workflow, facts: Facts) -> None:
    """Let a copy that was made already stand, and refuse an id that is another workflow's."""
    if workflow.facts != facts:
        raise Refused([Wrong("id", "workflow_id_taken", {"workflow": workflow.workflow_id})], status=409)


def _check(workflow_id: str, facts: WorkflowFacts) -> None:
    wrongs = facts.wrongs()
    if not is_id(workflow_id):
        wrongs = [Wrong("id", "wrong_workflow_id"), *wrongs]
    if wrongs:
        raise Refused(wrongs)
