"""What a KnSubject body comes to here: a request to record an item, or a change of one that stands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.dossier.domain.afas.deeds import Step
from services.dossier.domain.afas.links import Links
from services.dossier.domain.afas.subject import Subject
from services.dossier.domain.identity import Address
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_changes import ItemChange, change_said
from services.dossier.domain.refusal import Refused, Wrong


def request_of(subject: Subject, given: Mapping[str, Any], type_id: str, to: Sequence[Address]) -> dict[str, Any]:
    """Return the request that records an item, as JSON has it; it says nothing of being issued (§5.7)."""
    body = {name: value for name, value in given.items() if value is not None}
    body["type"] = type_id
    body["destinations"] = [address._asdict() for address in to]
    body["attachments"] = subject.files
    subs = _subs(subject.links.subs if subject.links else {}, ())
    kept = {"sub_destinations": subs, "custom_fields": _said(subject.custom), "extra": _said(subject.extra)}
    return body | {name: value for name, value in kept.items() if value}


def change_of(
    subject: Subject, given: Mapping[str, Any], to: Sequence[Address], item: DossierItem, code: int | None
) -> ItemChange:
    """Return the change of an item that stands, whose type has this code; raise `Refused` for what stays as it is."""
    wrongs = [*_staying(subject, given, item, code)]
    body = {name: value for name, value in given.items() if name != "submitted_by"}
    for name, said in (("custom_fields", subject.custom), ("extra", subject.extra)):
        if said:
            body[name] = _said({**(item.fields.get(name) or {}), **said}) or None
    if subject.links:
        if subject.links.subs:
            standing = item.fields.get("sub_destinations") or ()
            body["sub_destinations"] = _subs(subject.links.subs, standing) or None
        wrongs += _other_destinations(item, to)
        body |= _contact(subject.links, item, to)
    if wrongs:
        raise Refused(wrongs)
    return change_said(body)


def task_of(step: Step, workflow_id: str | None, facts: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return the ids of the task and the action that are named by id or name, as they are named where unknown."""
    if facts is None:
        return step.task, step.action
    if not _is_named(step.workflow, {"id": workflow_id, **facts}):
        raise Refused([Wrong("WfNm", "afas_another_workflow", {"workflow": workflow_id})], status=409)
    task = next((one for one in facts["steps"] if _is_named(step.task, one)), None)
    if task is None:
        return step.task, step.action
    action = next((one["id"] for one in task["actions"] if _is_named(step.action, one)), step.action)
    return task["id"], action


def _staying(subject: Subject, given: Mapping[str, Any], item: DossierItem, code: int | None) -> Iterator[Wrong]:
    if subject.type_code is not None and subject.type_code != code:
        yield Wrong("StId", "never_changed")
    if "submitted_by" in given and given["submitted_by"] != item.submitted_by:
        yield Wrong("UsId", "never_changed")


def _other_destinations(item: DossierItem, to: Sequence[Address]) -> Iterator[Wrong]:
    """Yield that an item's destinations can't be others (R-23); a link that names none leaves them as they are."""
    standing = {Address(**one).base.place for one in item.destinations}
    if to and {address.base.place for address in to} != standing:
        yield Wrong("KnSubjectLink", "never_changed")


def _contact(links: Links, item: DossierItem, to: Sequence[Address]) -> dict[str, str | None]:
    """Return the contact that a link names: at the item's one destination it may be another one."""
    if not links.names_contact:
        return {}
    return {"contact_id": to[0].contact_id if len(to) == 1 and item.address else links.contact_id}


def _subs(said: Mapping[str, str | None], standing: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the item is about besides its destinations: of each kind that is said, the number said last."""
    kept = [dict(one) for one in standing if one["kind"] not in said]
    return kept + [{"kind": kind, "number": number} for kind, number in said.items() if number is not None]


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _is_named(said: str, one: Mapping[str, Any]) -> bool:
    names = {str(one["id"]), *one["name"].values()}
    return said.strip().casefold() in {name.casefold() for name in names}
