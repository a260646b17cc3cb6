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
    dated_as_told: bool = True
    """False where the role of the database may not do without triggers, which date by their own clock."""

    def sentence(self) -> str:
        """For whoever waited for it."""
        if not self.tickets and not self.staff:
            return "Everything is there already; nothing was added."
        added = (
            f"Added {self.tickets:,} tickets with {self.messages:,} messages and {self.audit_entries:,} audit entries,"
            f" and {self.staff:,} members of staff, in {self.seconds:.1f} s."
        )
        if self.dated_as_told:
            return added
        return (
            f"{added} Audit entries and last changes carry this moment instead of a past one: dating them takes a role"
            " that may set session_replication_role."
        )
