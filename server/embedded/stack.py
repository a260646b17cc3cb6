"""`tickets up`: the whole service on one machine that has nothing but Python.

PostgreSQL and Redis come from wheels, on unix sockets in the data directory; server, gateway, workers and beat are the
same commands that production runs. See supervisor.py for how they are kept alive and ended.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psycopg

from server.demo_users import demo_franchises, demo_user
from server.domain.roles import Role
from server.embedded.address import DATABASE, database_url
from server.embedded.dev_keys import DEFAULT_AUDIENCE, DevKeys, ensure_dev_keys, sign_dev_token
from server.embedded.guard import Guard
from server.embedded.health import gateway_answers, is_serving
from server.embedded.instance import Instance, InstanceError
from server.embedded.postgres import EmbeddedPostgres, EmbeddedPostgresError, Postmaster
from server.embedded.redis_server import redis_child
from server.embedded.supervisor import ChildSpec, Stopped, Supervisor
from server.embedded.welcome import keep_tokens, welcome
from server.settings import Settings, is_loopback

READY_SECONDS = 60.0
DEFAULT_HTTP_PORT = 8080
REPLACED = (
    "TICKETS_JWKS_",
    "TICKETS_JWT_SECRET",
    "TICKETS_TLS_",
    "TICKETS_MTLS_",
    "TICKETS_OIDC_",
    "TICKETS_GATEWAY_TARGET",
    "TICKETS_GATEWAY_TLS",
    "TICKETS_GATEWAY_CA_",
    "TICKETS_GATEWAY_CERTIFICATE_",
    "TICKETS_GATEWAY_PRIVATE_",
)
"""Settings of production's identity provider and certificates, and of the gateway's way to the server: the stack signs
its own tokens, in plain text, and its gateway calls its own server."""
THIS_MACHINE = '["127.0.0.0/8", "::1/128"]'
"""Lets people try webhooks against a program of their own; and where the gateway calls the server from."""
OWN = ("TICKETS_DATABASE_URL", "TICKETS_REDIS_URL", "TICKETS_DEV_SIGNING_KEY_FILE")
"""Settings that would name what the stack brings along."""
WORKER_QUEUES = "sla,outbox,housekeeping"
"""What only the database can hold up."""
NOTIFIER_QUEUES = "email,push,sms,webhooks"
"""What others can hold up."""
EXPORTER_QUEUES = "exports"
"""What takes minutes."""


def say_at_once(line: str) -> None:
    """To a pipe or file too: whoever reads it waits for it."""
    print(line, flush=True)


def up(instance: Instance, say: Callable[[str], None] = say_at_once) -> int:
    """Run the instance until a signal; returns the exit status. Failures are said, in one place, and give 1."""
    try:
        with instance.locked() as lock:
            instance.require_free_ports()
            _run(instance, lock, say)
    except Stopped:
        return 0
    except (InstanceError, EmbeddedPostgresError) as error:
        say(f"tickets: {error}")
        return 1
    return 0


def _run(instance: Instance, lock: int, say: Callable[[str], None]) -> None:
    instance.log_dir.mkdir(mode=0o700, exist_ok=True)
    guard = Guard(instance.data_dir, lock)
    postgres = EmbeddedPostgres(instance.postgres_dir)
    supervisor = Supervisor(guard, instance.log_dir, say)
    with supervisor.signals():
        try:
            if ignored := ignored_settings(os.environ):
                say(f"ignored, since an instance has its own database and keys and no TLS: {', '.join(ignored)}")
            say("starting PostgreSQL and Redis")
            keys = ensure_dev_keys(instance.data_dir)
            environment = child_environment(instance, postgres.start(), keys, os.environ)
            _ensure_database(postgres)
            supervisor.start(redis_child(instance.socket_path("redis.sock"), instance.data_dir, environment))
            _prepare_database(instance, supervisor, environment, say)
            say("starting the server, the gateway, the workers and beat")
            for child in service_children(environment):
                supervisor.start(child)
            supervisor.wait_until(lambda: is_serving(instance.grpc_target), what="the server", seconds=READY_SECONDS)
            supervisor.wait_until(lambda: gateway_answers(instance.http_url), what="the gateway", seconds=READY_SECONDS)
            tokens = {role: _demo_token(instance, role, environment) for role in Role}
            kept = keep_tokens(instance, tokens)
            database = environment["TICKETS_DATABASE_URL"]
            files = files_place(instance, environment)
            metrics = metrics_addresses(environment)
            say(welcome(instance, database, tokens, kept, files=files, metrics=metrics, ui=has_ui(environment)))
            supervisor.watch(lambda: _keep_running(postgres, say))
        finally:
            with suppress(OSError):  # nobody may be reading any more
                say("stopping")
            # Should one of these fail, the guard is not dismissed, and finishes the work when this process ends.
            supervisor.stop()
            postgres.stop()
            guard.dismiss()


def ignored_settings(environment: Mapping[str, str]) -> list[str]:
    """The variables that are set, and that the instance replaces by its own or leaves out."""
    return sorted(name for name, value in environment.items() if value and name.startswith((*REPLACED, *OWN)))


def child_environment(
    instance: Instance, postgres: Postmaster, keys: DevKeys, inherited: Mapping[str, str]
) -> dict[str, str]:
    """What every child is given: the user's settings, except those that say where the stack's own parts are and how
    callers are identified."""
    return {
        "TICKETS_WEBHOOK_ALLOWED_NETWORKS": THIS_MACHINE,
        **{name: value for name, value in inherited.items() if not name.startswith(REPLACED)},
        "PYTHONUNBUFFERED": "1",
        "TICKETS_DATA_DIR": str(instance.data_dir),
        "TICKETS_DATABASE_URL": database_url(postgres),
        "TICKETS_REDIS_URL": f"unix://{instance.socket_path('redis.sock')}",
        "TICKETS_GRPC_HOST": instance.grpc_host,
        "TICKETS_GRPC_PORT": str(instance.grpc_port),
        "TICKETS_HTTP_HOST": instance.http_host,
        "TICKETS_HTTP_PORT": str(instance.http_port),
        "TICKETS_FILES_URL": inherited.get("TICKETS_FILES_URL") or instance.http_url,
        "TICKETS_JWKS_FILE": str(keys.jwks_path),
        "TICKETS_DEV_SIGNING_KEY_FILE": str(keys.private_key_path),
    }


def service_children(environment: Mapping[str, str]) -> tuple[ChildSpec, ...]:
    """What production runs as services of its own, in the order of their start."""
    celery = [sys.executable, "-m", "celery", "--app", "workers.app:app", "--quiet"]
    worker = [*celery, "worker", "--without-gossip", "--without-mingle", "--concurrency"]
    return (
        ChildSpec(
            "server",
            [sys.executable, "-m", "server.cli", "serve"],
            _believing_the_gateway(environment),
            grace_seconds=30.0,
        ),
        ChildSpec(
            "gateway",
            [sys.executable, "-m", "server.cli", "gateway"],
            _with_demo_logins(environment),
            grace_seconds=30.0,
        ),
        # Three, so that neither a mail server that hangs nor an export of all tickets holds up a sweep.
        ChildSpec("worker", [*worker, "3", "--hostname", "worker@%h", "--queues", WORKER_QUEUES], environment),
        ChildSpec(
            "notifier",
            [*worker, "4", "--hostname", "notifier@%h", "--queues", NOTIFIER_QUEUES],
            _beside(environment, "TICKETS_WORKER_METRICS_PORT", 1),
        ),
        ChildSpec(
            "exporter",
            [*worker, "2", "--hostname", "exporter@%h", "--queues", EXPORTER_QUEUES],
            _beside(environment, "TICKETS_WORKER_METRICS_PORT", 2),
        ),
        ChildSpec("beat", [*celery, "beat", "--pidfile="], environment, grace_seconds=5.0),
    )


def metrics_addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """Where /metrics are, as host:port, by whose they are; without those that are nowhere."""
    host = environment.get("TICKETS_METRICS_HOST") or "127.0.0.1"
    ports = {
        whose: environment.get(name, "")
        for whose, name in (("server", "TICKETS_METRICS_PORT"), ("gateway", "TICKETS_HTTP_METRICS_PORT"))
    }
    return {
        whose: f"[{host}]:{int(port)}" if ":" in host else f"{host}:{int(port)}"
        for whose, port in ports.items()
        if port.isdecimal() and int(port) != 0
    }


def files_place(instance: Instance, environment: Mapping[str, str]) -> str:
    """Where the instance's attachments and exports are: in the user's store, where S3 settings name one."""
    endpoint = environment.get("TICKETS_S3_ENDPOINT") or environment.get("S3_ENDPOINT")
    if not endpoint:
        return str(instance.data_dir / "files")
    return f"in the store at {endpoint}, as S3_ENDPOINT says (.venv/bin/tickets files check tries it)"


def has_ui(environment: Mapping[str, str]) -> bool:
    """Whether the admin UI has been built, for the gateway to serve."""
    built = Path(environment.get("TICKETS_ADMIN_DIST") or Settings.model_fields["admin_dist"].default)
    return (built / "index.html").is_file()


def _believing_the_gateway(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The same, for the server: who calls through the gateway has an address of their own. The gateway itself believes
    nobody on this machine, unless the user says so."""
    if environment.get("TICKETS_TRUSTED_PROXIES"):
        return environment
    return {**environment, "TICKETS_TRUSTED_PROXIES": THIS_MACHINE}


