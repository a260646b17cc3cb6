"""What a change that puts something as a whole depends on."""

from server.domain.preconditions import Precondition
from server.domain.validation import Checker


def to_precondition(check: Checker, field: str, etag: str, *, create_only: bool, update_only: bool) -> Precondition:
    """``field`` is the path of the etag. What was never read has none."""
    if create_only and etag:
        check.fail("create_only", f"goes not together with {field}")
    elif create_only and update_only:
        check.fail("create_only", "goes not together with update_only")
    return Precondition(check.etag(field, etag), create_only, update_only)
