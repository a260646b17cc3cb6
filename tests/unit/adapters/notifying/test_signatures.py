"""Signatures of webhooks, against a published example and the reference library."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from server.adapters.notifying.webhook_http import signed_headers
from server.application.notifications.channels import DeliveryFailed

EXAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD, NEW = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))
BODY = '{"type":"STATUS_CHANGED","data":{"title":"Zahlung nicht erhalten: ₹ 5 000"}}'.encode()


def test_a_known_example() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [EXAMPLE_SECRET],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_formula_itself() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 999_000, tzinfo=UTC)
    headers = signed_headers("d-1", moment, BODY, [OLD])
    assert headers["webhook-timestamp"] == "1772366400"
    digest = hmac.new(bytes([1]) * 32, b"d-1.1772366400." + BODY, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_while_a_secret_is_exchanged_both_verify() -> None:
    headers = signed_headers("d-1", datetime.now(UTC), BODY, [NEW, OLD])
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(EXAMPLE_SECRET).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY + b" ", headers)


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    india = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert signed_headers("d-1", india, BODY, [NEW]) == signed_headers("d-1", moment, BODY, [NEW])


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_A", "whsec_ü"])
def test_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        signed_headers("d-1", datetime.now(UTC), BODY, [secret])
    assert caught.value.permanent
    assert caught.value.message == "The delivery cannot be signed: its secret is not valid."


def test_no_secret_is_no_unsigned_delivery() -> None:
    with pytest.raises(DeliveryFailed):
        signed_headers("d-1", datetime.now(UTC), BODY, [])
