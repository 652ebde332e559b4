"""The request that a draft comes to, and what would be refused of it as it stands."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.draft import Changes, Draft
from services.dossier.domain.field_setting import SENDER_FIELDS
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.separately import TickBox
from services.dossier.domain.steps import Shown, Step, fields_of

_LACKING = ("missing", "sender_missing", "features_missing")  # may still be filled in
_NOT_YET = "…"  # stands for a subject that is not there yet, so that all else can be judged


def request(draft: Draft, made: Sequence[Step], destinations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the request: every field that is there as it is shown, whatever else was typed once (FR-46, FR-47).

    The draft's id is its request_id, so that a second finish is answered as the first (A23).
    """
    fields = fields_of(made)
    said = {name: shown.value for name, shown in fields.items() if _counts(shown)}
    file = said.pop("file", None)
    said.pop("contact_id", None)
    said["attachments"] = [*said.get("attachments", []), *([file] if file else [])]
    if not said.get("sender_id") and not said.get("sender_address"):
        said = {name: value for name, value in said.items() if name not in SENDER_FIELDS}
    return {**said, "request_id": str(draft.id), "type": draft.type, "destinations": list(destinations)}


def provisional(draft: Draft, made: Sequence[Step], submitted_by: str) -> dict[str, Any]:
    """Return the request as far as it goes, to be judged by itself: without its destinations."""
    said = request(draft, made, ())
    return said | {"subject": said.get("subject") or _NOT_YET, "submitted_by": submitted_by[:200]}


def points(made: Sequence[Step], judged: Sequence[Wrong], box: TickBox) -> list[Wrong]:
    """Return what a finish would refuse as things stand; `judged` is what is wrong with the provisional request."""
    fields = fields_of(made)
    lacking = [Wrong(name, "missing") for name, shown in fields.items() if shown.lacks]
    code = box.refusal(ticked=bool(fields["record_separately"].value))
    boxed = [Wrong("record_separately", code)] if code else []
    there = {wrong.field for wrong in lacking} | {"destinations"}  # of the addressees nothing is said here
    return [*lacking, *boxed, *(wrong for wrong in judged if wrong.field not in there)]


def opening(draft_id: UUID, kind: str, given: Sequence[GivenDestination]) -> dict[str, Any]:
    """Return the request that a new draft could become, to see that its type and destinations can be."""
    said = {"request_id": str(draft_id), "type": kind, "subject": _NOT_YET, "destinations": list(given)}
    return said | {"record_separately": True}


def prevents_opening(wrong: Wrong) -> bool:
    """Whether nothing that is done to a draft could set this right."""
    if _root(wrong) == "destinations":
        return wrong.code not in ("destination_mandatory", "destination_one_of_these")  # a contact may still be chosen
    return wrong.field == "type"


def refusals(changes: Changes, made: Sequence[Step], open_points: Sequence[Wrong]) -> list[Wrong]:
    """Return why these changes cannot be: a field that is not there, or one that cannot hold what it was given."""
    given = changes.model_dump(mode="json", exclude_unset=True, exclude={"reset"})
    fields = fields_of(made)
    unknown = [Wrong(name, "not_in_this_draft") for name in given if name not in fields and given[name] is not None]
    nowhere = [
        fields[name].refusal(value) for name, value in given.items() if name in fields and not fields[name].takes(value)
    ]
    told = {wrong.field for wrong in nowhere}
    wrong = [one for one in open_points if _root(one) in given and _root(one) not in told and one.code not in _LACKING]
    return unknown + nowhere + wrong


def _counts(shown: Shown) -> bool:
    return shown.state != "absent" and (shown.name in SENDER_FIELDS or shown.value not in (None, ""))


def _root(wrong: Wrong) -> str:
    return wrong.field.partition(".")[0].partition("[")[0]
