"""Real workers and real beats run the housekeeping; two of each do no harm."""

from server.adapters.postgres.due_work import NAMES
from tests.database import Database
from tests.running import settings_for
from tests.waiting import eventually
from tests.worker_processes import StartCelery
from workers.factory import all_work, make_app


def test_workers_and_beats_purge_expired_keys(database: Database, celery_processes: StartCelery) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO idempotency_keys (principal_id, request_id, method, fingerprint, created_at)"
            " SELECT 'user', gen_random_uuid(), 'old', '\\x00', now() - interval '2 days' FROM generate_series(1, 50)"
        )
    processes = celery_processes(database)
    for _ in range(2):
        processes.worker("sla,outbox,housekeeping")
        processes.beat()

    def all_purged() -> bool:
        with database.connect() as connection:
            return connection.execute("SELECT count(*) FROM idempotency_keys").fetchone() == (0,)

    eventually(all_purged, within=40)


def test_a_message_is_acknowledged_after_the_work_and_only_json_is_read(database: Database) -> None:
    settings = make_app(settings_for(database, redis_url="unix:///nowhere")).conf
    assert settings.broker_url == "redis+socket:///nowhere"
    assert settings.task_acks_late
    assert settings.task_reject_on_worker_lost
    assert settings.worker_prefetch_multiplier == 1
    assert settings.accept_content == ["json"]
    assert settings.broker_transport_options["visibility_timeout"] > settings.task_time_limit


def test_beat_knows_every_task_it_sends(database: Database) -> None:
    app = make_app(settings_for(database))
    app.finalize()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_the_alarm_knows_what_the_workers_do(database: Database) -> None:
    """A name of one side alone would be work that nobody is called for."""
    works = {work.name for work in all_work(settings_for(database))}
    assert works >= NAMES
    assert {name.partition(".")[0] for name in works - NAMES} == {"housekeeping"}
