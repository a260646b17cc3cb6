"""Terms that tickets have, for completing what somebody types."""

from dataclasses import dataclass
from enum import StrEnum

from server.domain.tickets import LinkedType


class TermKind(StrEnum):
    """What is completed."""

    TAG = "TAG"
    FRANCHISE_ID = "FRANCHISE_ID"
    LINKED_ID = "LINKED_ID"


@dataclass(frozen=True, slots=True)
class TermQuery:
    """How the terms begin (empty: anyhow), case ignored, and the most of them."""

    kind: TermKind
    prefix: str
    linked_type: LinkedType | None
    """For LINKED_ID, which has one always."""
    limit: int


@dataclass(frozen=True, slots=True)
class TermCount:
    """A term, and how many of the tickets that were looked at have it."""

    term: str
    ticket_count: int
