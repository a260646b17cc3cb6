"""Give up the files of exports that are past their time."""

from server.application.exports.export_queue import ExportQueue


class ExpireExports:
    """Any number may run at once. The objects go with ``DeleteObjects``."""

    def __init__(self, exports: ExportQueue) -> None:
        self._exports = exports

    def __call__(self, *, limit: int) -> int:
        """Of at most so many jobs; how many. Raises Unavailable."""
        return self._exports.expire(limit=limit)
