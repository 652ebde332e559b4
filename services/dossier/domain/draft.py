"""Drafts: an item as an operator is still working at it, for destinations that were frozen when it was opened (A3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from services.dossier.domain.destinations import DESTINATIONS, GivenDestination
from services.dossier.domain.field_setting import LENGTHS, SENDER_FIELDS, Applied
from services.dossier.domain.intake import GivenAttachment, Intake
from services.dossier.domain.looking import ContactFilter
from services.dossier.domain.refusal import Refused
from services.dossier.domain.sender import unknown_sender
from services.dossier.domain.sender_fields import Edited, Happening, Reset, Selected, SenderField, after

_OPENED_WITH = {"request_id", "type", "destinations", "submitted_by"}  # never changed afterwards


class NamedFile(GivenAttachment):
    """A file that was put before, by its hash: a draft holds no content."""

    content: None = None
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Changes(BaseModel):
    """What an operator changes of a draft: what is left out stays, null empties.

    `file` fills the slot of the attachment in the last step, `attachments` go along besides (A18). A sender name or
    address given is an edit, also an empty one; `reset` takes edits back.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    contact_id: str | None = Field(None, max_length=80)
    sender_id: str | None = Field(None, max_length=80)
    sender_name: str = Field("", max_length=LENGTHS["sender_name"])
    sender_address: str = Field("", max_length=LENGTHS["sender_address"])
    reset: list[Literal["sender_name", "sender_address"]] = Field([], max_length=2)
    attachments: list[NamedFile] | None = Field(None, max_length=100)
    file: NamedFile | None = None


def _optional(name: str) -> tuple[Any, None]:
    """Return the field of a request as one that may be left out or be null."""
    info = Intake.model_fields[name]
    kind = cast("UnionType", info.annotation) | None
    return (Annotated[kind, *info.metadata] if info.metadata else kind), None


DraftChanges: type[Changes] = create_model(
    "DraftChanges",
    __base__=Changes,
    __doc__=Changes.__doc__,
    **cast(
        "dict[str, Any]",
        {
            name: _optional(name)
            for name in Intake.model_fields
            if name not in _OPENED_WITH and name not in Changes.model_fields
        },
    ),
)


class DraftOpening(BaseModel):
    """What a draft is opened with: its type, and its destinations or a filter that finds them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: str = Field(max_length=80)
    destinations: list[GivenDestination] | None = Field(None, max_length=DESTINATIONS)
    filter: ContactFilter | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it now stands; `count` and `kinds` tell of its destinations, which lie elsewhere.

    `settings` are the field settings of the moment it was opened; one changed meanwhile does not touch it (row 10).
    """

    id: UUID
    owner: str
    type: str
    count: int
    kinds: dict[str, int]
    opened_at: datetime
    changed_at: datetime
    sender_name: SenderField
    sender_address: SenderField
    values: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Applied] = field(default_factory=dict)
    version: int = 1

    @classmethod
    def open(cls, settings: dict[str, Applied], values: dict[str, Any], **facts: Any) -> Self:
        """Return a new draft, whose fields begin with these values, and with what their settings supply."""
        plain = {name: one for name, one in settings.items() if name not in SENDER_FIELDS}
        return cls(
            settings=plain,
            values=values | {name: one.value for name, one in plain.items() if one.value},
            sender_name=SenderField("sender_name", settings.get("sender_name", Applied())),
            sender_address=SenderField("sender_address", settings.get("sender_address", Applied())),
            **facts,
        )

    @property
    def sender_id(self) -> str | None:
        """The sender selected last."""
        return self.sender_name.sender_id

    @property
    def issue_method(self) -> str:
        """What the operator decided on: nothing, a document or an e-mail (FR-90)."""
        return str(self.values.get("issue_method", "none"))


def changed(draft: Draft, changes: Changes, senders: Mapping[str, Mapping[str, Any]]) -> Draft:
    """Return the draft with these changes; raise `Refused` for an unknown sender, or a field that stays as it is."""
    given = changes.model_dump(mode="json", exclude_unset=True)
    happened = list(_happened(given, senders))
    plain = {name: value for name, value in given.items() if name not in (*SENDER_FIELDS, "sender_id", "reset")}
    if fixed := [one.fixed(name) for name, one in draft.settings.items() if name in plain and not one.is_open]:
        raise Refused(fixed)
    values = {name: value for name, value in (draft.values | plain).items() if value is not None}
    fields = {name: getattr(draft, name) for name in SENDER_FIELDS}
    for name, happening in happened:
        fields[name] = after(fields[name], happening)
    return replace(draft, values=values, **fields)


def _happened(given: dict[str, Any], senders: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Happening]]:
    """Return what happened to the sender fields, in the order in which it counts."""
    happened: list[tuple[str, Happening]] = [(name, Reset()) for name in given.get("reset", ())]
    if "sender_id" in given:
        sender_id = given["sender_id"]
        own = senders.get(sender_id) if sender_id else {}
        if own is None:
            raise Refused([unknown_sender(sender_id)])
        happened.append(("sender_name", Selected(sender_id, own.get("name"))))
        happened.append(("sender_address", Selected(sender_id, own.get("address"))))
    return happened + [(name, Edited(given[name])) for name in SENDER_FIELDS if name in given]
