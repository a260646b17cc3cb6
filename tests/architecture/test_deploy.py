"""docker-compose.yml and the Dockerfiles name only what exists. No engine is needed to see that."""

import importlib
import itertools
import json
import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.embedded.stack import EXPORTER_QUEUES, NOTIFIER_QUEUES, WORKER_QUEUES
from server.settings import Settings
from workers.factory import all_work

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = sorted({service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service})


def test_every_part_of_the_system_is_there() -> None:
    assert {
        "postgres",
        "pgbouncer",
        "redis",
        "minio",
        "migrate",
        "bucket",
        "server",
        "gateway",
        "worker",
        "notifier",
        "exporter",
        "beat",
    } <= SERVICES.keys()
    assert SERVICES["server"]["deploy"]["replicas"] >= 2


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "build" in service])
def test_our_commands_exist(name: str) -> None:
    command = [str(word) for word in SERVICES[name].get("command", [])]
    match command:
        case ["tickets", *words]:
            named = list(itertools.takewhile(lambda word: not word.startswith("--"), words))
            shown = subprocess.run(
                [sys.executable, "-m", "server.cli", *named, "--help"], capture_output=True, text=True, check=False
            )
            assert shown.returncode == 0, shown.stderr
            assert all(option in shown.stdout for option in command if option.startswith("--"))
        case ["celery", "--app", app, subcommand, *options]:
            module = app.partition(":")[0]
            assert (ROOT / (module.replace(".", "/") + ".py")).exists()
            shown = subprocess.run(
                [sys.executable, "-m", "celery", subcommand, "--help"], capture_output=True, text=True, check=False
            )
            assert shown.returncode == 0, shown.stderr
            assert all(option.partition("=")[0] in shown.stdout for option in options if option.startswith("--"))
        case []:
            assert name == "pgbouncer"  # its image has the command
        case _:
            pytest.fail(f"{name} runs {command}, which is no command of ours")


def test_modules_in_health_checks_exist() -> None:
    tests = [[str(word) for word in service.get("healthcheck", {}).get("test", [])] for service in SERVICES.values()]
    modules = {test[test.index("-m") + 1] for test in tests if "-m" in test}
    assert modules, "health checks run modules of ours"
    for module in modules:
        importlib.import_module(module)


def test_all_but_beat_and_one_shots_have_a_health_check() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"migrate", "bucket", "beat"}


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_what_images_copy_exists_and_is_sent_to_the_engine(dockerfile: str) -> None:
    admitted = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for arguments in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / dockerfile).read_text(), re.MULTILINE):
        *sources, _target = arguments.split()
        for source in sources:
            assert (ROOT / source).exists(), f"{dockerfile} copies {source}"
            assert any(Path(source).is_relative_to(entry) for entry in admitted), f".dockerignore hides {source}"


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_images_do_not_run_as_root(dockerfile: str) -> None:
    users = re.findall(r"^USER (\S+)$", (ROOT / dockerfile).read_text(), re.MULTILINE)
    assert users
    assert users[-1] not in {"root", "0"}


def test_what_is_referred_to_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= SERVICES.keys()
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= COMPOSE["volumes"].keys()
        assert {config["source"] for config in service.get("configs", [])} <= COMPOSE["configs"].keys()


def test_secrets_come_from_the_environment_and_are_explained() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|AUTH", name):
                assert re.fullmatch(r"\$\{\w+:(\?[^}]+|-)\}", value), f"{name} is written out"
    assert not re.search(r"://\w*:(?!\$\{)[^@\s]+@", TEXT)
    wanted = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    explained = set(re.findall(r"^(\w+)=$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert wanted == explained


def test_every_queue_has_one_kind_of_worker_here_as_in_a_local_instance() -> None:
    def queues(name: str) -> str:
        command = SERVICES[name]["command"]
        return str(command[command.index("--queues") + 1])

    here = {name: queues(name) for name in ("worker", "notifier", "exporter")}
    assert here == {"worker": WORKER_QUEUES, "notifier": NOTIFIER_QUEUES, "exporter": EXPORTER_QUEUES}
    assert {work.queue for work in all_work(Settings())} == set(",".join(here.values()).split(","))


def test_who_keeps_files_knows_the_store_and_waits_for_its_bucket() -> None:
    knows = {name for name, service in SERVICES.items() if "TICKETS_S3_ENDPOINT" in service.get("environment", {})}
    assert knows == {"bucket", "server", "gateway", "worker", "exporter"}
    for name in ("server", "gateway", "exporter"):
        assert SERVICES[name]["depends_on"]["bucket"]["condition"] == "service_completed_successfully"
    assert SERVICES["bucket"]["depends_on"]["minio"]["condition"] == "service_healthy"
    settings = {name for name in SERVICES["server"]["environment"] if name.startswith("TICKETS_S3_")}
    assert {name.removeprefix("TICKETS_").lower() for name in settings} <= Settings.model_fields.keys()


def test_workbooks_are_put_together_on_a_disk() -> None:
    exporter = SERVICES["exporter"]
    assert exporter["read_only"]
    place = exporter["environment"]["TICKETS_EXPORT_TEMP_DIR"]
    assert place in {volume.partition(":")[2] for volume in exporter["volumes"]}
    # A volume takes over the owner of a directory that the image has; any other would be root's.
    assert f"install -d -o tickets -g tickets -m 0700 {place}\n" in (ROOT / "deploy" / "Dockerfile").read_text()


def test_images_of_others_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert images
    assert not [image for image in images if ":" not in image or image.endswith(":latest")]


def test_the_server_believes_the_gateway_and_nobody_else_what_address_a_client_has() -> None:
    gateway = SERVICES["gateway"]["networks"]["default"]["ipv4_address"]
    assert json.loads(SERVICES["server"]["environment"]["TICKETS_TRUSTED_PROXIES"]) == [gateway]
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert ip_address(gateway) in ip_network(network["subnet"])
    assert ip_address(gateway) not in ip_network(network["ip_range"])
    assert SERVICES["gateway"]["environment"]["TICKETS_GATEWAY_TARGET"] == "dns:///server:50051"


def test_servers_gateways_and_workers_can_be_watched_over_from_inside_the_network_alone() -> None:
    for name, setting in {
        "server": "TICKETS_METRICS_PORT",
        "gateway": "TICKETS_HTTP_METRICS_PORT",
        **dict.fromkeys(("worker", "notifier", "exporter"), "TICKETS_WORKER_METRICS_PORT"),
    }.items():
        environment = SERVICES[name]["environment"]
        assert int(environment[setting]) > 0
        assert environment["TICKETS_METRICS_HOST"] == "0.0.0.0"
        published = [str(port).rpartition(":")[2] for port in SERVICES[name].get("ports", [])]
        assert environment[setting] not in published
