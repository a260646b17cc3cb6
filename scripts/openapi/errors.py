"""The body of every error: google.rpc.Status, with details of the types that are in use."""

import json
from datetime import timedelta

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
from google.protobuf.descriptor import Descriptor

from gateway.errors import make_status, status_json
from scripts.openapi.comments import Comments
from scripts.openapi.schemas import Schema, Schemas, descriptor_of, reference

_DETAILS = tuple(map(descriptor_of, (error_details.ErrorInfo, error_details.BadRequest, error_details.RetryInfo)))


def error_body(comments: Comments, schemas: Schemas) -> Schema:
    """The schema of Status, which is put among the others with those of its details."""
    for detail in _DETAILS:
        schemas.of_message(detail)
    status = descriptor_of(rpc_status.Status)
    fields = status.fields_by_name
    properties = {name: schemas.of_field(fields[name]) for name in ("code", "message")}
    properties["details"] = {
        "type": "array",
        "items": {"anyOf": [_typed(detail) for detail in _DETAILS]},
        "description": comments.of(fields["details"].full_name),
    }
    schema: Schema = {
        "type": "object",
        "description": comments.of(status.full_name),
        "properties": properties,
        "required": ["code", "message", "details"],
    }
    return schemas.put(status.name, schema)


def error_example() -> Schema:
    """Bad input, as the server and the gateway answer it."""
    status = make_status(
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        "The request is not valid.",
        violations=[("ticket.title", "must have 10 to 500 characters")],
    )
    made: Schema = json.loads(status_json(status))
    return made


def retry_example() -> Schema:
    """With what Retry-After says."""
    status = make_status(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "RATE_LIMITED",
        "Too many calls. Wait a moment.",
        metadata={"retry_after_ms": "1500"},
        retry_after=timedelta(seconds=1.5),
    )
    made: Schema = json.loads(status_json(status))
    return made


def _typed(detail: Descriptor) -> Schema:
    """As google.protobuf.Any has it in JSON."""
    named: Schema = {
        "type": "object",
        "properties": {"@type": {"type": "string", "const": f"type.googleapis.com/{detail.full_name}"}},
        "required": ["@type"],
    }
    return {"allOf": [named, reference(detail.name)]}
