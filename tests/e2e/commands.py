"""`tickets` as a person runs it against an instance, with what it printed."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.test_front_door import Running

PATIENCE = 120


@dataclass(frozen=True)
class Person:
    """Somebody with a token, at a terminal in a directory of their own."""

    instance: Running
    token: str
    directory: Path

    def begin(
        self, *arguments: str, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Starts the command."""
        return subprocess.Popen(
            [sys.executable, "-m", "server.cli", *arguments],
            cwd=self.directory,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("TICKETS_")},
                "TICKETS_GRPC_PORT": str(self.instance.port),
                "TICKETS_TOKEN": self.token,
            },
            stdout=stdout,
            stderr=stderr,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out.decode(), err.decode()
