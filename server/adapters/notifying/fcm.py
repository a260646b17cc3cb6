"""Push messages by Firebase Cloud Messaging, HTTP v1."""

import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server.adapters.notifying.failures import no_answer, retry_after
from server.adapters.notifying.timed_http import HttpAnswer, HttpOrigin, origin_of
from server.adapters.notifying.timed_sockets import Deadline, client_tls
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send

_PEER = "The push service"
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 3600
_RENEW_BEFORE_SECONDS = 300.0
_READ_AT_MOST = 64 * 1024
_WAIT_WHEN_THROTTLED = timedelta(seconds=60)
"""What FCM asks for when it answers 429 without Retry-After."""
_TITLE_BYTES = 400
_BODY_BYTES = 2000
"""Together with the rest well below the 4 096 bytes of a push message."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What the JSON key file of a Google service account says."""

    project_id: str
    client_email: str
    token_uri: str
    key_id: str
    private_key: RSAPrivateKey = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Self:
        """OSError when it cannot be read, ValueError, without its content, when it is no such file."""
        try:
            content = json.loads(path.read_bytes())
            key = load_pem_private_key(content["private_key"].encode(), password=None)
            project, email, token_uri, key_id = (
                content[name] for name in ("project_id", "client_email", "token_uri", "private_key_id")
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ValueError("is not the JSON key file of a service account") from None
        if not isinstance(key, RSAPrivateKey) or not all(
            isinstance(text, str) and text for text in (project, email, token_uri, key_id)
        ):
            raise ValueError("is not the JSON key file of a service account")
        return cls(project, email, token_uri, key_id, key)


class FcmProvider:
    """Sends to device tokens of one Firebase project.

    A repetition replaces the first copy on the device: by collapse id on Apple's, by tag on Android. (``collapse_key``
    would do harm: FCM keeps only four of them for a device that is offline.)
    """

    def __init__(
        self,
        account: ServiceAccount,
        *,
        timeout_seconds: float,
        url: str = "https://fcm.googleapis.com",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """ValueError for a URL that is none."""
        self._seconds = timeout_seconds
        self._tls = tls if tls is not None else client_tls()
        self._url = f"{url.rstrip('/')}/v1/projects/{quote(account.project_id, safe='')}/messages:send"
        self._tokens = _AccessTokens(account, self._tls)
        origin_of(self._url, tls=self._tls)

    def session(self) -> AbstractContextManager[Send]:
        """See ChannelProvider."""
        return self._session()

    @contextmanager
    def _session(self) -> Iterator[Send]:
        origin, resource = origin_of(self._url, tls=self._tls)
        try:
            yield lambda message: self._send(message, origin, resource)
        finally:
            origin.close()

    def _send(self, message: OutgoingMessage, origin: HttpOrigin, resource: str) -> None:
        deadline = Deadline(self._seconds)
        body = json.dumps({"message": _push_of(message)}).encode()
        try:
            token = self._tokens.current(deadline)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
            answer = origin.post(resource, headers, body, deadline, read_at_most=_READ_AT_MOST)
        except (OSError, HTTPException, ValueError) as error:
            raise no_answer(_PEER, error, self._seconds) from None
        if answer.status == 200:
            return
        if answer.status == 401:
            self._tokens.forget(token)
        raise _failure(answer)


def _push_of(message: OutgoingMessage) -> dict[str, Any]:
    return {
        "token": message.address,
        "notification": {
            "title": _cut(message.title, _TITLE_BYTES),
            "body": _cut(message.body, _BODY_BYTES),
        },
        "data": {"dedupe_key": message.dedupe_key, "ticket_id": message.ticket_id, "kind": message.kind},
        "android": {
            "priority": "HIGH" if message.is_critical else "NORMAL",
            "notification": {"tag": message.dedupe_key},
        },
        "apns": {
            "headers": {
                "apns-collapse-id": message.dedupe_key,
                "apns-priority": "10" if message.is_critical else "5",
            },
        },
    }


def _cut(text: str, longest: int) -> str:
    """To so many bytes of UTF-8, never within a character."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= longest:
        return encoded.decode()
    return encoded[: longest - 3].decode(errors="ignore") + "…"


def _failure(answer: HttpAnswer) -> DeliveryFailed:
    """By FCM's own code where there is one; its texts stay unread, since they may quote the device token."""
    code = _error_code(answer.body)
    known = f"{answer.status} {code}".strip()
    match answer.status, code:
        case _, "UNREGISTERED":
            return DeliveryFailed("The device is no longer registered for push messages.", permanent=True)
        case _, "SENDER_ID_MISMATCH":
            return DeliveryFailed("The device token belongs to another push project.", permanent=True)
        case 400, _:
            return DeliveryFailed(f"{_PEER} refused the device token or the message ({known}).", permanent=True)
        case 401 | 403 | 404, _:
            return DeliveryFailed(f"{_PEER} refused our account ({known}).")
        case 429, _:
            wait = retry_after(answer.headers) or _WAIT_WHEN_THROTTLED
            return DeliveryFailed(f"{_PEER} asks for fewer messages ({known}).", retry_after=wait)
        case _:
            return DeliveryFailed(f"{_PEER} failed ({known}).", retry_after=retry_after(answer.headers))


def _error_code(body: bytes) -> str:
    """``errorCode`` of the FcmError detail, else the canonical status; empty when the answer is something else."""
    error = _member(_json(body), "error")
    details = _member(error, "details")
    codes = [_member(detail, "errorCode") for detail in details] if isinstance(details, list) else []
    return next(
        (code for code in (*codes, _member(error, "status")) if isinstance(code, str) and _is_name(code)),
        "",
    )


def _is_name(text: str) -> bool:
    return len(text) <= 60 and text.isascii() and text.replace("_", "").isalnum()


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


class _AccessTokens:
    """OAuth tokens for the account, fetched when needed and kept until shortly before they expire. For any thread."""

    def __init__(self, account: ServiceAccount, tls: ssl.SSLContext) -> None:
        self._account = account
        self._tls = tls
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        origin_of(account.token_uri, tls=tls)

    def current(self, deadline: Deadline) -> str:
        """TimeoutError and the like when the token service does not answer; DeliveryFailed when it refuses."""
        if not self._lock.acquire(timeout=deadline.left()):
            raise TimeoutError
        try:
            if not self._token or time.monotonic() >= self._renew_at:
                self._token, seconds = self._fetched(deadline)
                self._renew_at = time.monotonic() + max(seconds - _RENEW_BEFORE_SECONDS, seconds / 2)
            return self._token
        finally:
            self._lock.release()

    def forget(self, token: str) -> None:
        """It was refused: the next message fetches another."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def _fetched(self, deadline: Deadline) -> tuple[str, float]:
        origin, resource = origin_of(self._account.token_uri, tls=self._tls)
        body = urlencode({"grant_type": _GRANT, "assertion": self._assertion()}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = origin.post(resource, headers, body, deadline, read_at_most=_READ_AT_MOST)
        finally:
            origin.close()
        if answer.status != 200:
            message = f"{_PEER}'s sign-in refused our service account ({answer.status})."
            raise DeliveryFailed(message, retry_after=retry_after(answer.headers))
        content = _json(answer.body)
        token, seconds = _member(content, "access_token"), _member(content, "expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise DeliveryFailed(f"{_PEER}'s sign-in gave no valid answer.")
        return token, float(seconds)

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        return jwt.encode(claims, self._account.private_key, "RS256", {"kid": self._account.key_id})
