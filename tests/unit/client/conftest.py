"""A ticket service that answers as each test tells it to, on a port of its own."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rich_status
import grpc
import pytest
from google.protobuf.message import Message
from grpc_status import rpc_status

from rodistaa.tickets.client import TicketsClient, connect
from rodistaa.tickets.v1 import (
    ticket_reads_pb2,
    ticket_service_pb2_grpc,
    ticket_watch_pb2,
    ticket_writes_pb2,
    timeline_reads_pb2,
)

Answer = Callable[[Any, grpc.ServicerContext], Any]


class ScriptedTickets(ticket_service_pb2_grpc.TicketServiceServicer):
    """Runs `answer`, and remembers each request with its metadata and remaining time."""

    def __init__(self) -> None:
        self.answer: Answer = lambda request, context: None
        self.requests: list[Any] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.time_remaining: list[float | None] = []

    def _record(self, request: Any, context: grpc.ServicerContext) -> None:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.time_remaining.append(context.time_remaining())

    def GetTicket(  # noqa: N802
        self, request: ticket_reads_pb2.GetTicketRequest, context: grpc.ServicerContext
    ) -> ticket_reads_pb2.GetTicketResponse:
        self._record(request, context)
        return self.answer(request, context) or ticket_reads_pb2.GetTicketResponse()

    def ListTickets(  # noqa: N802
        self, request: ticket_reads_pb2.ListTicketsRequest, context: grpc.ServicerContext
    ) -> ticket_reads_pb2.ListTicketsResponse:
        self._record(request, context)
        return self.answer(request, context) or ticket_reads_pb2.ListTicketsResponse()

    def CreateTicket(  # noqa: N802
        self, request: ticket_writes_pb2.CreateTicketRequest, context: grpc.ServicerContext
    ) -> ticket_writes_pb2.CreateTicketResponse:
        self._record(request, context)
        return self.answer(request, context) or ticket_writes_pb2.CreateTicketResponse()

    def WatchTimeline(  # noqa: N802
        self, request: timeline_reads_pb2.WatchTimelineRequest, context: grpc.ServicerContext
    ) -> Iterator[timeline_reads_pb2.WatchTimelineResponse]:
        self._record(request, context)
        yield from self.answer(request, context)

    def WatchTickets(  # noqa: N802
        self, request: ticket_watch_pb2.WatchTicketsRequest, context: grpc.ServicerContext
    ) -> Iterator[ticket_watch_pb2.WatchTicketsResponse]:
        self._record(request, context)
        yield from self.answer(request, context)


def abort(
    context: grpc.ServicerContext,
    code: grpc.StatusCode,
    message: str,
    *details: Message,
    reason: str,
    metadata: Mapping[str, str] | None = None,
    retry_after: timedelta | None = None,
) -> None:
    """Ends the call as the real server does, with the details of the contract."""
    status = rich_status.Status(code=code.value[0], message=message)
    status.details.add().Pack(error_details.ErrorInfo(reason=reason, metadata=metadata))
    for detail in details:
        status.details.add().Pack(detail)
    if retry_after is not None:
        retry = error_details.RetryInfo()
        retry.retry_delay.FromTimedelta(retry_after)
        status.details.add().Pack(retry)
    context.abort_with_status(rpc_status.to_status(status))


@pytest.fixture
def service() -> ScriptedTickets:
    return ScriptedTickets()  # type: ignore[abstract]  # most RPCs stay UNIMPLEMENTED


@pytest.fixture
def target(service: ScriptedTickets) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


@pytest.fixture
def client(target: str) -> Iterator[TicketsClient]:
    with connect(target, token="a-token", tls=False) as client:
        yield client
