"""The channels that settings ask for."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from server.adapters.notifying.email import EmailProvider
from server.adapters.notifying.fcm import FcmProvider
from server.adapters.notifying.recording import RecordingProvider
from server.adapters.notifying.sms_http import HttpSmsProvider
from server.application.notifications.channels import DeliveryFailed, WebhookPost
from server.domain.notifications import Channel
from server.notifying import providers_from, webhook_sender_from
from server.settings import Settings


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def account(private_key: str) -> dict[str, str]:
    return {
        "project_id": "rodistaa",
        "client_email": "push@rodistaa.example",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key_id": "k1",
        "private_key": private_key,
    }


def test_without_accounts_everything_is_recorded(tmp_path: Path) -> None:
    providers = providers_from(settings(data_dir=tmp_path))
    assert providers.keys() == set(Channel)
    assert all(isinstance(provider, RecordingProvider) for provider in providers.values())


def test_with_accounts_nothing_is(tmp_path: Path) -> None:
    key_file = tmp_path / "account.json"
    key_file.write_text(json.dumps(account(pem(rsa.generate_private_key(65537, 2048)))))
    providers = providers_from(
        settings(
            smtp_url="smtps://u:p@mail.example.com",
            email_from="tickets@rodistaa.example",
            fcm_service_account_file=key_file,
            sms_url="https://sms.example.com/send",
            sms_token="hunter2",
            sms_headers='{"X-Account": "rodistaa"}',
        )
    )
    kinds = {channel: type(provider) for channel, provider in providers.items()}
    assert kinds == {Channel.EMAIL: EmailProvider, Channel.PUSH: FcmProvider, Channel.SMS: HttpSmsProvider}


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"smtp_url": "smtp://u:hunter2@", "email_from": "a@b.c"}, "TICKETS_SMTP_URL: "),
        ({"smtp_url": "smtp://u:hunter2@mail.example.com", "email_from": "nobody"}, "TICKETS_EMAIL_FROM: "),
        ({"fcm_service_account_file": "/nowhere"}, "TICKETS_FCM_SERVICE_ACCOUNT_FILE: No such file"),
    ],
)
def test_an_account_that_cannot_work_is_found_at_the_start(values: dict[str, str], variable: str) -> None:
    with pytest.raises(ValueError, match=f"^{variable}") as caught:
        providers_from(settings(**values))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        json.dumps(account("hunter2")),
        json.dumps(account(pem(ec.generate_private_key(ec.SECP256R1())))),
        json.dumps(account(pem(rsa.generate_private_key(65537, 2048))) | {"project_id": 5}),
    ],
)
def test_what_is_no_service_account(tmp_path: Path, content: str) -> None:
    key_file = tmp_path / "account.json"
    key_file.write_text(content)
    with pytest.raises(ValueError, match=r"^TICKETS_FCM_SERVICE_ACCOUNT_FILE: is not the JSON") as caught:
        providers_from(settings(fcm_service_account_file=key_file))
    assert "hunter2" not in str(caught.value)


def test_webhooks_reach_the_networks_that_are_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        url = f"http://127.0.0.1:{receiver.getsockname()[1]}/"
        post = WebhookPost("d-1", url, b"{}", ("whsec_AAAA",), datetime.now(UTC))
        with pytest.raises(DeliveryFailed, match="may not reach"):
            webhook_sender_from(settings()).post(post)
        allowed = settings(webhook_allowed_networks='["127.0.0.0/8"]', webhook_timeout_seconds=0.2)
        with pytest.raises(DeliveryFailed, match=r"did not answer within 0\.2 s"):
            webhook_sender_from(allowed).post(post)
