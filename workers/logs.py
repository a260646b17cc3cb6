"""The logs of workers and beats: like the server's, and silent about what is the same every second."""

import logging
import time
from typing import Any

from celery.signals import setup_logging

from server import log
from server.settings import Settings

ROUTINE = ("celery.app.trace", "celery.beat", "celery.worker.request", "celery.worker.strategy", "kombu")
"""Loggers with a line or more for each task. Their warnings and errors are heard."""
REPETITIVE = ("celery.beat", "celery.worker.consumer.consumer", "py.warnings")
"""Loggers that repeat themselves every few seconds while Redis is away."""
REPEATED_AFTER_SECONDS = 60.0


class OnceAMinute(logging.Filter):
    """Lets a message pass, whatever its arguments, when it did not within the last minute."""

    def __init__(self) -> None:
        super().__init__()
        self._passed_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, text = time.monotonic(), str(record.msg)
        passed_at = self._passed_at.get(text)
        if passed_at is not None and now - passed_at < REPEATED_AFTER_SECONDS:
            return False
        self._passed_at[text] = now
        return True


def own_logs(settings: Settings) -> None:
    """Whenever Celery sets up logs in this process, it shall be ours. For the module of an app, once."""

    def configure(**_options: Any) -> None:  # noqa: ANN401 - Celery's own levels and formats
        log.configure(settings.log_level, settings.log_format)
        if settings.log_level == "DEBUG":
            return
        for name in ROUTINE:
            logging.getLogger(name).setLevel(logging.WARNING)
        for name in REPETITIVE:
            logging.getLogger(name).addFilter(OnceAMinute())

    # Being connected to this signal is what keeps Celery from logs of its own.
    setup_logging.connect(configure, weak=False)
