"""Login by an OpenID provider: the authorization code flow with PKCE, by Authlib.

What the provider gives is a token for the gRPC server, which judges it as any other; here the flow itself is guarded:
state and nonce are in a cookie of ten minutes that is signed, so that no gateway has to remember who is logging in.
"""

import hashlib
import hmac
import re
import time
from typing import Any

import httpx2
import jwt
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.bad_request import BadRequest
from gateway.cookies import Cookie, CookieTooLarge
from gateway.errors import HttpError, error_of
from gateway.html import page, paragraph
from gateway.login import local_path
from gateway.metrics import observed
from gateway.sessions import Sessions
from gateway.upstream import UpstreamError
from server.settings import Settings

START_PATH = "/login/oidc"
CALLBACK_PATH = "/login/callback"
_SECONDS = 600
"""How long somebody may take at the provider."""
_TIMEOUT_SECONDS = 10.0
_ERROR_CODE = re.compile(r"[a-z_]{1,60}")

_log = structlog.get_logger("gateway.oidc")


class Oidc:
    """The two ends of the flow. The provider is first asked when the first browser logs in, and may be away before."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        secret = settings.oidc_client_secret
        if settings.oidc_issuer is None or settings.public_url is None or secret is None:
            raise ValueError("no OpenID provider is configured")
        self._sessions = sessions
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._token = settings.oidc_token
        self._parameters = settings.oidc_parameters
        self._callback = settings.public_url + CALLBACK_PATH
        self._cookie = Cookie.of(settings, "login")
        # All gateways that are this client have the same key.
        self._key = hmac.digest(secret.get_secret_value().encode(), b"tickets: state of a login", hashlib.sha256)
        self._provider: Any = OAuth().register(
            "provider",
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value(),
            server_metadata_url=f"{self._issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": settings.oidc_scope,
                "code_challenge_method": "S256",
                "timeout": _TIMEOUT_SECONDS,
            },
        )

    async def start(self, request: Request) -> Response:
        """GET /login/oidc?next=PATH: off to the provider."""
        place = local_path(request.query_params.get("next"))
        state: dict[str, Any] = {}
        request.scope["session"] = state
        try:
            await self._require_issuer()
            answer: Response = await self._provider.authorize_redirect(request, self._callback, **self._parameters)
            self._cookie.set_on(answer.headers, self._sealed(state, place), max_age_seconds=_SECONDS)
        except (AuthlibBaseError, httpx2.HTTPError, RuntimeError, CookieTooLarge, ValueError, KeyError) as error:
            return self._failed(request, error)
        return answer

    async def finish(self, request: Request) -> Response:
        """GET /login/callback: back from the provider. The state is good for one try, whatever comes of it."""
        opened = self._opened(self._cookie.read(request.headers.get("cookie", "")))
        if opened is None or request.query_params.get("iss", self._issuer) != self._issuer:
            return self._refused(request, "The login was not begun in this browser, or more than ten minutes ago.", 400)
        state, place = opened
        request.scope["session"] = state
        try:
            await self._require_issuer()
            tokens = await self._provider.authorize_access_token(
                request,
                leeway=5,
                claims_options={
                    "iss": {"essential": True, "values": [self._issuer]},
                    "aud": {"essential": True, "value": self._client_id},
                },
            )
            if tokens.get("userinfo") is None:
                return self._refused(request, "The identity provider gave no id token.", 502)
            token = str(tokens.get(self._token) or "")
            session = await self._sessions.check(token)
            answer = RedirectResponse(place, 303)
            self._sessions.begin(request, token, session, answer.headers)
        except BadRequest as error:
            return self._not_taken(request, 400, str(error))
        except (HttpError, UpstreamError) as error:
            return self._not_taken(request, error_of(error.status).http_status, error.status.message)
        except (AuthlibBaseError, JoseError, httpx2.HTTPError, RuntimeError, ValueError, KeyError) as error:
            return self._failed(request, error)
        self._cookie.clear_on(answer.headers)
        return answer

    async def _require_issuer(self) -> None:
        """Raises ValueError where somebody else answers in the provider's place."""
        metadata = await self._provider.load_server_metadata()
        if metadata.get("issuer") != self._issuer:
            raise ValueError("the provider's metadata are of another issuer")

    def _sealed(self, state: dict[str, Any], place: str) -> str:
        claims = {"state": state, "next": place, "exp": int(time.time()) + _SECONDS}
        return jwt.encode(claims, self._key, algorithm="HS256")

    def _opened(self, sealed: str) -> tuple[dict[str, Any], str] | None:
        try:
            claims = jwt.decode(sealed, self._key, algorithms=["HS256"], options={"require": ["exp"]})
        except jwt.PyJWTError:
            return None
        return dict(claims["state"]), local_path(claims["next"])

    def _failed(self, request: Request, error: Exception) -> Response:
        """The flow itself."""
        _log.warning("login failed", kind=type(error).__name__, cause=str(error)[:300])
        if isinstance(error, OAuthError):
            code = str(error.error or "")
            why = f" ({code})" if _ERROR_CODE.fullmatch(code) else ""
            return self._refused(request, f"The identity provider or this browser's state refused the login{why}.", 400)
        if isinstance(error, JoseError | AuthlibBaseError):
            return self._refused(request, "The identity provider's id token is not valid for this login.", 400)
        return self._refused(
            request, "The identity provider cannot be reached, or answers nonsense. Try again later.", 502
        )

    def _not_taken(self, request: Request, status: int, why: str) -> Response:
        """The provider's token, by the server or by browsers."""
        _log.warning("a provider's token was not taken", status=status, cause=why)
        return self._refused(request, f"The token that the identity provider gave was not taken. {why}", status)

    def _refused(self, request: Request, why: str, status: int) -> Response:
        if status < 500:
            observed(request.scope).refused = "login"
        answer = page("Not logged in", paragraph(why) + '<p><a href="/login">Try again</a></p>', status=status)
        self._cookie.clear_on(answer.headers)
        return answer
