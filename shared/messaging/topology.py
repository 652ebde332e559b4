"""Which streams there are, and how a service makes sure of its own stream and its own durable consumers."""

from collections.abc import Sequence

import structlog
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

_log = structlog.get_logger()

STREAMS = {
    "intake": ("INTAKE", ["uitpost.intake.>"]),
    "dossier": ("DOSSIER", ["uitpost.dossier.>"]),
    "renderer": ("RENDERER", ["uitpost.renderer.>"]),
    "mailer": ("MAILER", ["uitpost.mailer.>"]),
    "advisories": (
        "ADVISORIES",
        ["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>", "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>"],
    ),
}
OWNED = {
    "dossier": ("intake", "dossier"),
    "renderer": ("renderer",),
    "mailer": ("mailer",),
    "history": ("advisories",),
}
ACK_WAIT = 30.0  # seconds; longer work says it is in progress
_MAX_PENDING = 5000


def stream_of(subject: str) -> str:
    """Return the stream that a subject `uitpost.<publisher>.…` lies in."""
    return STREAMS[subject.split(".")[1]][0]


def ahead_of(service: str) -> str:
    """Return the durable by which a service hears what must not wait behind the rest of a stream."""
    return f"{service}-ahead"


async def ensure_streams(js: JetStreamContext, service: str) -> None:
    """Make this service's own streams where they are missing; what is there stays as it is."""
    for publisher in OWNED[service]:
        name, subjects = STREAMS[publisher]
        try:
            await js.stream_info(name)
        except NotFoundError:
            await js.add_stream(
                StreamConfig(
                    name=name,
                    subjects=subjects,
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    allow_atomic=True,
                    duplicate_window=120,
                )
            )
            _log.info("stream made", stream=name)


async def ensure_consumer(js: JetStreamContext, stream: str, durable: str, subjects: Sequence[str]) -> bool:
    """Make this durable pull consumer where it is missing; return whether the stream was there to hold it."""
    wanted = set(subjects)
    try:
        info = await js.consumer_info(stream, durable)
        held = set(info.config.filter_subjects or ([info.config.filter_subject] if info.config.filter_subject else []))
        if held == wanted:
            return True
    except NotFoundError:
        pass
    config = ConsumerConfig(
        durable_name=durable,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT,
        max_ack_pending=_MAX_PENDING,
        max_deliver=-1,
        filter_subjects=sorted(wanted),
    )
    try:
        await js.add_consumer(stream, config)
    except NotFoundError:
        return False
    _log.info("consumer made", stream=stream, durable=durable)
    return True
