"""Operations: one for each HTTP binding of an RPC."""

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.conditions import Conditions, conditions_of
from gateway.contract import Binding, Rpc
from gateway.resuming import EventKinds
from scripts.openapi import examples
from scripts.openapi.comments import Comments
from scripts.openapi.reasons import Reasons
from scripts.openapi.schemas import (
    Schema,
    Schemas,
    descriptor_of,
    is_map,
    is_read_only,
    is_required,
    is_well_known,
    reference,
)

_VARIABLE = re.compile(r"\{([\w.]+)(?:=[^{}]*)?\}")
_SENTENCE = re.compile(r"(.+?)[.](?=\s|$)", re.DOTALL)
_WITH_BODY = {"POST", "PUT", "PATCH"}


class Operations:
    """Makes the path items of the document, and collects the examples that they refer to."""

    def __init__(self, comments: Comments, schemas: Schemas, reasons: Reasons) -> None:
        self._comments = comments
        self._schemas = schemas
        self._reasons = reasons
        self.paths: dict[str, Schema] = {}
        self.examples: dict[str, Schema] = {}
        self._names_of_shape: dict[str, tuple[str, ...]] = {}

    def add(self, rpc: Rpc) -> None:
        """All bindings of it. Raises ValueError for what OpenAPI has no words for."""
        for number, binding in enumerate(rpc.bindings, start=1):
            path, names = self._path(binding)
            method = binding.http_method.lower()
            item = self.paths.setdefault(path, {})
            if method in item:
                raise ValueError(f"{binding.http_method} {path} is two RPCs")
            item[method] = self._operation(rpc, binding, names, number)

    def _path(self, binding: Binding) -> tuple[str, dict[str, str]]:
        """The path as OpenAPI writes it, and the names of its parameters by the fields they go into. Paths that differ
        in these names alone are one path to OpenAPI, so the names of the first are those of all."""
        if "*" in _VARIABLE.sub("", binding.template):
            raise ValueError(f"{binding.template}: a wildcard without a name")
        fields = _VARIABLE.findall(binding.template)
        names = tuple(_json_name(field.rsplit(".", 1)[-1]) for field in fields)
        if len(set(names)) < len(names):
            names = tuple(map(_json_name, fields))
        shape = _VARIABLE.sub("{}", binding.template)
        names = self._names_of_shape.setdefault(shape, names)
        each = iter(names)
        return _VARIABLE.sub(lambda _: f"{{{next(each)}}}", binding.template), dict(zip(fields, names, strict=True))

    def _operation(self, rpc: Rpc, binding: Binding, names: dict[str, str], number: int) -> Schema:
        service = rpc.service.rpartition(".")[2]
        conditions = conditions_of(rpc, binding)
        text = self._comments.of(f"{rpc.service}.{rpc.name}")
        reasons = self._reasons.named_in(text)
        summary, description = _summary(self._reasons.without_list(text))
        listed = self._reasons.described(reasons)
        operation: Schema = {
            "operationId": f"{service}_{rpc.name}" + (f"_{number}" if number > 1 else ""),
            "tags": [service],
            "summary": summary,
            "description": "\n\n".join(filter(None, [description, listed])),
            "parameters": [
                *self._path_parameters(rpc, names),
                *self._query_parameters(rpc, binding, names),
                *_header_parameters(rpc, binding, conditions),
            ],
        }
        body = self._body(rpc, binding, names)
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = self._responses(rpc, binding, conditions)
        if reasons:
            operation["x-error-reasons"] = reasons
        return {key: value for key, value in operation.items() if value not in ("", [])}

    def _path_parameters(self, rpc: Rpc, names: dict[str, str]) -> Iterator[Schema]:
        for path, name in names.items():
            field = _field(descriptor_of(rpc.request), path)
            schema = self._schemas.of_field(field)
            schema.pop("readOnly", None)
            yield {
                "name": name,
                "in": "path",
                "required": True,
                **_described(schema),
                "example": examples.of_field(field),
            }

    def _query_parameters(self, rpc: Rpc, binding: Binding, names: dict[str, str]) -> Iterator[Schema]:
        if binding.body == "*":
            return
        taken = {*names, *filter(None, [binding.body])}
        for path, field in _leaves(descriptor_of(rpc.request), taken):
            schema = self._schemas.of_field(field)
            parameter: Schema = {"name": ".".join(map(_json_name, path.split("."))), "in": "query"}
            if is_required(field) and "." not in path:
                parameter["required"] = True
            parameter |= _described(schema)
            if field.is_repeated:
                parameter |= {"style": "form", "explode": True}
            if _is_mask(field) and binding.body:
                parameter["example"] = examples.of_update_mask(rpc, binding, frozenset(names))
            elif examples.is_sent(field) and "." not in path:
                parameter["example"] = examples.of_field(field)
            yield parameter

    def _body(self, rpc: Rpc, binding: Binding, names: dict[str, str]) -> Schema | None:
        request = descriptor_of(rpc.request)
        if not binding.body or binding.http_method not in _WITH_BODY:
            return None
        if binding.body == "*":
            schema = self._schemas.of_request(request, (path for path in names if "." not in path))
            text = self._comments.of(request.full_name)
            required = any(is_required(field) and field.name not in names for field in request.fields)
        else:
            field = request.fields_by_name[binding.body]
            if field.message_type is None or field.is_repeated:
                raise ValueError(f"{field.full_name}: a body that is no message")
            schema = self._schemas.of_resource(field.message_type, partial=any(map(_is_mask, request.fields)))
            text = self._comments.of(field.full_name)
            required = is_required(field)
        content: Schema = {"schema": schema, "example": examples.of_body(rpc, binding, frozenset(names))}
        body: Schema = {"description": text} if text else {}
        return {**body, "required": required, "content": {"application/json": content}}

    def _responses(self, rpc: Rpc, binding: Binding, conditions: Conditions) -> Schema:
        if rpc.streams:
            return {"200": self._stream(rpc), "default": {"$ref": "#/components/responses/Error"}}
        response = descriptor_of(rpc.response)
        text = self._comments.of(response.full_name)
        if binding.response_body:
            field = response.fields_by_name[binding.response_body]
            text = self._comments.of(field.full_name)
            schema = self._schemas.of_field(field)
            schema = {key: value for key, value in schema.items() if key not in {"description", "readOnly"}}
            shown = field.message_type if not field.is_repeated else None
        else:
            schema, shown = self._schemas.of_message(response), response
        content: Schema = {"schema": schema}
        if shown is not None and not is_well_known(shown):
            self.examples.setdefault(shown.name, {"value": examples.of_answer(shown)})
            content["examples"] = {shown.name: {"$ref": f"#/components/examples/{shown.name}"}}
        headers = ["X-Request-Id", *(["ETag"] if conditions.answer_has_etag else [])]
        responses: Schema = {
            "200": {
                "description": text or "Done.",
                "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
                "content": {"application/json": content},
            }
        }
        if _is_conditional(rpc, binding, conditions):
            responses["304"] = {"$ref": "#/components/responses/NotModified"}
        return {**responses, "default": {"$ref": "#/components/responses/Error"}}

    def _stream(self, rpc: Rpc) -> Schema:
        event = descriptor_of(rpc.response)
        self._schemas.of_message(event)
        kinds = EventKinds.of(rpc)
        cases = [field.json_name for field in event.fields if field.containing_oneof is not None]
        named = f" `event` is {', '.join(f'`{case}`' for case in cases)}, or `error`." if kinds.oneof else ""
        resumed = " `id` is what `Last-Event-ID` takes." if kinds.resume_field else ""
        return {
            "description": f"Server-sent events. `data` is a {event.name} as JSON.{named}{resumed} After `error`, whose"
            " `data` is a Status, the stream ends.",
            "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
            "content": {"text/event-stream": {"schema": {"type": "string"}, "x-event-schema": reference(event.name)}},
        }


