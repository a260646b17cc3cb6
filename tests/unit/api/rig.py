"""A real server on a free port, with the smallest servicer there is, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import directory_service_pb2_grpc as pb_grpc
from server.api.calls import call_of
from server.api.interceptors.authentication import Authentication
from server.api.interceptors.chain import Concerns
from server.api.server import Registration, ServerOptions, TicketsServer, build_server
from server.application.call import Call
from server.domain.errors import Unauthenticated
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role

DIRECTORY = "rodistaa.tickets.v1.DirectoryService"
LIST_MEMBERS = f"/{DIRECTORY}/ListMembers"
TOKEN = (("authorization", "Bearer good"),)


class OneToken:
    """Knows one token, ``good``."""

    def verify(self, token: str) -> Principal:
        if token != "good":
            raise Unauthenticated("The token is not valid.")
        return Principal(UserId("asha"), Role.ADMIN)


class Directory(pb_grpc.DirectoryServiceServicer):
    """Answers as the test says, and remembers the calls it was given. UpsertMember stays unimplemented."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.behave: Callable[[], pb.ListMembersResponse] = pb.ListMembersResponse

    def ListMembers(  # noqa: N802 - generated name
        self, request: pb.ListMembersRequest, context: grpc.ServicerContext
    ) -> pb.ListMembersResponse:
        self.calls.append(call_of(context))
        return self.behave()


@dataclass
class Rig:
    """One server, one channel."""

    server: TicketsServer
    channel: grpc.Channel
    directory: Directory

    @property
    def stub(self) -> pb_grpc.DirectoryServiceStub:
        return pb_grpc.DirectoryServiceStub(self.channel)

    def list_members(self, metadata: Any = TOKEN, **kwargs: Any) -> grpc.Call:
        """The finished call, so that its trailers can be looked at."""
        _, call = self.stub.ListMembers.with_call(pb.ListMembersRequest(), metadata=metadata, timeout=10, **kwargs)
        return call

    def raw(self, path: str, body: bytes, metadata: Any = TOKEN) -> bytes:
        """A call with any bytes to any path."""
        call: Any = self.channel.unary_unary(path)
        answer: bytes = call(body, metadata=metadata, timeout=10)
        return answer


@contextmanager
def running(
    concerns: Concerns | None = None,
    *,
    options: ServerOptions | None = None,
    registrations: list[Registration] | None = None,
    ready: Callable[[], bool] = lambda: True,
) -> Iterator[Rig]:
    directory = Directory()  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
    served = registrations or [
        Registration.of(DIRECTORY, pb_grpc.add_DirectoryServiceServicer_to_server, directory),
    ]
    server = build_server(
        options or ServerOptions(port=0), served, concerns or Concerns(Authentication(OneToken())), ready
    )
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
    try:
        yield Rig(server, channel, directory)
    finally:
        channel.close()
        server.drain(5.0)


def health_of(rig: Rig, service: str = "") -> str:
    """What the health service says, by name."""
    stub: Any = health_pb2_grpc.HealthStub(rig.channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    name: str = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    return name


@dataclass(frozen=True)
class Seen:
    """A failed call as the client sees it."""

    code: grpc.StatusCode
    message: str
    info: error_details.ErrorInfo
    details: rpc_status.Status
    request_id: str

    def detail(self, kind: Any) -> Any:
        """The one detail of this kind."""
        found = kind()
        (packed,) = [entry for entry in self.details.details if entry.Is(kind.DESCRIPTOR)]
        packed.Unpack(found)
        return found


def failure(act: Callable[[], object]) -> Seen:
    """Fails unless ``act`` ends in an error that carries ErrorInfo."""
    with pytest.raises(grpc.RpcError) as caught:
        act()
    return seen(caught.value)


def seen(error: Any) -> Seen:
    trailers = dict(error.trailing_metadata() or ())
    assert "grpc-status-details-bin" in trailers, f"no details in {error}"
    status = rpc_status.Status.FromString(trailers["grpc-status-details-bin"])
    info = error_details.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "tickets.rodistaa.com"
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    return Seen(error.code(), error.details(), info, status, trailers["x-request-id"])
