"""What runs in a worker's main process beside Celery's own loop: started after the pool was forked, ended before it is
joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from celery import bootsteps


class Companion(Protocol):
    def start(self) -> None:
        """Begin, in a thread of its own."""
        ...

    def stop(self) -> None:
        """End soon."""
        ...


def companions_step(make: Callable[[Any], Sequence[Companion]]) -> type[bootsteps.StartStopStep]:
    """A step of a worker's start. `make` is given Celery's WorkController.

    What a companion opens is seen by children that are forked later, so it must be nothing that breaks when a child
    merely ends; connections of psycopg and redis are not.
    """

    class Companions(bootsteps.StartStopStep):
        requires = ("celery.worker.components:Pool",)

        def __init__(self, worker: Any, **_options: object) -> None:  # noqa: ANN401 - untyped in Celery
            super().__init__(worker)
            self._companions: Sequence[Companion] = ()

        def start(self, worker: Any) -> None:  # noqa: ANN401
            self._companions = make(worker)
            for companion in self._companions:
                companion.start()

        def stop(self, worker: Any) -> None:  # noqa: ANN401, ARG002
            for companion in reversed(self._companions):
                companion.stop()
            self._companions = ()

        def terminate(self, worker: Any) -> None:  # noqa: ANN401
            self.stop(worker)

    return Companions
