"""CloudEvents 1.0 on NATS: attributes as `ce-*` headers (binary mode), or the whole event as JSON (structured mode).

NATS protocol binding: https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

from shared.contracts import Message

_STRUCTURED = "application/cloudevents"


@dataclass(frozen=True)
class Envelope:
    """What an upstream event says besides its data; `id` and `source` only if it is a CloudEvent."""

    data: bytes
    id: str | None = None
    source: str | None = None
    type: str | None = None


def headers(message: Message, event_id: str, source: str, at: datetime) -> dict[str, str]:
    """Return the headers of a message told in binary mode, with `Nats-Msg-Id` and a trace per run."""
    told = {
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-source": f"/uitpost/{source}",
        "ce-type": message.SUBJECT,
        "ce-time": at.isoformat(),
        "ce-datacontenttype": "application/json",
        "Nats-Msg-Id": event_id,
    }
    run_id = getattr(message, "run_id", None)
    if run_id is not None:
        # W3C Trace Context: the run is the trace, the event its span; both follow from what is told.
        told["traceparent"] = f"00-{run_id.hex}-{blake2b(event_id.encode(), digest_size=8).hexdigest()}-01"
    return told


def read(body: bytes, given: Mapping[str, str] | None) -> Envelope:
    """Return data and attributes of a binary-mode, structured-mode or plain message.

    Raises ValueError where a structured event is not JSON or has no data.
    """
    attributes = {name.lower(): value for name, value in (given or {}).items()}
    if attributes.get("content-type", "").startswith(_STRUCTURED):
        return _structured(body)
    return Envelope(
        body,
        *(unquote(value) if (value := attributes.get(f"ce-{name}")) else None for name in ("id", "source", "type")),
    )


def _structured(body: bytes) -> Envelope:
    event: Any = json.loads(body)
    if not isinstance(event, dict) or not {"data", "data_base64"} & event.keys():
        raise ValueError("a structured CloudEvent is a JSON object with `data` or `data_base64`")
    data = json.dumps(event["data"]).encode() if "data" in event else b64decode(event["data_base64"], validate=True)
    return Envelope(data, *(event.get(name) for name in ("id", "source", "type")))
