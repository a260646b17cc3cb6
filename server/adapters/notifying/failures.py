"""What went wrong on the way, in words that administrators may read: no addresses, no secrets, no server's own text."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage

from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send

_GIVE_UP_AFTER = 2
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


class NoAnswer(DeliveryFailed):
    """The other side could not be reached, went away or refuses us as a whole: nothing to do with this one message, as
    far as can be seen. Never permanent."""


def no_answer(peer: str, error: OSError | HTTPException | ValueError, seconds: float) -> NoAnswer:
    """``peer`` begins a sentence, such as "The mail server"; ``seconds`` is the time limit that was set."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoAnswer(f"{peer} has no valid certificate: {error.verify_message}.")
    if isinstance(error, ssl.SSLError) and "timed out" in str(error):
        error = TimeoutError()
    what = next((text for kind, text in _FAILURES if isinstance(error, kind)), "gave no valid answer")
    return NoAnswer(f"{peer} {what.format(seconds=seconds)}.")


def giving_up(send: Send) -> Send:
    """After two messages in a row without an answer the rest of the batch fails at once, with the second's reason: a
    peer that hangs costs two time limits, not one for each message. A single bad message does not stop the batch."""
    missed: list[NoAnswer] = []

    def guarded(message: OutgoingMessage) -> None:
        if len(missed) >= _GIVE_UP_AFTER:
            raise NoAnswer(missed[-1].message, retry_after=missed[-1].retry_after)
        try:
            send(message)
        except NoAnswer as error:
            missed.append(error)
            raise
        except DeliveryFailed:
            missed.clear()
            raise
        missed.clear()

    return guarded


def retry_after(headers: HTTPMessage) -> timedelta | None:
    """What the header asks for, as seconds or a date; at most a day; None when it is absent or makes no sense."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    wait = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return min(max(wait, timedelta()), _LONGEST_WAIT)


def masked(address: str) -> str:
    """Enough of a person's address to recognise it when one knows it: r…@example.com, …210."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}…@{domain}"
    return f"…{address[-3:]}" if len(address) >= 8 else "…"
