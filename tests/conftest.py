"""Fixtures for all tests."""

import signal

from hypothesis import settings

from tests.database import *  # noqa: F403 - pytest finds fixtures and hooks by their names here
from tests.gateway_process import *  # noqa: F403 - as above
from tests.minio_process import *  # noqa: F403 - as above
from tests.redis_process import *  # noqa: F403 - as above
from tests.running import *  # noqa: F403 - as above
from tests.worker_processes import *  # noqa: F403 - as above

settings.register_profile("nightly", max_examples=10_000, deadline=None, derandomize=False, print_blob=True)
"""For `make test-nightly`; tests that name a number of examples keep it."""

# A shell that runs the tests in the background has them ignore Ctrl-C, and every process that they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
