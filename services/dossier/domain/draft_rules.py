"""What the type of a draft makes of it: the fields its items have, how they may be issued, and the box "separately"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.dossier.domain.draft import Draft
from services.dossier.domain.features import COMBINATION, VALUES
from services.dossier.domain.item_fields import ItemFields
from services.dossier.domain.item_type import FieldUses, ItemTypeFacts
from services.dossier.domain.separately import TickBox, tick_box
from services.dossier.domain.type_rules import features_of

_WITH = {"completed_at": "completed"}  # there with the other one


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a draft; `own_fields` are those that its items have, each with whether it is mandatory."""

    issue_methods: Sequence[str]
    own_fields: Mapping[str, bool]
    files: bool
    box: TickBox


def rules_of(facts: ItemTypeFacts, draft: Draft) -> Rules:
    """Return the rules of a draft of this type, whose features may make it enter a workflow (A13)."""
    _, workflow_id = features_of(facts, draft.values)
    box = tick_box(
        draft.count, auto_document=facts.auto_document_layout_id is not None, workflow=workflow_id is not None
    )
    names = [name for name in ("comment", *ItemFields.model_fields) if _is_there(facts, name)]
    return Rules(facts.issue_methods, {name: _is_mandatory(facts, name) for name in names}, facts.link_file, box)


def _is_there(facts: ItemTypeFacts, name: str) -> bool:
    if name in (*VALUES, COMBINATION):
        return facts.features.use
    use = _WITH.get(name, name)
    return use not in FieldUses.model_fields or getattr(facts.fields, use) != "off"


def _is_mandatory(facts: ItemTypeFacts, name: str) -> bool:
    if name == "responsible_id" and facts.submitter_is_responsible:
        return False  # whoever finishes it is, where nobody else is named
    return getattr(facts.fields, name, "on") == "mandatory"
