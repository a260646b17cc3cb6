"""E-mail by SMTP."""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from server.adapters.notifying.failures import no_answer
from server.adapters.notifying.timed_sockets import (
    Deadline,
    TimedSocket,
    client_tls,
    connect,
    resolve_within,
    start_tls,
    system_resolve,
)
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send

_PEER = "The mail server"
_GOODBYE_SECONDS = 2.0
_LONGEST_SUBJECT = 250
_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_TLS: dict[str, Literal["starttls", "implicit", "none"]] = {
    "smtp": "starttls",
    "smtps": "implicit",
    "smtp+plain": "none",
}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where e-mail is handed in."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    """starttls: required, not merely tried."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """From smtp:// (STARTTLS), smtps:// (TLS from the start) or smtp+plain:// (neither, and no password either),
        then user:password@host:port. ValueError, which never quotes the URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("is not a valid address") from None
        if parts.scheme not in _TLS or not parts.hostname:
            raise ValueError("must be smtp://, smtps:// or smtp+plain:// and a host")
        if parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise ValueError("must end after the host and port; escape special characters in the password")
        tls = _TLS[parts.scheme]
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if tls == "none" and (username or password):
            raise ValueError("would send the password unencrypted; use smtp:// or smtps://")
        return cls(parts.hostname, port or _PORTS[parts.scheme], tls, username, password)


class EmailProvider:
    """Hands each message to one SMTP server, in one connection for a batch."""

    def __init__(
        self, server: SmtpServer, sender: str, *, timeout_seconds: float, tls: ssl.SSLContext | None = None
    ) -> None:
        """``sender`` as in a From header, "Name <mailbox>" or a mailbox; ValueError when it is neither. The time limit
        is for a message, connecting included."""
        self._server = server
        self._sender = parse_sender(sender)
        self._seconds = timeout_seconds
        self._tls = tls if tls is not None else client_tls()

    def session(self) -> AbstractContextManager[Send]:
        """See ChannelProvider."""
        return self._session()

    @contextmanager
    def _session(self) -> Iterator[Send]:
        connection = _Connection(self._server, self._tls, self._seconds)

        def send(message: OutgoingMessage) -> None:
            connection.send(compose(message, self._sender), self._sender.addr_spec, message.address)

        try:
            yield send
        finally:
            connection.close()


def parse_sender(text: str) -> Address:
    """ValueError when it is no mailbox."""
    name, mailbox = parseaddr(text) if text.isprintable() else ("", "")
    return Address(display_name=name, addr_spec=_valid(mailbox))


def compose(message: OutgoingMessage, sender: Address) -> EmailMessage:
    """The e-mail; the same message gives the same Message-ID, so that mail systems can drop a repetition.

    DeliveryFailed (permanent) for an address that is none.

    All e-mails about one ticket refer to one id, by which mail programs show them together.
    """
    try:
        recipient = _valid(message.address)
    except ValueError:
        raise DeliveryFailed("The e-mail address is not valid.", permanent=True) from None
    mail = EmailMessage(policy=SMTP)
    try:
        mail["Message-ID"] = f"<{message.dedupe_key}@{sender.domain}>"
        mail["References"] = f"<ticket.{message.ticket_id}@{sender.domain}>"
        mail["Date"] = datetime.now(UTC)
        mail["From"] = sender
        mail["To"] = recipient
        mail["Subject"] = _one_line(message.title)[:_LONGEST_SUBJECT]
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Dedupe-Key"] = message.dedupe_key
        mail["X-Ticket-Id"] = message.ticket_id
        mail["X-Notification-Kind"] = message.kind
        if message.is_critical:
            mail["Importance"] = "high"
        mail.set_content(_without_controls(message.body), cte="quoted-printable")
    except ValueError:
        raise DeliveryFailed("The message cannot be written as an e-mail.", permanent=True) from None
    return mail


def _valid(mailbox: str) -> str:
    """Stricter than the parser, which takes comments, quoted parts and addresses without a domain."""
    if not re.fullmatch(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,255}", mailbox):
        raise ValueError("is not a mailbox")
    return mailbox


def _one_line(text: str) -> str:
    return " ".join(_without_controls(text).split())


def _without_controls(text: str) -> str:
    """Line breaks stay; what neither mail nor people can read becomes a space, half a surrogate pair included."""
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]", " ", text.replace("\r\n", "\n"))


