"""What live streams need in a server process: a hub, connections of its own, and wake-ups through Redis."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Gauge

from server.adapters.postgres.change_feed import PostgresChangeFeed
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.adapters.redis.wake_ups import WakeUps
from server.application.watching.change_feed import ChangeFeed
from server.application.watching.hub import Hub
from server.application.watching.stream_limits import StreamLimits
from server.metrics_http import collects_metrics
from server.outage import Outage
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Live:
    """Started; ``hub.drain`` when the process has to end, then ``close``."""

    feed: ChangeFeed
    hub: Hub
    wrote: Callable[[], None]
    """To be called after each commit: wakes the streams of all processes, this one first."""
    close: Callable[[], None]


def start_live(settings: Settings, now: Callable[[], datetime]) -> Live:
    """Neither PostgreSQL nor Redis has to be there yet."""
    # Unary calls that have taken all connections must not hold up the streams, nor the other way round.
    pool = open_pool(
        settings.database_url.get_secret_value(),
        min_size=0,  # none while nobody watches
        max_size=settings.watch_database_pool_size,
        wait_seconds=settings.database_pool_timeout_seconds,
        prepare_statements=not settings.database_transaction_pooling,
    )
    sessions = Sessions(
        pool,
        session_settings=not settings.database_transaction_pooling,
        default_timeout_ms=int(settings.call_timeout_seconds * 1000),
    )
    feed = PostgresChangeFeed(sessions)
    outages: dict[str, Outage] = {}

    def report(what: str, error: Exception | None) -> None:
        outage = outages.setdefault(what, Outage(f"watching: {what}"))
        if error is None:
            outage.over()
        else:
            outage.noticed(error)

    hub = Hub(
        feed,
        limits=StreamLimits(settings.max_watches_per_principal, settings.max_watches),
        openings=max(2, settings.threads // 4),
        now=now,
        report=report,
        pulse=_gauges() if collects_metrics(settings.metrics_port) else None,
    )
    wake_ups = WakeUps(settings.redis_url.get_secret_value())

    def wrote() -> None:
        hub.wake()
        wake_ups.publish()

    def close() -> None:
        hub.stop()
        wake_ups.close()
        pool.close()

    hub.start()
    wake_ups.subscribe(hub.wake)
    return Live(feed, hub, wrote, close)


def _gauges() -> Callable[[int, float], None]:
    streams = Gauge("tickets_watches", "Live streams that are open.", multiprocess_mode="livesum")
    silence = Gauge(
        "tickets_watch_feed_age_seconds",
        "Seconds since the changes that live streams follow were last read; 0 while there are no streams.",
        multiprocess_mode="livemax",
    )

    def pulse(open_streams: int, seconds: float) -> None:
        streams.set(open_streams)
        silence.set(seconds)

    return pulse
