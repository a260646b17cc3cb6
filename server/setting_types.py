"""Types of single settings: how each is read from its variable, and what is refused."""

import json
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from server.domain.ids import ID_PATTERN
from server.domain.principal import is_reserved
from server.domain.roles import Role


def _from_json(value: Any) -> Any:  # noqa: ANN401 - whatever the variable holds
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("must be JSON") from None


# Decoded here and not by the library, whose error would be of another kind than that for any other bad value.
Json = (NoDecode, BeforeValidator(_from_json))


Id = Annotated[str, Field(pattern=f"^{ID_PATTERN}$")]


def _secure(url: str) -> str:
    parts = urlsplit(url)
    if not (parts.scheme == "https" and parts.hostname) and not (
        parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    ):
        raise ValueError("must be https, or http on this machine")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password")
    return url


SecureUrl = Annotated[str, AfterValidator(_secure)]
"""Where secrets or what people wrote are sent."""


def _bare(url: str) -> str:
    parts = urlsplit(url)
    try:
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # of a bad port, which it repeats
        known = False
    if not known:
        raise ValueError("must be http://host:port or https://host:port")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("must end after the port, since what follows would not be part of signatures")
    return url


BareAddress = Annotated[str, AfterValidator(_bare)]
"""Of a server that signed URLs are made for."""

Origin = Annotated[str, Field(pattern=r"^https?://[^/?#@\s*]+$")]
"""As browsers write it: no path, and no slash at the end."""


class ServicePrincipal(BaseModel):
    """Whom a client certificate stands for."""

    sub: Id
    role: Role = Role.SYSTEM
    franchise_ids: list[Id] = []

    @field_validator("sub")
    @classmethod
    def _is_its_own(cls, value: str) -> str:
        if is_reserved(value):
            raise ValueError("is the name of the ticket system itself")
        return value
