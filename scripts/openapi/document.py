"""The OpenAPI document: what is the same for all operations, and where the parts go."""

from typing import Any

from gateway.contract import PACKAGE, rpcs
from scripts.openapi.comments import Comments
from scripts.openapi.errors import error_body, error_example, retry_example
from scripts.openapi.operations import Operations
from scripts.openapi.reasons import Reasons
from scripts.openapi.schemas import Schema, Schemas

_ABOUT = """\
The HTTP/JSON form of the gRPC services of `rodistaa.tickets.v1`. It is generated from the contract, and so are the \
routes of the gateway that serves it.

- Bodies are proto3 JSON: lowerCamelCase names, 64-bit integers as strings, times in RFC 3339, durations as `1.5s`, \
enums by name. Answers leave out what is unset, empty, zero or false. Unknown fields, and fields given twice, are \
refused. In requests the names of the contract, enums by number and `null` for what is unset are taken too. \
Descriptions are the contract's: a field that is called `page_token` there is `pageToken` here.
- Query parameters set fields of the request: `filter.ownerId=priya.sharma`. Those of lists are repeated: \
`filter.statuses=TICKET_STATUS_NEW&filter.statuses=TICKET_STATUS_OPEN`.
- An answer that is not 2xx or 304 has a `Status` as its body, whoever made it. Programs decide by the HTTP status and \
the `reason` of the ErrorInfo in `details`, one of ErrorReason without its prefix; new ones are added without notice. \
Any call may fail with INVALID_REQUEST (400), TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED (401), ACTION_NOT_ALLOWED \
(403), the NOT_FOUND reason of what it names (404), CONFLICT, REQUEST_IN_PROGRESS, REQUEST_ID_REUSED (409), \
RATE_LIMITED (429), INTERNAL (500), SHUTTING_DOWN, DEPENDENCY_UNAVAILABLE (503) and DEADLINE_EXCEEDED (504).
- Live streams are server-sent events; `Last-Event-ID` resumes them.
- Fields marked as read-only are set by the server; what a request says of them is ignored.
"""

_PARAMETERS: dict[str, Schema] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes the call safe to repeat: it stands for `requestId`. A UUID is taken as it is, any other"
        " key of 1 to 255 visible ASCII characters stands for a UUID of its own.",
        "schema": {"type": "string", "pattern": "^[!#-~]{1,255}$"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` of the state that was read; the call fails with ETAG_MISMATCH (412) when that is no"
        " longer the state. `*` takes any state, but there must be one: a PUT that would create fails (412).",
        "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*")$'},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of what the client has, or several: 304 when one of them is still the state.",
        "schema": {"type": "string"},
    },
    "If-None-Match-Any": {
        "name": "If-None-Match",
        "in": "header",
        "description": "`*` stands for `createOnly`: where there is one already, the call fails, with 412.",
        "schema": {"type": "string", "enum": ["*"]},
    },
    "Last-Event-ID": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The `id` of the last event that the client has; the stream goes on after it, whatever the"
        " request says. EventSource sends it by itself.",
        "schema": {"type": "string"},
    },
    "Grpc-Timeout": {
        "name": "Grpc-Timeout",
        "in": "header",
        "description": "How long the caller waits, as gRPC writes it: digits and a unit (H, M, S, m, u, n). Afterwards"
        " the call ends with DEADLINE_EXCEEDED (504).",
        "schema": {"type": "string", "pattern": "^[0-9]{1,8}[HMSmun]$"},
    },
}

_HEADERS: dict[str, Schema] = {
    "ETag": {
        "description": "Names this state of the resource: its `etag` in quotation marks.",
        "schema": {"type": "string", "pattern": '^"[!#-~]*"$'},
    },
    "Retry-After": {
        "description": "Seconds after which the call may be repeated; where waiting helps.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-Request-Id": {
        "description": "What to quote to those who can read the log.",
        "schema": {"type": "string"},
    },
}

_SECURITY: dict[str, Schema] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the identity provider with `sub`, `role` and `franchise_ids`. For an instance of"
        " `make run`: `.venv/bin/tickets token --role ops_manager`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-tickets-session",
        "description": "The cookie that `POST /session` sets in browsers. Calls that change something take it from"
        " pages of the same origin alone. A token in the header comes first.",
    },
}


def make_document(comments: Comments) -> dict[str, Any]:
    """The whole of it; the same for the same contract."""
    schemas = Schemas(comments)
    reasons = Reasons(comments)
    status = error_body(comments, schemas)
    operations = Operations(comments, schemas, reasons)
    for rpc in rpcs():
        operations.add(rpc)
    services = list(dict.fromkeys(rpc.service for rpc in rpcs()))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rodistaa Tickets",
            "version": PACKAGE.rpartition(".")[2],
            "summary": "Tickets of a truck-freight marketplace: states, deadlines, timeline, audit, files.",
            "description": _ABOUT.strip(),
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": name.rpartition(".")[2], "description": comments.of(name)} for name in services],
        "paths": operations.paths,
        "components": {
            "schemas": schemas.all(),
            "parameters": _PARAMETERS,
            "headers": _HEADERS,
            "responses": _responses(status),
            "examples": dict(sorted(operations.examples.items())),
            "securitySchemes": _SECURITY,
        },
    }


def _responses(status: Schema) -> dict[str, Schema]:
    return {
        "Error": {
            "description": "What went wrong.",
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", "Retry-After")},
            "content": {
                "application/json": {
                    "schema": status,
                    "examples": {
                        "INVALID_REQUEST": {"value": error_example()},
                        "RATE_LIMITED": {"value": retry_example()},
                    },
                }
            },
        },
        "NotModified": {
            "description": "The state is that of `If-None-Match`.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
        },
    }
