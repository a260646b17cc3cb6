"""The app of a worker or beat process: `celery --app workers.app:app worker`, or `beat`."""

import gc
from typing import Any

from celery.signals import worker_before_create_process

from server.settings import Settings
from workers.factory import make_app
from workers.logs import own_logs

_settings = Settings()
own_logs(_settings)
app = make_app(_settings)


@worker_before_create_process.connect
def _share_memory(**_options: Any) -> None:  # noqa: ANN401 - Celery's own
    """The collector shall not write to what a child shares with its parent: that would copy most of it."""
    gc.freeze()
