"""What a search costs does not depend on how ill-willed the tickets and the words are."""

import random

import grpc
import pytest

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from tests.running import Running

WORDS = [f"zorro{number}" for number in range(60)]


def test_the_number_of_words_is_bounded(server: Running) -> None:
    admin = server.client("admin").tickets
    admin.SearchTickets(reads.SearchTicketsRequest(query=" ".join(WORDS[:32])))
    with pytest.raises(TicketsError) as caught:
        admin.SearchTickets(reads.SearchTicketsRequest(query=" ".join(WORDS[:33])))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert [violation.field for violation in caught.value.field_violations] == ["query"]


def test_long_descriptions_made_of_the_words_are_found_and_shown(fresh_server: Running) -> None:
    """Cover density over such a text took 30 ms a ticket, and highlighting all of it 70 ms."""
    shipper = fresh_server.client("shipper").tickets
    draw = random.Random(7)
    made = [
        shipper.CreateTicket(
            writes.CreateTicketRequest(
                ticket=t.Ticket(
                    title=f"Words and words, number {number}",
                    description=" ".join(draw.choices(WORDS, k=2_500))[:20_000],
                )
            )
        ).ticket.id
        for number in range(10)
    ]
    query = " or ".join(WORDS[:16])
    results = shipper.SearchTickets(reads.SearchTicketsRequest(query=query, page_size=200), timeout=5).results
    assert sorted(result.ticket.id for result in results) == sorted(made)
    assert all(any(segment.is_match for segment in result.snippet) for result in results)
