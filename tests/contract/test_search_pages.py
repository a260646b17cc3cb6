"""A search reaches every match once, newest first, however many there are and however long ago they were."""

import pytest

from rodistaa.tickets.client import iterate_pages
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from server.domain.roles import Role
from tests.running import Running

MATCHES = 1300
"""More than two blocks."""


def _insert_old_tickets(server: Running) -> list[str]:
    """Matches over a year, all as good as each other; the newest first."""
    with server.database.connect() as connection:
        rows = connection.execute(
            """
            INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, priority, created_at)
            SELECT
                'Payment oldsearch pending', 'The money for this load has not come so far.',
                CASE WHEN n %% 2 = 0 THEN 'old-shipper' ELSE 'another' END, 'shipper',
                CASE WHEN n %% 3 = 0 THEN 'ops_agent' ELSE 'ops_manager' END, 'HIGH',
                now() - n * interval '365 days' / %s
            FROM generate_series(1, %s) AS n
            RETURNING id, created_at
            """,
            [MATCHES, MATCHES],
        ).fetchall()
    return [ticket_id for ticket_id, _ in sorted(rows, key=lambda row: row[1], reverse=True)]


@pytest.mark.parametrize("page_size", [200, 170])
def test_pages_reach_every_match_once_newest_first(fresh_server: Running, page_size: int) -> None:
    expected = _insert_old_tickets(fresh_server)
    manager = fresh_server.client(Role.OPS_MANAGER).tickets
    agent = fresh_server.client(Role.OPS_AGENT).tickets
    shipper = fresh_server.client(Role.SHIPPER, "old-shipper").tickets
    request = reads.SearchTicketsRequest(query="oldsearch payment", page_size=page_size)

    def found(searching: TicketServiceStub) -> list[str]:
        pages = iterate_pages(searching.SearchTickets, request)
        return [result.ticket.id for page in pages for result in page.results]

    assert found(manager) == expected
    assert found(agent) == expected[2::3]
    assert found(shipper) == expected[1::2]


def test_a_search_without_matches_is_empty(fresh_server: Running) -> None:
    manager = fresh_server.client(Role.OPS_MANAGER).tickets
    page = manager.SearchTickets(reads.SearchTicketsRequest(query="nothinglikeit"))
    assert (list(page.results), page.next_page_token) == ([], "")
