"""Statuses as HTTP answers."""

import json
from datetime import timedelta

import google.rpc.code_pb2 as rpc_code
import google.rpc.status_pb2 as rpc_status
import grpc
import pytest

from gateway.errors import error_of, http_status_of, make_status, status_json
from tests.contract.over_http import HTTP_STATUS


def test_every_code_has_its_http_status() -> None:
    assert {name: http_status_of(number) for name, number in rpc_code.Code.items()} == HTTP_STATUS
    assert http_status_of(99) == 500


@pytest.mark.parametrize(("wait", "seconds"), [(0.0, "1"), (0.05, "1"), (1.0, "1"), (1.001, "2"), (90.0, "90")])
def test_how_long_to_wait_is_a_header_in_whole_seconds(wait: float, seconds: str) -> None:
    status = make_status(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", "Too many.", retry_after=timedelta(seconds=wait)
    )
    assert error_of(status).headers == {"Retry-After": seconds}


def test_a_status_as_json() -> None:
    status = make_status(
        grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "तो क्या", violations=[("ticket.title", "is wrong")]
    )
    assert json.loads(status_json(status)) == {
        "code": 3,
        "message": "तो क्या",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "INVALID_REQUEST",
                "domain": "tickets.rodistaa.com",
            },
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "ticket.title", "description": "is wrong"}],
            },
        ],
    }


def test_details_of_types_that_nobody_here_knows_are_left_out() -> None:
    status = make_status(grpc.StatusCode.INTERNAL, "INTERNAL", "Internal error.")
    status.details.add(type_url="type.googleapis.com/acme.Secret", value=b"\x08\x01")
    status.details.add(type_url="type.googleapis.com/google.rpc.Status", value=b"\xff")
    assert [each["@type"].rpartition(".")[2] for each in json.loads(status_json(status))["details"]] == ["ErrorInfo"]


def test_a_status_without_anything_is_json_too() -> None:
    assert json.loads(status_json(rpc_status.Status())) == {"code": 0}
