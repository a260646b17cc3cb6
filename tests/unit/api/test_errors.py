"""The table of errors, and what goes over the wire."""

from datetime import timedelta

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
import pytest

from rodistaa.tickets.v1 import errors_pb2
from server.api.errors import INTERNAL_TEXT, STATUS_OF, Failure, code_of, failure_of
from server.domain import errors
from server.domain.errors import FieldViolation, InvalidArgument, NotFound, Reason, ResourceExhausted, TicketsError


def subclasses(kind: type[TicketsError]) -> set[type[TicketsError]]:
    direct = set(kind.__subclasses__())
    return direct.union(*map(subclasses, direct))


def details_of(failure: Failure) -> rpc_status.Status:
    return rpc_status.Status.FromString(dict(failure.trailing_metadata)["grpc-status-details-bin"])  # type: ignore[arg-type]


def test_domain_and_contract_know_the_same_reasons() -> None:
    names = errors_pb2.ErrorReason.keys()
    in_contract = {name.removeprefix("ERROR_REASON_") for name in names} - {"UNSPECIFIED"}
    assert {reason.value for reason in Reason} == in_contract


def test_every_domain_error_has_a_status_of_its_own() -> None:
    defined_in_domain = {kind for kind in subclasses(TicketsError) if kind.__module__ == errors.__name__}
    assert defined_in_domain == set(STATUS_OF)


def test_a_subclass_has_the_status_of_its_base() -> None:
    class VeryMuchNotFound(NotFound):
        pass

    assert code_of(VeryMuchNotFound("gone")) is grpc.StatusCode.NOT_FOUND


def test_an_unexpected_error_says_nothing_of_itself() -> None:
    failure = failure_of(RuntimeError("password=hunter2"), "req-1")
    assert failure.code is grpc.StatusCode.INTERNAL
    assert failure.details == INTERNAL_TEXT
    assert b"hunter2" not in details_of(failure).SerializeToString()
    info = error_details.ErrorInfo()
    details_of(failure).details[0].Unpack(info)
    assert (info.reason, dict(info.metadata)) == ("INTERNAL", {"request_id": "req-1"})


def test_context_stays_at_home() -> None:
    error = NotFound("No.", context={"sql": "SELECT secret"})
    assert b"SELECT secret" not in details_of(failure_of(error, "r")).SerializeToString()


def test_retry_info_where_waiting_helps() -> None:
    status = details_of(failure_of(ResourceExhausted("Slow down.", retry_after=timedelta(milliseconds=1500)), "r"))
    retry = error_details.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToTimedelta() == timedelta(milliseconds=1500)


@pytest.mark.parametrize("letter", ["a", "ß", "漢", "🚚", "\ud800"])
def test_trailers_stay_below_what_grpc_libraries_take(letter: str) -> None:
    violations = [FieldViolation(f"ids[{n}]" + letter * 500, letter * 2000) for n in range(500)]
    failure = failure_of(InvalidArgument.of(violations), "r" * 100)
    wire = len(failure.details.encode()) * 3 + sum(len(value) * 4 // 3 + 64 for _, value in failure.trailing_metadata)
    assert wire < 8 * 1024
    status = details_of(failure)
    info, bad_request = error_details.ErrorInfo(), error_details.BadRequest()
    status.details[0].Unpack(info)
    status.details[1].Unpack(bad_request)
    assert len(bad_request.field_violations) + int(info.metadata["violations_omitted"]) == 500
