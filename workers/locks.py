"""Courtesy between workers, kept in Redis: who does what just now, and what has already been asked for.

None of it is needed for the work to be right: that rests on the database. When Redis forgets a lock or is away, two
workers may do the same work at once, and each finds only what the other left.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

LIFETIME_SECONDS = 3.0
"""How long the lock of a killed worker remains. One that lives renews it three times as often."""
TIMEOUT_SECONDS = 1.0
"""How long Redis may take to connect, and to answer."""
PREFIX = "tickets:worker:"

# Both compare with the holder's token, so that a lock which ran out and was taken by another is left alone.
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
_RENEW = """
local holder = redis.call('get', KEYS[1])
if holder == false or holder == ARGV[1] then
  redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
return 0
"""

_log = structlog.get_logger("workers.locks")


class Locks:
    """Connects on first use; belongs to the process that made it, and there to any of its threads."""

    def __init__(self, redis_url: str, *, lifetime_seconds: float = LIFETIME_SECONDS) -> None:
        self._redis = redis.Redis.from_url(
            redis_url,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            # Who asks again is the next task: waiting here would only make it late.
            retry=Retry(NoBackoff(), 1),
        )
        self._lifetime_seconds = lifetime_seconds
        self._lifetime_ms = int(lifetime_seconds * 1000)
        self._release = self._redis.register_script(_RELEASE)
        self._renew = self._redis.register_script(_RENEW)

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Whether the lock is ours in this context. Without Redis it is everybody's.

        It is renewed in the background for as long as the context lasts, and is free within its lifetime when the
        process dies. A request for the work that was `asked` for counts as answered.
        """
        token = uuid4().hex
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.delete(_request(name))
                pipeline.set(_lock(name), token, nx=True, px=self._lifetime_ms)
                _, ours = pipeline.execute()
        except redis.RedisError as error:
            _log.warning("no lock: Redis is away", work=name, cause=type(error).__name__)
            yield True
            return
        if not ours:
            yield False
            return
        ended = threading.Event()
        renewal = threading.Thread(target=self._keep, args=(name, token, ended), name=f"lock-{name}", daemon=True)
        renewal.start()
        try:
            yield True
        finally:
            ended.set()
            renewal.join()
            with suppress(redis.RedisError):
                self._release(keys=[_lock(name)], args=[token])

    @contextmanager
    def answered(self, name: str) -> Iterator[bool]:
        """Without a lock: true in any case. A request for the work that was `asked` for counts as answered."""
        with suppress(redis.RedisError):
            self._redis.delete(_request(name))
        yield True

    def ask(self, name: str, *, seconds: float) -> bool:
        """Whether to send a task for the work: not while one runs, nor within so many seconds of the last request that
        no task has answered. Raises redis.RedisError when Redis is away."""
        if self._redis.exists(_lock(name)):
            return False
        return bool(self._redis.set(_request(name), "asked", nx=True, px=int(seconds * 1000)))

    def reachable(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False

    def close(self) -> None:
        """Disconnect."""
        self._redis.close()

    def _keep(self, name: str, token: str, ended: threading.Event) -> None:
        while not ended.wait(self._lifetime_seconds / 3):
            # A lock that Redis forgot is taken again; one that another has taken since is theirs.
            with suppress(redis.RedisError):
                self._renew(keys=[_lock(name)], args=[token, self._lifetime_ms])


def _lock(name: str) -> str:
    return f"{PREFIX}lock:{name}"


def _request(name: str) -> str:
    return f"{PREFIX}request:{name}"
