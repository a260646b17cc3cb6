"""The command line: which database it takes, and that what goes wrong is said in a line, not in a traceback."""

from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.embedded.dev_keys import ensure_dev_keys
from tests.running import SECRET

NOBODY = "postgresql://tickets:hunter2@127.0.0.1:1/tickets"
COMMANDS = (
    ["audit", "verify"],
    ["seed"],
    ["seed", "--tickets", "1"],
    ["migrate"],
    ["sla", "simulate", "TKT-1", "--at", "2026-11-23T18:30:00+05:30"],
    ["outbox", "list"],
    ["outbox", "retry", "--events"],
)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No settings but a data directory."""
    import os

    for name in [name for name in os.environ if name.startswith("TICKETS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICKETS_DATA_DIR", str(tmp_path))
    return tmp_path


def run(*arguments: str, **settings: str) -> Result:
    result = CliRunner().invoke(main, arguments, env={f"TICKETS_{name}": value for name, value in settings.items()})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_is_away_is_one_line_and_not_a_finding(command: list[str]) -> None:
    result = run(*command, DATABASE_URL=NOBODY)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: the database cannot be used: ")
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.output


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize("command", [*COMMANDS, ["serve"]], ids=" ".join)
def test_what_is_no_address_of_a_database_is_not_repeated(command: list[str]) -> None:
    result = run(*command, DATABASE_URL="tickets:hunter2@db", JWT_SECRET=SECRET)
    assert (result.exit_code, result.output) == (
        2,
        "Error: TICKETS_DATABASE_URL: must be a PostgreSQL URL or a libpq connection string\n",
    )


def test_without_a_url_and_an_instance_the_place_that_was_looked_at_is_named(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    result = run("audit", "verify")
    assert result.exit_code == 2
    assert f"no instance runs in {data_dir}" in result.stderr


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({"GRPC_PORT": "70000"}, ["TICKETS_GRPC_PORT: Input should be less than or equal to 65535"]),
        (
            {"THREADS": "many", "GRPC_PORT": "x"},
            [
                "TICKETS_GRPC_PORT: Input should be a valid integer, unable to parse string as an integer",
                "TICKETS_THREADS: Input should be a valid integer, unable to parse string as an integer",
            ],
        ),
        ({"TRUSTED_PROXIES": "10.0.0.0/8"}, ["TICKETS_TRUSTED_PROXIES: must be JSON"]),
        ({"TLS_CERTIFICATE_FILE": "a"}, ["TICKETS_TLS_CERTIFICATE_FILE and TICKETS_TLS_PRIVATE_KEY_FILE go together"]),
    ],
)
def test_bad_settings_are_named_one_a_line(settings: dict[str, str], lines: list[str]) -> None:
    result = run("serve", **settings)
    assert (result.exit_code, result.output) == (1, "Error: " + "\n".join(lines) + "\n")


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "set TICKETS_JWKS_FILE, TICKETS_JWKS_URL or TICKETS_JWT_SECRET"),
        ({"JWKS_FILE": "/nowhere/jwks.json"}, "TICKETS_JWKS_FILE: /nowhere/jwks.json cannot be read: No such file"),
        ({"JWKS_FILE": __file__}, "TICKETS_JWKS_FILE: not JSON"),
        ({"JWKS_URL": "http://idp.example/keys"}, "TICKETS_JWKS_URL: the JWKS address must be https"),
        ({"JWT_SECRET": "short"}, "TICKETS_JWT_SECRET: a shared secret needs at least 32 bytes"),
        (
            {"JWT_SECRET": SECRET, "TLS_CERTIFICATE_FILE": "/nowhere/c.pem", "TLS_PRIVATE_KEY_FILE": "/nowhere/k.pem"},
            "TICKETS_TLS_CERTIFICATE_FILE: /nowhere/c.pem cannot be read: No such file",
        ),
    ],
)
def test_identity_is_checked_before_the_database_is_asked(settings: dict[str, str], said: str) -> None:
    result = run("serve", DATABASE_URL=NOBODY, **settings)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {said}")


def test_a_token_with_a_role_alone_is_the_one_that_is_printed_for_it(data_dir: Path) -> None:
    ensure_dev_keys(data_dir)

    def claims(*arguments: str) -> dict[str, object]:
        text = run("token", *arguments).output.strip()
        decoded: dict[str, object] = jwt.decode(text, options={"verify_signature": False})
        return decoded

    agent = claims("--role", "franchise_agent")
    assert (agent["sub"], agent["franchise_ids"]) == ("demo-franchise_agent", ["FR-001"])
    assert claims("--role", "franchise_agent", "--franchise", "FR-007")["franchise_ids"] == ["FR-007"]
    assert claims("--role", "ops_agent", "--sub", "asha.menon")["franchise_ids"] == []


def test_a_missing_signing_key_is_named_with_where_to_look(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data_dir)
    result = run("token", "--role", "admin", DATA_DIR="")
    assert result.exit_code == 1
    assert f"no signing key at {data_dir}/.data/keys/signing-key.pem" in result.output
    assert "TICKETS_DATA_DIR" in result.output
