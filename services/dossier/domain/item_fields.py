"""An item's own fields by their glossary names (requirements §5.2, §5.3): what each may hold, what is wrong in one.

They are the item's and the same for all its destinations, as its comment is: employees stand in them by number, never
by name, and a destination's own data are merge data.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from services.dossier.domain.contact_facts import Moment
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control, not_text

VERBATIM = ("custom_fields", "extra")  # kept as they came: they may say anything, also what is personal
_LONGEST = 20_000  # characters of JSON in one of those
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ONE_LINE = ("responsible_id", "action_type", "source_code")


def _only_text(value: Any) -> Any:
    if value is not None and not isinstance(value, str | UUID):
        raise ValueError("a UUID as text")
    return value


def _day(text: str) -> str:
    """Return a text that is a date, or a date and time with its zone, as ISO 8601 has them."""
    if len(text) == len("2026-03-02"):
        date.fromisoformat(text)
    elif datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("no time zone")
    return text


Identity = Annotated[UUID, Field(strict=False), BeforeValidator(_only_text)]
Day = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date or date-time"}), AfterValidator(_day)]
Feature = Annotated[int, Field(ge=1, le=2**31 - 1)]


class SubDestination(BaseModel):
    """What an item is about besides its destinations: a project, an invoice, a subscription … by kind and number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: str = Field(max_length=40)
    number: str = Field(min_length=1, max_length=80)


class ItemFields(BaseModel):
    """The own fields of an item; None is a field that was not given.

    `custom_fields` and `extra` are kept as they came and not interpreted. A day is a date, or a moment with its zone.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    submitted_at: Moment | None = None
    responsible_id: str | None = Field(None, min_length=1, max_length=80)
    start_date: Day | None = None
    end_date: Day | None = None
    priority: Literal["high", "normal", "low"] | None = None
    completed: bool | None = None
    completed_at: Moment | None = None
    action_type: str | None = Field(None, min_length=1, max_length=5)
    source_code: str | None = Field(None, min_length=1, max_length=5)
    cause_item_id: Identity | None = None
    feature_value_1: Feature | None = None
    feature_value_2: Feature | None = None
    feature_value_3: Feature | None = None
    feature_combination_id: Feature | None = None
    blocked: bool | None = None
    sub_destinations: list[SubDestination] | None = Field(None, max_length=50)
    custom_fields: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None

    def own_fields(self) -> dict[str, Any]:
        """Return the fields that were given, as plain JSON values."""
        return self.model_dump(mode="json", include=set(ItemFields.model_fields), exclude_none=True)

    def field_wrongs(self) -> Iterator[Wrong]:
        """Yield what no model can say of them."""
        for name in _ONE_LINE:
            if has_control(getattr(self, name) or ""):
                yield Wrong(name, "control_character")
        if self.start_date and self.end_date and self.end_date[:10] < self.start_date[:10]:
            yield Wrong("end_date", "end_before_start")
        if self.completed_at and not self.completed:
            yield Wrong("completed_at", "completed_at_without_completed")
        for number, of in enumerate(self.sub_destinations or ()):
            if not _KIND.fullmatch(of.kind):
                yield Wrong(f"sub_destinations[{number}].kind", "wrong_sub_destination_kind")
            if has_control(of.number):
                yield Wrong(f"sub_destinations[{number}].number", "control_character")
        for name in VERBATIM:
            yield from _verbatim_wrongs(name, getattr(self, name) or {})


def verbatim_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of an item's fields that are kept as they came."""
    return {name: fields[name] for name in VERBATIM if name in fields}


def without_verbatim(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the other fields of an item, each of which has a meaning."""
    return {name: value for name, value in fields.items() if name not in VERBATIM}


def _verbatim_wrongs(name: str, values: dict[str, Any]) -> Iterator[Wrong]:
    if nested := list(not_text(values, (name,))):
        yield from nested
    elif len(str(values)) > _LONGEST:
        yield Wrong(name, "too_long", {"most": _LONGEST})
