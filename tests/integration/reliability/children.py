"""The processes behind a supervising one."""

from pathlib import Path

from tests.running import ServerProcess


def children_of(process: ServerProcess) -> list[int]:
    """Their ids, in the order in which they were started."""
    pid = process.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
