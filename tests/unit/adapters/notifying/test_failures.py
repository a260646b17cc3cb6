"""How failures read."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import BadStatusLine, HTTPMessage

import pytest

from server.adapters.notifying.failures import masked, no_answer, retry_after
from server.application.notifications.channels import LONGEST_FAILURE, DeliveryFailed, OutgoingMessage

MESSAGE = OutgoingMessage("n-1", "asha@example.com", "Late", "It is late.", "TKT-1001", "ESCALATED", is_critical=False)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TimeoutError(), "The receiver did not answer within 10 s."),
        (ssl.SSLError("The handshake operation timed out"), "The receiver did not answer within 10 s."),
        (ssl.SSLError("WRONG_VERSION_NUMBER"), "The receiver could not be reached over TLS."),
        (socket.gaierror(-2, "asha@example.com"), "The receiver could not be found: its name does not resolve."),
        (ConnectionRefusedError(), "The receiver refused the connection."),
        (ConnectionResetError(), "The receiver closed the connection."),
        (OSError(113, "No route to host"), "The receiver could not be reached."),
        (BadStatusLine("secret"), "The receiver gave no valid answer."),
        (ValueError("secret"), "The receiver gave no valid answer."),
    ],
)
def test_words_for_administrators(error: OSError, text: str) -> None:
    failure = no_answer("The receiver", error, 10)
    assert (failure.message, failure.permanent, failure.retry_after) == (text, False, None)


def test_a_long_failure_is_cut() -> None:
    assert len(DeliveryFailed("x" * 1000).message) == LONGEST_FAILURE


def headers(value: str) -> HTTPMessage:
    message = HTTPMessage()
    message["retry-after"] = value
    return message


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta()),
        ("99999999999999999999", timedelta(days=1)),
        ("-5", None),
        ("soon", None),
        ("١٢", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta()),
        ("Wed, 21 Oct 2999 07:28:00 GMT", timedelta(days=1)),
        ("Wed, 21 Oct 99999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", timedelta(days=1)),
        ("Mon, 01 Jan 0001 00:00:00 +2359", timedelta()),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
    ],
)
def test_retry_after(value: str, wait: timedelta | None) -> None:
    assert retry_after(headers(value)) == wait


def test_retry_after_as_a_date() -> None:
    wait = retry_after(headers(format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)))
    assert wait is not None
    assert timedelta(minutes=5) < wait <= timedelta(minutes=10)
    assert retry_after(HTTPMessage()) is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("asha.rao@example.com", "a…@example.com"),
        ("@example.com", "…@example.com"),
        ("+919812345678", "…678"),
        ("12345", "…"),
        ("", "…"),
    ],
)
def test_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_a_message_does_not_show_what_is_personal() -> None:
    assert "asha" not in repr(MESSAGE)
    assert "It is late." not in repr(MESSAGE)
