"""Bytes to and from the object store, by the requests that the server has signed. The standard library is enough."""

import errno
import hashlib
import http.client
import itertools
import random
import re
import secrets
import ssl
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from os import fsync
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from rodistaa.tickets.client.resuming import Backoff
from rodistaa.tickets.v1.attachment_pb2 import SignedRequest

CHUNK = 256 * 1024
_ERROR_LIMIT = 64 * 1024
_OK, _PARTIAL, _FORBIDDEN, _PRECONDITION_FAILED = 200, 206, 403, 412
# 409 is what S3 answers when two conditional requests for one key meet.
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_PASSING_CODES = frozenset({"RequestTimeout", "SlowDown"})
_DOUBLINGS = 20


class TransferError(Exception):
    """The object store did not take the bytes, or did not give them.

    `status` is the HTTP status, None where the store was not reached, broke off, or sent other bytes than the server
    announced. `code` is the store's own name of the error, such as "AccessDenied", or empty. The text does not hold the
    signed URL, which is a secret.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str = "", passing: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.passing = passing
        """Whether the same request may succeed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOptions:
    """How bytes are moved. Proxies are those of the environment (HTTPS_PROXY, NO_PROXY …)."""

    silence: timedelta = timedelta(seconds=60)
    """Longest that the store may be silent, before the connection counts as broken."""
    attempts: int = 6
    """Of one transfer; those of a download begin anew when bytes have come."""
    backoff: Backoff = field(default_factory=Backoff)
    """The pauses between them."""
    tls: ssl.SSLContext | None = None
    """For a store whose certificate the system's authorities do not vouch for."""


class Writable(Protocol):
    """What takes the bytes of a download."""

    def write(self, data: bytes, /) -> object: ...


def send(sign: Callable[[], SignedRequest], chunks: Callable[[], Iterator[bytes]], options: TransferOptions) -> None:
    """Puts what `chunks` yields; each attempt asks for them anew.

    Succeeds too when the store has the object already, as after an attempt whose answer was lost. `sign` is asked
    again, once, when a signature is refused, since it may have expired.
    """
    attempts = _Attempts(options)
    request = sign()
    while True:
        try:
            with closing(_open(request, {}, options, data=chunks())) as response:
                if not _OK <= response.status < 300 and response.status != _PRECONDITION_FAILED:
                    raise _refusal(response)
        except TransferError as error:
            if attempts.may_sign_again(error):
                request = sign()
            else:
                attempts.pause_after(error)
        else:
            return


def receive(
    sign: Callable[[], SignedRequest],
    into: Writable,
    *,
    size: int,
    sha256: str,
    options: TransferOptions,
    on_bytes: Callable[[int], None] | None = None,
) -> None:
    """Writes the object's bytes to `into`, each once and in order, and goes on where a connection broke off.

    Raises TransferError when they are not of that size and SHA-256 (hexadecimal; not compared when empty); what was
    written by then stays. `on_bytes` is told how many there are so far. What `into` raises is raised on.
    """
    attempts = _Attempts(options)
    digest = hashlib.sha256()
    position = 0
    request = sign() if size else None
    while request is not None and position < size:
        try:
            with closing(_bytes_from(position, size, request, options)) as chunks:
                for chunk in chunks:
                    into.write(chunk)
                    position += len(chunk)
                    digest.update(chunk)
                    attempts.delivered()
                    if on_bytes is not None:
                        on_bytes(position)
        except TransferError as error:
            if attempts.may_sign_again(error):
                request = sign()
            else:
                attempts.pause_after(error)
    if sha256 and digest.hexdigest() != sha256.lower():
        raise TransferError("The SHA-256 of what the store sent is not the announced one.")


