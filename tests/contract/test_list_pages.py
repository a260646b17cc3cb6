"""A list is the same in whatever pages it is read, though its tickets are seen for different reasons."""

import pytest

from rodistaa.tickets.client import iterate_pages
from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.running import Running
from tests.ticket_requests import REASON, new_ticket

ORDERS = [
    f"{field} {direction}"
    for field in ("created_at", "updated_at", "sla_due_at", "priority")
    for direction in ("asc", "desc")
]
PRIORITIES = (t.TICKET_PRIORITY_LOW, t.TICKET_PRIORITY_HIGH)


@pytest.mark.parametrize("franchises", [("FR-1",), ("FR-1", "FR-2")])
def test_a_ticket_seen_for_several_reasons_is_listed_once(fresh_server: Running, franchises: tuple[str, ...]) -> None:
    agent = fresh_server.client(Role.FRANCHISE_AGENT, "agent", franchises).tickets
    manager = fresh_server.client(Role.OPS_MANAGER, "manager").tickets
    mine = [agent.CreateTicket(new_ticket(priority=priority)).ticket.id for priority in PRIORITIES]
    theirs = [
        manager.CreateTicket(new_ticket(priority=priority, assigned_franchise_id=franchise)).ticket.id
        for priority in PRIORITIES
        for franchise in ("", "FR-1", "FR-2", "FR-3")
    ]
    for ticket_id in (mine[0], theirs[0], theirs[1], theirs[5]):
        manager.AssignTicket(
            writes.AssignTicketRequest(id=ticket_id, owner_id="agent", owner_role=t.ROLE_FRANCHISE_AGENT, reason=REASON)
        )
    for ticket_id in (mine[1], theirs[1], theirs[3]):
        manager.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id, user_id="agent", watching=True))

    for order in ORDERS:
        whole = agent.ListTickets(reads.ListTicketsRequest(order_by=order, include_total=True))
        ids = [ticket.id for ticket in whole.tickets]
        assert len(ids) == len(set(ids)) == whole.total_size
        assert set(mine) <= set(ids)
        assert (theirs[7] in ids, theirs[6] in ids) == (False, "FR-2" in franchises)
        expected = [
            ticket.id
            for ticket in manager.ListTickets(reads.ListTicketsRequest(order_by=order)).tickets
            if ticket.id in ids
        ]
        assert ids == expected
        pages = iterate_pages(agent.ListTickets, reads.ListTicketsRequest(order_by=order, page_size=2))
        assert [ticket.id for page in pages for ticket in page.tickets] == expected


def test_one_value_and_several_of_a_filter_agree(fresh_server: Running) -> None:
    manager = fresh_server.client(Role.OPS_MANAGER, "manager").tickets
    for priority in PRIORITIES:
        manager.CreateTicket(new_ticket(priority=priority))

    def listed(*priorities: t.TicketPriority.ValueType) -> list[t.TicketPriority.ValueType]:
        where = filter_pb2.TicketFilter(priorities=priorities)
        return [ticket.priority for ticket in manager.ListTickets(reads.ListTicketsRequest(filter=where)).tickets]

    assert [listed(priority) for priority in PRIORITIES] == [[priority] for priority in PRIORITIES]
    assert sorted(listed(*PRIORITIES)) == sorted(PRIORITIES)
