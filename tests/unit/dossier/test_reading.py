"""A body is read bit by bit as it would be read whole: the same request, the same hash, the same refusal."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dossier.application.reading import Destinations, read_body
from services.dossier.application.skimming import AT_ONCE
from services.dossier.domain.intake import Intake, parse, read
from services.dossier.domain.refusal import Refused
from tests.unit.dossier.conftest import a_destination, a_request


def outcome(body: bytes, *, whole: bool) -> Any:
    """Return what a body is read as: all that is asked with its hash, or all that is wrong."""
    try:
        intake = read(parse(body)) if whole else read_body(BytesIO(body))
    except Refused as refused:
        return refused.status, sorted(refused.wrongs, key=str)
    asked = intake.model_dump(exclude={"destinations"})
    return asked, list(intake.destinations), intake.content_hash(), intake.model_fields_set


def alike(body: bytes) -> Any:
    """Return what a body is read as, after seeing that reading it whole comes to the same."""
    read_so = outcome(body, whole=False)
    assert read_so == outcome(body, whole=True)
    return read_so


BIG = a_request(destinations=[a_destination(str(n), merge={"rows": [[n, "é"]]}) for n in range(2 * AT_ONCE + 1)])
_BUNCH = json.dumps(a_request(destinations=BIG["destinations"][:AT_ONCE])).encode()
ODD = {
    "a comma too many after a bunch": _BUNCH.replace(b"}]", b"},]"),
    "a comma too few after a bunch": _BUNCH.replace(b"}]", b'}{"kind": "person", "number": "1"}]'),
    "in other words": json.dumps(BIG, indent=3).encode(),
    "destinations first": json.dumps(dict(sorted(BIG.items(), key=lambda pair: pair[0] != "destinations"))).encode(),
    "a whole number of bunches": json.dumps(a_request(destinations=BIG["destinations"][:AT_ONCE])).encode(),
    "no destinations named": b'{"request_id": "a", "type": "note", "subject": "x"}',
    "no destinations": json.dumps(a_request(destinations=[])).encode(),
    "destinations named twice": b'{"request_id":"a","type":"note","subject":"x","destinations":[{"kind":"person",'
    b'"number":"1"}],"destinations":[]}',
    "named twice, once in disguise": b'{"request_id":"a","type":"note","subject":"x","destinations":[{"kind":"person",'
    b'"number":"1"}],"destin\\u0061tions":[{"kind":"person","number":"2"}]}',
    "the word as a value": b'{"request_id":"destinations","type":"note","destinations":[],"subject":"destinations"}',
    "brackets in texts": json.dumps(a_request(subject='}]"[{', destinations=[a_destination(']}\\"')])).encode(),
    "deep merge data": json.dumps(a_request(destinations=[a_destination(merge={"a": [[[[[[[1]]]]]]]})])).encode(),
    "not an object": b'["destinations", [{}]]',
    "a number among them": b'{"destinations":[{"kind":"person","number":"1"}, 5]}',
    "a list among them": b'{"destinations":[[{"kind":"person","number":"1"}]]}',
    "a comma too many": b'{"request_id":"a","type":"note","subject":"x","destinations":[{"kind":"person","number":"1"},]}',
    "a comma too few": b'{"request_id":"a","type":"note","subject":"x","destinations":[{"kind":"person","number":"1"}{}]}',
    "commas alone": b'{"request_id":"a","type":"note","subject":"x","destinations":[,]}',
    "cut off": json.dumps(BIG).encode()[:-3],
    "cut off in a text": json.dumps(BIG).encode()[:5000],
    "crossed brackets": b'{"destinations":[{"kind":["person"},{"number":"1"]}]}',
    "NUL": b'{"request_id":"a","type":"note","subject":"x","destinations":[{"kind":"person","number":"1\\u0000"}]}',
    "a lone surrogate": b'{"request_id":"a","type":"note","subject":"x","destinations":[{"kind":"\\ud800"}]}',
    "wrong everywhere": json.dumps({"type": 1, "destinations": [{"kind": 1}, *BIG["destinations"], {"x": 1}]}).encode(),
    "the same twice": json.dumps(a_request(destinations=[*BIG["destinations"], a_destination("0")])).encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_however_it_is_written_a_body_is_read_as_it_would_be_whole(body: bytes) -> None:
    alike(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_DESTINATIONS = st.lists(
    st.builds(
        lambda number, merge, more: {"kind": "person", "number": number, "merge": merge, **more},
        st.sampled_from("123456789"),
        st.dictionaries(st.text(max_size=8), _JSON, max_size=3),
        st.sampled_from([{}, {}, {"recipient": {"name": "Anna", "email": "anna@home.example"}}, {"odd": 1}]),
    )
    | _JSON,
    max_size=6,
)


@given(destinations=_DESTINATIONS, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_whatever_the_destinations_a_body_is_read_as_it_would_be_whole(
    destinations: list[Any], indent: int | None, ascii_only: bool
) -> None:
    alike(json.dumps(a_request(destinations=destinations), indent=indent, ensure_ascii=ascii_only).encode())


@given(body=st.binary(max_size=40) | st.text(alphabet='{}[]",:\\ destinaou0', max_size=40).map(str.encode))
def test_whatever_the_bytes_a_body_is_read_as_it_would_be_whole(body: bytes) -> None:
    alike(b'{"destinations":[' + body)
    alike(b'{"destinations":[{' + body + b"}]}")
    alike(body)


def test_destinations_are_read_from_where_they_lie_as_often_as_they_are_gone_through() -> None:
    intake = read_body(BytesIO(json.dumps(BIG).encode()))

    destinations = intake.destinations
    assert isinstance(destinations, Destinations)
    assert len(destinations) == 2 * AT_ONCE + 1
    assert [destination.number for destination in destinations] == [str(n) for n in range(2 * AT_ONCE + 1)]
    assert destinations[AT_ONCE].number == str(AT_ONCE)
    assert [destination.number for destination in destinations[1:3]] == ["1", "2"]
    with pytest.raises(IndexError):
        destinations[len(destinations)]


def test_too_many_destinations_are_refused_by_their_number_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.dossier.application.reading.DESTINATIONS", 10)

    with pytest.raises(Refused) as refused:
        read_body(BytesIO(json.dumps(BIG).encode()))

    assert [(wrong.field, wrong.code) for wrong in refused.value.wrongs] == [("destinations", "too_many")]


def test_a_request_may_be_named_from_outside() -> None:
    body = {**a_request(), "request_id": None}

    intake: Intake = read_body(BytesIO(json.dumps(body).encode()), "key-1")

    assert intake.request_id == "key-1"
