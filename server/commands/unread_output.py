"""Notices that nobody reads standard output any longer, also while there is nothing to print.

A program that writes to a pipe learns by a write alone that the reader has gone. One that is silent for hours, as in
``tickets watch TKT-1001 | head -2``, would hold its connection and the shell for as long.
"""

import select
import sys
import threading
from collections.abc import Callable


def call_when_unread(callback: Callable[[], None]) -> None:
    """Calls ``callback`` once, from a thread of its own, when the pipe or socket behind standard output has lost its
    reader; never for a file, and never where the system cannot tell."""
    try:
        output = sys.stdout.fileno()
        poll = select.poll()
        poll.register(output, 0)  # its end is reported without being asked for
    except (AttributeError, OSError, ValueError):
        return

    def wait() -> None:
        poll.poll()
        callback()

    threading.Thread(target=wait, name="unread-output", daemon=True).start()
