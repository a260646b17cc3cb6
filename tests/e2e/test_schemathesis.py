"""The gateway against its OpenAPI document: schemathesis with all its checks, over every operation.

TICKETS_SCHEMATHESIS_EXAMPLES says how many random requests an operation gets, beside its examples and the edges of its
schema; 5 when it is not set. ``tests/e2e/schemathesis.toml`` and ``schemathesis_hooks.py`` say what is not as
schemathesis supposes, and why.
"""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from jsonschema import Draft202012Validator

from scripts.openapi.__main__ import TARGET
from server.domain.roles import Role
from tests.database import TestServer
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.event_sources import EventReader
from tests.integration.gateway.requests import request
from tests.running import running, token_for

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("TICKETS_SCHEMATHESIS_EXAMPLES", "5")
SECONDS = 150 if EXAMPLES == "5" else 7200
TICKETS = ["--include-tag", "TicketService"]
OTHERS = ["--exclude-tag", "TicketService"]


@pytest.fixture(scope="module")
def gateway(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Before a server with the demonstration's tickets."""
    directory = tmp_path_factory.mktemp("schemathesis")
    with postgres.new_database() as database:
        subprocess.run(
            [sys.executable, "-m", "server.cli", "seed"],
            env={**os.environ, "TICKETS_DATABASE_URL": database.dsn, "TICKETS_DATA_DIR": str(directory)},
            check=True,
            capture_output=True,
        )
        with running(database) as server, serving_gateway(directory, gateway_target=server.target) as found:
            yield found


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize(
    ("role", "phases", "operations"),
    [
        (Role.ADMIN, "examples,coverage,fuzzing", TICKETS),
        (Role.ADMIN, "examples,coverage,fuzzing,stateful", OTHERS),
        (Role.SHIPPER, "examples,fuzzing", []),
    ],
    ids=["tickets", "all but tickets", "from outside"],
)
def test_no_answer_breaks_the_document(
    gateway: Gateway, tmp_path: Path, role: Role, phases: str, operations: list[str]
) -> None:
    """Streams have a test of their own: they do not end."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
            str(TARGET),
            f"--url={gateway.url}",
            f"--header=Authorization: Bearer {token_for(role, f'demo-{role}')}",
            f"--phases={phases}",
            f"--max-examples={EXAMPLES}",
            "--exclude-operation-id-regex=_Watch",
            "--continue-on-failure",
            "--request-timeout=20",
            # CPython 3.11 cannot parse in two threads at a time, as Hypothesis does to print what it generates.
            "--workers=1",
            "--warnings=off",
            "--no-color",
            *operations,
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.e2e.schemathesis_hooks", "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-20_000:]}{done.stderr[-2000:]}"
    assert "Tested: 0" not in done.stdout


DOCUMENT: dict[str, Any] = yaml.load(TARGET.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
OPERATIONS = [
    (method, path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]
STREAMS = [each for each in OPERATIONS if "text/event-stream" in each[2]["responses"]["200"]["content"]]
CALLS = [each for each in OPERATIONS if each not in STREAMS]


@pytest.mark.parametrize(("method", "path", "operation"), STREAMS, ids=[each["operationId"] for _, _, each in STREAMS])
def test_events_of_streams_are_those_of_the_document(
    gateway: Gateway, method: str, path: str, operation: dict[str, Any]
) -> None:
    """Of its examples, and the first event."""
    for parameter in operation["parameters"]:
        if parameter.get("in") == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    headers = {"Authorization": f"Bearer {token_for(Role.ADMIN, 'demo-admin')}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    try:
        connection.request(method.upper(), path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
        reader = EventReader()
        event = next(filter(None, (reader.line(line.decode().rstrip("\n")) for line in answer)))
    finally:
        connection.close()
    schema = operation["responses"]["200"]["content"]["text/event-stream"]["x-event-schema"]
    data = json.loads(event.data)
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(data)
    assert event.name in data
    assert f"`{event.name}`" in operation["responses"]["200"]["description"]


@pytest.mark.parametrize(("method", "path", "operation"), STREAMS, ids=[each["operationId"] for _, _, each in STREAMS])
def test_refusals_of_streams_are_those_of_the_document(
    gateway: Gateway, method: str, path: str, operation: dict[str, Any]
) -> None:
    """Before the first event they are answers as of any call."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    try:
        body = "{}" if method == "post" else None
        connection.request(
            method.upper(), path.replace("{ticketId}", "TKT-1001"), body, {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        assert answer.status == 401
        status = json.loads(answer.read())
    finally:
        connection.close()
    assert operation["responses"]["default"]["$ref"].endswith("/Error")
    schema = DOCUMENT["components"]["responses"]["Error"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(status)


@pytest.mark.parametrize(("method", "path", "operation"), CALLS, ids=[each["operationId"] for _, _, each in CALLS])
def test_examples_are_calls_that_the_server_takes(
    gateway: Gateway, method: str, path: str, operation: dict[str, Any]
) -> None:
    """What they name need not be there, and other tests have changed the ticket; they are right in themselves."""
    query = {}
    for parameter in operation.get("parameters", []):
        if parameter.get("in") == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
        elif "example" in parameter:
            query[parameter["name"]] = parameter["example"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    answer = request(
        method.upper(),
        f"{gateway.url}{path}?{urlencode(query)}",
        {"Authorization": f"Bearer {token_for(Role.ADMIN, 'demo-admin')}", "Content-Type": "application/json"},
        None if body is None else json.dumps(body).encode(),
    )
    found = json.loads(answer.body)
    assert answer.status == 200 or found["details"][0]["reason"] not in {"INVALID_REQUEST", "REASON_REQUIRED"}, found
    assert answer.status in {200, 400, 404, 409}, found
