"""Calls over HTTP whose client or server goes away; and whose address the audit names."""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.database import Database, TestServer
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.api_calls import (
    ADMIN,
    JSON,
    TICKET,
    call,
    head_sent,
    made,
    refused,
)
from tests.integration.gateway.requests import request
from tests.integration.reliability.connections import blocked_statements
from tests.running import Running, StartServer, free_port, running, shared_data_dir
from tests.unit.api import certificates
from tests.waiting import eventually

SHORTLY = {"Grpc_Timeout": "300m", "Content_Type": "application/json"}
TITLE = json.dumps({"title": "A title of another kind"}).encode()


@pytest.fixture
def api(fresh_server: Running) -> Iterator[Gateway]:
    """A gateway before a server of the test's own."""
    with serving_gateway(shared_data_dir(), gateway_target=fresh_server.target) as gateway:
        yield gateway


def test_who_goes_away_is_not_worked_for(api: Gateway, database: Database) -> None:
    ticket_id = made(api)["id"]
    target = f"/admin/tickets/{ticket_id}?updateMask=title"
    with database.connect(autocommit=False) as holder:
        holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ticket_id])
        with head_sent(api, "PATCH", target, {**JSON, "Content-Length": str(len(TITLE))}) as connection:
            connection.sendall(TITLE)
            eventually(lambda: blocked_statements(database) == 1, what="the call")
        # Nobody waits for the statement any more: it ends although the lock is still held.
        eventually(lambda: blocked_statements(database) == 0, what="its end")
    eventually(lambda: json.loads(api.log[-1])["status"] == 0, what="the line of the access log")
    assert call(api, "GET", "/admin/tickets?pageSize=1").status == 200


