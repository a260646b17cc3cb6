"""A real worker and a real beat on a real Redis run the housekeeping; two of each do no harm."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from server.embedded.instance import Instance
from server.embedded.redis_server import redis_child
from tests.database import Database
from tests.waiting import eventually
from workers.factory import make_app
from workers.housekeeping import MAINTAIN_OUTBOX, PURGE_IDEMPOTENCY_KEYS

CELERY = [sys.executable, "-m", "celery", "--app", "workers.app:app", "--quiet"]


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def run(processes: ExitStack, command: list[str], environment: dict[str, str]) -> None:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    processes.callback(process.wait)
    processes.callback(process.terminate)


@pytest.fixture
def redis_url(tmp_path: Path, processes: ExitStack) -> str:
    socket = Instance(tmp_path).socket_path("redis.sock")
    run(processes, list(redis_child(socket, tmp_path, {}).command), {})
    client = redis.Redis(unix_socket_path=str(socket))
    processes.callback(client.close)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    eventually(answers)
    return f"unix://{socket}"


def test_workers_and_beats_purge_expired_keys(
    database: Database, redis_url: str, processes: ExitStack, tmp_path: Path
) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO idempotency_keys (principal_id, request_id, method, fingerprint, created_at)"
            " SELECT 'user', gen_random_uuid(), 'old', '\\x00', now() - interval '2 days' FROM generate_series(1, 50)"
        )
    environment = {**os.environ, "TICKETS_REDIS_URL": redis_url, "TICKETS_DATABASE_URL": database.dsn}
    for number in (1, 2):
        worker = ["worker", "--concurrency", "1", "--hostname", f"worker-{number}", "--loglevel", "WARNING"]
        run(processes, [*CELERY, *worker], environment)
        beat = ["beat", "--pidfile=", "--schedule", str(tmp_path / f"beat-{number}"), "--loglevel", "WARNING"]
        run(processes, [*CELERY, *beat], environment)
    sender = make_app(redis_url, database.dsn)
    processes.callback(sender.close)
    for name in (PURGE_IDEMPOTENCY_KEYS, MAINTAIN_OUTBOX):
        sender.send_task(name)

    def all_purged() -> bool:
        with database.connect() as connection:
            return connection.execute("SELECT count(*) FROM idempotency_keys").fetchone() == (0,)

    eventually(all_purged, within=40)


def test_a_message_is_acknowledged_after_the_work_and_only_json_is_read() -> None:
    settings = make_app("unix:///nowhere", "").conf
    assert settings.broker_url == "redis+socket:///nowhere"
    assert settings.task_acks_late
    assert settings.task_reject_on_worker_lost
    assert settings.worker_prefetch_multiplier == 1
    assert settings.accept_content == ["json"]
    assert settings.broker_transport_options["visibility_timeout"] > settings.task_time_limit


def test_beat_knows_every_task_it_sends() -> None:
    app = make_app("unix:///nowhere", "")
    app.finalize()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
