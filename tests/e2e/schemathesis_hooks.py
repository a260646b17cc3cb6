"""What schemathesis is told of this API beyond its OpenAPI document. Its command loads this (SCHEMATHESIS_HOOKS)."""

import re
from functools import cache
from typing import Any, TypeAlias

import schemathesis
from google.api import field_behavior_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from gateway.contract import Binding, Rpc, rpcs

Case: TypeAlias = schemathesis.Case[Any]

_TIMEOUT = re.compile(r"[0-9]{1,8}[HMSmun]")


@schemathesis.hook
def before_call(_context: Any, case: Case, _kwargs: dict[str, Any]) -> None:
    """A deadline that is over is answered by 504, as the caller asked: what is right as a timeout becomes long."""
    headers: Any = case.headers
    if headers and _TIMEOUT.fullmatch(str(headers.get("Grpc-Timeout", ""))):
        headers["Grpc-Timeout"] = "30S"


@schemathesis.check
def allow_names_what_the_path_takes(_context: Any, response: schemathesis.Response, case: Case) -> None:
    """In place of allow_header_conformance, for which a path is one template. /admin/tickets/bulk is an identifier of
    a ticket too, as far as paths go, and what its GET answers is 404."""
    allowed = ",".join(response.headers.get("allow", []))
    named = {each.strip().lower() for each in allowed.split(",") if each.strip()} - {"head", "options"}
    path = case.formatted_path.partition("?")[0]
    taken = {
        method
        for template, item in case.operation.schema.raw_schema["paths"].items()
        if re.fullmatch(re.sub(r"\\{[^{}]*\\}", "[^/]+", re.escape(template)), path)
        for method in item
    }
    if named and named != taken:
        raise Failure(
            operation=case.operation.label,
            title="Allow is not what the path takes",
            message=f"{path}: Allow names {sorted(named)}, the document has {sorted(taken)}",
        )


@schemathesis.check
def refuses_what_proto3_json_refuses(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: Case
) -> None:
    """In place of negative_data_rejection, whose schemas are narrower than proto3 JSON, which also takes null for what
    is unset, numbers for enums and for 64-bit integers. Google's own reader says what else it is."""
    try:
        negative_data_rejection(context, response, case)
    except AcceptedNegativeData:
        if not _is_proto3_json(case):
            raise


def _is_proto3_json(case: Case) -> bool:
    """Whether the request, but for what is in its headers and path, is one that the contract takes."""
    components = case.meta.components if case.meta is not None else {}
    for location in (ParameterLocation.HEADER, ParameterLocation.PATH, ParameterLocation.COOKIE):
        if location in components and components[location].mode.is_negative:
            return False
    rpc, binding = _bindings()[case.operation.definition.raw["operationId"]]
    request: Any = rpc.request()
    body: Any = case.body
    try:
        if binding.body:
            json_format.ParseDict(body if binding.body == "*" else {binding.body: body}, request)
        for name, value in (case.query or {}).items():
            _set(request, name.split("."), value)
    except (json_format.ParseError, TypeError, AttributeError):
        return False
    extension: Any = field_behavior_pb2.field_behavior
    set_here = {field.name for field, _ in request.ListFields()}
    return all(
        field.name in set_here or f"{{{field.name}" in binding.template
        for field in request.DESCRIPTOR.fields
        if field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[extension]
    )


@cache
def _bindings() -> dict[str, tuple[Rpc, Binding]]:
    """By operationId."""
    return {
        f"{rpc.service.rpartition('.')[2]}_{rpc.name}" + (f"_{number}" if number > 1 else ""): (rpc, binding)
        for rpc in rpcs()
        for number, binding in enumerate(rpc.bindings, start=1)
    }


def _set(message: Any, path: list[str], value: Any) -> None:
    """A parameter of the query into the field that it names."""
    field = next((each for each in message.DESCRIPTOR.fields if each.json_name == path[0]), None)
    if field is None:
        raise json_format.ParseError(path[0])
    if len(path) > 1:
        _set(getattr(message, field.name), path[1:], value)
        return
    if field.type == FieldDescriptor.TYPE_BOOL and isinstance(value, str):
        value = {"true": True, "false": False}.get(value, value)
    json_format.ParseDict({field.name: value}, message)
