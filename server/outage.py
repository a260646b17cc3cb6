"""An outage is news twice: when it begins and when it is over."""

from __future__ import annotations

import structlog

_log = structlog.get_logger("server.outage")


class Outage:
    """Of one service, as one thread sees it."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._lasts = False

    def noticed(self, error: Exception) -> None:
        """The service could not be used. What an error of a driver quotes of addresses is masked by the log."""
        if not self._lasts:
            self._lasts = True
            _log.warning("away", service=self._service, cause=f"{type(error).__name__}: {error}")

    def over(self) -> None:
        """The service was used."""
        if self._lasts:
            self._lasts = False
            _log.info("back again", service=self._service)
