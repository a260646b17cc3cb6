"""Who a request is from: the token that it carries, or a browser's session, which is a token in a cookie.

Nothing is kept here: the cookie is all there is of a session, so that any gateway can serve it, and it ends with its
token. What a token is worth is for the gRPC server alone to say.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import grpc
import jwt
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.bad_request import BadRequest, UnsupportedMediaType
from gateway.contract import Rpc, rpcs
from gateway.cookies import Cookie, CookieTooLarge
from gateway.errors import HttpError, error_of, make_status
from gateway.metrics import observed
from gateway.refusals import require_short
from gateway.same_origin import SameOrigin
from gateway.session_ends import SessionEnds, Tell, mark_of
from gateway.upstream import Metadata, Upstream, UpstreamError
from server.settings import Settings

CALLER_HEADER = "tickets-caller"
"""Whom a page shows what it shows: the subject of their token, percent-encoded UTF-8. All tabs of a browser have one
session, which may have become somebody else's since the page was loaded."""

_PROBE = "/rodistaa.tickets.v1.NotificationService/ListNotifications"
"""A call that everybody may make, and that costs next to nothing."""
_TOKEN = re.compile(r"[A-Za-z0-9_.=-]{1,8192}")
_JWT = re.compile(r"[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_=-]+){2}")
"""What the server may have believed once. Of anything else there are no streams to end."""
_HEADER = re.compile(r"[ -~]{0,8400}")


@dataclass(frozen=True, slots=True)
class Session:
    """What a token that the server believes says of its holder."""

    user_id: str
    role: str
    franchise_ids: tuple[str, ...]
    expires_at: int
    """Seconds since 1970."""

    def as_json(self) -> dict[str, Any]:
        """The answer of /session, in the manner of the API."""
        return {
            "userId": self.user_id,
            "role": self.role,
            "franchiseIds": list(self.franchise_ids),
            "expireTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.expires_at)),
        }


