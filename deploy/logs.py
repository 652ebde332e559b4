"""How services write their log: JSON lines, or columns on a terminal, with e-mail addresses masked."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_LOCAL = r"""[^\s@<>()\[\]"',:;\\]"""  # what a local part is made of, RFC 6532's letters included
_ADDRESS = re.compile(rf"""(?<!{_LOCAL})(?:({_LOCAL}){_LOCAL}*|"[^"\s@][^"@]*")@(?=[\w\[])""")


def masked(text: str) -> str:
    """Return the text with the local part of each e-mail address hidden but for its first letter."""
    return _ADDRESS.sub(r"\1***@", text)


def set_up(*, show_addresses: bool = False, level: str = "INFO") -> None:
    """Have everything that is logged, by libraries too, written to stderr in one form."""
    on_terminal = sys.stderr.isatty()
    steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.StackInfoRenderer(),
    ]
    # What is masked must be text by then, the story of an exception too.
    last: list[Any] = [structlog.processors.format_exc_info] + ([] if show_addresses else [_mask])
    last.append(
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if on_terminal
        else structlog.processors.JSONRenderer()
    )
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
    return {key: _masked_value(value) for key, value in event.items()}


def _masked_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {masked(str(key)): _masked_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_value(inner) for inner in value]
    return masked(value if isinstance(value, str) else repr(value))
