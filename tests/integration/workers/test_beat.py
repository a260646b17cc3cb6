"""Beat ends when it is told to, wherever it happens to be."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest
from celery import Celery
from celery.apps.beat import Beat
from celery.beat import Scheduler, Service
from celery.signals import beat_init

from workers.beat import end_at_signals


class TidyingUp(Scheduler):
    """Told to end at a moment at which whatever is raised is caught."""

    ticks = 0

    def tick(self, *_arguments: object, **_options: object) -> float:
        type(self).ticks += 1
        assert self.ticks < 3, "it goes on"
        with suppress(BaseException):
            os.kill(os.getpid(), signal.SIGTERM)
        return 0.0


@pytest.fixture
def handlers() -> Iterator[None]:
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    beat_init.connect(end_at_signals)
    yield
    for each, handler in kept.items():
        signal.signal(each, handler)


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_nobody_hears_of_ends_it_all_the_same() -> None:
    app = Celery("scratch", broker="memory://")
    service = Service(app, scheduler_cls=TidyingUp)
    Beat(app=app).install_sync_handler(service)
    service.start()
    assert TidyingUp.ticks == 1