class Sessions:
    """Begins, tells and ends sessions, and says with what metadata a request is to be passed on."""

    def __init__(self, settings: Settings, upstream: Upstream, ends: SessionEnds, tell_others: Tell) -> None:
        self._cookie = Cookie.of(settings, "session")
        self._upstream = upstream
        self._timeout = settings.call_timeout_seconds
        self._same_origin = SameOrigin(settings.http_allowed_origins)
        self._ends = ends
        self._tell_others = tell_others

    async def identify(self, request: Request) -> Metadata:
        """The header Authorization wins; else the cookie, for requests of pages of ours, unless it has become somebody
        else's than the page says; else nobody.

        Raises HttpError.
        """
        authorization = _authorization(request)
        if authorization:
            if not _HEADER.fullmatch(authorization):
                raise _invalid("its form or signature is wrong")
            return (("authorization", authorization),)
        token = self.token_of(request)
        if not token:
            return ()
        self.require_ours(request)
        _require_caller(request, token)
        return _bearer(token)

    def watched(self, request: Request) -> AbstractContextManager[asyncio.Event]:
        """For as long as the request's stream is open: set once the session that it came with has ended in its browser,
        or become another one. A token of the caller's own in Authorization has no such end."""
        token = "" if _authorization(request) else self.token_of(request)
        return self._ends.watched(token) if token else nullcontext(asyncio.Event())

    def token_of(self, request: Request) -> str:
        """That of the cookie; empty where there is none that could be a token."""
        token = self._cookie.read(request.headers.get("cookie", ""))
        return token if _TOKEN.fullmatch(token) else ""

    async def check(self, token: str) -> Session:
        """Asks the server. Raises HttpError, and UpstreamError where it refuses the token or is away."""
        if not _TOKEN.fullmatch(token):
            raise _invalid("its form or signature is wrong")
        await self.vouch(_bearer(token))
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            return Session(
                str(claims["sub"]),
                str(claims["role"]),
                tuple(map(str, claims.get("franchise_ids") or ())),
                int(claims["exp"]),
            )
        except (jwt.PyJWTError, KeyError, ValueError, TypeError):
            raise _invalid("it is no JSON Web Token") from None

    async def vouch(self, metadata: Metadata) -> None:
        """Asks the server, for nothing else, whether it knows who calls. Raises HttpError for what is too long to be
        asked, and UpstreamError."""
        require_short(metadata)
        await self._upstream.unary(_probe(), _probe().request(), metadata=metadata, timeout=self._timeout)

    def begin(self, request: Request, token: str, session: Session, headers: MutableHeaders) -> None:
        """Has the browser keep it for as long as the token holds, in place of the session that it had, whose streams
        end. Raises BadRequest for a token that is too large."""
        left = max(0, session.expires_at - int(time.time()))
        try:
            self._cookie.set_on(headers, token, max_age_seconds=left)
        except CookieTooLarge as error:
            raise _bad("token", f"makes {error}: have the identity provider put less into it") from None
        self._ends.began(mark_of(token))
        if self.token_of(request) != token:
            self._end_streams(request)

    def end(self, request: Request, headers: MutableHeaders) -> None:
        """Has the browser forget it, and ends its streams. The token itself holds until it expires."""
        self._cookie.clear_on(headers)
        self._end_streams(request)

    async def post(self, request: Request, body: bytes) -> Response:
        """POST /session: ``{"token": …}`` becomes a cookie. Raises HttpError, BadRequest,
        UnsupportedMediaType, UpstreamError."""
        self.require_ours(request, proof=False)
        with refusals_counted(request):
            token = _posted_token(request, body)
            session = await self.check(token)
            answer = JSONResponse(session.as_json())
            self.begin(request, token, session, answer.headers)
        return answer

    async def get(self, request: Request) -> Response:
        """GET /session: who it is. Raises HttpError, UpstreamError; a cookie that has lost its worth is taken back."""
        self.require_ours(request)
        token = self.token_of(request)
        if not token:
            raise error_of(make_status(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING", "There is no session."))
        try:
            session = await self.check(token)
        except UpstreamError as error:
            if error.code is not grpc.StatusCode.UNAUTHENTICATED:
                raise
            refusal = error_of(error.status)
            refusal.headers["Set-Cookie"] = self._cleared()
            raise refusal from None
        return JSONResponse(session.as_json())

    async def delete(self, request: Request) -> Response:
        """DELETE /session: none any more, whether or not there was one. Raises HttpError."""
        self.require_ours(request)
        _require_caller(request, self.token_of(request))
        answer = Response(status_code=204)
        self.end(request, answer.headers)
        return answer

    def require_ours(self, request: Request, *, proof: bool = True) -> None:
        """Raises HttpError for a page of another origin; ``proof`` as for SameOrigin."""
        try:
            self._same_origin.require(request.method, request.headers, proof=proof)
        except HttpError:
            observed(request.scope).refused = "foreign_page"
            raise

    def _end_streams(self, request: Request) -> None:
        token = self.token_of(request)
        if _JWT.fullmatch(token):
            mark, now = mark_of(token), time.time()
            self._ends.ended([(mark, now)])
            self._tell_others(mark, now)

    def _cleared(self) -> str:
        headers = MutableHeaders()
        self._cookie.clear_on(headers)
        return headers["set-cookie"]


def _authorization(request: Request) -> str:
    """The caller's own, which wins over the cookie; empty where there is none."""
    return ", ".join(request.headers.getlist("authorization"))


@contextmanager
def refusals_counted(request: Request) -> Iterator[None]:
    """Of a login: what is raised inside is a refusal of it, unless the server is away."""
    try:
        yield
    except (HttpError, BadRequest, UnsupportedMediaType, UpstreamError) as error:
        if not isinstance(error, UpstreamError) or error.code is grpc.StatusCode.UNAUTHENTICATED:
            observed(request.scope).refused = "login"
        raise


def _require_caller(request: Request, token: str) -> None:
    """Raises HttpError where the page was somebody else's. What is no token is for the server to refuse."""
    expected = request.headers.getlist(CALLER_HEADER)
    if not expected:
        return
    try:
        subject = jwt.decode(token, options={"verify_signature": False}).get("sub")
    except jwt.PyJWTError:
        return
    if [unquote(each) for each in expected] != [subject]:
        observed(request.scope).refused = "other_person"
        raise error_of(
            make_status(
                grpc.StatusCode.FAILED_PRECONDITION,
                "SESSION_CHANGED",
                "This browser is now logged in as somebody else. Nothing was done.",
            )
        )


def _probe() -> Rpc:
    return next(rpc for rpc in rpcs() if rpc.path == _PROBE)


def _bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def _posted_token(request: Request, body: bytes) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("The body must be application/json.")
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise _bad("", "the body is not JSON") from None
    if not isinstance(given, dict) or set(given) != {"token"} or not isinstance(given["token"], str):
        raise _bad("token", 'the body must be {"token": "…"}')
    return given["token"]


def _bad(field: str, description: str) -> BadRequest:
    return BadRequest([(field, description)])


def _invalid(why: str) -> HttpError:
    return error_of(make_status(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID", f"The token is not valid: {why}."))
