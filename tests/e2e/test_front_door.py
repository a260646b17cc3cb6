"""What a newcomer does: start it, paste the printed line, stop it, start it again. On real processes."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from server.application.object_store import Upload
from server.embedded.health import gateway_answers, is_serving
from server.files import open_store
from server.settings import Settings
from tests.running import free_port
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
CI = "CI" in os.environ
STARTED = "Ctrl-C stops everything"


def processes_of(data_dir: Path) -> dict[int, str]:
    """All that runs for an instance: whatever was given its data directory, or lives in it."""
    mark = os.fsencode(data_dir)
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            command = (process / "cmdline").read_bytes()
            if mark in command or b"TICKETS_DATA_DIR=" + mark in (process / "environ").read_bytes():
                found[int(process.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return {pid: command for pid, command in found.items() if command}  # a zombie has no command line


def running_as(command: str, data_dir: Path) -> set[int]:
    """Processes of a `tickets` command."""
    return {pid for pid, line in processes_of(data_dir).items() if command in line.split()}


@dataclass
class Running:
    """One `tickets up`, or `make run`."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    command: tuple[str, ...] = (sys.executable, "-m", "server.cli", "up")
    directory: Path = ROOT
    process: subprocess.Popen[str] | None = None
    printed: str = ""
    """What it said until it was ready."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "TICKETS_DATA_DIR": str(self.data_dir),
            "TICKETS_GRPC_PORT": str(self.port),
            "TICKETS_HTTP_PORT": str(self.http_port),
        }

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> None:
        """Returns when it says that it is ready."""
        self.process = subprocess.Popen(
            self.command,
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if line.startswith(STARTED):
                return
        pytest.fail(f"it did not start:\n{self.printed}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """As Ctrl-C in a terminal does it: to the whole foreground group."""
        assert self.process is not None
        os.killpg(self.process.pid, number)
        rest, _ = self.process.communicate(timeout=60)
        self.printed += rest
        return self.process.returncode

    def token(self, role: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "server.cli", "token", "--role", role],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()


@contextmanager
def instances() -> Iterator[Callable[..., Running]]:
    """Makes instances; at the end none of their processes may be left.

    Not in pytest's temporary directories: another run closes those to PostgreSQL's user, and deletes the old ones.
    """
    begun: list[Running] = []
    directory = Path(tempfile.mkdtemp(prefix="tickets-front-door-"))

    def make(name: str = "data", **settings: Any) -> Running:
        begun.append(Running(directory / name, **settings))
        return begun[-1]

    try:
        yield make
    finally:
        for running in begun:
            if running.process is not None and running.process.poll() is None:
                running.stop(signal.SIGTERM)
        eventually(lambda: not any(processes_of(running.data_dir) for running in begun), within=60)
        shutil.rmtree(directory)


@pytest.fixture
def begin() -> Iterator[Callable[..., Running]]:
    """Instances for this test alone."""
    with instances() as make:
        yield make


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One instance for the tests that only talk to it."""
    with instances() as make:
        shared = make()
        shared.start()
        yield shared


@pytest.fixture(scope="session")
def grpcurl() -> str:
    found = shutil.which("grpcurl")
    if found is None:
        if CI:
            pytest.fail("grpcurl is not installed; .ci/run does it")
        pytest.skip("grpcurl is not installed")
    return found


def printed_commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.splitlines() if line.startswith("grpcurl ")]


