"""Closed-loop callers in processes of their own: each sends its next call when the last one is answered.

They work on bytes that were made before, so that they take as little of the machine as they can. Each caller has a
connection of its own, as callers on different machines have, which also lets the kernel spread them over processes
that share a port.
"""

import multiprocessing
import threading
import time
import uuid
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing.connection import Connection
from statistics import median, quantiles
from types import TracebackType
from typing import Protocol, Self, TypeAlias

import grpc

PROCESSES = 4
CALLERS = 16
DEADLINE_SECONDS = 30.0
SERVICE = "/rodistaa.tickets.v1.TicketService/"

Channels: TypeAlias = dict[tuple[str, int], grpc.Channel]
"""What a process keeps from round to round, by target and number of the caller."""


class Calls(Protocol):
    """What callers do, over and over. It is pickled to get to them."""

    @property
    def bodies(self) -> Sequence[bytes]:
        """What is sent, in turn."""
        ...

    def caller(self, channels: Channels, number: int) -> AbstractContextManager[Callable[[bytes], object]]:
        """A connection of its own, and a function that sends a body and returns when it is answered.

        Both raise grpc.RpcError, or OSError.
        """
        ...


@dataclass(frozen=True)
class Work:
    """Calls of one method over gRPC."""

    target: str
    method: str
    token: str
    bodies: Sequence[bytes]
    """Serialised requests, sent in turn."""
    request_id_tag: bytes = b""
    """Where set, each call ends in this tag and a new UUID: the request's ``request_id``."""

    @contextmanager
    def caller(self, channels: Channels, number: int) -> Iterator[Callable[[bytes], object]]:
        """Its channel outlives the round."""
        if (self.target, number) not in channels:
            channel = grpc.insecure_channel(self.target, options=[("grpc.use_local_subchannel_pool", 1)])
            grpc.channel_ready_future(channel).result(timeout=DEADLINE_SECONDS)
            channels[self.target, number] = channel
        stub: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channels[self.target, number].unary_unary(
            SERVICE + self.method
        )
        metadata = (("authorization", f"Bearer {self.token}"),) if self.token else ()

        def call(body: bytes) -> bytes:
            if self.request_id_tag:
                body += self.request_id_tag + str(uuid.uuid4()).encode()
            return stub(body, metadata=metadata, timeout=DEADLINE_SECONDS)

        yield call

    def __str__(self) -> str:
        return f"{self.method} on {self.target}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One round: what all callers got done."""

    seconds: float
    latencies: "array[float]"
    """Of each call, in seconds."""

    @property
    def rate(self) -> float:
        """Calls a second, of all callers together."""
        return len(self.latencies) / self.seconds

    @property
    def p50(self) -> float:
        """Median latency in seconds."""
        return median(self.latencies)

    @property
    def p99(self) -> float:
        """In seconds; only one call in a hundred took longer."""
        return quantiles(self.latencies, n=100, method="inclusive")[98]


class Load:
    """The callers' processes. A context manager: it ends them."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._workers: list[tuple[multiprocessing.process.BaseProcess, Connection]] = []
        for _ in range(PROCESSES):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._workers.append((process, ours))

    def run(self, work: Calls, *, seconds: float, callers: int = CALLERS) -> Sample:
        """A round of that many seconds. Raises RuntimeError when a call fails."""
        shares = [callers // PROCESSES + (number < callers % PROCESSES) for number in range(PROCESSES)]
        busy = [(pipe, share) for (_, pipe), share in zip(self._workers, shares, strict=True) if share]
        offset = 0
        for pipe, share in busy:
            pipe.send((work, seconds, share, offset))
            offset += share
        latencies = array("d")
        longest = 0.0
        for pipe, _ in busy:
            result = pipe.recv()
            if isinstance(result, str):
                raise RuntimeError(f"{work}: {result}")  # noqa: TRY004 - the text of a failed call
            elapsed, found = result
            longest = max(longest, elapsed)
            latencies.extend(found)
        return Sample(longest, latencies)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process, pipe in self._workers:
            pipe.close()
            process.join()


def _work(pipe: Connection) -> None:
    """A process of callers: waits for a round, runs it, tells what came of it, until the pipe is closed."""
    channels: Channels = {}
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            work, seconds, callers, offset = pipe.recv()
            try:
                pipe.send(_round(channels, work, seconds, callers, offset))
            except (grpc.RpcError, OSError) as error:
                pipe.send(str(error))


def _round(channels: Channels, work: Calls, seconds: float, callers: int, offset: int) -> tuple[float, "array[float]"]:
    with ExitStack() as ends:
        calls = [ends.enter_context(work.caller(channels, number)) for number in range(callers)]
        return _run(calls, work.bodies, seconds, offset)


def _run(
    calls: Sequence[Callable[[bytes], object]], all_bodies: Sequence[bytes], seconds: float, offset: int
) -> tuple[float, "array[float]"]:
    latencies = [array("d") for _ in calls]
    errors: list[Exception] = []
    end = time.perf_counter() + seconds

    def repeat(number: int) -> None:
        call, mine = calls[number], latencies[number]
        bodies = islice(cycle(all_bodies), (offset + number) * len(all_bodies) // CALLERS, None)
        before = time.perf_counter()
        try:
            while before < end:
                call(next(bodies))
                after = time.perf_counter()
                mine.append(after - before)
                before = after
        except (grpc.RpcError, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=repeat, args=(number,)) for number in range(len(calls))]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    together = array("d")
    for mine in latencies:
        together.extend(mine)
    return time.perf_counter() - begun, together
