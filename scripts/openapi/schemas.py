"""JSON Schemas of messages and enums, as proto3 JSON writes them."""

from collections.abc import Iterable
from typing import Any, TypeAlias, cast

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from scripts.openapi.comments import Comments

Schema: TypeAlias = dict[str, Any]

REQUIRED = field_behavior_pb2.REQUIRED
_READ_ONLY = {field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IDENTIFIER}
_EXTENSION: Any = field_behavior_pb2.field_behavior  # without a type in the stubs

_INT64 = {"type": "string", "format": "int64", "pattern": r"^-?[0-9]{1,19}$"}
_UINT64 = {"type": "string", "format": "uint64", "pattern": "^[0-9]{1,20}$"}
_SCALARS: dict[int, Schema] = {
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_INT64: _INT64,
    FieldDescriptor.TYPE_SINT64: _INT64,
    FieldDescriptor.TYPE_SFIXED64: _INT64,
    FieldDescriptor.TYPE_UINT64: _UINT64,
    FieldDescriptor.TYPE_FIXED64: _UINT64,
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_SINT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_SFIXED32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_UINT32: {"type": "integer", "format": "int64", "minimum": 0},
    FieldDescriptor.TYPE_FIXED32: {"type": "integer", "format": "int64", "minimum": 0},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "format": "byte"},
}

_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.DoubleValue": {"type": ["number", "null"], "format": "double"},
    "google.protobuf.FloatValue": {"type": ["number", "null"], "format": "float"},
    "google.protobuf.Int64Value": {**_INT64, "type": ["string", "null"]},
    "google.protobuf.UInt64Value": {**_UINT64, "type": ["string", "null"]},
    "google.protobuf.Int32Value": {"type": ["integer", "null"], "format": "int32"},
    "google.protobuf.UInt32Value": {"type": ["integer", "null"], "format": "int64", "minimum": 0},
    "google.protobuf.BoolValue": {"type": ["boolean", "null"]},
    "google.protobuf.StringValue": {"type": ["string", "null"]},
    "google.protobuf.BytesValue": {"type": ["string", "null"], "format": "byte"},
}


def descriptor_of(message: type[Message]) -> Descriptor:
    """The types of the stubs know two that do not fit together."""
    found: Any = message.DESCRIPTOR
    return cast("Descriptor", found)


def behaviors(field: FieldDescriptor) -> frozenset[int]:
    """Those of google.api.field_behavior."""
    return frozenset(field.GetOptions().Extensions[_EXTENSION])


def is_required(field: FieldDescriptor) -> bool:
    """Whether a request without it is refused."""
    return REQUIRED in behaviors(field)


def is_read_only(field: FieldDescriptor) -> bool:
    """Whether the server sets it: what a body says of it is ignored. An IDENTIFIER comes from the path or the server,
    never from a body."""
    return bool(_READ_ONLY & behaviors(field))


def is_well_known(message: Descriptor | None) -> bool:
    """Whether it has a JSON form of its own, and so no properties."""
    return message is not None and message.full_name in _WELL_KNOWN


def is_map(field: FieldDescriptor) -> bool:
    """Whether it is a JSON object with keys of the caller's choice."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def reference(name: str) -> Schema:
    """To a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


