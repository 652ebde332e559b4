"""Requests are read from a body that may be larger than memory should hold.

Its destinations stay where they lie, and are read bunch by bunch as often as somebody goes through them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import IO, Any, overload

import orjson
from pydantic import TypeAdapter, ValidationError

from services.dossier.application.skimming import Unusual, skim
from services.dossier.domain.destinations import DESTINATIONS, GivenDestination
from services.dossier.domain.intake import Intake, parse, read, wrongs_in
from services.dossier.domain.refusal import TOLD, Refused, Wrong, as_said, wrongs_of

ENDED = b"]}"
_NUL = b"\\u0000"  # the one way to write it
_MANY = TypeAdapter(list[GivenDestination])
_TOO_MANY = Wrong("destinations", "too_many", {"most": DESTINATIONS})


def read_body(body: IO[bytes], request_id: str | None = None) -> Intake:
    """Return the request that a JSON body makes, good while the body is open.

    `request_id` is for one that names none itself. Raises `Refused` with everything that is wrong in it by itself.
    """
    try:
        return _read_bit_by_bit(body, request_id)
    except Unusual:
        body.seek(0)
        return read(parse(body.read()), request_id)


def begun(said: Mapping[str, Any]) -> bytes:
    """Return a body up to its destinations, which are written after it with commas between, and `ENDED` after them."""
    head = orjson.dumps({name: value for name, value in said.items() if name != "destinations"})[:-1]
    return head + (b"," if len(head) > 1 else b"") + b'"destinations":['


class Destinations(Sequence[GivenDestination]):
    """The destinations that lie in a body, read anew each time that they are gone through."""

    def __init__(self, body: IO[bytes], cuts: Sequence[int], count: int) -> None:
        self._body = body
        self._cuts = cuts
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[GivenDestination]:
        for said in self.said():
            yield from _MANY.validate_python(said)

    @overload
    def __getitem__(self, index: int) -> GivenDestination: ...
    @overload
    def __getitem__(self, index: slice) -> list[GivenDestination]: ...
    def __getitem__(self, index: int | slice) -> GivenDestination | list[GivenDestination]:
        if isinstance(index, slice):
            return list(islice(self, *index.indices(self._count)))
        if not 0 <= index < self._count:
            raise IndexError(index)
        return next(islice(self, index, None))

    def said(self) -> Iterator[list[Any]]:
        """Yield what is said of them, bunch by bunch."""
        for number, (start, end) in enumerate(pairwise(self._cuts)):
            self._body.seek(start)
            piece = self._body.read(end - start).strip(b" \t\r\n")
            if number and piece:
                piece = _after_comma(piece)
            yield _loaded(b"[" + piece + b"]")


def _read_bit_by_bit(body: IO[bytes], request_id: str | None) -> Intake:
    skimmed = skim(body)
    said = _loaded(skimmed.head)
    if not isinstance(said, dict) or said.get("destinations") != []:
        raise Unusual
    if said.get("request_id") is None and request_id is not None:
        said["request_id"] = request_id
    destinations = Destinations(body, skimmed.cuts, skimmed.count)
    try:
        intake = as_said(Intake, said).model_copy(update={"destinations": destinations})
        wrongs = list(islice(wrongs_in(intake), TOLD)) if len(destinations) <= DESTINATIONS else [_TOO_MANY]
    except (Refused, ValidationError):
        wrongs = list(islice(_misshapen(said, destinations), TOLD))
    if wrongs:
        raise Refused(wrongs)
    return intake


def _misshapen(said: Any, destinations: Destinations) -> Iterator[Wrong]:
    """Yield where the request and its destinations have another form than they should."""
    try:
        as_said(Intake, said)
    except Refused as refused:
        yield from refused.wrongs
    if len(destinations) > DESTINATIONS:
        yield _TOO_MANY
        return
    first = 0
    for bunch in destinations.said():
        try:
            _MANY.validate_python(bunch)
        except ValidationError as error:
            yield from wrongs_of(error, ("destinations", first))
        first += len(bunch)


def _after_comma(piece: bytes) -> bytes:
    """Return the destinations after the comma that parts them from those before."""
    rest = piece.removeprefix(b",").lstrip(b" \t\r\n")
    if len(rest) == len(piece) or not rest:
        raise Unusual
    return rest


def _loaded(piece: bytes) -> Any:
    if _NUL in piece:
        raise Unusual
    try:
        return orjson.loads(piece)
    except orjson.JSONDecodeError:
        raise Unusual from None
