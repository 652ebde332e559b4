"""Features of the items of a type: three lists of values, and the combinations that items are about (R-17, R-21)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.item_fields import Feature as Number
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control
from services.dossier.domain.workflow import Name

VALUES = ("feature_value_1", "feature_value_2", "feature_value_3")
COMBINATION = "feature_combination_id"
_MOST = 10_000  # values of a feature, and combinations of a type
Triple = tuple[int | None, int | None, int | None]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FeatureValue(_Given):
    """One value that a feature may have; a blocked one can't be chosen any more."""

    id: Number
    name: Name = Field(min_length=1)
    blocked: bool = False


class Feature(_Given):
    """What items are told apart by, such as a subject or a product."""

    name: Name = Field(min_length=1)
    values: list[FeatureValue] = Field([], max_length=_MOST)


class FeatureCombination(_Given):
    """Values that go together; an item with them enters the workflow named here, if any (R-21)."""

    id: Number
    feature_value_1: Number | None = None
    feature_value_2: Number | None = None
    feature_value_3: Number | None = None
    description: str = Field("", max_length=255)
    workflow_id: str | None = Field(None, max_length=80)
    blocked: bool = False

    @property
    def triple(self) -> Triple:
        """Its values."""
        return self.feature_value_1, self.feature_value_2, self.feature_value_3


class Features(_Given):
    """Whether items have features, whether only in these combinations, and whether an item may be without."""

    use: bool = False
    only_existing: bool = False
    without_allowed: bool = True
    feature_1: Feature | None = None
    feature_2: Feature | None = None
    feature_3: Feature | None = None
    combinations: list[FeatureCombination] = Field([], max_length=_MOST)

    @property
    def lists(self) -> tuple[Feature | None, Feature | None, Feature | None]:
        """The three features."""
        return self.feature_1, self.feature_2, self.feature_3

    def wrongs(self) -> Iterator[Wrong]:
        """Yield what no model can say of them."""
        for number, feature in enumerate(self.lists, 1):
            for place, name in _names(feature, f"features.feature_{number}"):
                yield from (
                    Wrong(f"{place}.{spoken}", "control_character") for spoken in name if has_control(name[spoken])
                )
            yield from _twice(
                f"features.feature_{number}.values", [value.id for value in feature.values] if feature else []
            )
        yield from _twice("features.combinations", [one.id for one in self.combinations])
        seen: dict[Triple, int] = {}
        for number, one in enumerate(self.combinations):
            place = f"features.combinations[{number}]"
            if has_control(one.description):
                yield Wrong(f"{place}.description", "control_character")
            if one.triple == (None, None, None):
                yield Wrong(f"{place}.feature_value_1", "missing")
            elif one.triple in seen:
                yield Wrong(place, "duplicate_combination", {"first": f"features.combinations[{seen[one.triple]}]"})
            seen.setdefault(one.triple, number)
            yield from self._value_wrongs(one.triple, f"{place}.")

    def _value_wrongs(self, triple: Triple, place: str = "") -> Iterator[Wrong]:
        for name, feature, value in zip(VALUES, self.lists, triple, strict=True):
            if value is None:
                continue
            if feature is None:
                yield Wrong(f"{place}{name}", "no_such_feature")
            elif feature.values and value not in {known.id for known in feature.values}:
                yield Wrong(f"{place}{name}", "unknown_feature_value", {"value": value})

    def choose(self, given: Mapping[str, Any]) -> "Chosen":
        """Return which features an item gets by the fields given of it."""
        values = {name: given[name] for name in (*VALUES, COMBINATION) if given.get(name) is not None}
        if not self.use:
            return Chosen({}, None, tuple(Wrong(name, "field_off", {"name": name}) for name in values))
        if not values:
            return Chosen({}, None, () if self.without_allowed else (Wrong(VALUES[0], "features_missing"),))
        if COMBINATION in values:
            return self._by_combination(values)
        return self._by_values(values)

    def _by_combination(self, values: dict[str, int]) -> "Chosen":
        number = values[COMBINATION]
        one = next((one for one in self.combinations if one.id == number), None)
        if one is None:
            return Chosen({}, None, (Wrong(COMBINATION, "unknown_combination", {"combination": number}),))
        if one.blocked:
            return Chosen({}, None, (Wrong(COMBINATION, "combination_blocked", {"combination": number}),))
        own = dict(zip(VALUES, one.triple, strict=True))
        differs = [
            Wrong(name, "not_of_combination", {"combination": number})
            for name in values.keys() & own.keys()
            if values[name] != own[name]
        ]
        return Chosen(_set(one), one, tuple(sorted(differs, key=lambda wrong: wrong.field)))

    def _by_values(self, values: dict[str, int]) -> "Chosen":
        triple: Triple = (values.get(VALUES[0]), values.get(VALUES[1]), values.get(VALUES[2]))
        if wrongs := [*self._value_wrongs(triple), *self._blocked_wrongs(triple)]:
            return Chosen({}, None, tuple(wrongs))
        one = next((one for one in self.combinations if one.triple == triple), None)
        if one and one.blocked:
            return Chosen({}, None, (Wrong(next(iter(values)), "combination_blocked", {"combination": one.id}),))
        if one is None and self.only_existing:
            return Chosen({}, None, (Wrong(next(iter(values)), "no_such_combination"),))
        return Chosen(_set(one) if one else dict(values), one, ())

    def _blocked_wrongs(self, triple: Triple) -> Iterator[Wrong]:
        for name, feature, value in zip(VALUES, self.lists, triple, strict=True):
            if feature and any(known.id == value and known.blocked for known in feature.values):
                yield Wrong(name, "feature_value_blocked", {"value": value})


@dataclass(frozen=True, slots=True)
class Chosen:
    """The features of an item: its fields filled in, the combination they are if any, and what is wrong with them."""

    fields: dict[str, int]
    combination: FeatureCombination | None
    wrongs: tuple[Wrong, ...]


def _set(one: FeatureCombination) -> dict[str, int]:
    values = {name: value for name, value in zip(VALUES, one.triple, strict=True) if value is not None}
    return values | {COMBINATION: one.id}


def _names(feature: Feature | None, place: str) -> Iterator[tuple[str, Name]]:
    if feature:
        yield f"{place}.name", feature.name
        yield from ((f"{place}.values[{n}].name", value.name) for n, value in enumerate(feature.values))


def _twice(place: str, ids: list[int]) -> Iterator[Wrong]:
    seen: dict[int, int] = {}
    for number, one in enumerate(ids):
        if one in seen:
            yield Wrong(f"{place}[{number}].id", "duplicate_number", {"first": f"{place}[{seen[one]}]"})
        seen.setdefault(one, number)
