"""Dossier item types: the fields, features and destinations of items, how they are issued, what is made for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.features import FeatureCombination, Features
from services.dossier.domain.identity import KINDS, setup_id_of
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control
from services.dossier.domain.workflow import Name
from shared.contracts.dossier import IssueMethod

Use = Literal["off", "on", "mandatory"]
EditMode = Literal["always", "until_completed", "never"]
Rule = Literal["optional", "mandatory", "not_allowed", "one_of_these"]
_ID = 80
CODES = 2**31 - 1


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FieldUses(_Given):
    """Which of its own fields an item of the type has, and which it must have (R-17); `completed` with its date."""

    start_date: Use = "on"
    end_date: Use = "on"
    cause_item_id: Use = "on"
    action_type: Use = "on"
    priority: Use = "on"
    source_code: Use = "on"
    responsible_id: Use = "on"
    comment: Use = "on"
    completed: Use = "on"


class OnIntake(_Given):
    """How an item is issued whose request says nothing of that (requirements §5.7)."""

    issue_method: Literal["document", "email"]
    sender_id: str | None = Field(None, max_length=_ID)
    body_layout_id: str | None = Field(None, max_length=_ID)
    attachment_layout_id: str | None = Field(None, max_length=_ID)
    attachment_read_only: bool | None = None


class ItemTypeFacts(_Given):
    """What is set of a type of dossier item.

    `issue_methods` is the choice of document and e-mail, `link_file` whether files may be added; a type may have both
    (R-18). `destinations` has a rule for a kind of destination (R-20), optional where it has none. `last_number` is
    the number last used by `numbering`: the next item of the type gets a higher one. `edit_mode` says until when an
    item that is in no workflow can be changed.
    """

    name: Name = Field(min_length=1)
    code: int | None = Field(None, ge=1, le=CODES)
    blocked: bool = False
    confidential: bool = False
    numbering: bool = False
    last_number: int = Field(0, ge=0, le=CODES)
    fields: FieldUses = FieldUses()
    submitter_is_responsible: bool = False
    link_file: bool = True
    edit_mode: EditMode = "always"
    features: Features = Features()
    destinations: dict[str, Rule] = {}
    issue_methods: list[IssueMethod] = Field(["none", "document", "email"], min_length=1, max_length=3)
    auto_open_attachment: bool = False
    auto_document_layout_id: str | None = Field(None, max_length=_ID)
    workflow_id: str | None = Field(None, max_length=_ID)
    on_intake: OnIntake | None = None

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it; what it names of the set-up is looked up where it is put."""
        return [*self._own_wrongs(), *self.features.wrongs(), *self._intake_wrongs()]

    def workflow_of(self, combination: FeatureCombination | None) -> str | None:
        """Return the workflow that an item enters: its combination's, else the type's, None for none (A13)."""
        return (combination.workflow_id if combination else None) or self.workflow_id

    def _own_wrongs(self) -> Iterator[Wrong]:
        yield from (
            Wrong(f"name.{spoken}", "control_character") for spoken, said in self.name.items() if has_control(said)
        )
        for kind in self.destinations:
            if kind not in KINDS:
                yield Wrong("destinations", "unknown_destination_kind", {"kind": kind[:40]})

    def _intake_wrongs(self) -> Iterator[Wrong]:
        given = self.on_intake
        if given is None:
            return
        if given.issue_method not in self.issue_methods:
            yield Wrong(
                "on_intake.issue_method", "issue_method_not_of_type", {"allowed": ", ".join(self.issue_methods)}
            )
        if given.issue_method == "email" and not given.sender_id:
            yield Wrong("on_intake.sender_id", "missing")
        if given.issue_method == "document" and not given.attachment_layout_id:
            yield Wrong("on_intake.attachment_layout_id", "missing")
        if given.issue_method == "document" and given.body_layout_id:
            yield Wrong("on_intake.body_layout_id", "body_of_document")
        if given.attachment_read_only and not given.attachment_layout_id:
            yield Wrong("on_intake.attachment_read_only", "read_only_needs_attachment_layout")


@dataclass(frozen=True, slots=True)
class ItemType:
    """A type as it now is. Supplied ones have a negative code, and can be copied but not changed (R-19)."""

    id: str
    facts: ItemTypeFacts
    version: int = 1
    code: int | None = None
    supplied: bool = False

    def shown(self) -> dict[str, Any]:
        """Return the type as it is shown."""
        own = {"id": self.id, "version": self.version, "supplied": self.supplied}
        return own | self.facts.model_dump(mode="json") | {"code": self.code}


class DossierItemType(Aggregate):
    """A type that was set up here, in its latest version."""

    TOPIC = "dossier.DossierItemType"

    class Created(Aggregate.Created):
        """The first fact of a type."""

        TOPIC = "dossier.DossierItemType.Created"

    class Recorded(Created):
        """A type was set up, as version 1."""

        TOPIC = "dossier.DossierItemType.Recorded"

        type_id: str
        facts: dict[str, Any]

    class VersionRecorded(Aggregate.Event):
        """A type was set otherwise, as its next version."""

        TOPIC = "dossier.DossierItemType.VersionRecorded"

        number: int
        facts: dict[str, Any]

        def apply(self, aggregate: Aggregate) -> None:
            """Let this be the latest version."""
            assert isinstance(aggregate, DossierItemType)  # noqa: S101 -- the library types it as any aggregate
            aggregate.number = self.number
            aggregate.facts = self.facts

    def __init__(self, type_id: str, facts: dict[str, Any]) -> None:
        self.type_id = type_id
        self.facts = facts
        self.number = 1

    @classmethod
    def record(cls, type_id: str, facts: dict[str, Any]) -> Self:
        """Set up a type."""
        return cls._create(cls.Recorded, id=setup_id_of("item-type", type_id), type_id=type_id, facts=facts)

    def change(self, facts: dict[str, Any]) -> None:
        """Set a next version, if anything of it is otherwise."""
        if facts != self.facts:
            self.trigger_event(self.VersionRecorded, number=self.number + 1, facts=facts)

    def as_it_is(self) -> ItemType:
        """Return the type in its latest version."""
        facts = ItemTypeFacts.model_validate(self.facts)
        return ItemType(self.type_id, facts, self.number, facts.code)


def _supplied(type_id: str, code: int, name: Name, methods: list[IssueMethod]) -> ItemType:
    return ItemType(type_id, ItemTypeFacts(name=name, issue_methods=methods), code=code, supplied=True)


SUPPLIED: Mapping[str, ItemType] = {
    kind.id: kind
    for kind in (
        _supplied(
            "outgoing_mail",
            -5,
            {"nl": "Uitgaande post", "en": "Outgoing mail"},
            ["none", "document", "email"],
        ),
        _supplied("incoming_mail", -6, {"nl": "Ingekomen post", "en": "Incoming mail"}, ["none"]),
        _supplied("note", -7, {"nl": "Notitie", "en": "Note"}, ["none"]),
    )
}
