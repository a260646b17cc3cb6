"""Clients of live streams, and writers at a steady rate: processes of their own, one thread each, whatever the number
of streams, so that they cost the machine little."""

import asyncio
import multiprocessing
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, TypeAlias

import grpc
import grpc.aio

from bench.load import DEADLINE_SECONDS, PROCESSES, SERVICE

_STREAMS_A_CHANNEL = 100
_AGAIN_SECONDS = 0.2
_OPENING = 16
"""Streams that one process opens at a time."""
_LONGEST_LINE = 4 * 1024 * 1024
_QUOTED = 500
_BEGINNINGS = 4
"""Of a stream of server-sent events: a server that is busy beyond its means ends it, and it is resumed."""
_CHANNELS = 8
_UNDER_WAY = 256
"""Calls of the writer; beyond that it falls behind its rate rather than pile up more."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A stream to be opened."""

    method: str
    token: str
    body: bytes


@dataclass(frozen=True, slots=True)
class FollowedByHttp:
    """A stream of server-sent events to be opened."""

    request: bytes
    """Whole, head and all."""


Follow: TypeAlias = Followed | FollowedByHttp


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that a client has in hand."""

    stream: int
    """Place among the streams that are open, in the order of opening."""
    at: float
    """``time.time()``, which is the clock that PostgreSQL on this machine goes by."""
    message: bytes
    """As it came over gRPC, or the data of an event."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Calls at a rate, sent on time whether or not those before them were answered."""

    target: str
    calls: Sequence[tuple[str, bytes]]
    """Methods and serialised requests, sent in turn, over and over."""
    token: str
    tags: dict[str, bytes]
    """By method: what each call ends in, before a new UUID."""
    rate: float


class Followers:
    """The readers' processes. A context manager: it ends them."""

    def __init__(self) -> None:
        self._processes = [_start(_follow) for _ in range(PROCESSES)]
        self._opened = 0

    def open(self, target: str, streams: Sequence[Follow]) -> None:
        """Open them all, beside those that are open; each has had its first message. Raises RuntimeError."""
        numbered = list(enumerate(streams, self._opened))
        self._opened += len(numbered)
        shares = [numbered[number::PROCESSES] for number in range(PROCESSES)]
        self._ask_all([("open", target, share) for share in shares])

    def collect(self) -> list[Arrival]:
        """What has come since the last time. Raises RuntimeError when a stream has ended."""
        found = self._ask_all([("collect",)] * PROCESSES)
        return [Arrival(*each) for arrivals in found for each in arrivals]

    def close(self) -> None:
        """Leave all streams."""
        self._opened = 0
        self._ask_all([("close",)] * PROCESSES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process, pipe in self._processes:
            pipe.close()
            process.join()

    def _ask_all(self, questions: Sequence[tuple[Any, ...]]) -> list[Any]:
        for (_, pipe), question in zip(self._processes, questions, strict=True):
            pipe.send(question)
        return [_answer(pipe) for _, pipe in self._processes]


class Writer:
    """A process that writes steadily. A context manager: it ends it."""

    def __init__(self) -> None:
        self._process, self._pipe = _start(_write)

    def start(self, writing: Writing) -> None:
        """Until ``stop``. Connections are kept, so only the first start takes long."""
        self._pipe.send(writing)
        _answer(self._pipe)

    def stop(self) -> int:
        """How many calls were answered, all of them by now. Raises RuntimeError when one failed."""
        self._pipe.send(None)
        answered: int = _answer(self._pipe)
        return answered

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join()


def _start(work: Any) -> tuple[multiprocessing.process.BaseProcess, Connection]:  # noqa: ANN401 - one of two functions
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _answer(pipe: Connection) -> Any:  # noqa: ANN401 - whatever was asked for
    found = pipe.recv()
    if isinstance(found, str):
        raise RuntimeError(found)  # noqa: TRY004 - the text of what failed
    return found


def _channel(target: str) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])


