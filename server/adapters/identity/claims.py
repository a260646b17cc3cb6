"""The claims of a verified token, checked before they become a principal."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from server.domain.errors import Reason, Unauthenticated
from server.domain.ids import ID_PATTERN, FranchiseId, UserId
from server.domain.principal import Principal, is_reserved
from server.domain.roles import Role

_ID = re.compile(ID_PATTERN)
_MAX_FRANCHISES = 500


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Raises Unauthenticated (TOKEN_INVALID) that names the claim, never its value."""
    return Principal(
        _user_id(claims.get("sub")),
        _role(claims.get("role")),
        _franchise_ids(claims.get("franchise_ids")),
        _expiry(claims.get("exp")),
    )


def _user_id(value: object) -> UserId:
    if not isinstance(value, str) or not _ID.fullmatch(value) or is_reserved(value):
        raise _bad("sub")
    return UserId(value)


def _role(value: object) -> Role:
    if not isinstance(value, str):
        raise _bad("role")
    try:
        return Role(value)
    except ValueError:
        raise _bad("role") from None


def _franchise_ids(value: object) -> frozenset[FranchiseId]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or len(value) > _MAX_FRANCHISES or not all(map(_is_id, value)):
        raise _bad("franchise_ids")
    return frozenset(FranchiseId(item) for item in value)


def _expiry(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad("exp")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise _bad("exp") from None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _bad(claim: str) -> Unauthenticated:
    return Unauthenticated(f"The token's claim '{claim}' is missing or not valid.", reason=Reason.TOKEN_INVALID)
