"""Who is calling, settled before anything looks at the request."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.domain.errors import Reason, Unauthenticated
from server.domain.principal import Principal

_SCHEME = "bearer "


class TokenVerifier(Protocol):
    """Raises Unauthenticated, or Unavailable while keys cannot be had."""

    def verify(self, token: str) -> Principal:
        """The verified holder of ``token``."""
        ...


class CertificateMapping(Protocol):
    """Service callers that identify themselves by a client certificate."""

    def principal_from_certificate(self, auth_context: Mapping[str, Sequence[bytes]]) -> Principal | None:
        """The principal that the verified certificate stands for; None when it stands for nobody."""
        ...


class Authentication:
    """A bearer token, else a client certificate that stands for a service. A token, when sent, decides alone."""

    def __init__(self, tokens: TokenVerifier | None, certificates: CertificateMapping | None = None) -> None:
        self._tokens = tokens
        self._certificates = certificates

    def around(self, method: Method, inner: Handler) -> Handler:  # noqa: ARG002 - the same for all
        """Sets ``state.principal``, and ``state.still_valid`` for streams that outlive what was verified."""

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            authorization = state.metadata.get("authorization")
            if authorization is None:
                principal = state.principal = self._from_certificate(state)
                # The channel was verified when it was made, and stays what it is.
                state.still_valid = lambda: principal
            else:
                state.principal = self._from_token(authorization)
                # The verifier knows of changed keys, and how far clocks may differ.
                state.still_valid = lambda: self._from_token(authorization)
            return inner(state, request)

        return handle

    def _from_token(self, authorization: str | bytes) -> Principal:
        if not isinstance(authorization, str) or authorization[:7].lower() != _SCHEME:
            raise Unauthenticated(
                "The authorization metadata must be 'Bearer ' and a token.", reason=Reason.TOKEN_INVALID
            )
        if self._tokens is None:
            raise Unauthenticated("This server takes no tokens.", reason=Reason.TOKEN_INVALID)
        return self._tokens.verify(authorization[7:].strip())

    def _from_certificate(self, state: CallState) -> Principal:
        if self._certificates is not None:
            # The type stubs say bytes; grpc gives a sequence of them for each property.
            properties = cast("Mapping[str, Sequence[bytes]]", state.context.auth_context())
            principal = self._certificates.principal_from_certificate(properties)
            if principal is not None:
                return principal
        raise Unauthenticated(
            "No credentials: send a token in the authorization metadata.", reason=Reason.TOKEN_MISSING
        )