def _authorized(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def _follow(pipe: Connection) -> None:
    with suppress(EOFError, KeyboardInterrupt):
        asyncio.run(_Readers().serve(pipe))


class _Readers:
    """In a process of readers."""

    def __init__(self) -> None:
        self._arrivals: list[tuple[int, float, bytes]] = []
        self._channels: list[grpc.aio.Channel] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._failure = ""

    async def serve(self, pipe: Connection) -> None:
        """Until the pipe is closed."""
        while True:
            what, *arguments = await asyncio.to_thread(pipe.recv)
            if what == "open":
                await self._open(*arguments)
            elif what == "close":
                await self._close()
            arrivals: list[tuple[int, float, bytes]] = []
            if what == "collect":
                arrivals, self._arrivals = self._arrivals, arrivals
            pipe.send(self._failure or arrivals)

    async def _open(self, target: str, streams: Sequence[tuple[int, Follow]]) -> None:
        opening = asyncio.Semaphore(_OPENING)
        by_grpc = [(number, each) for number, each in streams if isinstance(each, Followed)]
        await asyncio.gather(
            *(
                self._begin(opening, number, self._messages(channel, followed))
                for start in range(0, len(by_grpc), _STREAMS_A_CHANNEL)
                for channel in [self._connect(target)]
                for number, followed in by_grpc[start : start + _STREAMS_A_CHANNEL]
            ),
            *(
                self._begin(opening, number, _events(target, followed.request))
                for number, followed in streams
                if isinstance(followed, FollowedByHttp)
            ),
        )

    def _connect(self, target: str) -> grpc.aio.Channel:
        self._channels.append(_channel(target))
        return self._channels[-1]

    async def _begin(self, opening: asyncio.Semaphore, number: int, messages: AsyncIterator[bytes]) -> None:
        async with opening:
            begun = asyncio.Event()
            self._tasks.append(asyncio.create_task(self._read(messages, number, begun)))
            await begun.wait()

    async def _messages(self, channel: grpc.aio.Channel, followed: Followed) -> AsyncIterator[bytes]:
        stub: Any = channel.unary_stream(SERVICE + followed.method)
        call, message = await _opened(stub, followed)
        while message is not grpc.aio.EOF:
            yield message
            message = await call.read()

    async def _read(self, messages: AsyncIterator[bytes], number: int, begun: asyncio.Event) -> None:
        try:
            async for message in messages:
                self._arrivals.append((number, time.time(), message))
                begun.set()
            self._failure = f"stream {number} has ended"
        except grpc.aio.AioRpcError as error:
            self._failure = f"stream {number} has ended: {error.code()} {error.details()}"
        except (OSError, EOFError) as error:
            self._failure = f"stream {number} has ended: {error}"
        except asyncio.CancelledError:
            pass  # we leave
        begun.set()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()  # and with it the call that it waits for
        await asyncio.gather(*self._tasks)
        for channel in self._channels:
            await channel.close()
        self.__init__()  # type: ignore[misc]  # as at the beginning


async def _opened(stub: Any, followed: Followed) -> tuple[Any, Any]:  # noqa: ANN401 - untyped in grpc.aio
    """The call and its first message; again, as clients do, while the server lets others in."""
    while True:
        call = stub(followed.body, metadata=_authorized(followed.token))
        try:
            return call, await call.read()
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
        await asyncio.sleep(_AGAIN_SECONDS)


async def _events(target: str, request: bytes) -> AsyncIterator[bytes]:
    """The data of each event. A stream that ends is resumed after the last event's id, as browsers do it; what was late
    for that shows in the latencies. Raises OSError for an answer that is no success, and for a stream that ends again
    and again.
    """
    data = b""
    for _ in range(_BEGINNINGS):
        async for field, value in _fields(target, request):
            if field == b"id":
                request = _resuming(request, value)
            elif field == b"data":
                data = value
                yield data
        await asyncio.sleep(_AGAIN_SECONDS)
    raise OSError(f"{_BEGINNINGS} times; the last that came was {data[:_QUOTED]!r}")


def _resuming(request: bytes, last_event_id: bytes) -> bytes:
    line, *headers = request.removesuffix(b"\r\n\r\n").split(b"\r\n")
    others = [header for header in headers if not header.startswith(b"Last-Event-ID:")]
    return b"\r\n".join([line, *others, b"Last-Event-ID: " + last_event_id, b"", b""])


async def _fields(target: str, request: bytes) -> AsyncIterator[tuple[bytes, bytes]]:
    """Names and values of one answer's events, to its end."""
    host, _, port = target.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=_LONGEST_LINE)
    try:
        writer.write(request)
        status = await reader.readline()
        if not status.startswith(b"HTTP/1.1 200"):
            raise OSError(f"{status!r} {await reader.read(4096)!r}")
        # Heads of chunks, and those of the answer, stand between the events: they have none of the names asked for.
        while line := await reader.readline():
            field, _, value = line.rstrip(b"\n").partition(b": ")
            yield field, value
    finally:
        writer.transport.abort()


def _write(pipe: Connection) -> None:
    with suppress(EOFError, KeyboardInterrupt):
        asyncio.run(_keep_writing(pipe))


async def _keep_writing(pipe: Connection) -> None:
    channels: dict[str, list[grpc.aio.Channel]] = {}
    while True:
        writing: Writing = await asyncio.to_thread(pipe.recv)
        if writing.target not in channels:
            channels[writing.target] = [_channel(writing.target) for _ in range(_CHANNELS)]
            await asyncio.gather(*(channel.channel_ready() for channel in channels[writing.target]))
        pipe.send(0)
        stopped = asyncio.Event()
        calling = asyncio.create_task(_call_steadily(channels[writing.target], writing, stopped))
        await asyncio.to_thread(pipe.recv)
        stopped.set()
        try:
            pipe.send(await calling)
        except grpc.aio.AioRpcError as error:
            pipe.send(f"{error.code()} {error.details()}")


async def _call_steadily(channels: Sequence[grpc.aio.Channel], writing: Writing, stopped: asyncio.Event) -> int:
    metadata = _authorized(writing.token)
    stubs: list[dict[str, Any]] = [
        {method: channel.unary_unary(SERVICE + method) for method in writing.tags} for channel in channels
    ]
    free = asyncio.Semaphore(_UNDER_WAY)
    calls: list[Any] = []
    begun = time.perf_counter()
    for number, (method, body) in enumerate(cycle(writing.calls)):
        await asyncio.sleep(max(0.0, begun + number / writing.rate - time.perf_counter()))
        if stopped.is_set():
            break
        await free.acquire()
        request = body + writing.tags[method] + str(uuid.uuid4()).encode()
        call = stubs[number % len(stubs)][method](request, metadata=metadata, timeout=DEADLINE_SECONDS)
        call.add_done_callback(lambda _call: free.release())
        calls.append(call)
    await asyncio.gather(*calls)
    return len(calls)
