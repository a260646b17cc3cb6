"""Who the embedded PostgreSQL runs as: the current user, or somebody harmless in place of root."""

import os
import pwd
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = 0
PREFERRED_NAMES = ("postgres", "nobody")


_BECOME = """
import os, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[1]))
os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """The user that owns the cluster's files and processes.

    PostgreSQL refuses to run as root. Root runs it as `postgres`, or else as `nobody`, with group
    root: directories above the cluster then need no more than the search bit for their own group,
    and nothing of root's is opened to the other users of the machine.
    """

    uid: int
    substitute: bool
    """Whether this account stands in for root."""

    @classmethod
    def current(cls) -> Self:
        """Raises LookupError when root has no account to fall back on."""
        if os.geteuid() != ROOT:
            return cls(os.geteuid(), substitute=False)
        for name in PREFERRED_NAMES:
            try:
                return cls(pwd.getpwnam(name).pw_uid, substitute=True)
            except KeyError:
                continue
        raise LookupError(f"PostgreSQL refuses to run as root and there is no {PREFERRED_NAMES}")

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The command line that runs the program as this account.

        The change of user happens in a process of its own, not by subprocess's ``user=``: that forks, and
        the fork handlers of a gRPC library in this process, which start threads, then crash the child.
        """
        command = [str(program), *arguments]
        if not self.substitute:
            return command
        return [sys.executable, "-I", "-S", "-c", _BECOME, str(self.uid), str(ROOT), *command]

    def own(self, directory: Path) -> None:
        """See that the directory exists, is this account's alone, and can be reached by it.

        Raises PermissionError when somebody else holds the name, as may happen in a shared /tmp.
        """
        try:
            directory.mkdir(mode=0o700, parents=True)
            self.give(directory)
        except FileExistsError:
            pass
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.uid:
            raise PermissionError(f"{directory} is not a directory of user {self.uid}")
        if found.st_mode & 0o077:
            directory.chmod(0o700)
        self.admit(directory)

    def give(self, path: Path) -> None:
        if self.substitute:
            os.chown(path, self.uid, ROOT)

    def admit(self, path: Path) -> None:
        """Let the account pass through the directories above the path."""
        if not self.substitute:
            return
        for directory in path.resolve().parents:
            found = directory.stat()
            needed = stat.S_IXGRP if found.st_gid == ROOT else stat.S_IXOTH
            if not found.st_mode & needed and found.st_uid != self.uid:
                directory.chmod(stat.S_IMODE(found.st_mode) | needed)