@contextmanager
def saving(target: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that becomes `target` when the block is left without an error, and is gone otherwise.

    FileExistsError when there is something that may not be replaced: a file unless `overwrite`, anything else always.
    FileNotFoundError when there is no directory for it.
    """
    _check_place(target, overwrite=overwrite)
    # Its name is not made of the target's, which may be as long as names can be.
    partial = target.with_name(f".tickets-{secrets.token_hex(8)}.part")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            fsync(file.fileno())
        _check_place(target, overwrite=overwrite)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _check_place(target: Path, *, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such directory", str(target.parent))
    if target.exists() and not (overwrite and target.is_file()):
        raise FileExistsError(f"{target} exists" if target.is_file() else f"{target} is not a regular file")


def _bytes_from(
    position: int, size: int, request: SignedRequest, options: TransferOptions
) -> Generator[bytes, None, None]:
    """The bytes from the position to the end; a store that sends all of them again is read past those before it."""
    headers = {"Range": f"bytes={position}-"} if position else {}
    with closing(_open(request, headers, options)) as response:
        if response.status == _PARTIAL and position:
            if not (response.headers.get("Content-Range") or "").startswith(f"bytes {position}-"):
                raise TransferError("The store sent another part of the file than it was asked for.")
            passed_over = 0
        elif response.status == _OK:
            passed_over = position
        else:
            raise _refusal(response)
        while chunk := _read(response):
            kept = chunk[passed_over:]
            passed_over -= len(chunk) - len(kept)
            position += len(kept)
            if position > size:
                raise TransferError(f"The file store sent more than the {size} bytes that were announced.")
            if kept:
                yield kept
    if position < size:
        raise TransferError(f"The file store broke off after {position} of {size} bytes.", passing=True)


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _broken(error) from error


def _open(
    request: SignedRequest, headers: Mapping[str, str], options: TransferOptions, *, data: Iterator[bytes] | None = None
) -> http.client.HTTPResponse:
    """Whatever the status is. Redirects are not followed: a signature is for one host."""
    if urlsplit(request.url).scheme not in {"http", "https"}:
        raise TransferError("The signed URL is not one of HTTP.")
    asked = urllib.request.Request(  # noqa: S310 - checked above
        request.url, data=data, headers={**request.headers, **headers}, method=request.method
    )
    try:
        response = _opener(options.tls).open(asked, timeout=options.silence.total_seconds())
    except (OSError, http.client.HTTPException) as error:
        raise _broken(error) from error
    return cast("http.client.HTTPResponse", response)


class _Answered(http.client.HTTPConnection):
    """Reads the answer of a store that refuses, and closes, before it has taken the whole body."""

    def request(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as they are
        try:
            super().request(*arguments, **named)
        except (BrokenPipeError, ConnectionResetError):
            if self.sock is None:  # it was the connecting that failed
                raise


class _AnsweredTls(_Answered, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Answered, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__()
        self._tls = tls

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_AnsweredTls, req, context=self._tls)


def _opener(tls: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), _Http(), _Https(tls)):
        opener.add_handler(handler)
    return opener


def _broken(error: Exception) -> TransferError:
    reason = getattr(error, "reason", None) or error
    untrusted = isinstance(reason, ssl.SSLCertVerificationError)
    return TransferError(
        f"The file store cannot be reached, or broke off: {reason or type(reason).__name__}", passing=not untrusted
    )


def _refusal(response: http.client.HTTPResponse) -> TransferError:
    try:
        body = response.read(_ERROR_LIMIT).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        body = ""
    code, message = (_element(name, body) for name in ("Code", "Message"))
    told = ": ".join(filter(None, (code, message))) or response.reason
    return TransferError(
        f"The file store answered {response.status} ({told}).",
        status=response.status,
        code=code,
        passing=response.status in _PASSING or code in _PASSING_CODES,
    )


def _element(name: str, xml: str) -> str:
    """The text of the element; no parser, as the answer of whatever stands before a store is not to be trusted."""
    found = re.search(rf"<{name}>([^<]{{1,500}})</{name}>", xml)
    return " ".join(unescape(found[1]).split()) if found else ""


class _Attempts:
    """Decides after each failure whether there is a next attempt, and lets the pause before it pass."""

    def __init__(self, options: TransferOptions) -> None:
        self._options = options
        self._failures = itertools.count()
        self._signed_again = False

    def delivered(self) -> None:
        """Bytes have come: what went wrong before no longer counts."""
        self._failures = itertools.count()
        self._signed_again = False

    def may_sign_again(self, error: TransferError) -> bool:
        """Whether it may be a signature that has expired, and none has been made anew for it yet."""
        may = error.status == _FORBIDDEN and not self._signed_again
        self._signed_again = self._signed_again or may
        return may

    def pause_after(self, error: TransferError) -> None:
        """Raises `error` when another attempt is no use, or there were enough of them."""
        failures = next(self._failures)
        if not error.passing or failures + 1 >= self._options.attempts:
            raise error
        backoff = self._options.backoff
        pause = min(backoff.first * (1 << min(failures, _DOUBLINGS)), backoff.longest)
        time.sleep(pause.total_seconds() * random.uniform(0.25, 1.0))  # noqa: S311 - no secret
