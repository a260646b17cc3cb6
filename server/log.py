"""Structured logs: one JSON object a line on stderr, or coloured text for a person at a terminal.

Everything goes the same way, the standard library's loggers of our dependencies included. What looks like
a credential is masked whoever logs it; access lines have a faster path of their own (``AccessLog``).
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["json", "console", "auto"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The call that is being served in this context; goes into every line logged meanwhile."""

REDACTED = "[redacted]"

_SECRET_KEY = re.compile(r"authorization|cookie|passw|secret|token|private_key|api_key|credential|dsn", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # user:password of an address
    r"|(?<=[Bb]earer )\S+"
    r"|(?<=password=)\S+"
)


def configure(level: str = "INFO", log_format: LogFormat = "auto", stream: TextIO | None = None) -> None:
    """Route structlog and the standard library's logging to ``stream`` (stderr). Called once, at start-up.

    ``auto`` means text on a terminal and JSON elsewhere. Tracebacks come without the values of local
    variables, which hold what people wrote and who they are.
    """
    out = stream if stream is not None else sys.stderr
    console = log_format == "console" or (log_format == "auto" and out.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [redact, structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer(default=str)]
    )
    structlog.configure(
        processors=[*shared, structlog.processors.StackInfoRenderer(), *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask values whose key names a secret, and credentials inside any text, tracebacks included."""
    for key, value in event.items():
        event[key] = REDACTED if _SECRET_KEY.search(key) and value else _masked(value)
    return event


def _masked(value: Any) -> Any:  # noqa: ANN401 - whatever was logged
    if isinstance(value, str):
        return _SECRET_TEXT.sub(REDACTED, value)
    if isinstance(value, Mapping):
        return {
            key: REDACTED if isinstance(key, str) and _SECRET_KEY.search(key) and inner else _masked(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    return value


def _add_request_id(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    current = request_id.get()
    if current:
        event.setdefault("request_id", current)
    return event