class _Smtp(smtplib.SMTP):
    """A connection within a deadline, which counts for each message anew."""

    def __init__(self, server: SmtpServer, tls: ssl.SSLContext, deadline: Deadline) -> None:
        self._server = server
        self._context = tls
        self._deadline = deadline
        # With a name given, the library asks no name server for ours.
        super().__init__(server.host, server.port, local_hostname="localhost")

    def _get_socket(self, host: str, port: int, _timeout: float) -> TimedSocket:
        """The library's own place for other kinds of sockets."""
        sock = connect(resolve_within(self._deadline, system_resolve, host, port), self._deadline)
        own = sock.getsockname()[0]
        name = socket.gethostname()
        literal = f"[IPv6:{own}]" if sock.family == socket.AF_INET6 else f"[{own}]"
        self.local_hostname = name if "." in name else literal
        if self._server.tls == "implicit":
            return start_tls(sock, self._context, host, self._deadline)
        return sock

    def extend(self, deadline: Deadline) -> None:
        """From now on this deadline counts."""
        self._deadline = deadline
        if isinstance(self.sock, TimedSocket):
            self.sock.deadline = deadline

    def secure_and_sign_in(self) -> None:
        """What comes before the first message."""
        if self._server.tls == "starttls":
            self.starttls(context=self._context)
            self.extend(self._deadline)
        if self._server.username:
            self.login(self._server.username, self._server.password)


class _Connection:
    """Opened by the first message, and anew after it broke. All errors of smtplib are OSErrors."""

    def __init__(self, server: SmtpServer, tls: ssl.SSLContext, seconds: float) -> None:
        self._server = server
        self._tls = tls
        self._seconds = seconds
        self._smtp: _Smtp | None = None

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """Raises DeliveryFailed alone."""
        deadline = Deadline(self._seconds)
        try:
            self._opened(deadline).send_message(mail, sender, [recipient])
        except OSError as error:
            raise self._failure(error, deadline) from None
        finally:
            if self._smtp is not None and self._smtp.sock is None:
                self._smtp = None

    def close(self) -> None:
        """With a goodbye where the server is there to hear it."""
        if self._smtp is not None:
            self._smtp.extend(Deadline(_GOODBYE_SECONDS))
            with suppress(OSError):
                self._smtp.quit()
            self._drop()

    def _opened(self, deadline: Deadline) -> _Smtp:
        if self._smtp is None:
            smtp = _Smtp(self._server, self._tls, deadline)
            try:
                smtp.secure_and_sign_in()
            except OSError:
                smtp.close()
                raise
            self._smtp = smtp
        self._smtp.extend(deadline)
        return self._smtp

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _failure(self, error: OSError, deadline: Deadline) -> DeliveryFailed:
        match error:
            case smtplib.SMTPRecipientsRefused():
                code, text = next(iter(error.recipients.values()))
                return _refused("the recipient", code, text)
            case smtplib.SMTPDataError():
                return _refused("the message", error.smtp_code, error.smtp_error)
            case smtplib.SMTPNotSupportedError() if self._smtp is not None:
                return DeliveryFailed("The mail server does not take international addresses.", permanent=True)
        self._drop()
        return _failure_of_the_connection(error, deadline, self._seconds)


def _failure_of_the_connection(error: OSError, deadline: Deadline, seconds: float) -> DeliveryFailed:
    if deadline.is_over:
        return no_answer(_PEER, TimeoutError(), seconds)
    match error:
        case smtplib.SMTPAuthenticationError():
            return DeliveryFailed(f"{_PEER} refused to sign us in ({_code(error.smtp_code, error.smtp_error)}).")
        case smtplib.SMTPResponseException():
            return DeliveryFailed(f"{_PEER} refuses us ({_code(error.smtp_code, error.smtp_error)}).")
        case smtplib.SMTPNotSupportedError():
            return DeliveryFailed(f"{_PEER} does not offer what the settings ask for: STARTTLS, or signing in.")
        case smtplib.SMTPServerDisconnected():
            return no_answer(_PEER, ConnectionError(), seconds)
        case _:
            return no_answer(_PEER, error, seconds)


def _refused(what: str, code: int, text: bytes | str) -> DeliveryFailed:
    return DeliveryFailed(f"{_PEER} refused {what} ({_code(code, text)}).", permanent=500 <= code < 600)


def _code(code: int, text: bytes | str) -> str:
    """The number and the enhanced code of RFC 3463; the text after them may quote the address."""
    words = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", words)
    return f"{code} {enhanced[0]}" if enhanced else str(code)
