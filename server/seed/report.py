"""What a seeding did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeedReport:
    """Rows that this run added; all zero when everything was there already."""

    tickets: int
    messages: int
    audit_entries: int
    staff: int
    seconds: float
