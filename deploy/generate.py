"""Writes what follows from the code, AsyncAPI, OpenAPI and the table of settings: `--write`, or `--check` in CI."""

import argparse
import asyncio
import difflib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from faststream.nats import NatsBroker
from faststream.specification import AsyncAPI
from pydantic import BaseModel

from deploy.http import application
from deploy.kinds import TOLD_TO_US, kinds
from deploy.local import SERVICES, assemble
from services.dossier.settings import Settings as DossierSettings
from services.mailer.settings import Settings as MailerSettings
from shared.access import Access
from shared.process import Service
from shared.settings import Settings

HERE = Path(__file__).parent
_BEGIN, _END = "<!-- settings: generated -->", "<!-- end of settings -->"
_ABOUT = (
    "What uitpost hears from upstream systems, and what it tells. "
    "Upstream systems publish on `uitpost.intake.>` with a credential of `uitpost token create --nats`, by JetStream, "
    "and repeat a request until they hear `RunStarted`, `IntakeRepeated` or `IntakeRefused` with its request_id: the "
    "same request twice is one. A request may be plain JSON, or a CloudEvent in binary or structured mode. What is "
    "told is a CloudEvent in binary mode: JSON as payload, its attributes in `ce-*` headers. Read it through a "
    "consumer, or drop repeats by `ce-id`."
)
_HEADERS = {
    "ce-specversion": "CloudEvents version",
    "ce-id": "Id of the event; the same event told again has the same",
    "ce-source": "/uitpost/<service>",
    "ce-type": "The subject",
    "ce-time": "When it happened, ISO 8601",
    "ce-datacontenttype": "application/json",
    "Nats-Msg-Id": "The id again, for JetStream's deduplication",
}


def asyncapi() -> str:
    """Return the AsyncAPI document of all messages, as YAML."""
    broker = NatsBroker("nats://127.0.0.1:4222")
    published = [kind.model for kind in kinds() if kind.name not in TOLD_TO_US]
    for kind in kinds():
        if kind.name in TOLD_TO_US:
            _hear(broker, kind.subject, kind.model)
        else:
            broker.publisher(kind.subject, title=kind.model.__name__, description=kind.model.__doc__, schema=kind.model)
    spec = AsyncAPI(broker, title="uitpost", version="1", description=_ABOUT).to_specification().to_jsonable()
    _add_headers(spec, {kind.__name__ for kind in published})
    _sort(spec)
    return str(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=120))


def openapi() -> str:
    """Return the OpenAPI document of all services in one application, as JSON; nothing is started for it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), nats_url="nats://127.0.0.1:4222")
        services = [assemble(name, settings) for name in SERVICES]
        with closing(Access(settings.access_url)) as access:
            document = application(services, access).openapi()
        asyncio.run(_close(services))
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def readme() -> str:
    """Return the run book with the table of settings as it is now."""
    text = (HERE / "README.md").read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{settings_table()}\n\n{_END}{after}"


def settings_table() -> str:
    """Return the settings as a Markdown table: name, default, meaning."""
    lines = ["| setting | default | what it is |", "| --- | --- | --- |"]
    for name, field in (Settings.model_fields | DossierSettings.model_fields | MailerSettings.model_fields).items():
        default = "" if field.default is None else f"`{field.default}`"
        lines.append(f"| `UITPOST_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


FILES: dict[str, Callable[[], str]] = {"asyncapi.yaml": asyncapi, "openapi.json": openapi, "README.md": readme}


def main() -> int:
    """Write the files, or say how they differ and return 1."""
    asked = argparse.ArgumentParser(description=__doc__)
    how = asked.add_mutually_exclusive_group(required=True)
    how.add_argument("--check", action="store_true", help="compare; 1 where a file differs")
    how.add_argument("--write", action="store_true", help="write the files")
    if asked.parse_args().write:
        for name, text in FILES.items():
            (HERE / name).write_text(text(), "utf-8")
        return 0
    differences = [line for name, text in FILES.items() for line in _difference(HERE / name, text())]
    sys.stdout.writelines(differences)
    return 1 if differences else 0


def _hear(broker: NatsBroker, subject: str, model: type[BaseModel]) -> None:
    async def take(message: BaseModel) -> None:
        """Stand in for the dossier's inbox, which reads the raw bytes itself."""

    take.__annotations__["message"] = model
    broker.subscriber(subject, title=model.__name__, description=model.__doc__)(take)


def _add_headers(spec: dict[str, Any], published: set[str]) -> None:
    """Describe the CloudEvents headers, which the framework does not know of."""
    properties = {name: {"type": "string", "description": said} for name, said in _HEADERS.items()}
    for name, message in spec["components"]["messages"].items():
        message.pop("correlationId", None)
        if name.partition(":")[0] in published:
            message["headers"] = {"type": "object", "properties": properties}


def _sort(spec: dict[str, Any]) -> None:
    """Put all in an order that stays: the framework keeps publishers in a set."""
    for part, within in (
        (spec, "channels"),
        (spec, "operations"),
        *((spec["components"], n) for n in spec["components"]),
    ):
        part[within] = dict(sorted(part[within].items()))


async def _close(services: list[Service]) -> None:
    for service in services:
        for close in service.close:
            await close()
        await service.store.close()


def _difference(file: Path, wanted: str) -> Iterator[str]:
    stands = file.read_text("utf-8") if file.exists() else ""
    name = f"deploy/{file.name}"
    yield from difflib.unified_diff(
        stands.splitlines(keepends=True), wanted.splitlines(keepends=True), name, f"{name} (generated)"
    )


if __name__ == "__main__":
    sys.exit(main())
