"""How beat ends.

Celery's own handler of SIGTERM raises SystemExit wherever beat happens to be. In the midst of sending a message that
may be caught by what cleans up after a broken connection, and then beat would go on for ever.
"""

import signal
from typing import Any, NoReturn

from celery.beat import Service


def end_at_signals(sender: Service, **_options: Any) -> None:  # noqa: ANN401 - Celery's own
    """For the signal ``beat_init``, in place of Celery's handlers: tells the loop to end before it raises."""

    def end(_signal: int, _frame: object) -> NoReturn:
        sender.stop()
        raise SystemExit

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
