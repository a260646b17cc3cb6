"""Settings from the environment."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from server.setting_types import ServicePrincipal
from server.settings import Settings, complaints


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("TICKETS_")]:
        monkeypatch.delenv(name)


def test_every_setting_is_explained() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_defaults_listen_on_this_machine_only() -> None:
    settings = Settings()
    assert (settings.grpc_host, settings.metrics_host) == ("127.0.0.1", "127.0.0.1")


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETS_GRPC_PORT", "0")
    monkeypatch.setenv("TICKETS_TRUSTED_PROXIES", '["10.0.0.0/8", "unix"]')
    monkeypatch.setenv("TICKETS_JWKS_FILE", "/keys/jwks.json")
    monkeypatch.setenv("TICKETS_JWKS_URL", "")
    settings = Settings()
    assert settings.grpc_port == 0
    assert [str(proxy) for proxy in settings.trusted_proxies] == ["10.0.0.0/8", "unix"]
    assert settings.jwks_file == Path("/keys/jwks.json")
    assert settings.jwks_url is None


@pytest.mark.parametrize(
    "environment",
    [
        {"JWKS_FILE": "a", "JWT_SECRET": "b"},
        {"TLS_CERTIFICATE_FILE": "a"},
        {"TLS_CLIENT_CA_FILE": "a"},
        {"MTLS_PRINCIPALS": '{"billing": {"sub": "svc-billing"}}'},
        {"MTLS_PRINCIPALS": '{"billing": {"sub": "x", "role": "root"}}'},
        {"GRPC_PORT": "70000"},
        {"THREADS": "0"},
        {"TRUSTED_PROXIES": '["anywhere"]'},
        {"LOG_LEVEL": "LOUD"},
        {"SMTP_URL": "smtp://mail.example.com"},
        {"SMS_TOKEN": "x"},
        {"SMS_URL": "http://sms.example.com"},
        {"SMS_URL": "https://me:secret@sms.example.com"},
        {"FCM_URL": "ftp://localhost"},
        {"WEBHOOK_ALLOWED_NETWORKS": '["10.0.0.1/8"]'},
        {"GATEWAY_TLS": "true", "GATEWAY_CERTIFICATE_FILE": "a"},
        {"GATEWAY_CA_FILE": "a"},
        {"S3_BUCKET": "files/of"},
        {"S3_BUCKET": "Files"},
    ],
)
def test_contradictions_are_found_at_the_start(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"TICKETS_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    "principal",
    [{"sub": sub} for sub in ("SYSTEM", "system", "", "a b", "a\n", "as\u0304ha", "x" * 101)]
    + [{"sub": "svc-billing", "franchise_ids": ids} for ids in ([""], ["FR 1"], ["FR-\uff11"], ["F" * 101])],
)
def test_a_certificate_stands_for_nobody_that_a_token_could_not(principal: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServicePrincipal.model_validate(principal)
    assert ServicePrincipal.model_validate({"sub": "svc-billing", "franchise_ids": ["FR-001"]}).role == "system"


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("FILES_URL", "TICKETS_FILES_URL"),
        ("S3_ENDPOINT", "TICKETS_S3_ENDPOINT"),
        ("S3_PUBLIC_ENDPOINT", "TICKETS_S3_PUBLIC_ENDPOINT"),
    ],
)
@pytest.mark.parametrize(
    "address",
    ["minio:9000", "ftp://a", "http:///", "http://a/b", "http://a?b", "http://a#b", "http://u:p@a", "http://a:b"],
)
def test_an_address_that_cannot_be_signed_for_is_found_at_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, name: str, address: str
) -> None:
    monkeypatch.setenv(f"TICKETS_{variable}", address)
    monkeypatch.setenv("S3_ACCESS_KEY", "a")
    monkeypatch.setenv("S3_SECRET_KEY", "b")
    with pytest.raises(ValidationError) as caught:
        Settings()
    [complaint] = complaints(caught.value)
    assert complaint.startswith(f"{name}: must ")
    assert address not in complaint


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETS_JWT_SECRET", "hunter2" * 5)
    monkeypatch.setenv("TICKETS_DATABASE_URL", "postgresql://tickets:hunter2@db/tickets")
    assert "hunter2" not in repr(Settings())


@pytest.mark.parametrize(
    ("host", "target"),
    [("127.0.0.1", "127.0.0.1:50051"), ("0.0.0.0", "127.0.0.1:50051"), ("[::]", "[::1]:50051"), ("::1", "[::1]:50051")],
)
def test_the_gateway_looks_for_the_server_on_this_machine_unless_it_is_told_where(host: str, target: str) -> None:
    assert Settings(grpc_host=host).server_target == target
    assert Settings(grpc_host=host, gateway_target="dns:///server:1").server_target == "dns:///server:1"