def _header_parameters(rpc: Rpc, binding: Binding, conditions: Conditions) -> Iterator[Schema]:
    names = []
    if conditions.has_request_id:
        names.append("Idempotency-Key")
    if conditions.etag_of is not None:
        names.append("If-Match")
    if _is_conditional(rpc, binding, conditions):
        names.append("If-None-Match")
    if conditions.has_create_only:
        names.append("If-None-Match-Any")
    if rpc.streams:
        names += ["Last-Event-ID"] if EventKinds.of(rpc).resume_field else []
    else:
        names.append("Grpc-Timeout")
    yield from ({"$ref": f"#/components/parameters/{name}"} for name in names)


def _is_conditional(rpc: Rpc, binding: Binding, conditions: Conditions) -> bool:
    return binding.http_method == "GET" and rpc.is_read and not rpc.streams and conditions.answer_has_etag


def _described(schema: Schema) -> Schema:
    """A parameter's description is its own, not its schema's."""
    bare = {key: value for key, value in schema.items() if key != "description"}
    text = {"description": schema["description"]} if "description" in schema else {}
    return {**text, "schema": bare}


def _leaves(message: Descriptor, taken: set[str], scope: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    """What a query may set: fields of any depth that are neither messages nor in the path or the body."""
    for field in message.fields:
        path = f"{scope}{field.name}"
        if path in taken or is_map(field) or is_read_only(field):
            continue
        inner = field.message_type
        if inner is None or (is_well_known(inner) and not inner.full_name.endswith(("Struct", "Value", "Empty"))):
            yield path, field
        elif not field.is_repeated and not is_well_known(inner):
            yield from _leaves(inner, taken, f"{path}.")


def _field(message: Descriptor, path: str) -> FieldDescriptor:
    first, _, rest = path.partition(".")
    field = message.fields_by_name[first]
    inner: Any = field.message_type
    return _field(inner, rest) if rest else field


def _is_mask(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.full_name == "google.protobuf.FieldMask"


def _json_name(name: str) -> str:
    """lowerCamelCase, as protoc makes it, part for part of a path."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _summary(text: str) -> tuple[str, str]:
    """The first sentence without its full stop, and what follows it."""
    found = _SENTENCE.match(text)
    return (found[1], text[found.end() :].strip()) if found else (text, "")
