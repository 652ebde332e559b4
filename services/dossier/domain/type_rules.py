"""What the type of an item asks of a request, and what it fills in where the request says nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.features import Chosen
from services.dossier.domain.intake import Intake, slot_wrongs
from services.dossier.domain.item_type import ItemType, ItemTypeFacts
from services.dossier.domain.refusal import TOLD, Wrong
from services.dossier.domain.separately import tick_box


@dataclass(frozen=True, slots=True)
class Ruled:
    """A request by the rules of its type: issued as the type says, each item's fields, the workflow it enters."""

    intake: Intake
    facts: ItemTypeFacts | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    workflow_id: str | None = None
    wrongs: tuple[Wrong, ...] = ()

    @property
    def auto_document_layout_id(self) -> str | None:
        """The layout of the document that is made of itself for each item, if any (FR-87)."""
        return self.facts.auto_document_layout_id if self.facts else None


def obey(intake: Intake, kind: ItemType | None, at: datetime) -> Ruled:
    """Return the request by the rules of its type, None being a type that there is not; its `wrongs` break them."""
    if kind is None:
        return Ruled(intake, wrongs=(Wrong("type", "unknown_type", {"type": intake.type[:40]}),))
    asked, facts = with_defaults(intake, kind.facts), kind.facts
    given = settled(facts, asked, at)
    chosen, workflow_id = features_of(facts, given)
    wrongs = [
        *_type_wrongs(asked, kind),
        *(slot_wrongs(asked) if asked is not intake else ()),
        *field_wrongs(facts, given | {"comment": asked.comment}),
        *chosen.wrongs,
        *islice(destination_wrongs(facts, asked.destinations, separately=asked.separately), TOLD),
        *separately_wrongs(facts, asked, workflow_id),
    ]
    return Ruled(asked, facts, given | chosen.fields, workflow_id, tuple(wrongs[:TOLD]))


def with_defaults(intake: Intake, facts: ItemTypeFacts) -> Intake:
    """Return the request as the type issues it, where it says nothing of being issued itself (requirements §5.7)."""
    default = facts.on_intake
    if default is None or "issue_method" in intake.model_fields_set:
        return intake
    mails = default.issue_method == "email"
    issued: dict[str, Any] = {"issue_method": default.issue_method}
    if mails and not (intake.sender_id or intake.sender_address):
        issued["sender_id"] = default.sender_id
    if mails and not (intake.body_layout_id or intake.body_text):
        issued["body_layout_id"] = default.body_layout_id
    if not intake.attachment_layout_id:
        issued["attachment_layout_id"] = default.attachment_layout_id
        if intake.attachment_read_only is None:
            issued["attachment_read_only"] = default.attachment_read_only
    return intake.model_copy(update=issued)


def settled(facts: ItemTypeFacts, intake: Intake, at: datetime) -> dict[str, Any]:
    """Return the own fields of each item, those that follow from others or from the type filled in."""
    given = intake.own_fields()
    if facts.confidential:
        given["confidential"] = True
    if given.get("completed"):
        given.setdefault("completed_at", given.get("submitted_at", at.isoformat()))
    if facts.submitter_is_responsible and facts.fields.responsible_id != "off" and intake.submitted_by:
        given.setdefault("responsible_id", intake.submitted_by[:80])
    return given


def field_wrongs(facts: ItemTypeFacts, given: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield which of these fields an item of the type has not, and which it lacks (R-17)."""
    for name, use in facts.fields:
        is_given = given.get(name) not in (None, "")
        if use == "off" and is_given:
            yield Wrong(name, "field_off", {"name": name})
        elif use == "mandatory" and not is_given:
            yield Wrong(name, "missing")


def destination_wrongs(
    facts: ItemTypeFacts, destinations: Sequence[GivenDestination], *, separately: bool
) -> Iterator[Wrong]:
    """Yield what the rule per kind of destination refuses, item by item (R-20)."""
    rules = facts.destinations
    if not rules:
        return
    there: set[str] = set()
    for number, destination in enumerate(destinations):
        kinds = {_kind(destination), destination.address.kind}
        if rules.get(_kind(destination)) == "not_allowed":
            yield Wrong(f"destinations[{number}].kind", "destination_not_allowed", {"kind": _kind(destination)})
        if separately:
            yield from _lacking(rules, f"destinations[{number}]", kinds)
        there |= kinds
    if not separately or not destinations:
        yield from _lacking(rules, "destinations", there)


def separately_wrongs(facts: ItemTypeFacts, intake: Intake, workflow_id: str | None) -> Iterator[Wrong]:
    """Yield why the request may not be recorded separately, or must be (requirements §1.6)."""
    box = tick_box(
        len(intake.destinations),
        auto_document=facts.auto_document_layout_id is not None,
        workflow=workflow_id is not None,
    )
    if code := box.refusal(ticked=intake.record_separately):
        yield Wrong("record_separately", code)


def features_of(facts: ItemTypeFacts, given: Mapping[str, Any]) -> tuple[Chosen, str | None]:
    """Return the features that these fields choose, and the workflow that then applies (A13)."""
    chosen = facts.features.choose(given)
    return chosen, facts.workflow_of(chosen.combination)


def _type_wrongs(intake: Intake, kind: ItemType) -> Iterator[Wrong]:
    if kind.facts.blocked:
        yield Wrong("type", "type_blocked", {"type": kind.id})
    if intake.issue_method not in kind.facts.issue_methods:
        yield Wrong("issue_method", "issue_method_not_of_type", {"allowed": ", ".join(kind.facts.issue_methods)})
    if intake.attachments and not kind.facts.link_file:
        yield Wrong("attachments", "link_file_off")


def _lacking(rules: Mapping[str, str], place: str, there: set[str]) -> Iterator[Wrong]:
    for kind, rule in rules.items():
        if rule == "mandatory" and kind not in there:
            yield Wrong(place, "destination_mandatory", {"kind": kind})
    these = [kind for kind, rule in rules.items() if rule == "one_of_these"]
    if these and there.isdisjoint(these):
        yield Wrong(place, "destination_one_of_these", {"kinds": ", ".join(these)})


def _kind(destination: GivenDestination) -> str:
    """Return the kind that a rule is for: who was chosen at an organisation is a contact person there."""
    address = destination.address
    return "contact_person" if address.contact_id and address.kind == "organisation" else address.kind
