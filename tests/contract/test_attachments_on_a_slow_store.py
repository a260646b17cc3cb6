"""A store that answers, and then takes its time: it must not take the server with it."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Thread

import grpc
import pytest

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.attachment_requests import create
from tests.contract.expectations import refused
from tests.contract.requests import ticket
from tests.database import Database
from tests.running import running

SIZE = 10_000_000


class TricklingStore:
    """Gives the head of every answer at once, and the body byte by byte, never the last one."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closed = Event()
        self.reading = Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                Thread(target=self._answer, args=(self._listener.accept()[0],), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\nContent-Type: application/pdf\r\n\r\n".encode()
        with connection, suppress(OSError):
            while request := connection.recv(65536):
                connection.sendall(head)
                if request.startswith(b"GET"):
                    self.reading.set()
                    while not self._closed.wait(0.02):
                        connection.sendall(b"x")


@pytest.fixture
def store() -> Iterator[TricklingStore]:
    trickling = TricklingStore()
    yield trickling
    trickling.close()


@contextmanager
def serving(database: Database, store: TricklingStore, seconds: float) -> Iterator[TicketsClient]:
    """With four threads, and calls that take so long at most."""
    settings = {"s3_endpoint": store.url, "s3_access_key": "tests", "s3_secret_key": "tests-secret"}
    with running(database, threads=4, call_timeout_seconds=seconds, **settings) as served:
        yield served.client(Role.SHIPPER, "files-shipper")


def announce(client: TicketsClient) -> tuple[str, pb.CompleteAttachmentRequest]:
    ticket_id = client.tickets.CreateTicket(writes.CreateTicketRequest(ticket=ticket())).ticket.id
    made = create(client, ticket_id, file_size_bytes=SIZE).attachment
    return ticket_id, pb.CompleteAttachmentRequest(id=made.id)


def test_a_deadline_ends_the_reading(database: Database, store: TricklingStore) -> None:
    with serving(database, store, 1.0) as shipper:
        _, request = announce(shipper)
        refused(shipper.attachments.CompleteAttachment, request, code=grpc.StatusCode.DEADLINE_EXCEEDED)


def test_a_quarter_of_the_threads_reads_and_the_others_serve(database: Database, store: TricklingStore) -> None:
    with serving(database, store, 20.0) as shipper, ThreadPoolExecutor(1) as other:
        ticket_id, request = announce(shipper)
        held = other.submit(shipper.attachments.CompleteAttachment, request)
        assert store.reading.wait(20)
        refused(shipper.attachments.CompleteAttachment, request, code=grpc.StatusCode.UNAVAILABLE)
        assert shipper.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket.id == ticket_id
        assert not held.done()
        store.close()
        assert held.exception() is not None
