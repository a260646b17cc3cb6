"""What a client sent that cannot become a request, named field by field."""

from collections.abc import Iterable
from typing import TypeAlias

Violation: TypeAlias = tuple[str, str]
"""Field path in the request, by the names of the contract, empty where it is none in particular; description."""


_MOST = 50


class BadRequest(Exception):
    """400: ``violations`` is what ``google.rpc.BadRequest`` tells the client. There is at least one."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations: list[Violation] = list(violations)
        super().__init__("; ".join(f"{field}: {description}" for field, description in self.violations))


class Violations(list[Violation]):
    """Collects violations. More than fifty help nobody, and to find them takes time: the fiftieth raises BadRequest."""

    def append(self, violation: Violation) -> None:
        super().append(violation)
        if len(self) == _MOST:
            raise BadRequest(self)


class UnsupportedMediaType(Exception):
    """415: the body is not JSON. The text says what is taken instead."""
