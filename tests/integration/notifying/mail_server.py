"""A real SMTP server in a thread of its own, which can be told to misbehave."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = b"correct horse"


@dataclass
class Mailbox:
    """What arrived, and how the server behaves; answers by recipient, all others are taken."""

    rcpt_answers: dict[str, str] = field(default_factory=dict)
    data_answers: list[str] = field(default_factory=list)
    """Answers to the next messages; 250 when there are none left."""
    drops: int = 0
    """In so many messages to come, the connection is cut off while the text is sent."""
    hangs: bool = False
    """After RCPT nothing is said any more."""
    drips: bool = False
    """The greeting never ends, a byte at a time."""
    accepted: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    signed_in: list[bytes] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802 - named by the library
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.hangs:
            await self.closing.wait()
        if answer := self.rcpt_answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data_answers:
            return self.data_answers.pop(0)
        content = cast("bytes", envelope.content)
        self.accepted.append(message_from_bytes(content, policy=policy.default))
        self.senders.append(str(envelope.mail_from))
        self.recipients.extend(envelope.rcpt_tos)
        self.secured.append(session.ssl is not None)
        return "250 OK"

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.signed_in.append(data.login)
        return AuthResult(success=data.password == PASSWORD, handled=False)


class _Server(SMTP):
    mailbox: Mailbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._was_upgraded():
            self.mailbox.connections += 1
        if self.mailbox.drips:
            self.loop.create_task(_drip(cast("asyncio.Transport", transport), self.mailbox.closing))
            return
        super().connection_made(transport)

    def _was_upgraded(self) -> bool:
        return getattr(self, "_original_transport", None) is not None

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.mailbox.drops:
            self.mailbox.drops -= 1
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            cast("asyncio.Transport", self.transport).abort()
            return
        await super().smtp_DATA(arg)


async def _drip(transport: asyncio.Transport, closing: asyncio.Event) -> None:
    transport.write(b"220-")
    while not closing.is_set() and not transport.is_closing():
        transport.write(b"x")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), 0.05)
    transport.close()


@contextlib.contextmanager
def mail_server(
    mailbox: Mailbox, *, starttls: ssl.SSLContext | None = None, implicit: ssl.SSLContext | None = None, **options: Any
) -> Iterator[int]:
    """Its port on 127.0.0.1; ``options`` are those of aiosmtpd's SMTP."""
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()

    def made() -> _Server:
        server = _Server(mailbox, tls_context=starttls, require_starttls=starttls is not None, loop=loop, **options)
        server.mailbox = mailbox
        return server

    async def start() -> asyncio.Server:
        return await loop.create_server(made, "127.0.0.1", 0, ssl=implicit)

    async def end(server: asyncio.Server) -> None:
        mailbox.closing.set()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=serve, name="mail-server")
    thread.start()
    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
