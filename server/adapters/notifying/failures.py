"""What went wrong on the way, in words that administrators may read: no addresses, no secrets, no server's own text."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage

from server.application.notifications.channels import DeliveryFailed

_LONGEST_WAIT = timedelta(days=1)

# The first that fits; the special before the general.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "did not answer within {seconds:g} s"),
    (ssl.SSLError, "could not be reached over TLS"),
    (socket.gaierror, "could not be found: its name does not resolve"),
    (ConnectionRefusedError, "refused the connection"),
    (ConnectionError, "closed the connection"),
    (OSError, "could not be reached"),
)


def no_answer(peer: str, error: OSError | HTTPException | ValueError, seconds: float) -> DeliveryFailed:
    """To be tried again. ``peer`` begins a sentence, such as "The mail server"; ``seconds`` is the time limit."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryFailed(f"{peer} has no valid certificate: {error.verify_message}.")
    if isinstance(error, ssl.SSLError) and "timed out" in str(error):
        error = TimeoutError()
    what = next((text for kind, text in _FAILURES if isinstance(error, kind)), "gave no valid answer")
    return DeliveryFailed(f"{peer} {what.format(seconds=seconds)}.")


def retry_after(headers: HTTPMessage) -> timedelta | None:
    """What the header asks for, as seconds or a date; at most a day; None when it is absent or makes no sense."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
        wait = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):  # no date, or one of numbers that nothing can hold
        return None
    return min(max(wait, timedelta()), _LONGEST_WAIT)


def masked(address: str) -> str:
    """Enough of a person's address to recognise it when one knows it: r…@example.com, …210."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}…@{domain}"
    return f"…{address[-3:]}" if len(address) >= 8 else "…"
