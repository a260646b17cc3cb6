"""The supervising process of the tests; prints the port."""

import sys

from server.processes import Layout, run_processes
from server.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    sys.exit(
        run_processes(
            Layout(
                command=[sys.executable, "-m", "tests.integration.processes.child"],
                count=settings.processes,
                host=settings.grpc_host,
                port=settings.grpc_port,
                drain_grace_seconds=settings.drain_grace_seconds,
                metrics_port=settings.metrics_port,
                log_level=settings.log_level,
                log_format=settings.log_format,
            ),
            on_port=lambda port: print(port, flush=True),  # noqa: T201 - for the test
        )
    )