def test_a_deadline_is_kept_and_told(api: Gateway, database: Database) -> None:
    ticket_id = made(api)["id"]
    with database.connect(autocommit=False) as holder:
        holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ticket_id])
        answer = call(api, "PATCH", f"/admin/tickets/{ticket_id}?updateMask=title", TITLE, **SHORTLY)
        refused(answer, 504, grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        eventually(lambda: blocked_statements(database) == 0, what="the statement's end")


def test_a_server_that_is_away_and_comes_back(server_processes: StartServer) -> None:
    port = free_port()
    with serving_gateway(shared_data_dir(), gateway_target=f"127.0.0.1:{port}") as gateway:
        for _ in range(2):
            answer = call(gateway, "GET", "/admin/tickets")
            refused(answer, 503, grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
            assert answer.headers["retry-after"] == "1"
            assert request("GET", f"{gateway.url}/healthz").status == 200
            server = server_processes(port=port)
            server.wait_ready()
            eventually(lambda: call(gateway, "GET", "/admin/tickets").status == 200, what="the server")
            server.kill()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_changes_repeated_with_their_key_are_made_once_whatever_becomes_of_the_server(
    server_processes: StartServer, database: Database, end: str
) -> None:
    """Each by a client that repeats what got no answer of the server."""
    port = free_port()
    first = server_processes(port=port)
    first.wait_ready()

    def change(gateway: Gateway, _number: int) -> str:
        key = uuid4().hex

        def attempt() -> Any:
            answer = call(gateway, "POST", "/tickets", TICKET, Idempotency_Key=key)
            if answer.status == 200:
                return answer
            assert answer.status in {499, 503, 409}, answer.body
            return None

        return str(json.loads(eventually(attempt, within=60.0).body)["id"])

    with (
        serving_gateway(shared_data_dir(), gateway_target=f"127.0.0.1:{port}") as gateway,
        ThreadPoolExecutor(8) as pool,
    ):
        changes = [pool.submit(change, gateway, number) for number in range(200)]
        eventually(lambda: sum(each.done() for each in changes) >= 20, what="the first changes")
        getattr(first, end)()
        server_processes(port=port).wait_ready()
        ids = {each.result() for each in changes}
    with database.connect() as connection:
        stored = {row[0] for row in connection.execute("SELECT id FROM tickets").fetchall()}
    assert len(ids) == 200
    assert stored == ids


def test_a_page_of_megabytes_comes_whole(api: Gateway) -> None:
    """The server ends a page where a message would be too large."""
    ids = {made(api, description="\u0bb5" * 20_000)["id"] for _ in range(75)}
    found: list[str] = []
    target = "/admin/tickets?pageSize=200"
    while target:
        answer = call(api, "GET", target, Accept_Encoding="gzip")
        assert answer.status == 200
        page = json.loads(gzip.decompress(answer.body))
        found += [ticket["id"] for ticket in page["tickets"]]
        token = page.get("nextPageToken")
        target = f"/admin/tickets?pageSize=200&pageToken={token}" if token else ""
    assert len(found) == 75
    assert set(found) == ids


# --- addresses and traces


@pytest.fixture(scope="module")
def believing(postgres: TestServer) -> Iterator[Running]:
    """A server that believes gateways on this machine."""
    with postgres.new_database() as database, running(database, trusted_proxies=["127.0.0.0/8"]) as served:
        yield served


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ([], "203.0.113.7", "127.0.0.1"),
        (["127.0.0.0/8"], "203.0.113.7", "203.0.113.7"),
        (["127.0.0.0/8"], "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (["127.0.0.0/8", "203.0.113.0/24"], "198.51.100.1, 203.0.113.7", "198.51.100.1"),
        (["127.0.0.0/8"], "203.0.113.7, nonsense", "127.0.0.1"),
        (["127.0.0.0/8"], "2001:db8::7", "2001:db8::7"),
        (["127.0.0.0/8"], "::ffff:203.0.113.7", "203.0.113.7"),
        (["10.0.0.0/8"], "203.0.113.7", "127.0.0.1"),
    ],
)
def test_the_audit_has_the_address_of_the_client(
    believing: Running, trusted: list[str], forwarded: str, address: str
) -> None:
    with serving_gateway(shared_data_dir(), gateway_target=believing.target, trusted_proxies=trusted) as gateway:
        answer = call(gateway, "POST", "/tickets", TICKET, X_Forwarded_For=forwarded)
        eventually(lambda: gateway.log, what="the line of the access log")
        assert json.loads(gateway.log[-1])["ip"] == address
    assert addresses(believing, json.loads(answer.body)["id"]) == {address}


def test_a_server_that_does_not_know_the_gateway_names_the_gateways_own(fresh_server: Running, api: Gateway) -> None:
    ticket_id = made(api)["id"]
    assert addresses(fresh_server, ticket_id) == {"127.0.0.1"}


def addresses(server: Running, ticket_id: str) -> set[str]:
    """That the audit names."""
    wanted = timeline.ListAuditEntriesRequest(ticket_id=ticket_id)
    return {
        entry.ip_address for entry in server.client(Role.ADMIN, ADMIN).tickets.ListAuditEntries(wanted).audit_entries
    }


class Recording(grpc.GenericRpcHandler):
    """A server that answers everything with an empty message, and keeps the metadata of the last call."""

    def __init__(self) -> None:
        self.metadata: list[tuple[str, str | bytes]] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        self.metadata = [(entry[0], entry[1]) for entry in handler_call_details.invocation_metadata]
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")


def test_what_is_passed_on_to_the_server() -> None:
    recording = Recording()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[recording])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with serving_gateway(shared_data_dir(), gateway_target=f"127.0.0.1:{port}") as gateway:
        answer = call(
            gateway,
            "GET",
            "/admin/tickets",
            Traceparent=trace,
            Tracestate="a=b",
            X_Request_Id="abc-1",
            Cookie="a=b",
            X_Forwarded_For="203.0.113.7",
            Grpc_Metadata_Authorization="Bearer other",
            Grpc_Timeout="10S",
        )
        assert (answer.status, answer.body) == (200, b"{}")
        passed_on = [entry for entry in recording.metadata if entry[0] not in {"user-agent", "grpc-accept-encoding"}]
        assert sorted(name for name, _ in passed_on) == [
            "authorization",
            "traceparent",
            "tracestate",
            "x-forwarded-for",
            "x-request-id",
        ]
        assert {"traceparent": trace, "x-forwarded-for": "127.0.0.1", "x-request-id": "abc-1"}.items() <= dict(
            passed_on
        ).items()
        call(gateway, "GET", "/admin/tickets", Traceparent="x" * 600)
        assert "traceparent" not in dict(recording.metadata)
    server.stop(None).wait()


# --- TLS between gateway and server


def test_a_gateways_own_certificate_stands_for_no_caller(database: Database, tmp_path: Path) -> None:
    authority = certificates.authority()
    issued = {
        "server": certificates.server_certificate(authority),
        "gateway": certificates.client_certificate(authority, "gateway"),
    }
    for name, certificate in issued.items():
        (tmp_path / f"{name}.pem").write_bytes(certificate.pem)
        (tmp_path / f"{name}.key").write_bytes(certificate.key_pem)
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    to_server = {
        "gateway_tls": True,
        "gateway_ca_file": tmp_path / "ca.pem",
        "gateway_certificate_file": tmp_path / "gateway.pem",
        "gateway_private_key_file": tmp_path / "gateway.key",
    }
    with ExitStack() as stack:
        server = stack.enter_context(
            running(
                database,
                tls_certificate_file=tmp_path / "server.pem",
                tls_private_key_file=tmp_path / "server.key",
                tls_client_ca_file=tmp_path / "ca.pem",
                mtls_principals={"gateway": {"sub": "svc-gateway"}},
            )
        )
        gateway = stack.enter_context(serving_gateway(tmp_path, gateway_target=server.target, **to_server))
        assert call(gateway, "GET", "/admin/tickets").status == 200
        anonymous = request("GET", f"{gateway.url}/admin/tickets")
        refused(anonymous, 401, grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
        plain = stack.enter_context(serving_gateway(tmp_path / "plain", gateway_target=server.target))
        refused(call(plain, "GET", "/admin/tickets"), 503, grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
