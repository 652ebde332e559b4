"""What may be changed of a recorded item (R-23): fields, subject, comment and contact, never its destinations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import Field

from services.dossier.domain.features import COMBINATION, VALUES
from services.dossier.domain.identity import Address
from services.dossier.domain.item_fields import ItemFields, verbatim_of
from services.dossier.domain.item_type import ItemTypeFacts
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.domain.text import has_control, is_number, not_text
from services.dossier.domain.type_rules import field_wrongs

COMMENT = 100_000  # characters
_FIXED = ("type", "destinations", "kind", "number", "issue_method", "record_separately", "submitted_by")
_APART = {"attachments": "attachments_apart", "responses": "responses_apart", "workflow": "workflow_apart"}
_FEATURES = (*VALUES, COMBINATION)


class ItemChange(ItemFields):
    """What is to be changed of an item: a field that is given; null or "" clears it, what is left out stays.

    `contact_id` is the contact chosen at its one destination.
    """

    subject: str | None = Field(None, max_length=255)
    comment: str | None = Field(None, max_length=COMMENT)
    contact_id: str | None = Field(None, max_length=80)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a change starts from, and the type whose rules it obeys."""

    kind: ItemTypeFacts
    fields: Mapping[str, Any]
    subject: str
    comment: str | None
    destinations: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Change:
    """What differs: the names, the new values (None where cleared), and the destination with its other contact."""

    changed: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    subject: str | None = None
    comment: str | None = None
    address: Address | None = None

    @property
    def text(self) -> str:
        """The field that says something about the contact, "" where none does."""
        said = {"comment": self.comment, **verbatim_of(self.fields)}
        return next((name for name, value in said.items() if value), "")


def check_editable(kind: ItemTypeFacts, *, completed: bool, in_workflow: bool) -> None:
    """Raise `Refused` (409) where the type lets nobody change such an item: in a workflow it can always be (R-17)."""
    if in_workflow or kind.edit_mode == "always":
        return
    if kind.edit_mode == "never":
        raise Refused([Wrong("", "editing_off")], status=409)
    if completed:
        raise Refused([Wrong("", "editing_off_once_completed")], status=409)


def change_said(said: Any) -> ItemChange:
    """Return the change that parsed JSON asks for; raise `Refused` with everything wrong in it by itself."""
    if isinstance(said, dict):
        if wrongs := [*_never_changed(said)]:
            raise Refused(wrongs)
        said = {name: None if value == "" else value for name, value in said.items()}
    change = as_said(ItemChange, said)
    if wrongs := [*_text_wrongs(change)]:
        raise Refused(wrongs)
    return change


def differing(asked: ItemChange, standing: Standing, now: datetime) -> Change:
    """Return what is otherwise than it stands; raise `Refused` where it may not be."""
    merged = _merged(asked, standing.fields, now)
    feature_wrongs = _settle_features(asked, merged, standing)
    names = standing.fields.keys() | merged.keys()
    fields = {name: merged.get(name) for name in sorted(names) if merged.get(name) != standing.fields.get(name)}
    change = Change([*fields], fields)
    if asked.subject is not None and asked.subject != standing.subject:
        change.changed.append("subject")
        change.subject = asked.subject
    if "comment" in asked.model_fields_set and (asked.comment or "") != (standing.comment or ""):
        change.changed.append("comment")
        change.comment = asked.comment or ""
    if "contact_id" in asked.model_fields_set:
        _change_contact(change, asked.contact_id, standing.destinations)
    wrongs = [*_forbidden(change, standing)] or [*feature_wrongs, *_type_wrongs(change, standing.kind)]
    own = {name: value for name, value in merged.items() if name in ItemFields.model_fields}
    if wrongs := wrongs or [*ItemFields.model_validate(own).field_wrongs()]:
        raise Refused(wrongs)
    return change


def _merged(asked: ItemChange, standing: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return all fields as they would be: a completed item has the moment it was completed, another one has none."""
    given = asked.model_dump(mode="json", include=set(ItemFields.model_fields), exclude_unset=True)
    merged = {name: value for name, value in {**standing, **given}.items() if value is not None}
    if "completed" in given or "completed_at" in given:
        if merged.get("completed"):
            merged.setdefault("completed_at", standing.get("completed_at") or _as_json(now))
        elif given.get("completed_at") is None:
            merged.pop("completed_at", None)
    return merged


def _settle_features(asked: ItemChange, merged: dict[str, Any], standing: Standing) -> tuple[Wrong, ...]:
    """Have the features be those that were asked, the others following from them; return what is wrong with them."""
    given = asked.model_fields_set.intersection(_FEATURES)
    if all(merged.get(name) == standing.fields.get(name) for name in given):
        return ()
    follows = VALUES if COMBINATION in given and merged.get(COMBINATION) else (COMBINATION,)
    for name in set(follows) - given:
        merged.pop(name, None)
    chosen = standing.kind.features.choose(merged)
    merged.update(chosen.fields)
    return chosen.wrongs


def _type_wrongs(change: Change, kind: ItemTypeFacts) -> list[Wrong]:
    """Return which fields the type has not or needs, of those that are otherwise (R-17)."""
    now = change.fields | ({"comment": change.comment} if "comment" in change.changed else {})
    return [wrong for wrong in field_wrongs(kind, now) if wrong.field in change.changed]


def _as_json(at: datetime) -> str:
    return str(ItemFields(completed_at=at).own_fields()["completed_at"])


def _change_contact(change: Change, contact_id: str | None, destinations: Sequence[Mapping[str, Any]]) -> None:
    standing = {one["contact_id"] for one in destinations}
    if standing == {contact_id}:
        return
    change.changed.append("contact_id")
    if len(destinations) == 1:
        change.address = Address(**{**destinations[0], "contact_id": contact_id})


def _forbidden(change: Change, standing: Standing) -> Iterator[Wrong]:
    several = len(standing.destinations) > 1
    for name in change.changed:
        if name in {"contact_id", "sub_destinations"} and several:
            yield Wrong(name, "several_destinations")
        elif name == "contact_id" and not standing.destinations:
            yield Wrong(name, "no_destination")
    features = [name for name in change.changed if name in _FEATURES]
    if features and standing.fields.get("blocked"):
        yield Wrong(features[0], "features_archived")


def _never_changed(said: Mapping[str, Any]) -> Iterator[Wrong]:
    yield from (Wrong(name, "never_changed") for name in _FIXED if name in said)
    yield from (Wrong(name, code) for name, code in _APART.items() if name in said)


def _text_wrongs(change: ItemChange) -> Iterator[Wrong]:
    if has_control(change.subject or ""):
        yield Wrong("subject", "subject_line_break")
    elif "subject" in change.model_fields_set and not (change.subject or "").strip():
        yield Wrong("subject", "missing")
    yield from not_text(change.comment or "", ("comment",))
    if change.contact_id and not is_number(change.contact_id):
        yield Wrong("contact_id", "wrong_number")
