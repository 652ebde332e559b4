"""How services write their log: JSON lines, or columns on a terminal, with e-mail addresses masked."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_ADDRESS = re.compile(r"\b([A-Za-z0-9])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*@([A-Za-z0-9-]+\.[A-Za-z0-9.-]+)")


def masked(text: str) -> str:
    """Return the text with the local part of each e-mail address hidden but for its first letter."""
    return _ADDRESS.sub(r"\1***@\2", text)


def set_up(*, show_addresses: bool = False, level: str = "INFO") -> None:
    """Have everything that is logged, by libraries too, written to stderr in one form."""
    on_terminal = sys.stderr.isatty()
    steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Any] = [structlog.dev.ConsoleRenderer()] if on_terminal else [structlog.processors.JSONRenderer()]
    if not on_terminal:
        last.insert(0, structlog.processors.format_exc_info)
    if not show_addresses:
        last.insert(len(last) - 1, _mask)
    structlog.configure(
        processors=[*steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("faststream", "uvicorn.access", "nats", "uvicorn.error", "aiosmtpd", "mail.log", "mail.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = masked(value)
    return event