class Schemas:
    """Collects the schemas that the document refers to, each under the last part of its type's name."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self._made: dict[str, Schema] = {}
        self._types: dict[str, str] = {}
        self._closed: set[str] = set()

    def all(self) -> dict[str, Schema]:
        """By name, sorted."""
        made = dict(sorted(self._made.items()))
        for name in self._closed & made.keys():
            made[name]["additionalProperties"] = False
        return made

    def of_request(self, message: Descriptor, left_out: Iterable[str]) -> Schema:
        """For a body that is the request as a whole, save the fields that the path has."""
        absent = frozenset(left_out)
        self._close(message)
        schema = self._message(message, absent)
        partial = _has_update_mask(message)
        properties = schema.get("properties", {})
        required = []
        for field in message.fields:
            if field.name in absent:
                continue
            if is_required(field):
                required.append(field.json_name)
            if field.message_type is not None and not field.is_repeated and not partial:
                properties[field.json_name] = self._with_required(properties[field.json_name], field.message_type)
        if required:
            schema["required"] = required
        schema["additionalProperties"] = False
        return self._put(message.full_name, message.name, schema)

    def of_resource(self, message: Descriptor, *, partial: bool) -> Schema:
        """For a body that is one field of the request. ``partial``: an update, which need not have all fields."""
        self._close(message)
        schema = self.of_message(message)
        return schema if partial else self._with_required(schema, message)

    def of_field(self, field: FieldDescriptor) -> Schema:
        """With the field's own comment."""
        if is_map(field):
            value: Any = field.message_type
            schema: Schema = {
                "type": "object",
                "additionalProperties": self._value(value.fields_by_name["value"]),
            }
        elif field.is_repeated:
            schema = {"type": "array", "items": self._value(field)}
        else:
            schema = self._value(field)
        text = self._comments.of(field.full_name)
        found = {**schema, "description": text} if text else dict(schema)
        if is_read_only(field):
            found["readOnly"] = True
        elif field_behavior_pb2.INPUT_ONLY in behaviors(field):
            found["writeOnly"] = True
        return found

    def of_message(self, message: Descriptor) -> Schema:
        """A reference, or what stands for a well-known type."""
        if message.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[message.full_name])
        if message.full_name not in self._types:
            self._types[message.full_name] = message.name  # before its fields, which may lead back to it
            self._made[message.name] = {}
            self._made[message.name].update(self._message(message, frozenset()))
        return reference(self._types[message.full_name])

    def of_enum(self, enum: EnumDescriptor) -> Schema:
        """A reference."""
        name = str(enum.name)
        if enum.full_name not in self._types:
            self._types[enum.full_name] = name
            schema: Schema = {"type": "string", "enum": [value.name for value in enum.values]}
            text = self._comments.of(enum.full_name)
            if text:
                schema["description"] = text
            schema["x-enum-descriptions"] = [
                self._comments.of(f"{enum.full_name}.{value.name}") for value in enum.values
            ]
            self._made[name] = schema
        return reference(name)

    def put(self, name: str, schema: Schema) -> Schema:
        """One that no type of the contract stands for."""
        return self._put(name, name, schema)

    def _put(self, full_name: str, name: str, schema: Schema) -> Schema:
        """Gives a reference. Two bindings with other variables in their paths have bodies of their own."""
        free, number = name, 2
        while free in self._made and self._made[free] != schema:
            free, number = f"{name}_{number}", number + 1
        self._made[free] = schema
        self._types.setdefault(full_name, free)
        return reference(free)

    def _message(self, message: Descriptor, absent: frozenset[str]) -> Schema:
        schema: Schema = {"type": "object"}
        text = "\n\n".join(filter(None, [self._comments.of(message.full_name), *map(_one_of, _choices(message))]))
        if text:
            schema["description"] = text
        properties = {field.json_name: self.of_field(field) for field in message.fields if field.name not in absent}
        if properties:
            schema["properties"] = properties
        return schema

    def _value(self, field: FieldDescriptor) -> Schema:
        if field.enum_type is not None:
            return self.of_enum(field.enum_type)
        if field.message_type is not None:
            return self.of_message(field.message_type)
        return dict(_SCALARS[field.type])

    def _with_required(self, schema: Schema, message: Descriptor) -> Schema:
        required = [field.json_name for field in message.fields if is_required(field)]
        if not required:
            return schema
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {"allOf": [{"$ref": schema["$ref"]}], "required": required, **beside}

    def _close(self, message: Descriptor) -> None:
        """Unknown fields are refused in it, and in whatever it holds."""
        if message.full_name in _WELL_KNOWN or message.name in self._closed:
            return
        self._closed.add(message.name)
        for field in message.fields:
            if is_map(field) or field.message_type is None:
                continue
            self._close(field.message_type)


def _choices(message: Descriptor) -> list[Any]:
    """Its oneofs, without those that are only how ``optional`` is written down."""
    return [each for each in message.oneofs if not each.name.startswith("_")]


def _one_of(oneof: Any) -> str:  # noqa: ANN401 - OneofDescriptor has no public type in the stubs
    return f"At most one of {', '.join(f'`{field.json_name}`' for field in oneof.fields)} can be set."


def _has_update_mask(message: Descriptor) -> bool:
    return any(
        field.message_type is not None and field.message_type.full_name == "google.protobuf.FieldMask"
        for field in message.fields
    )
