"""Calls of the API over HTTP, one at a time and by hand."""

import json
import socket
from collections.abc import Mapping
from typing import Any

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
from google.protobuf import json_format

from server.domain.roles import Role
from tests.gateway_process import Gateway
from tests.integration.gateway.requests import Answer, request
from tests.running import token_for

ADMIN = "http-admin"
BEARER = {"Authorization": f"Bearer {token_for(Role.ADMIN, ADMIN)}"}
JSON = {**BEARER, "Content-Type": "application/json"}
TICKET = {
    "title": "Payment for a trip not received",
    "description": "The booking was delivered on Monday, the money has not come.",
}


def call(gateway: Gateway, method: str, target: str, body: Any = None, **headers: str) -> Answer:
    """As the admin; a body that is not bytes is sent as JSON. Headers are written with _ for -."""
    sent = {**BEARER, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if body is not None and not isinstance(body, bytes):
        body, sent = json.dumps(body).encode(), {"Content-Type": "application/json", **sent}
    return request(method, gateway.url + target, sent, body)


def made(gateway: Gateway, **fields: Any) -> dict[str, Any]:
    """A new ticket."""
    answer = call(gateway, "POST", "/tickets", {**TICKET, **fields})
    assert answer.status == 200, answer.body
    ticket: dict[str, Any] = json.loads(answer.body)
    return ticket


def refused(answer: Answer, http_status: int, code: grpc.StatusCode, reason: str) -> rpc_status.Status:
    """The Status of an answer, which has to be a refusal of this kind."""
    assert answer.status == http_status, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    status = json_format.Parse(answer.body, rpc_status.Status())
    assert status.code == code.value[0]
    assert status.message
    info = error_details.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.domain, info.reason) == ("tickets.rodistaa.com", reason)
    return status


def violations(status: rpc_status.Status) -> list[str]:
    """The fields that are wrong."""
    bad_request = error_details.BadRequest()
    return [
        violation.field
        for detail in status.details
        if detail.Unpack(bad_request)
        for violation in bad_request.field_violations
    ]


def head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Of a request, as bytes."""
    lines = [f"{method} {target} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def head_sent(gateway: Gateway, method: str, target: str, headers: Mapping[str, str]) -> socket.socket:
    """A connection on which a head was sent, and nothing of a body."""
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=15)
    connection.sendall(head(method, target, headers))
    return connection
