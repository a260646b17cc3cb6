"""Giving the same answer to the same request: idempotency of mutations (AIP-155).

The application does not know what an answer looks like on the wire. The API passes an ``Answer`` along
with each command; it turns a result into an answer, and an answer into bytes and back, so that the
unit of work can keep the first answer in the transaction that made it true.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

R = TypeVar("R")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Identifies one request of one principal, and what it asked for."""

    request_id: UUID
    method: str
    fingerprint: bytes
    """SHA-256 of the request without its request_id: the same id with another fingerprint is refused."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[R, A]):
    """How to answer: ``present`` a result, ``dump`` and ``load`` an answer. No key, no memory."""

    key: RequestKey | None
    present: Callable[[R], A]
    dump: Callable[[A], bytes]
    load: Callable[[bytes], A]