def answer(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_printed_lines_work_when_pasted(running: Running, grpcurl: str) -> None:
    create, list_tickets = printed_commands(running.printed)
    created = answer([grpcurl, *create[1:]])["ticket"]
    assert created["id"].startswith("TKT-")
    listed = answer([grpcurl, *list_tickets[1:]])["tickets"]
    assert created["id"] in {ticket["id"] for ticket in listed}
    assert len(listed) > 1, "the demo data is there too"


def test_grpcurl_lists_and_describes_by_reflection(running: Running, grpcurl: str) -> None:
    target = f"127.0.0.1:{running.port}"
    services = subprocess.run([grpcurl, "-plaintext", target, "list"], capture_output=True, text=True, check=True)
    assert "rodistaa.tickets.v1.TicketService" in services.stdout.split()
    described = subprocess.run(
        [grpcurl, "-plaintext", target, "describe", "rodistaa.tickets.v1.Ticket"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "title" in described.stdout


def test_the_typescript_client_works_against_it(running: Running) -> None:
    client = ROOT / "clients" / "typescript"
    if not (client / "node_modules" / ".bin" / "tsc").exists():
        if CI:
            pytest.fail("the Node packages are not installed; .ci/run does it")
        pytest.skip("the Node packages are not installed: scripts/node_packages.sh")
    done = subprocess.run(
        [str(ROOT / "scripts" / "npm.sh"), "test"],
        cwd=client,
        env={
            **os.environ,
            "TICKETS_GRPC_ADDRESS": f"127.0.0.1:{running.port}",
            "TICKETS_TOKEN": running.token("ops_manager"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# skipped 0" in done.stdout or "skipped 0" in done.stdout


def test_a_token_for_each_role_is_printed_and_can_be_made(running: Running) -> None:
    tokens = dict(re.findall(r"^  (\w+) +(ey\S+)$", running.printed, re.MULTILINE))
    assert {"admin", "ops_manager", "finance", "shipper", "franchise_agent"} <= tokens.keys()
    assert running.token("ops_manager").count(".") == 2


def test_the_second_start_keeps_the_data(begin: Callable[..., Running], grpcurl: str) -> None:
    running = begin()
    running.start()
    create, _ = printed_commands(running.printed)
    created = answer([grpcurl, *create[1:]])["ticket"]["id"]
    assert running.stop() == 0, running.printed
    assert processes_of(running.data_dir) == {}
    running.start()
    get = ["-plaintext", "-H", f"authorization: Bearer {running.token('ops_manager')}", "-d", f'{{"id": "{created}"}}']
    target = f"127.0.0.1:{running.port}"
    found = answer([grpcurl, *get, target, "rodistaa.tickets.v1.TicketService/GetTicket"])
    assert found["ticket"]["id"] == created


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(begin: Callable[..., Running], number: signal.Signals) -> None:
    running = begin()
    running.start()
    assert running_as("gateway", running.data_dir)
    assert running.stop(number) == (-number if number is signal.SIGKILL else 0), running.printed
    # After SIGKILL the guard does the work, a moment later.
    eventually(lambda: not processes_of(running.data_dir), within=60 if number is signal.SIGKILL else 1)


@pytest.mark.parametrize("command", ["serve", "gateway"])
def test_who_is_killed_comes_back(begin: Callable[..., Running], command: str) -> None:
    running = begin()
    running.start()
    before = running_as(command, running.data_dir)
    os.kill(min(before), signal.SIGKILL)
    eventually(lambda: running_as(command, running.data_dir) - before, within=20)
    eventually(lambda: is_serving(f"127.0.0.1:{running.port}") and gateway_answers(running.http_url), within=20)


def test_the_gateway_takes_and_gives_files_by_signed_urls(running: Running) -> None:
    assert f"  HTTP   {running.http_url} " in running.printed
    assert f"  files  {running.data_dir}/files" in running.printed
    body = os.urandom(200_000)
    upload = Upload("attachments/front-door/1", "application/pdf", len(body), hashlib.sha256(body).digest())
    store = open_store(Settings(data_dir=running.data_dir, files_url=running.http_url))
    now, lifetime = datetime.now(UTC), timedelta(minutes=5)
    put = store.sign_upload(upload, now=now, lifetime=lifetime)
    with urlopen(Request(put.url, body, dict(put.headers), method=put.method), timeout=10) as answer:
        assert answer.status == 200
    get = store.sign_download(
        upload.key, file_name="POD.pdf", content_type=upload.content_type, now=now, lifetime=lifetime
    )
    with urlopen(get.url, timeout=10) as answer:
        assert answer.read() == body
    assert "X-Amz" not in (running.data_dir / "logs" / "gateway.log").read_text()


def test_the_instances_store_is_checked_by_a_command(running: Running) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "files", "check"],
        env=running.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[:2] == [
        f"files are kept in {running.data_dir}/files",
        f"clients find them at {running.http_url}",
    ]


def test_two_instances_at_once_do_not_collide(begin: Callable[..., Running]) -> None:
    first, second = begin("first"), begin("second")
    first.start()
    second.start()
    for each in (first, second):
        assert is_serving(f"127.0.0.1:{each.port}")
        assert gateway_answers(each.http_url)
    assert first.stop() == 0, first.printed
    assert is_serving(f"127.0.0.1:{second.port}")
    assert gateway_answers(second.http_url)


def refusal(running: Running) -> str:
    done = subprocess.run(
        running.command, cwd=running.directory, env=running.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_taken_port_and_a_used_directory_are_named(running: Running, begin: Callable[..., Running]) -> None:
    assert f"port {running.port} " in refusal(begin(port=running.port))
    taken = refusal(begin("http", http_port=running.http_port))
    assert f"port {running.http_port} " in taken
    assert "TICKETS_HTTP_PORT" in taken
    assert f"{running.data_dir} is in use by another instance" in refusal(Running(running.data_dir))
    assert is_serving(f"127.0.0.1:{running.port}")


@pytest.mark.skipif(not CI, reason="fetches all packages again; runs in CI")
def test_a_fresh_clone_runs_by_one_command(begin: Callable[..., Running]) -> None:
    running = begin(command=("make", "run"))
    clone = running.directory = running.data_dir.parent / "clone"
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in map(os.fsdecode, filter(None, listing.split(b"\0"))):
        if (ROOT / name).exists():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    running.start()
    assert (clone / ".venv" / "bin" / "tickets").exists()
    running.stop()
    assert processes_of(running.data_dir) == {}
