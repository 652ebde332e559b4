"""Sender name and address in a draft (§1.5, A8): operator edit > field setting > selected sender > empty."""

from dataclasses import dataclass, replace
from typing import Literal

from services.dossier.domain.field_setting import NONE, Applied
from services.dossier.domain.refusal import Refused

Origin = Literal["empty", "sender", "field_setting", "operator"]


@dataclass(frozen=True, slots=True)
class Selected:
    """A sender was selected, first or again, with what is its own; None is that nobody is selected any more."""

    sender_id: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Edited:
    """The operator typed a value; an empty one too is an edit."""

    value: str


@dataclass(frozen=True, slots=True)
class Reset:
    """The operator took the edit back."""


Happening = Selected | Edited | Reset


@dataclass(frozen=True, slots=True)
class SenderField:
    """One of the two fields; `setting` is that of the moment the draft was opened, whatever is set later (row 10).

    `edited_under` is the sender that was selected when the operator edited.
    """

    name: str
    setting: Applied = NONE
    sender_id: str | None = None
    senders_own: str | None = None
    edit: str | None = None
    edited_under: str | None = None

    @property
    def origin(self) -> Origin:
        """Where the value comes from: the strongest that has one."""
        if self.edit is not None:
            return "operator"
        if self.setting.value is not None:
            return "field_setting"
        return "empty" if self.senders_own is None else "sender"

    @property
    def value(self) -> str:
        """What the field shows, and what a finish takes."""
        by = {"operator": self.edit, "field_setting": self.setting.value, "sender": self.senders_own, "empty": ""}
        return by[self.origin] or ""

    @property
    def stems_from(self) -> str | None:
        """The sender that the value stems from; None for a setting's, or one typed before any was selected."""
        return {"sender": self.sender_id, "operator": self.edited_under}.get(self.origin)


def after(field: SenderField, happening: Happening) -> SenderField:
    """Return the field as it is afterwards; raise `Refused` for an edit that its setting does not allow (row 9)."""
    match happening:
        case Selected(sender_id, value):
            return replace(field, sender_id=sender_id, senders_own=value)
        case Reset():
            return replace(field, edit=None, edited_under=None)
        case Edited(value):
            if not field.setting.is_open:
                raise Refused([field.setting.fixed(field.name)])
            return replace(field, edit=value, edited_under=field.sender_id)


def differ(name: SenderField, address: SenderField) -> bool:
    """Return whether name and address stem from different senders, which a reader may take for a fraud."""
    stems = {name.stems_from, address.stems_from} - {None}
    return len(stems) > 1
