"""What a channel without an account writes down."""

import json
import multiprocessing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.adapters.notifying.recording import RecordingProvider
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage
from server.domain.notifications import Channel


def message(number: int = 1, body: str = "Grüße") -> OutgoingMessage:
    return OutgoingMessage(f"n-{number}", "asha@example.com", "Late", body, "TKT-1001", "ESCALATED", is_critical=True)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_for_each_message(tmp_path: Path) -> None:
    directory = tmp_path / "notifications"
    with RecordingProvider(Channel.EMAIL, directory).session() as send, capture_logs() as logs:
        send(message(1, "first\nline"))
        send(message(2))
    first, second = lines(directory / "email.jsonl")
    assert first.pop("recorded_at")
    assert first == {
        "dedupe_key": "n-1",
        "address": "asha@example.com",
        "title": "Late",
        "body": "first\nline",
        "ticket_id": "TKT-1001",
        "kind": "ESCALATED",
        "is_critical": True,
    }
    assert second["dedupe_key"] == "n-2"
    assert [entry["log_level"] for entry in logs] == ["info", "info"]
    assert "Grüße" not in str(logs)
    assert "asha@" not in str(logs)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with RecordingProvider(Channel.SMS, tmp_path / "notifications").session() as send:
        send(message())
    assert (tmp_path / "notifications").stat().st_mode & 0o077 == 0
    assert (tmp_path / "notifications" / "sms.jsonl").stat().st_mode & 0o077 == 0


def test_two_files_are_kept(tmp_path: Path) -> None:
    with RecordingProvider(Channel.PUSH, tmp_path, max_bytes=2000).session() as send:
        for number in range(100):
            send(message(number))
        send(message(100, "x" * 5000))
        send(message(101))
    assert {path.name for path in tmp_path.iterdir()} == {"push.jsonl", "push.jsonl.1"}
    assert [line["dedupe_key"] for line in lines(tmp_path / "push.jsonl")] == ["n-101"]
    assert [line["dedupe_key"] for line in lines(tmp_path / "push.jsonl.1")] == ["n-100"]


def _write(directory: Path, worker: int) -> None:
    with RecordingProvider(Channel.EMAIL, directory, max_bytes=20_000).session() as send:
        for number in range(100):
            send(message(worker * 100 + number))


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(tmp_path, worker)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    kept = lines(tmp_path / "email.jsonl.1") + lines(tmp_path / "email.jsonl")
    keys = [line["dedupe_key"] for line in kept]
    assert len(set(keys)) == len(keys)
    assert (tmp_path / "email.jsonl.1").stat().st_size <= 20_000
    assert (tmp_path / "email.jsonl.1").stat().st_size > 19_000, "no half-empty file was put aside"


def test_a_directory_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with RecordingProvider(Channel.EMAIL, tmp_path / "file").session() as send, pytest.raises(DeliveryFailed) as caught:
        send(message())
    assert not caught.value.permanent
    assert str(tmp_path) not in caught.value.message
