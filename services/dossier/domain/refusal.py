"""How a request is refused: each thing wrong with its field, a code, and the values that its words need."""

import dataclasses
from collections.abc import Iterable
from typing import Any, Self, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
TOLD = 1000  # things wrong that one refusal names at most
_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_too_short": "missing",
    "string_too_long": "too_long",
    "too_short": "missing",
    "too_long": "too_many",
    "literal_error": "wrong_value",
    "string_pattern_mismatch": "wrong_value",
    "greater_than_equal": "wrong_value",
    "less_than_equal": "wrong_value",
    "timezone_aware": "wrong_value",
}


@dataclasses.dataclass(frozen=True)
class Wrong:
    """One thing wrong: the field by its JSON path, a code, and values for its words (never a person's).

    `place` is the line and the column of a list that it stands in, where it came in one.
    """

    field: str
    code: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    place: tuple[int, str] | None = None


class Refused(Exception):
    """A wish was refused whole and nothing of it was recorded; `status` is its HTTP status (RFC 9110)."""

    def __init__(self, wrongs: Iterable[Wrong], status: int = 422) -> None:
        self.wrongs = tuple(wrongs)[:TOLD]
        self.status = status
        super().__init__(f"{self.code}: {', '.join(wrong.field for wrong in self.wrongs[:5])}")

    @property
    def code(self) -> str:
        """The code of the one thing wrong, `invalid` for several."""
        return self.wrongs[0].code if len(self.wrongs) == 1 else "invalid"


def wrongs_of(error: ValidationError, place: tuple[str, int] | None = None) -> list[Wrong]:
    """Return what a model found wrong, with paths as in JSON; `place` is that of the first of a list's members."""
    return [
        Wrong(
            path_of(_path_in(found["loc"], place)),
            _CODES.get(found["type"], "wrong_type"),
            _values(found.get("ctx", {})),
        )
        for found in error.errors(include_url=False, include_input=False)
    ]


def as_said(kind: type[M], said: Any) -> M:
    """Return what parsed JSON says as a model of this kind; raise `Refused` with everything wrong in it."""
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        raise Refused(wrongs_of(error)) from None


def _path_in(path: tuple[int | str, ...], place: tuple[str, int] | None) -> tuple[int | str, ...]:
    if place is None or not isinstance(path[0], int):
        return path
    name, first = place
    return name, first + path[0], *path[1:]


def path_of(place: Iterable[str | int]) -> str:
    """Return the path of a field as it is written: `destinations[3].merge.table`."""
    path = ""
    for step in place:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _values(context: dict[str, Any]) -> dict[str, Any]:
    most = context.get("max_length", context.get("le"))
    return {
        **({"most": most} if most is not None else {}),
        **({"expected": context["expected"]} if "expected" in context else {}),
    }


class Refusal(Aggregate):
    """An upstream request that was refused, as its sender is told."""

    TOPIC = "dossier.Refusal"

    class Created(Aggregate.Created):
        """The first fact of a refusal."""

        TOPIC = "dossier.Refusal.Created"

    class Recorded(Created):
        """A request was refused, in these words."""

        TOPIC = "dossier.Refusal.Recorded"

        request_id: str | None
        code: str
        detail: str
        errors: list[dict[str, str]]

    def __init__(self, code: str) -> None:
        self.code = code

    @classmethod
    def record(
        cls, refusal_id: UUID, request_id: str | None, code: str, detail: str, errors: list[dict[str, str]]
    ) -> Self:
        """Record that a request was refused."""
        facts = {"request_id": request_id, "code": code, "detail": detail, "errors": errors}
        return cls._create(cls.Recorded, id=refusal_id, **facts)
