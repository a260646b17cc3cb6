"""The RPCs of the contract and their HTTP bindings, read from the descriptors: a new RPC needs no code here."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "rodistaa.tickets.v1"


@dataclass(frozen=True, slots=True)
class Binding:
    """One way to call an RPC over HTTP (google/api/http.proto)."""

    http_method: str
    template: str
    """Path template, such as ``/admin/tickets/{ticket.id}``."""
    body: str
    """Field of the request that the body is; ``*`` for all of it, empty for none."""
    response_body: str
    """Field of the response that the answer's body is; empty for all of it."""


@dataclass(frozen=True, slots=True)
class Rpc:
    """A method of a service."""

    service: str
    """Full name."""
    name: str
    request: type[Message]
    response: type[Message]
    streams: bool
    """Whether the answer is a stream."""
    is_read: bool
    """Whether it may be repeated at will, by the contract's ``idempotency_level``."""
    bindings: tuple[Binding, ...]
    """The first one is that of the rule itself, the others are its additional bindings."""

    @property
    def path(self) -> str:
        """As gRPC names it."""
        return f"/{self.service}/{self.name}"


@cache
def rpcs() -> tuple[Rpc, ...]:
    """All of them, by service and in the order of the contract."""
    return tuple(
        _rpc(method) for file in _files() for service in file.services_by_name.values() for method in service.methods
    )


def _files() -> list[FileDescriptor]:
    names = sorted(
        entry.name.removesuffix(".py") for entry in files(PACKAGE).iterdir() if entry.name.endswith("_service_pb2.py")
    )
    return [import_module(f"{PACKAGE}.{name}").DESCRIPTOR for name in names]


def _rpc(method: MethodDescriptor) -> Rpc:
    options = method.GetOptions()
    extension: Any = annotations_pb2.http  # without a type in the stubs
    rule: http_pb2.HttpRule = options.Extensions[extension]
    return Rpc(
        service=method.containing_service.full_name,
        name=method.name,
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
        streams=method.server_streaming,
        is_read=options.idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN,
        bindings=tuple(map(_binding, (rule, *rule.additional_bindings))) if options.HasExtension(extension) else (),
    )


def _binding(rule: http_pb2.HttpRule) -> Binding:
    kind = rule.WhichOneof("pattern")
    if kind == "custom":
        return Binding(rule.custom.kind, rule.custom.path, rule.body, rule.response_body)
    if kind is None:
        raise ValueError("an HTTP rule without a pattern")
    return Binding(kind.upper(), getattr(rule, kind), rule.body, rule.response_body)
