"""Lists that are narrowed by words, more of them than are looked up for all at a time."""

from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from server.domain.roles import Role
from tests.integration.postgres.rows import insert_ticket, update_ticket
from tests.integration.watching.followers import ListFollower, client_of
from tests.running import Running, token_for
from tests.waiting import eventually

WORDS = [f"word{letter}{other}" for letter in "abcdef" for other in "ghijkl"]
MANAGER = token_for(Role.OPS_MANAGER)


def test_everybody_gets_the_tickets_with_his_words(fresh_server: Running) -> None:
    expected: dict[str, set[str]] = {word: set() for word in WORDS}
    with fresh_server.database.connect() as connection, client_of(fresh_server.target, MANAGER) as client:
        followers = {word: ListFollower(TicketFilter(text=word)) for word in WORDS}
        everything = ListFollower()
        for follower in (*followers.values(), everything):
            follower.open(client)
        for _ in range(3):  # those who had to go on by themselves join again
            with connection.transaction():  # so that all of it is one page
                for word, ids in expected.items():
                    if ids:
                        update_ticket(connection, ids.pop(), title="Nothing of that any more")
                    ids |= {insert_ticket(connection, title=f"Payment of {word} is missing") for _ in range(2)}
            eventually(
                lambda: all(set(followers[word].held) == ids for word, ids in expected.items()),
                within=60,
                what="the tickets of everybody",
            )
        assert len(everything.held) == 3 * 2 * len(WORDS)
        assert [follower.faults for follower in (*followers.values(), everything) if follower.faults] == []
