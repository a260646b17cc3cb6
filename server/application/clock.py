"""The time, as a port, so that use cases can be asked about any instant."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Returns the present instant, aware, UTC."""
