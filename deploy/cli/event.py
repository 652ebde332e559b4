"""`uitpost event`: what the services tell and hear on NATS, as CloudEvents, for whoever builds beside them."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import nats.errors
import nkeys
import typer

from deploy.cli.failure import Code, Failure
from deploy.cli.files import content_of
from deploy.cli.shown import Facts, Rows, Shown, say, stream
from deploy.cli.speak import Data, Json, answers, settings_of
from deploy.events import Asked, Events, Heard, events_on
from deploy.kinds import TOLD_TO_US, Kind, kind_of, kinds
from shared.contracts.dossier import IntakeRefused, IntakeRepeated, RunStarted

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Events on NATS: list, show, tail, publish, schema, replay."
)
T = TypeVar("T")
_COLUMNS = ("place", "time", "name", "run_id", "item_id")
_REFUSED = IntakeRefused.SUBJECT
_ANSWERS = (RunStarted.SUBJECT, IntakeRepeated.SUBJECT, _REFUSED)
Types = Annotated[
    list[str] | None, typer.Option("--type", metavar="TYPE", help="mail-sent, run-started …; may be repeated")
]
Run = Annotated[str | None, typer.Option("--run", metavar="ID", help="Those of this run")]
Item = Annotated[str | None, typer.Option("--item", metavar="ID", help="Those of this item")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="From this time on, ISO 8601")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="To this time, ISO 8601")]
Server = Annotated[str | None, typer.Option("--nats", help="NATS server  [UITPOST_NATS_URL]; unset = our own")]
Seed = Annotated[
    Path | None, typer.Option("--seed", metavar="FILE", help="Key (nkey seed) to come in with; unset = the admin's")
]


@app.command("list")
@answers
def list_events(
    types: Types = None,
    run: Run = None,
    item: Item = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the latest")] = 50,
    server: Server = None,
    seed: Seed = None,
    data: Data = None,
) -> Shown:
    """List events that NATS still holds, the latest last; JSON has them whole."""
    asked = _asked(types, run, item, since, until)

    async def latest(events: Events) -> list[Heard]:
        kept: deque[Heard] = deque(maxlen=limit)
        async for one in events.past(asked):
            kept.append(one)
        return list(kept)

    found = _with(server, seed, data, latest)
    return Rows(_COLUMNS, [_shown(one) for one in found], document=[one.event() for one in found])


@app.command("show")
@answers
def show_event(
    place: Annotated[str, typer.Argument(metavar="STREAM/NUMBER", help="Where it lies, as `event list` says it")],
    server: Server = None,
    seed: Seed = None,
    data: Data = None,
) -> Shown:
    """Show one event whole."""
    stream, _, number = place.rpartition("/")
    if not stream or not number.isdecimal():
        raise Failure(Code.WRONG_USE, f"{place}: say it as STREAM/NUMBER, as in DOSSIER/12")
    found = _with(server, seed, data, lambda events: events.one(stream, int(number)))
    if found is None:
        raise Failure(Code.NOT_FOUND, f"There is no event at {place}; it may have been purged.")
    return Facts(found.event())


@app.command("tail")
def tail(
    types: Types = None,
    run: Run = None,
    item: Item = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="End after so many")] = None,
    server: Server = None,
    seed: Seed = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show events as they are told, one a line, until Ctrl+C; with --json each as a CloudEvent."""
    asked = _asked(types, run, item, since, None)
    try:
        _with(server, seed, data, lambda events: _say_all(events.following(asked), limit, as_json=as_json))
    except KeyboardInterrupt:
        raise Failure(Code.INTERRUPTED, "No longer listening.") from None


