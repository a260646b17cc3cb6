"""What gets into the log, and what does not."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from server import log

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhc2hhIn0.c2lnbmF0dXJl"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure("INFO", "json", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def line(out: io.StringIO) -> dict[str, Any]:
    (text,) = out.getvalue().splitlines()
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_is_one_json_object(out: io.StringIO) -> None:
    structlog.get_logger().info("ready", port=50051)
    written = line(out)
    assert (written["event"], written["port"], written["level"]) == ("ready", 50051, "info")
    assert written["timestamp"].endswith("Z")


def test_the_standard_librarys_loggers_go_the_same_way(out: io.StringIO) -> None:
    logging.getLogger("psycopg.pool").warning("connection %s", "lost")
    written = line(out)
    assert (written["event"], written["logger"], written["level"]) == ("connection lost", "psycopg.pool", "warning")


def test_lines_of_a_call_carry_its_request_id(out: io.StringIO) -> None:
    token = log.request_id.set("req-1")
    try:
        structlog.get_logger().info("inside")
    finally:
        log.request_id.reset(token)
    assert line(out)["request_id"] == "req-1"


def test_below_the_level_nothing_is_written(out: io.StringIO) -> None:
    structlog.get_logger().debug("noise")
    logging.getLogger("x").debug("noise")
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"authorization": "hunter2"},
        {"jwt_secret": "hunter2"},
        {"Password": "hunter2"},
        {"metadata": {"x-token": "hunter2"}},
        {"detail": "postgresql://tickets:hunter2@db/tickets"},
        {"detail": ["password=hunter2 host=db"]},
        {"detail": "Bearer hunter2"},
    ],
)
def test_secrets_are_masked(out: io.StringIO, fields: dict[str, object]) -> None:
    structlog.get_logger().info("x", **fields)
    assert "hunter2" not in out.getvalue()
    assert log.REDACTED in out.getvalue()


def test_tokens_are_masked_in_messages_and_tracebacks(out: io.StringIO) -> None:
    try:
        int(JWT)
    except ValueError:
        logging.getLogger("x").exception("failed with %s", JWT)
    assert JWT not in out.getvalue()
    assert "ValueError" in line(out)["exception"]


def test_what_cannot_be_serialised_is_still_logged(out: io.StringIO) -> None:
    structlog.get_logger().info("x", thing=object())
    assert "object object" in line(out)["thing"]
