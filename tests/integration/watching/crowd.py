"""Hundreds of clients in one thread."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import grpc
import grpc.aio

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub

_CHANNELS = 5


class Member:
    """One stream, read without pause."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.is_open = False
        self.error: TicketsError | None = None

    async def follow(self, open_call: Callable[[], Any]) -> None:
        """Until it ends. Who is sent away because too many are being let in comes again, as any client does."""
        while True:
            call = open_call()
            try:
                await call.initial_metadata()
                self.is_open = not call.done()
                async for event in call:
                    self.events.append(event)
            except grpc.aio.AioRpcError as error:
                refused = TicketsError.from_rpc_error(error)
                if refused.reason != "DEPENDENCY_UNAVAILABLE" or self.events:
                    self.error = refused
                    return
                self.is_open = False
                await asyncio.sleep(0.1)
            finally:
                call.cancel()


class Crowd:
    """So many times the same stream."""

    def __init__(self, target: str, token: str, method: str, request: Any, size: int) -> None:
        self.members: Sequence[Member] = [Member() for _ in range(size)]
        self._target, self._token, self._method, self._request = target, token, method, request
        self._loop = asyncio.new_event_loop()
        self._leave = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._follow(),), daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether all have been let in."""
        return all(member.is_open for member in self.members)

    @property
    def is_over(self) -> bool:
        """Whether the last stream has ended."""
        return not self._thread.is_alive()

    def close(self) -> None:
        """Break all streams off."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(30)
        assert self.is_over
        self._loop.close()

    async def _follow(self) -> None:
        options = [("grpc.use_local_subchannel_pool", 1)]
        metadata = (("authorization", f"Bearer {self._token}"),)
        channels = [grpc.aio.insecure_channel(self._target, options=options) for _ in range(_CHANNELS)]
        methods = [
            getattr(TicketServiceStub(channel), self._method)  # type: ignore[arg-type] # the stubs know one kind
            for channel in channels
        ]
        readers = asyncio.gather(
            *(
                member.follow(partial(methods[number % _CHANNELS], self._request, metadata=metadata))
                for number, member in enumerate(self.members)
            ),
            return_exceptions=True,
        )
        leaving: asyncio.Future[Any] = asyncio.ensure_future(self._leave.wait())
        ends: list[asyncio.Future[Any]] = [readers, leaving]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        readers.cancel()
        for channel in channels:
            await channel.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def crowd(target: str, token: str, method: str, request: Any, size: int) -> Iterator[Crowd]:
    """At work until the end."""
    followers = Crowd(target, token, method, request, size)
    try:
        yield followers
    finally:
        followers.close()
