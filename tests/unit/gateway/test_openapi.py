"""docs/api/openapi.yaml: it is valid, complete, and says of bodies what the messages say."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from google.api import field_behavior_pb2
from google.protobuf import json_format
from google.protobuf.message import Message
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.contract import Rpc, rpcs
from rodistaa.tickets.v1 import ticket_pb2
from scripts.openapi.__main__ import TARGET
from scripts.openapi.comments import read_comments, unwrapped
from scripts.openapi.document import make_document
from scripts.openapi.yaml_text import to_yaml

_METHODS = {"get", "put", "post", "delete", "patch"}


@cache
def committed() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(TARGET.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return document


def operations() -> dict[str, dict[str, Any]]:
    """By operationId."""
    return {
        operation["operationId"]: operation
        for item in committed()["paths"].values()
        for method, operation in item.items()
        if method in _METHODS
    }


def bindings() -> list[tuple[str, Rpc, int]]:
    return [
        (f"{rpc.service.rpartition('.')[2]}_{rpc.name}" + (f"_{number + 1}" if number else ""), rpc, number)
        for rpc in rpcs()
        for number in range(len(rpc.bindings))
    ]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def resolve(reference: str) -> Any:
    found: Any = committed()
    assert reference.startswith("#/")
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def deref(value: dict[str, Any]) -> Any:
    return resolve(value["$ref"]) if "$ref" in value else value


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """The references of the schema lead into the document."""
    return Draft202012Validator({**schema, "components": committed()["components"]})


def test_it_is_made_the_same_each_time_and_is_read_as_it_was_made() -> None:
    document = make_document(read_comments())
    text = to_yaml(document, "heading")
    assert text == to_yaml(make_document(read_comments()), "heading")
    assert yaml.safe_load(text) == document
    assert document == committed(), "run scripts/openapi.sh and commit"


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(committed()).validate()


def test_every_reference_leads_somewhere() -> None:
    for each in walk(committed()):
        if isinstance(each.get("$ref"), str):
            resolve(each["$ref"])


def test_every_schema_parameter_and_example_is_used() -> None:
    used = {each["$ref"] for each in walk(committed()) if isinstance(each.get("$ref"), str)}
    for kind in ("schemas", "parameters", "headers", "responses", "examples"):
        for name in committed()["components"][kind]:
            assert f"#/components/{kind}/{name}" in used


def test_every_binding_is_an_operation_and_nothing_else_is() -> None:
    assert set(operations()) == {name for name, _, _ in bindings()}
    assert sum(len(rpc.bindings) for rpc in rpcs()) == len(operations())


def test_everything_is_described() -> None:
    for name, operation in operations().items():
        assert operation["summary"], name
        assert not operation["summary"].endswith("."), name
        for parameter in operation.get("parameters", []):
            assert deref(parameter)["description"], name
    for name, schema in committed()["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, property_ in schema.get("properties", {}).items():
            assert property_.get("description"), f"{name}.{field}"
        assert all(schema.get("x-enum-descriptions", [])), name


@pytest.mark.parametrize(
    ("name", "rpc", "number"), bindings(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_parameters_are_those_of_the_path(name: str, rpc: Rpc, number: int) -> None:
    operation = operations()[name]
    (path,) = [path for path, item in committed()["paths"].items() if operation in item.values()]
    declared = [deref(each) for each in operation.get("parameters", [])]
    in_path = [each["name"] for each in declared if each["in"] == "path"]
    assert all(f"{{{each}}}" in path for each in in_path)
    assert path.count("{") == len(in_path)
    assert all(each["required"] for each in declared if each["in"] == "path")
    names = [(each["in"], each["name"]) for each in declared]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "rpc", "number"), bindings(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_examples_fit_their_schemas_and_their_messages(name: str, rpc: Rpc, number: int) -> None:
    operation, binding = operations()[name], rpc.bindings[number]
    for parameter in operation.get("parameters", []):
        found = deref(parameter)
        if "example" in found:
            validator(found["schema"]).validate(found["example"])
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        validator(media["schema"]).validate(media["example"])
        parse(rpc.request, "" if binding.body == "*" else binding.body, media["example"])
    media = operation["responses"]["200"]["content"].get("application/json")
    for example in (media or {}).get("examples", {}).values():
        validator(media["schema"]).validate(deref(example)["value"])
        parse(rpc.response, binding.response_body, deref(example)["value"])


def parse(message: type[Message], field: str, value: Any) -> None:
    json_format.ParseDict({field: value} if field else value, message())


def test_the_examples_of_errors_fit() -> None:
    media = committed()["components"]["responses"]["Error"]["content"]["application/json"]
    for example in media["examples"].values():
        validator(media["schema"]).validate(example["value"])


def test_requests_are_closed_and_answers_are_open() -> None:
    schemas = committed()["components"]["schemas"]
    for name in ("CreateAttachmentRequest", "Ticket", "TicketFilter", "BulkAssign", "Date"):
        assert schemas[name]["additionalProperties"] is False
    for name in ("ListTicketsResponse", "TimelineEntry", "Status"):
        assert "additionalProperties" not in schemas[name]
    assert not validator(
        operations()["TicketService_CreateTicket"]["requestBody"]["content"]["application/json"]["schema"]
    ).is_valid({"title": "t", "description": "d", "unknown": 1})


def test_what_the_contract_requires_is_required_but_not_of_updates() -> None:
    def takes(operation: str, body: dict[str, Any]) -> bool:
        media = operations()[operation]["requestBody"]["content"]["application/json"]
        return validator(media["schema"]).is_valid(body)

    assert takes("TicketService_CreateTicket", {"title": "t", "description": "d"})
    assert not takes("TicketService_CreateTicket", {"title": "t"})
    assert takes("TicketService_UpdateTicket", {"title": "t"})
    assert takes("TicketService_UpdateTicket_2", {"ticket": {"title": "t"}, "updateMask": "title"})
    assert not takes("TicketService_UpdateTicket_2", {"ticket": {"title": "t"}})
    assert not takes("AttachmentService_CreateAttachment", {"attachment": {"fileName": "a.pdf"}})


def test_read_only_fields_are_those_that_a_body_does_not_decide() -> None:
    ticket = committed()["components"]["schemas"]["Ticket"]["properties"]
    message: Any = ticket_pb2.Ticket.DESCRIPTOR
    by_name = {field.json_name: field for field in message.fields}
    extension: Any = field_behavior_pb2.field_behavior
    for name, property_ in ticket.items():
        decided = set(by_name[name].GetOptions().Extensions[extension]) & {
            field_behavior_pb2.OUTPUT_ONLY,
            field_behavior_pb2.IDENTIFIER,
        }
        assert property_.get("readOnly", False) == bool(decided), name


def test_forms_of_values() -> None:
    schemas = committed()["components"]["schemas"]
    ticket = schemas["Ticket"]["properties"]
    assert ticket["createdAt"]["format"] == "date-time"
    assert ticket["version"]["type"] == "string"
    assert ticket["version"]["format"] == "int64"
    assert ticket["metadata"]["additionalProperties"] is True
    assert ticket["tags"]["type"] == "array"
    assert ticket["status"]["$ref"] == "#/components/schemas/TicketStatus"
    assert schemas["SignedRequest"]["properties"]["headers"]["additionalProperties"] == {"type": "string"}
    assert "s$" in schemas["SlaExplanation"]["properties"]["counted"]["pattern"]
    assert "At most one of `assign`" in schemas["BulkUpdateTicketsRequest"]["description"]


def test_queries_reach_into_messages_and_leave_out_what_path_and_body_have() -> None:
    def queries(operation: str) -> dict[str, Any]:
        declared = map(deref, operations()[operation]["parameters"])
        return {each["name"]: each for each in declared if each["in"] == "query"}

    listed = queries("TicketService_ListTickets")
    assert listed["filter.statuses"]["explode"] is True
    assert listed["filter.statuses"]["schema"]["type"] == "array"
    assert listed["filter.created.start"]["schema"]["format"] == "date-time"
    assert not listed["pageSize"].get("required", False)
    assert queries("TicketService_SearchTickets")["query"]["required"]
    update = queries("TicketService_UpdateTicket")
    assert set(update) == {"updateMask", "reason", "requestId"}
    assert update["updateMask"]["required"]
    assert not queries("TicketService_ListTickets_2")


def test_headers_stand_where_they_mean_something() -> None:
    def headers(operation: str) -> set[str]:
        return {each["name"] for each in map(deref, operations()[operation]["parameters"]) if each["in"] == "header"}

    assert headers("TicketService_CreateTicket") == {"Idempotency-Key", "Grpc-Timeout"}
    assert headers("TicketService_UpdateTicket") == {"Idempotency-Key", "If-Match", "Grpc-Timeout"}
    assert headers("TicketService_GetTicket") == {"If-None-Match", "Grpc-Timeout"}
    assert headers("DirectoryService_UpsertMember") == {"Idempotency-Key", "If-Match", "If-None-Match", "Grpc-Timeout"}
    assert headers("TicketService_WatchTickets") == {"Last-Event-ID"}
    assert headers("TicketService_GetTicket_2") == {"Grpc-Timeout"}
    assert set(operations()["TicketService_GetTicket"]["responses"]) == {"200", "304", "default"}


def test_streams_name_their_events() -> None:
    content = operations()["TicketService_WatchTimeline"]["responses"]["200"]["content"]
    assert set(content) == {"text/event-stream"}
    assert content["text/event-stream"]["x-event-schema"]["$ref"].endswith("/WatchTimelineResponse")
    assert (
        "`entry`, `progress`, or `error`"
        in operations()["TicketService_WatchTimeline"]["responses"]["200"]["description"]
    )


def test_reasons_are_those_that_the_comment_of_the_rpc_names() -> None:
    assign = operations()["TicketService_AssignTicket"]
    assert assign["x-error-reasons"] == [
        "REASON_REQUIRED", "OWNER_NOT_ELIGIBLE", "TICKET_CLOSED", "TICKET_ARCHIVED", "ETAG_MISMATCH"
    ]  # fmt: skip
    assert "- `ETAG_MISMATCH`, HTTP 409: the thing has changed" in assign["description"]
    assert "REASON_REQUIRED, OWNER_NOT_ELIGIBLE" not in assign["description"]
    cancel = operations()["ExportService_CancelExportJob"]
    assert cancel["x-error-reasons"] == ["EXPORT_JOB_FINISHED"]
    assert "a job that is CANCELLED already is no error" in cancel["description"]


def test_comments_lose_only_the_breaks_that_the_width_asked_for() -> None:
    comment = " One\n two.\n\n - first\n   of a list\n - second\n\n Three.\n"
    assert unwrapped(comment) == "One two.\n\n- first of a list\n- second\n\nThree."
    assert unwrapped(" A [Code][google.rpc.Code].") == "A `Code`."


def test_a_path_without_a_form_in_openapi_is_refused() -> None:
    from gateway.contract import Binding
    from scripts.openapi.operations import Operations
    from scripts.openapi.reasons import Reasons
    from scripts.openapi.schemas import Schemas

    comments = read_comments()
    made = Operations(comments, Schemas(comments), Reasons(comments))
    rpc = next(rpc for rpc in rpcs() if rpc.name == "GetTicket")
    wild = Rpc(rpc.service, rpc.name, rpc.request, rpc.response, False, True, (Binding("GET", "/a/*/{id}", "", ""),))
    with pytest.raises(ValueError, match="wildcard"):
        made.add(wild)
    made.add(rpc)
    with pytest.raises(ValueError, match="two RPCs"):
        made.add(rpc)