def _with_demo_logins(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The same, for the gateway: whoever opens it in a browser chooses a demo user; not where others reach it."""
    if environment.get("TICKETS_DEV_LOGIN") or not is_loopback(environment.get("TICKETS_HTTP_HOST") or "127.0.0.1"):
        return environment
    # Signed URLs name one of the two names that a browser may have for this machine.
    port = environment.get("TICKETS_HTTP_PORT") or DEFAULT_HTTP_PORT
    origins = [f"http://{name}:{port}" for name in ("localhost", "127.0.0.1")]
    return {"TICKETS_HTTP_ALLOWED_ORIGINS": json.dumps(origins), **environment, "TICKETS_DEV_LOGIN": "true"}


def _beside(environment: Mapping[str, str], port: str, place: int) -> Mapping[str, str]:
    """The same, for one more process on this machine: a port that the setting names is the first one's."""
    chosen = environment.get(port, "")
    if not chosen.isdecimal() or int(chosen) == 0:
        return environment
    return {**environment, port: str(int(chosen) + place)}


def _ensure_database(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if found is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _prepare_database(
    instance: Instance, supervisor: Supervisor, environment: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Migrate; on the first run also put in the demo data, and remember by a file that it is there."""
    supervisor.run(ChildSpec("migrate", [sys.executable, "-m", "server.cli", "migrate"], environment))
    seeded = instance.data_dir / "demo-data"
    if not seeded.exists():
        say("putting in the demo data")
        supervisor.run(ChildSpec("seed", [sys.executable, "-m", "server.cli", "seed", "--demo"], environment))
        seeded.touch()


def _demo_token(instance: Instance, role: Role, environment: Mapping[str, str]) -> str:
    """For the role's demo user."""
    return sign_dev_token(
        instance.data_dir,
        role.value,
        demo_user(role),
        demo_franchises(role),
        audience=environment.get("TICKETS_JWT_AUDIENCE") or DEFAULT_AUDIENCE,
        issuer=environment.get("TICKETS_JWT_ISSUER") or None,
    )


def _keep_running(postgres: EmbeddedPostgres, say: Callable[[str], None]) -> None:
    """PostgreSQL is a daemon, not a child: when it is gone, start it again."""
    if postgres.postmaster() is not None:
        return
    say("PostgreSQL is gone; starting it again")
    try:
        postgres.start()
    except EmbeddedPostgresError as error:
        say(f"{error}\nTrying again.")


def instance_from(environment: Mapping[str, str]) -> Instance:
    """The instance that the settings describe. Raises InstanceError at a port that is none; 0 is none either, since
    others must be able to find it."""

    def port(name: str, default: int) -> int:
        text = environment.get(name) or str(default)
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise InstanceError(f"{name} must be a port number, not {text!r}")
        return int(text)

    return Instance(
        data_dir=Path(environment.get("TICKETS_DATA_DIR") or ".data").resolve(),
        grpc_host=environment.get("TICKETS_GRPC_HOST") or "127.0.0.1",
        grpc_port=port("TICKETS_GRPC_PORT", 50051),
        http_host=environment.get("TICKETS_HTTP_HOST") or "127.0.0.1",
        http_port=port("TICKETS_HTTP_PORT", DEFAULT_HTTP_PORT),
    )


if __name__ == "__main__":
    sys.exit(up(instance_from(os.environ)))
