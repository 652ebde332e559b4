"""Field settings (R-28, FR-60): what a field starts with, and whether it must, may be seen and may be changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control, is_email

SENDER_FIELDS = ("sender_name", "sender_address")
LENGTHS = {"sender_name": 200, "sender_address": 320, "subject": 255, "comment": 100_000}  # characters, by field
_NEEDED = ("sender_address", "subject")  # never to be left empty (A8, A15)
_SEVERAL_LINES = ("comment",)


class AdministratorSetting(BaseModel):
    """What holds of a field for everyone; a `preferred_value` of null supplies none, an empty one supplies "empty"."""

    model_config = ConfigDict(extra="forbid", strict=True)

    preferred_value: str | None = Field(None, max_length=100_000)
    mandatory: bool = False
    visible: bool = True
    changeable: bool = True

    def wrongs(self, field: str) -> list[Wrong]:
        """Return why this cannot be set of that field."""
        if wrongs := value_wrongs(field, self.preferred_value):
            return wrongs
        stays = not (self.visible and self.changeable)
        empty = self.preferred_value == "" or (self.preferred_value is None and field not in SENDER_FIELDS)
        if stays and empty and (self.mandatory or field in _NEEDED):
            return [Wrong("preferred_value", "field_never_filled", {"name": field})]
        return []


class PersonalSetting(BaseModel):
    """What a field starts with for one person: a preferred value, or the value chosen last."""

    model_config = ConfigDict(extra="forbid", strict=True)

    preferred_value: str | None = Field(None, max_length=100_000)
    last_chosen: bool = False

    def wrongs(self, field: str) -> list[Wrong]:
        """Return why this cannot be set of that field."""
        if (self.preferred_value is None) == (not self.last_chosen):
            return [Wrong("preferred_value", "preferred_or_last_chosen")]
        return value_wrongs(field, self.preferred_value)


@dataclass(frozen=True, slots=True)
class Applied:
    """The setting that holds of a field in one draft; its `value` is None where it supplies none."""

    value: str | None = None
    mandatory: bool = False
    visible: bool = True
    changeable: bool = True
    by: Literal["administrator", "person"] | None = None

    @property
    def is_open(self) -> bool:
        """Whether an operator may fill the field."""
        return self.visible and self.changeable

    def fixed(self, field: str) -> Wrong:
        """Return why an operator may not fill the field."""
        return Wrong(field, "field_not_changeable" if self.visible else "field_not_visible", {"name": field})


NONE = Applied()


def applied(administrator: Mapping[str, Any] | None, personal: Mapping[str, Any] | None) -> Applied:
    """Return the setting that holds: an administrator's shuts a personal one out (R-28)."""
    if administrator is not None:
        said = AdministratorSetting.model_validate(administrator)
        return Applied(said.preferred_value, said.mandatory, said.visible, said.changeable, "administrator")
    if personal is not None:
        return Applied(
            personal.get("last_value") if personal["last_chosen"] else personal["preferred_value"], by="person"
        )
    return NONE


def value_wrongs(field: str, value: str | None, place: str = "preferred_value") -> list[Wrong]:
    """Return why a field cannot have this value, told at `place`."""
    if not value:
        return []
    if len(value) > LENGTHS[field]:
        return [Wrong(place, "too_long", {"most": LENGTHS[field]})]
    if field not in _SEVERAL_LINES and has_control(value):
        return [Wrong(place, "control_character")]
    if field == "sender_address" and not is_email(value):
        return [Wrong(place, "invalid_sender_address")]
    return []


class FieldSetting(Aggregate):
    """An administrator's setting of a field, as it was set."""

    TOPIC = "dossier.FieldSetting"

    class Created(Aggregate.Created):
        """The first fact of a field setting."""

        TOPIC = "dossier.FieldSetting.Created"

    class Recorded(Created):
        """A field got a setting."""

        TOPIC = "dossier.FieldSetting.Recorded"

        field: str
        facts: dict[str, Any] | None
        operator: str

    class Changed(Aggregate.Event):
        """A field got another setting, None being none any more."""

        TOPIC = "dossier.FieldSetting.Changed"

        facts: dict[str, Any] | None
        operator: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let the setting be as set."""
            assert isinstance(aggregate, FieldSetting)  # noqa: S101 -- the library types it as any aggregate
            aggregate.facts = self.facts

    def __init__(self, field: str, facts: dict[str, Any] | None, operator: str) -> None:  # noqa: ARG002 -- on record
        self.field = field
        self.facts = facts

    @classmethod
    def record(cls, field: str, facts: dict[str, Any], operator: str) -> Self:
        """Give a field its first setting."""
        identity = setup_id_of("field-setting", field)
        return cls._create(cls.Recorded, id=identity, field=field, facts=facts, operator=operator)

    def change(self, facts: dict[str, Any] | None, operator: str) -> None:
        """Give the field another setting, if it is another."""
        if facts != self.facts:
            self.trigger_event(self.Changed, facts=facts, operator=operator)
