"""The same calls over gRPC and over HTTP, for tests that compare them.

How a message becomes a URL and a body is written down here anew, by google's own JSON: it shares nothing with the
gateway but the rules of google/api/http.proto.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import google.rpc.error_details_pb2  # noqa: F401 - so that details can be read from JSON
import google.rpc.status_pb2 as rpc_status
import grpc
import urllib3
from google.protobuf import json_format
from google.protobuf.message import Message

from gateway.contract import Binding, Rpc, rpcs

HTTP_STATUS = {
    "OK": 200,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
}
"""As the comments of google/rpc/code.proto have it."""

UNARY = {f"{rpc.service.rpartition('.')[2]}/{rpc.name}": rpc for rpc in rpcs() if rpc.bindings and not rpc.streams}
"""Every RPC with an HTTP rule, by ``Service/Method``; streams have tests of their own."""
BINDINGS = [(name, number) for name, rpc in UNARY.items() for number in range(len(rpc.bindings))]
SECONDS = 30.0

_VARIABLE = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True)
class Answer:
    """Of either way: the message, or the status that it failed with."""

    message: Message | None = None
    status: rpc_status.Status | None = None
    code: str = "OK"


@dataclass
class Http:
    """A gateway, as its clients find it."""

    url: str
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, timeout=SECONDS, maxsize=8)
    )

    def send(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """As it stands; ``target`` is a path and a query."""
        return self.pool.request(
            method, self.url + target, body=body, headers=dict(headers or {}), preload_content=True
        )

    def call(
        self,
        binding: Binding,
        request: Message,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """The request, by that binding."""
        target, body = as_http(binding, request)
        sent = {**({"Authorization": f"Bearer {token}"} if token is not None else {}), **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        return self.send(binding.http_method, target, body, sent)


def as_http(binding: Binding, request: Message) -> tuple[str, bytes | None]:
    """Path and query, and the body."""
    values: dict[str, Any] = json_format.MessageToDict(request)
    fields = request.DESCRIPTOR.fields_by_name

    def variable(match: re.Match[str]) -> str:
        holder, names = values, match[1].split(".")
        descriptor: Any = request.DESCRIPTOR
        for name in names[:-1]:
            holder = holder.get(descriptor.fields_by_name[name].json_name, {})
            descriptor = descriptor.fields_by_name[name].message_type
        return quote(str(holder.pop(descriptor.fields_by_name[names[-1]].json_name, "")), safe="")

    path = _VARIABLE.sub(variable, binding.template)
    body = None
    if binding.body == "*":
        body, values = json.dumps(values).encode(), {}
    elif binding.body and fields[binding.body].json_name in values:
        body = json.dumps(values.pop(fields[binding.body].json_name)).encode()
    query = urlencode(list(_parameters("", values)))
    return path + (f"?{query}" if query else ""), body


def _parameters(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _parameters(f"{prefix}.{name}" if prefix else name, each)
    elif isinstance(value, list):
        for each in value:
            yield from _parameters(prefix, each)
    else:
        yield prefix, json.dumps(value) if isinstance(value, bool) else str(value)


def over_http(http: Http, rpc: Rpc, number: int, request: Message, token: str | None) -> Answer:
    """By that binding. Holds what every answer has to be against it."""
    binding = rpc.bindings[number]
    answer = http.call(binding, request, token)
    assert answer.headers["content-type"] == "application/json", answer.data
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    content = json.loads(answer.data)
    if answer.status != 200:
        status = json_format.ParseDict(content, rpc_status.Status())
        code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
        assert answer.status == HTTP_STATUS[code.name], content
        return Answer(status=status, code=code.name)
    whole = content
    if binding.response_body:
        whole = {rpc.response.DESCRIPTOR.fields_by_name[binding.response_body].json_name: content}
    message = json_format.ParseDict(whole, rpc.response())
    assert as_json(binding, message) == content  # canonical: nothing was written that need not be
    return Answer(message)


def over_grpc(channel: grpc.Channel, rpc: Rpc, request: Message, token: str | None) -> Answer:
    """Without any client of ours."""
    method: Any = channel.unary_unary(rpc.path)
    metadata = (("authorization", f"Bearer {token}"),) if token is not None else ()
    try:
        return Answer(rpc.response.FromString(method(request.SerializeToString(), metadata=metadata, timeout=SECONDS)))
    except grpc.RpcError as error:
        failed: Any = error  # it is a Call as well
        details = dict(failed.trailing_metadata())["grpc-status-details-bin"]
        return Answer(status=rpc_status.Status.FromString(details), code=failed.code().name)


def as_json(binding: Binding, message: Message) -> Any:
    """What google's own JSON makes of the answer's body."""
    if not binding.response_body:
        return json_format.MessageToDict(message)
    name = message.DESCRIPTOR.fields_by_name[binding.response_body].json_name
    return json_format.MessageToDict(message).get(name, {})


def body_of(binding: Binding, message: Message) -> Message:
    """What of a response travels over HTTP."""
    if not binding.response_body:
        return message
    part = type(message)()
    getattr(part, binding.response_body).CopyFrom(getattr(message, binding.response_body))
    return part
