"""docs/clients.md, run in each language from top to bottom, against everything that `make run` starts."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rodistaa.tickets.v1.errors_pb2 import ErrorReason
from server.embedded.address import running_database_url
from tests.e2e.test_front_door import Running, instances
from tests.e2e.test_grpcurl import program
from tests.e2e.test_typescript_client import CLIENT, node
from tests.running import ServerProcess, free_port

__all__ = ["node", "program"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text()
TSC = CLIENT / "node_modules" / ".bin" / "tsc"
TSCONFIG = {
    "compilerOptions": {
        "target": "es2022",
        "module": "nodenext",
        "lib": ["es2022", "esnext.disposable", "dom", "dom.iterable"],
        "types": ["node"],
        "typeRoots": ["./node_modules/@types"],
        "strict": True,
        "exactOptionalPropertyTypes": True,
        "noUncheckedIndexedAccess": True,
        "noImplicitReturns": True,
        "skipLibCheck": True,
        "preserveSymlinks": False,
    },
    "include": ["recipes.ts"],
}


@dataclass(frozen=True)
class Desk:
    """Where recipes are run."""

    instance: Running
    variables: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        return {**self.instance.environment, **self.variables, "NODE_EXTRA_CA_CERTS": self.variables["CA"]}

    def output(self, command: list[str], *, cwd: Path = ROOT, given: str | None = None) -> str:
        """What it prints; the test fails with it when it does not end well."""
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An instance, and a server with TLS beside it."""
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "tls.key", directory / "tls.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, *names, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    with instances() as make:
        instance: Running = make()
        instance.start()
        port = free_port()
        encrypted = ServerProcess(
            {
                "TICKETS_DATABASE_URL": str(running_database_url(instance.data_dir)),
                "TICKETS_REDIS_URL": f"unix://{instance.data_dir / 'redis.sock'}",
                "TICKETS_DATA_DIR": str(instance.data_dir),
                "TICKETS_JWKS_FILE": str(instance.data_dir / "keys" / "jwks.json"),
                "TICKETS_GRPC_PORT": str(port),
                "TICKETS_TLS_CERTIFICATE_FILE": str(certificate),
                "TICKETS_TLS_PRIVATE_KEY_FILE": str(key),
            },
            (),
            directory / "server.log",
            port,
        )
        try:
            encrypted.wait_ready(certificate.read_bytes())
            yield Desk(
                instance,
                {
                    "HOST": f"127.0.0.1:{instance.port}",
                    "TLS_HOST": f"localhost:{port}",
                    "CA": str(certificate),
                    "HTTP": instance.http_url,
                    "TOKEN": instance.token("ops_manager"),
                    "ADMIN_TOKEN": instance.token("admin"),
                },
            )
        finally:
            encrypted.stop()


def recipes(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return "\n".join(found)


@pytest.mark.usefixtures("program")
def test_in_a_shell(desk: Desk) -> None:
    script = recipes("sh")
    for name in ("HOST", "TLS_HOST", "CA", "TOKEN"):
        script, count = re.subn(rf"^{name}=.*$", "", script, flags=re.MULTILINE)
        assert count == 1, f"{name} is set once, and here comes from the test"
    script = script.replace(".venv/bin/tickets", f"{shlex.quote(sys.executable)} -m server.cli")
    printed = desk.output(["sh", "-eu"], given=script)
    assert "listed BKG-778" in printed
    assert len(set(re.findall(r"said as number (\d+)", printed))) == 1, "said once"
    assert '"snapshot": {' in printed
    assert '"progress": {' in printed
    assert "08:00,Bhiwandi" in printed
    assert "id,title" in printed


def test_in_python(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "recipes.py"
    program.write_text(recipes("python"))
    printed = desk.output([sys.executable, "-W", "error", str(program)], cwd=tmp_path)
    assert "listed BKG-779" in printed
    assert "refused TRANSITION_NOT_ALLOWED" in printed
    assert "refused INVALID_REQUEST ['id']" in printed
    assert re.search(r"^entry \d+ Who looks into this\?$", printed, re.MULTILINE)
    assert re.search(r"^exported [1-9]", printed, re.MULTILINE)
    assert "received MESSAGE_ADDED True" in printed


def test_in_typescript(desk: Desk, node: Path, tmp_path: Path) -> None:
    if not TSC.exists():
        if "CI" in os.environ:
            pytest.fail("the Node packages are not installed; .ci/run does it")
        pytest.skip("the Node packages are not installed: scripts/node_packages.sh")
    # Copies: nothing may race with what others build in the working tree.
    client, place = tmp_path / "client", tmp_path / "service"
    shutil.copytree(CLIENT / "src", client / "src")
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(CLIENT / name, client)
    (client / "node_modules").symlink_to(CLIENT / "node_modules")
    desk.output([str(TSC)], cwd=client)
    packages = place / "node_modules"
    (packages / "@rodistaa").mkdir(parents=True)
    (packages / "@rodistaa" / "tickets-client").symlink_to(client)
    for name in ("@types", "undici-types"):
        (packages / name).symlink_to(CLIENT / "node_modules" / name)
    (place / "package.json").write_text('{"type": "module"}')
    (place / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (place / "recipes.ts").write_text(recipes("ts"))
    desk.output([str(TSC)], cwd=place)
    printed = desk.output([str(node / "node"), "recipes.js"], cwd=place)
    assert "listed BKG-780" in printed
    assert "refused TRANSITION_NOT_ALLOWED" in printed
    assert "said once true" in printed
    assert re.search(r"^entry \d+n message$", printed, re.MULTILINE)
    assert "saved 26" in printed
    assert re.search(r"^exported \d+n true$", printed, re.MULTILINE)
    assert "received true" in printed


def test_in_a_page(desk: Desk, node: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.mjs"
    page.write_text(f"{(Path(__file__).parent / 'browser.js').read_text()}\n{recipes('js')}")
    printed = desk.output([str(node / "node"), str(page)], cwd=tmp_path)
    assert "session of demo-ops_manager ops_manager" in printed
    assert "created once true" in printed
    assert "page of " in printed
    assert "refused 412 ETAG_MISMATCH" in printed
    assert re.search(r"^entry \d+$", printed, re.MULTILINE)
    assert "stored 200" in printed


def test_reasons_that_are_named_exist() -> None:
    table = PAGE[PAGE.index("| code | reason") : PAGE.index("```sh", PAGE.index("| code | reason"))]
    rows = [row.split("|")[2] for row in table.splitlines()[2:] if row.startswith("|")]
    named = {reason for row in rows for reason in re.findall(r"[A-Z_]{4,}", row)}
    assert named
    assert {f"ERROR_REASON_{reason}" for reason in named} <= set(ErrorReason.keys())
