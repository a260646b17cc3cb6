"""AWS Signature Version 4 in the query of a URL, made and verified: docs/adr/0017-signed-urls.md.

Unlike the presigning of S3 client libraries, any header can be signed, so a URL fixes the bytes that it is good for.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

from server.adapters.objectstore.refusal import StoreRefusal
from server.application.object_store import SignedRequest

MAX_LIFETIME: Final = timedelta(days=7)
MAX_SKEW: Final = timedelta(minutes=15)
"""By how much the clock that signs may be ahead of the one that verifies."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_TIME = "%Y%m%dT%H%M%SZ"
_PARAMETERS = frozenset(
    f"X-Amz-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SECONDS = re.compile(r"[1-9]\d{0,5}", re.ASCII)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SPACES = re.compile(" +")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Signer:
    """An account of a store: what it signs, the store accepts."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str

    def presign(
        self,
        method: str,
        base_url: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        now: datetime,
        lifetime: timedelta,
    ) -> SignedRequest:
        """A request to ``base_url`` (scheme, host, port) that must be sent with exactly these headers.

        ``path`` begins with a slash and has no character that would have to be escaped. The request works from the
        whole second before ``now`` for ``lifetime``, a whole number of seconds, at most seven days.
        """
        seconds = int(lifetime.total_seconds())
        if not timedelta(seconds=1) <= lifetime <= MAX_LIFETIME or lifetime != timedelta(seconds=seconds):
            raise ValueError("a signed request lives for whole seconds, at least one, at most seven days")
        signed_at = now.astimezone(UTC).replace(microsecond=0)
        base, host = origin(base_url)
        sent = {"host": host} | {name.lower(): value for name, value in headers.items()}
        parameters = {
            **query,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.access_key}/{self._scope(signed_at)}",
            "X-Amz-Date": signed_at.strftime(_TIME),
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": ";".join(sorted(sent)),
        }
        signature = self._signature(signed_at, method, path, parameters, sent)
        return SignedRequest(
            method=method,
            url=f"{base}{path}?{_canonical_query(parameters)}&X-Amz-Signature={signature}",
            headers=dict(headers),
            expires_at=signed_at + lifetime,
        )

    def verify(
        self,
        method: str,
        raw_path: str,
        raw_query: str,
        headers: Mapping[str, str],
        now: datetime,
        *,
        required: Collection[str] = (),
    ) -> dict[str, str]:
        """The parameters beside the signature's own, when the request is as it was signed. Raises StoreRefusal.

        ``required`` names headers, in lower case, that must have been signed beside ``host``. Of headers that came
        twice, give the values joined by commas.
        """
        parameters = _parameters_of(raw_query)
        ours = {name for name in parameters if name.lower().startswith("x-amz-")}
        if not ours:
            raise StoreRefusal(403, "AccessDenied", "The request is not signed.")
        if ours != _PARAMETERS:
            raise _malformed("The parameters of the signature are not those of a signed URL.")
        signature = parameters.pop("X-Amz-Signature")
        signed_at, lifetime = self._life_of(parameters)
        if signed_at > now + MAX_SKEW:
            raise StoreRefusal(403, "AccessDenied", "Request is not valid yet")
        if now >= signed_at + lifetime:
            raise StoreRefusal(403, "AccessDenied", "Request has expired")
        sent = _signed_headers(parameters["X-Amz-SignedHeaders"], headers, required)
        expected = self._signature(signed_at, method, raw_path, parameters, sent)
        if _SIGNATURE.fullmatch(signature) is None or not hmac.compare_digest(signature, expected):
            raise StoreRefusal(403, "SignatureDoesNotMatch", "The request is not as it was signed.")
        return {name: value for name, value in parameters.items() if name not in _PARAMETERS}

    def _life_of(self, parameters: Mapping[str, str]) -> tuple[datetime, timedelta]:
        """When it was signed, and for how long; the account and all else but the signature is checked."""
        if parameters["X-Amz-Algorithm"] != _ALGORITHM:
            raise _malformed(f"X-Amz-Algorithm is always {_ALGORITHM}.")
        date, seconds = parameters["X-Amz-Date"], parameters["X-Amz-Expires"]
        try:
            # strptime alone also takes fewer digits.
            signed_at = datetime.strptime(date if _DATE.fullmatch(date) else "", _TIME).replace(tzinfo=UTC)
        except ValueError:
            raise _malformed("X-Amz-Date is no time such as 20260131T235959Z.") from None
        lifetime = timedelta(seconds=int(seconds) if _SECONDS.fullmatch(seconds) else 0)
        if not timedelta(0) < lifetime <= MAX_LIFETIME:
            raise _malformed("X-Amz-Expires is a number of seconds up to 604800.")
        account, *scope = parameters["X-Amz-Credential"].rsplit("/", 4)
        if account != self.access_key:
            raise StoreRefusal(403, "InvalidAccessKeyId", "There is no such account.")
        if "/".join(scope) != self._scope(signed_at):
            raise _malformed("X-Amz-Credential is of another day, region or service.")
        return signed_at, lifetime

    def _scope(self, signed_at: datetime) -> str:
        return f"{signed_at:%Y%m%d}/{self.region}/s3/aws4_request"

    def _signature(
        self, signed_at: datetime, method: str, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]
    ) -> str:
        names = sorted(headers)
        lines = [method, path, _canonical_query(parameters)]
        lines += [f"{name}:{_SPACES.sub(' ', headers[name]).strip()}" for name in names]
        lines += ["", ";".join(names), "UNSIGNED-PAYLOAD"]
        request = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        key = f"AWS4{self.secret_key}".encode()
        for part in self._scope(signed_at).split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = "\n".join([_ALGORITHM, signed_at.strftime(_TIME), self._scope(signed_at), request])
        return hmac.digest(key, text.encode(), "sha256").hex()


def origin(base_url: str) -> tuple[str, str]:
    """A store's address as a URL begins with it, and as clients say it in ``Host``: both without the default port.

    Raises ValueError where it is more or less than scheme, host and port: a path or an account would not be signed.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise ValueError("must be http://host:port or https://host:port")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be nothing but scheme, host and port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.port is not None and parts.port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{parts.port}"
    return f"{parts.scheme}://{host}", host


def _malformed(message: str) -> StoreRefusal:
    return StoreRefusal(400, "AuthorizationQueryParametersError", message)


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def _canonical_query(parameters: Mapping[str, str]) -> str:
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _parameters_of(raw_query: str) -> dict[str, str]:
    """Each parameter once, decoded. A plus is a space, as some clients write the URL anew."""
    parameters: dict[str, str] = {}
    if not raw_query.isascii() or _BROKEN_ESCAPE.search(raw_query):
        raise StoreRefusal(400, "InvalidURI", "The query cannot be read.")
    try:
        for pair in filter(None, raw_query.split("&")):
            name, _, value = pair.partition("=")
            name = unquote_plus(name, errors="strict")
            if name in parameters:
                raise _malformed("A parameter is given twice.")
            parameters[name] = unquote_plus(value, errors="strict")
    except UnicodeDecodeError:
        raise StoreRefusal(400, "InvalidURI", "The query cannot be read.") from None
    return parameters


def _signed_headers(names: str, headers: Mapping[str, str], required: Collection[str]) -> dict[str, str]:
    """What was signed of the headers. Those that change what a store does must be."""
    sent = {name.lower(): value for name, value in headers.items()}
    signed = names.split(";")
    if "" in signed or signed != sorted({name.lower() for name in signed}):
        raise _malformed("X-Amz-SignedHeaders must be sorted, in lower case, each once.")
    needed = {"host", *required, *(name for name in sent if name.startswith("x-amz-"))}
    if not needed <= set(signed):
        raise StoreRefusal(403, "AccessDenied", "There were headers present in the request which were not signed")
    if not set(signed) <= sent.keys():
        raise StoreRefusal(403, "SignatureDoesNotMatch", "A header that was signed is missing.")
    return {name: sent[name] for name in signed}