@app.command("replay")
def replay(
    types: Types = None,
    run: Run = None,
    item: Item = None,
    since: Since = None,
    until: Until = None,
    server: Server = None,
    seed: Seed = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Tell again, on stdout, what was told until now: one event a line, in the order it came, then end."""
    asked = _asked(types, run, item, since, until)
    _with(server, seed, data, lambda events: _say_all(events.past(asked), None, as_json=as_json))


@app.command("publish")
@answers
def publish(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help=" or ".join(TOLD_TO_US))],
    file: Annotated[Path, typer.Option("-f", "--file", help="What is told, as JSON; - is stdin")],
    wait: Annotated[bool, typer.Option(help="Wait until the dossier says that it took a request")] = True,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Give up waiting after so many seconds")] = 30.0,
    server: Server = None,
    seed: Seed = None,
    data: Data = None,
) -> Shown:
    """Tell the dossier something, as upstream systems do; ends with 4 where it refuses."""
    if kind not in TOLD_TO_US:
        raise Failure(Code.WRONG_USE, f"{kind}: known are {', '.join(TOLD_TO_US)}; the rest is told by the services")
    body = content_of(file)
    request_id = _request_id(body) if kind == "dossier-item" and wait else None
    heard = _ANSWERS if request_id else ()

    async def tell(events: Events) -> Heard | None:
        async with asyncio.timeout(timeout if heard else None):
            return await events.publish(f"uitpost.intake.{kind}", body, heard, request_id)

    answer = _with(server, seed, data, tell)
    if answer is None:
        say("NATS has it; what the dossier refuses of it is told as intake-refused.")
        return None
    said = answer.event()["data"]
    if answer.subject == _REFUSED:
        raise Failure(Code.REFUSED, said["detail"], *(f"{one['field']}: {one['detail']}" for one in said["errors"]))
    return Facts(said)


@app.command("schema")
@answers
def schema(kind: Annotated[str | None, typer.Argument(metavar="TYPE", help="Unset = all types")] = None) -> Shown:
    """List the types of events, or show the JSON Schema of one's data."""
    if kind is None:
        rows = [{"name": one.name, "type": one.subject, "stream": one.stream, "about": one.about} for one in kinds()]
        return Rows(("name", "type", "about"), rows)
    return json.dumps(_kind(kind).model.model_json_schema(), indent=2)


def _asked(types: list[str] | None, run: str | None, item: str | None, since: str | None, until: str | None) -> Asked:
    return Asked(tuple(map(_kind, types or ())), run, item, _time("--since", since), _time("--until", until))


def _kind(name: str) -> Kind:
    kind = kind_of(name)
    if kind is None:
        raise Failure(Code.WRONG_USE, f"There is no type of event {name}; `uitpost event schema` lists them.")
    return kind


def _time(option: str, said: str | None) -> datetime | None:
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise Failure(Code.WRONG_USE, f"{option} {said}: say it as 2026-03-02T09:00:00+01:00") from None
    return at.astimezone(UTC)


def _request_id(body: bytes) -> str | None:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise Failure(Code.REFUSED, f"This is not JSON: {error}") from error
    given = said.get("request_id") if isinstance(said, dict) else None
    if not isinstance(given, str):
        raise Failure(Code.REFUSED, "request_id: needed to know the answer by; or say --no-wait")
    return given


def _with(server: str | None, seed: Path | None, data: Path | None, do: Callable[[Events], Awaitable[T]]) -> T:
    """Do something with the events of a server. Raises Failure where it is not reached, or lets nobody in."""
    settings = settings_of(data, nats_url=server)
    try:
        url = settings.nats
    except FileNotFoundError:
        raise Failure(
            Code.OUT_OF_REACH,
            f"No NATS server runs on the data folder {settings.data}.",
            "Start it with `uitpost serve --all`, or say where it runs with --nats or UITPOST_NATS_URL.",
        ) from None

    file = seed or settings.seed_of("admin")
    key = _key(file) if file else None

    async def connected() -> T:
        async with events_on(url, key) as events:
            return await do(events)

    try:
        return asyncio.run(connected())
    except TimeoutError as error:
        raise Failure(Code.TIMED_OUT, "There was no answer in time; try again.") from error
    except (nats.errors.AuthorizationError, nats.errors.NoRespondersError, PermissionError) as error:
        raise Failure(Code.NOT_ALLOWED, f"NATS does not let this key do that: {error}") from error
    except (nats.errors.Error, OSError) as error:
        raise Failure(Code.OUT_OF_REACH, f"NATS is out of reach: {error}") from error


def _key(file: Path) -> str:
    """Return the seed that a file holds. Raises Failure for anything else."""
    key = content_of(file).strip()
    try:
        nkeys.from_seed(bytearray(key))
    except nkeys.NkeysError as error:
        raise Failure(Code.WRONG_USE, f"{file} holds no seed of an nkey") from error
    return key.decode("ascii")


async def _say_all(told: AsyncGenerator[Heard], limit: int | None, *, as_json: bool) -> None:
    said = 0
    async with aclosing(told) as heard:
        async for one in heard:
            stream(one.event() if as_json else _shown(one), _COLUMNS, as_json=as_json)
            said += 1
            if said == limit:
                return


def _shown(heard: Heard) -> dict[str, Any]:
    data = heard.event().get("data")
    said = data if isinstance(data, dict) else {}
    name = heard.subject.split(".")[2] if heard.subject.count(".") > 1 else heard.subject
    ids = {key: said.get(key) for key in ("run_id", "item_id")}
    return {"place": heard.place, "time": heard.at.isoformat(timespec="milliseconds"), "name": name, **ids}
