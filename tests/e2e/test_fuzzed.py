"""Whatever is sent to the doors, by the document that describes them, is answered: never by a fault of the server."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from services.dossier.domain.afas.problems import UNEXPECTED
from shared.access import Access
from shared.settings import Settings
from tests.e2e.conftest import Started, environment
from tests.e2e.forked import fork

_DOCUMENT = Path(__file__).parents[2] / "deploy" / "openapi.json"
_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))  # tried at each door; more on request
_HONEST = {503}  # what a door says while a service it asks is away, or its database is held
_AFAS = "/ProfitRestServices/"
SCHEMA = schemathesis.openapi.from_dict(json.loads(_DOCUMENT.read_text("utf-8"))).exclude(path="/metrics")


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def no_sheet(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send whatever was thought of as a spreadsheet: it is none."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@dataclass(frozen=True)
class House:
    """All services on one address, and a session that opens their doors."""

    url: str
    session: requests.Session


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("fuzzed")
    (folder / "data").mkdir()
    with closing(Access(Settings(data=folder / "data").access_url)) as access:
        token = access.create_token("fuzz", {"admin"})
    output = folder / "output.txt"
    process = fork("serve", "--all", environment=environment(folder / "data"), output=output)
    with requests.Session() as session:
        session.trust_env = False  # else it looks for a proxy in the surroundings before each request
        session.headers["Authorization"] = f"Bearer {token}"
        yield House(Started(process, output).says(r'"url": "(http[^"]+)", "event": "started"'), session)
    process.terminate()
    process.wait(timeout=60)


@SCHEMA.parametrize()
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_door_fails_whatever_is_sent(case: schemathesis.Case[Any], house: House) -> None:
    answer = case.call(base_url=house.url, session=house.session, timeout=30)

    if answer.status_code == 500 and case.path.startswith(_AFAS):  # so AFAS says that the content is wrong
        said = answer.json()
        assert said["errorNumber"] != UNEXPECTED, answer.text
        assert said["externalMessage"].strip(), answer.text
        assert re.fullmatch(r"[0-9A-Fa-f]{32}", said["profitLogReference"]), answer.text
    elif answer.status_code not in _HONEST:
        case.validate_response(answer, checks=[not_a_server_error])
