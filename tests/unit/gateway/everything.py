"""A message with a field of every kind, of which the contract has only some."""

from typing import Any

# Imported for their descriptors.
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "tests.gateway"
_IMPORTED = [any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2]
_WELL_KNOWN = ["Any", "Duration", "Empty", "FieldMask", "Struct", "Value", "ListValue", "Timestamp"]
_WRAPPERS = [
    f"{kind}Value" for kind in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
]
SCALARS = [
    name.removeprefix("TYPE_").lower()
    for name in vars(FieldDescriptor)
    if name.startswith("TYPE_") and name not in ("TYPE_MESSAGE", "TYPE_GROUP", "TYPE_ENUM")
]
_KEYS = [name for name in SCALARS if name not in ("double", "float", "bytes")]


def _everything() -> type[Message]:
    file = descriptor_pb2.FileDescriptorProto(name="tests/gateway/everything.proto", package=_PACKAGE, syntax="proto3")
    file.dependency.extend(module.DESCRIPTOR.name for module in _IMPORTED)
    enum = file.enum_type.add(name="Shape")
    for number, name in enumerate(["SHAPE_UNSPECIFIED", "SHAPE_ROUND", "SHAPE_SQUARE"]):
        enum.value.add(name=name, number=number)
    message = file.message_type.add(name="Everything")
    for kind in SCALARS:
        _add(message, f"one_{kind}", kind)
        _add(message, f"some_{kind}", kind, repeated=True)
        optional = _add(message, f"maybe_{kind}", kind)
        optional.proto3_optional = True
    for kind in [*_WELL_KNOWN, *_WRAPPERS]:
        _add(message, f"one_{kind.lower()}", f".google.protobuf.{kind}")
        _add(message, f"some_{kind.lower()}", f".google.protobuf.{kind}", repeated=True)
    _add(message, "shape", f".{_PACKAGE}.Shape", enum=True)
    _add(message, "shapes", f".{_PACKAGE}.Shape", enum=True, repeated=True)
    _add(message, "nothing", ".google.protobuf.NullValue", enum=True)
    _add(message, "inner", f".{_PACKAGE}.Everything")
    _add(message, "inners", f".{_PACKAGE}.Everything", repeated=True)
    renamed = _add(message, "renamed", "string")
    renamed.json_name = 'other "name"'
    for kind in _KEYS:
        _add_map(message, f"by_{kind}", kind, f".{_PACKAGE}.Everything")
    for name, kind in (("text", "string"), ("bytes", "bytes"), ("value", ".google.protobuf.Value")):
        _add_map(message, f"to_{name}", "string", kind)
    for name, kind in (("left", "string"), ("right", "int32"), ("middle", f".{_PACKAGE}.Everything")):
        _add(message, name, kind).oneof_index = 0
    message.oneof_decl.add(name="side")
    for field in message.field:
        if field.proto3_optional:
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    found: Any = pool.FindMessageTypeByName(f"{_PACKAGE}.Everything")
    return GetMessageClass(found)


def _add(
    message: descriptor_pb2.DescriptorProto, name: str, kind: str, *, repeated: bool = False, enum: bool = False
) -> descriptor_pb2.FieldDescriptorProto:
    field = message.field.add(name=name, number=len(message.field) + 1)
    field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
    if kind.startswith("."):
        field.type_name = kind
        field.type = field.TYPE_ENUM if enum else field.TYPE_MESSAGE
    else:
        field.type = field.Type.Value(f"TYPE_{kind.upper()}")
    return field


def _add_map(message: descriptor_pb2.DescriptorProto, name: str, key: str, value: str) -> None:
    entry_name = "".join(part.title() for part in name.split("_")) + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    _add(entry, "key", key)
    _add(entry, "value", value)
    _add(message, name, f".{_PACKAGE}.Everything.{entry_name}", repeated=True)


Everything: Any = _everything()
