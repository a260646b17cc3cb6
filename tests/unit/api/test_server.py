"""Listening, health, reflection, TLS, and the way down."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import directory_service_pb2_grpc as pb_grpc
from server.adapters.identity.certificates import CertificatePrincipals
from server.api.interceptors.authentication import Authentication
from server.api.interceptors.chain import Concerns
from server.api.server import ServerOptions
from server.api.tls import TlsFiles
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from tests.unit.api.certificates import authority, client_certificate, server_certificate
from tests.unit.api.rig import DIRECTORY, LIST_MEMBERS, TOKEN, OneToken, Rig, failure, health_of, running


class Readiness:
    """A dependency that comes and goes, and tells when it was last asked."""

    def __init__(self, *, up: bool) -> None:
        self.up: bool | Exception = up
        self._asked = threading.Condition()
        self._count = 0

    def __call__(self) -> bool:
        with self._asked:
            self._count += 1
            self._asked.notify_all()
        if isinstance(self.up, Exception):
            raise self.up
        return self.up

    def asked_twice_more(self) -> None:
        """When it is asked again, the answer before that has been acted upon."""
        with self._asked:
            seen = self._count
            assert self._asked.wait_for(lambda: self._count >= seen + 2, timeout=10)


QUICK = ServerOptions(port=0, readiness_interval_seconds=0.01)


def test_health_follows_readiness_for_the_server_and_each_service() -> None:
    ready = Readiness(up=False)
    with running(options=QUICK, ready=ready) as rig:
        for up, expected in ((False, "NOT_SERVING"), (True, "SERVING"), (RuntimeError("database"), "NOT_SERVING")):
            ready.up = up
            ready.asked_twice_more()
            assert [health_of(rig), health_of(rig, DIRECTORY)] == [expected, expected]


def test_health_of_a_service_that_is_not_here() -> None:
    with running() as rig, pytest.raises(grpc.RpcError) as caught:
        health_of(rig, "no.such.Service")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", ["v1alpha", "v1"])
def test_reflection_lists_the_services_without_credentials(version: str) -> None:
    with running() as rig:
        ask = rig.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        (answer,) = ask(iter([request]), timeout=10)
    names = {service.name for service in answer.list_services_response.service}
    assert {DIRECTORY, "grpc.health.v1.Health"} <= names


def test_idle_reflection_streams_do_not_keep_calls_out() -> None:
    leave = threading.Event()

    def requests() -> Any:
        leave.wait(30)
        yield from ()

    with running(options=ServerOptions(port=0, threads=1)) as rig:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(rig.channel)
        streams = [stub.ServerReflectionInfo(requests(), timeout=30) for _ in range(8)]
        rig.list_members()
        assert health_of(rig) == "SERVING"
        leave.set()
        for stream in streams:
            stream.cancel()


def test_two_servers_do_not_share_a_port_by_accident() -> None:
    with (
        running() as rig,
        pytest.raises(OSError, match="is the port taken"),
        running(options=ServerOptions(port=rig.server.port)),
    ):
        pass


def test_a_message_over_the_limit_is_refused() -> None:
    options = ServerOptions(port=0, max_message_bytes=64 * 1024)
    with running(options=options) as rig, pytest.raises(grpc.RpcError) as caught:
        rig.raw(LIST_MEMBERS, b"a" * 70_000)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


# --- the way down


def slow(rig: Rig) -> tuple[Any, threading.Event]:
    """A call that is under way in the server, and what lets it go on."""
    entered, leave = threading.Event(), threading.Event()

    def behave() -> pb.ListMembersResponse:
        entered.set()
        leave.wait(30)
        return pb.ListMembersResponse(next_page_token="done")

    rig.directory.behave = behave
    call = rig.stub.ListMembers.future(pb.ListMembersRequest(), metadata=TOKEN, timeout=30)
    assert entered.wait(10)
    return call, leave


def in_background(act: Callable[[], bool]) -> tuple[threading.Thread, list[bool]]:
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(act()))
    thread.start()
    return thread, results


def test_a_drain_lets_calls_finish() -> None:
    with running() as rig:
        call, leave = slow(rig)
        draining = threading.Event()
        rig.server.before_stop(draining.set)
        thread, finished = in_background(lambda: rig.server.drain(20.0))
        assert draining.wait(10)
        assert not rig.server.health.serving
        leave.set()
        assert call.result(timeout=10).next_page_token == "done"
        thread.join(10)
        assert finished == [True]
        with grpc.insecure_channel(f"127.0.0.1:{rig.server.port}") as late, pytest.raises(grpc.RpcError) as caught:
            pb_grpc.DirectoryServiceStub(late).ListMembers(pb.ListMembersRequest(), metadata=TOKEN, timeout=5)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_drain_does_not_wait_for_ever() -> None:
    with running() as rig:
        call, leave = slow(rig)
        assert rig.server.drain(0.05) is False
        assert call.exception(timeout=10) is not None
        leave.set()


# --- TLS


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_renewed_certificate_is_taken_up_without_restart(tmp_path: Path) -> None:
    old, new = authority(), authority()
    first, second = server_certificate(old), server_certificate(new)
    files = TlsFiles(write(tmp_path / "tls.pem", first.pem), write(tmp_path / "tls.key", first.key_pem))

    def trusting(port: int, root: bytes) -> str:
        credentials = grpc.ssl_channel_credentials(root)
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.secure_channel(f"localhost:{port}", credentials, options) as channel:
            try:
                pb_grpc.DirectoryServiceStub(channel).ListMembers(pb.ListMembersRequest(), metadata=TOKEN, timeout=5)
            except grpc.RpcError as error:
                return str(error.code().name)
            return "OK"

    with running(options=ServerOptions(port=0, tls=files)) as rig:
        port = rig.server.port
        assert [trusting(port, old.pem), trusting(port, new.pem)] == ["OK", "UNAVAILABLE"]
        files.private_key.unlink()
        assert trusting(port, old.pem) == "OK", "a renewal half done leaves the old certificate in use"
        write(files.certificate, second.pem)
        write(files.private_key, second.key_pem)
        assert trusting(port, new.pem) == "OK"


@pytest.mark.parametrize(
    ("common_name", "uri", "caller"),
    [
        ("anything", "spiffe://rodistaa/booking", "svc-booking"),
        ("billing", None, "svc-billing"),
        ("spiffe://rodistaa/booking", None, None),
        ("stranger", "spiffe://rodistaa/stranger", None),
    ],
)
def test_a_client_certificate_stands_for_a_service(
    tmp_path: Path, common_name: str, uri: str | None, caller: str | None
) -> None:
    root = authority()
    own, client = server_certificate(root), client_certificate(root, common_name, uri)
    tls = TlsFiles(
        write(tmp_path / "tls.pem", own.pem),
        write(tmp_path / "tls.key", own.key_pem),
        client_ca=write(tmp_path / "ca.pem", root.pem),
    )
    known = CertificatePrincipals(
        {
            "spiffe://rodistaa/booking": Principal(UserId("svc-booking"), Role.SYSTEM),
            "billing": Principal(UserId("svc-billing"), Role.SYSTEM),
        }
    )
    credentials = grpc.ssl_channel_credentials(root.pem, client.key_pem, client.pem)
    with running(Concerns(Authentication(OneToken(), known)), options=ServerOptions(port=0, tls=tls)) as rig:
        with grpc.secure_channel(f"localhost:{rig.server.port}", credentials) as channel:
            stub = pb_grpc.DirectoryServiceStub(channel)
            if caller is None:
                error = failure(lambda: stub.ListMembers(pb.ListMembersRequest(), timeout=5))
                assert error.info.reason == "TOKEN_MISSING"
            else:
                stub.ListMembers(pb.ListMembersRequest(), timeout=5)
                assert rig.directory.calls[0].principal.user_id == caller
            stub.ListMembers(pb.ListMembersRequest(), metadata=TOKEN, timeout=5)
            assert rig.directory.calls[-1].principal.user_id == "asha", "a token, when sent, decides"
        with grpc.secure_channel(f"localhost:{rig.server.port}", grpc.ssl_channel_credentials(root.pem)) as channel:
            with pytest.raises(grpc.RpcError) as caught:
                pb_grpc.DirectoryServiceStub(channel).ListMembers(pb.ListMembersRequest(), metadata=TOKEN, timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
