"""SMS by any provider that takes a POST of JSON."""

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPException
from typing import Any

from server.adapters.notifying.failures import no_answer, retry_after
from server.adapters.notifying.timed_http import HttpAnswer, HttpOrigin, origin_of
from server.adapters.notifying.timed_sockets import Deadline, client_tls
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send

DEFAULT_BODY: Mapping[str, Any] = {"to": "{to}", "text": "{text}"}
FIELD = re.compile(r"\{(?:to|text|dedupe_key|ticket_id|kind)\}")
"""What a body may hold: the number, the text of the message, and members of OutgoingMessage by their names."""

_PEER = "The SMS provider"
_LONGEST_TEXT = 320
_READ_AT_MOST = 16 * 1024
_JUDGED = frozenset({400, 413, 422})
"""Statuses that are about this number or text; any other refusal is about us and may be mended."""


class HttpSmsProvider:
    """Posts each message to one URL. ``Idempotency-Key`` is the dedupe key; any 2xx means that it was taken over."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``body`` is what is posted, with fields in braces inside any of its texts; see FIELD. ``token`` goes into
        the Authorization header as Bearer. ValueError for a URL that is none."""
        self._url = url
        self._seconds = timeout_seconds
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._headers.update(headers or {})
        self._body = DEFAULT_BODY if body is None else body
        self._tls = tls if tls is not None else client_tls()
        origin_of(url, tls=self._tls)

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
        body = json.dumps(_filled(self._body, _values(message))).encode()
        headers = {**self._headers, "Idempotency-Key": message.dedupe_key}
        try:
            answer = origin.post(resource, headers, body, Deadline(self._seconds), read_at_most=_READ_AT_MOST)
        except (OSError, HTTPException, ValueError) as error:
            raise no_answer(_PEER, error, self._seconds) from None
        if not 200 <= answer.status < 300:
            raise _failure(answer)


def _values(message: OutgoingMessage) -> dict[str, str]:
    text = f"{message.title}\n{message.body}".strip()
    return {
        "{to}": message.address,
        "{text}": text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…",
        "{dedupe_key}": message.dedupe_key,
        "{ticket_id}": message.ticket_id,
        "{kind}": message.kind,
    }


def _filled(template: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """One pass over each text, so that braces in a message stay what they are."""
    if isinstance(template, str):
        return FIELD.sub(lambda match: values[match[0]], template)
    if isinstance(template, Mapping):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return template


def _failure(answer: HttpAnswer) -> DeliveryFailed:
    if answer.status in _JUDGED:
        return DeliveryFailed(f"{_PEER} refused the number or the text ({answer.status}).", permanent=True)
    return DeliveryFailed(f"{_PEER} answered {answer.status}.", retry_after=retry_after(answer.headers))
