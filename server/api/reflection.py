"""The contract as reflection shows it, whole: grpcio's own leaves out names that other languages' servers have.

Python's descriptor pool finds no method by its name (``grpcurl describe x.TicketService.GetTicket``), and its
descriptors have lost the JSON names, so that grpcurl would speak snake_case and refuse the camelCase that the
HTTP gateway and every other protobuf library read and write.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from grpc_reflection.v1alpha import reflection, reflection_pb2

_V1 = "grpc.reflection.v1.ServerReflection"
"""What newer clients ask for first. Its messages are those of v1alpha under another package, the same on the wire."""


def enable_reflection(service_names: Sequence[str], server: grpc.Server) -> None:
    """Serve reflection for the named services, and for reflection itself.

    v1 is served and not listed: grpcio has no descriptors of it that could be shown.
    """
    pool = cast("descriptor_pool.DescriptorPool", _Pool())
    names = [*service_names, reflection.SERVICE_NAME]
    reflection.enable_server_reflection(names, server, pool)
    v1 = grpc.stream_stream_rpc_method_handler(
        reflection.ReflectionServicer(names, pool).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_registered_method_handlers(_V1, {"ServerReflectionInfo": v1})


class _Pool:
    """What reflection asks of a descriptor pool; raises KeyError as that does."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()
        # By number or by extendee nothing is missing.
        self.FindMessageTypeByName = self._pool.FindMessageTypeByName
        self.FindExtensionByNumber = self._pool.FindExtensionByNumber
        self.FindAllExtensions = self._pool.FindAllExtensions

    def FindFileByName(self, name: str) -> "_File":  # noqa: N802 - the pool's name for it
        return _File(self._pool.FindFileByName(name))

    def FindFileContainingSymbol(self, symbol: str) -> "_File":  # noqa: N802 - as above
        try:
            return _File(self._pool.FindFileContainingSymbol(symbol))
        except KeyError:
            return _File(self._pool.FindMethodByName(symbol).containing_service.file)


class _File:
    """A file's descriptor with the JSON names put back."""

    def __init__(self, file: FileDescriptor) -> None:
        self._file = file
        self.name = file.name

    @property
    def dependencies(self) -> "list[_File]":
        return [_File(file) for file in self._file.dependencies]

    def CopyToProto(self, proto: FileDescriptorProto) -> None:  # noqa: N802 - the descriptor's name for it
        self._file.CopyToProto(proto)
        for field in [*proto.extension, *_fields(proto.message_type)]:
            if not field.json_name:
                field.json_name = _json_name(field.name)


def _fields(messages: Iterable[DescriptorProto]) -> Iterable[FieldDescriptorProto]:
    for message in messages:
        yield from message.field
        yield from message.extension
        yield from _fields(message.nested_type)


def _json_name(name: str) -> str:
    """As protoc makes it; the contract names none of its own."""
    first, *others = name.split("_")
    return first + "".join(other[:1].upper() + other[1:] for other in others)
