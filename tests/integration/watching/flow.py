"""A ticket that is written to, and two followers that must miss nothing of it, whatever else happens."""

from collections.abc import Callable, Sequence

from rodistaa.tickets.client import TicketsClient
from tests.database import Database
from tests.integration.postgres.rows import insert_message, insert_ticket, update_ticket
from tests.integration.watching.followers import ListFollower, TimelineFollower, listed, timeline
from tests.waiting import eventually


class Flow:
    """Writes past the servers, reads through them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written = 0
        with database.connect() as connection:
            self.ticket = insert_ticket(connection)
        self.entries = TimelineFollower(self.ticket)
        self.tickets = ListFollower()
        self._last = self.ticket

    @property
    def followers(self) -> Sequence[ListFollower | TimelineFollower]:
        return self.entries, self.tickets

    def open(self, client: TicketsClient) -> None:
        """Both streams, from where they are."""
        for follower in self.followers:
            follower.open(client)

    def begin(self, client: TicketsClient) -> None:
        """And both are told what there is."""
        self.open(client)
        eventually(self._is_told, what="the beginning")

    def write(self, times: int = 3) -> None:
        """Messages, changes of the ticket, and a new ticket at last."""
        with self._database.connect() as connection:
            for _ in range(times):
                self._written += 1
                insert_message(connection, self.ticket)
                update_ticket(connection, self.ticket, title=f"Payment is late, {self._written}")
            self._last = insert_ticket(connection)

    def burn_numbers(self, times: int) -> None:
        """Transactions that have a number and come to nothing."""
        with self._database.connect(autocommit=False) as connection:
            for _ in range(times):
                connection.execute("SELECT pg_current_xact_id()")
                connection.rollback()

    def is_told(self) -> None:
        """All of it, by the streams that are open."""
        eventually(self._is_told, within=30, what="what was written")

    def _is_told(self) -> bool:
        return self.entries.numbers == list(range(1, 2 + 2 * self._written)) and self._last in self.tickets.held

    @property
    def still_open(self) -> bool:
        """Whether no stream has ended."""
        return not any(follower.stream.is_over for follower in self.followers)

    def reckon(self, client: TicketsClient) -> None:
        """Nothing was missed, nothing told twice."""
        self.is_told()
        assert self.entries.numbers == [entry.seq for entry in timeline(client, self.ticket)]
        eventually(lambda: self.tickets.held == listed(client, self.tickets.where), what="the list")
        for follower in self.followers:
            assert follower.faults == []

    def close(self) -> None:
        """Break the streams off."""
        for follower in self.followers:
            follower.close()


def until_it_works(work: Callable[[], object], error: type[Exception]) -> None:
    """Try it until it does not raise that."""

    def attempt() -> bool:
        try:
            work()
        except error:
            return False
        return True

    eventually(attempt, within=30, what="success")
