"""AIP-134's update_mask: what is not named stays as it is, and an empty mask is a mistake, not "everything"."""

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask

from server.domain.errors import Reason
from server.domain.validation import Checker


def masked(check: Checker, mask: FieldMask, updatable: Collection[str]) -> tuple[str, ...]:
    """The fields that the mask names, once each."""
    if not mask.paths:
        check.fail("update_mask", "must name at least one field", reason=Reason.UPDATE_MASK_INVALID)
    paths = check.few("update_mask.paths", mask.paths)
    for index, path in enumerate(paths):
        if path not in updatable:
            check.fail(
                f"update_mask.paths[{index}]",
                f'"{path[:80]}" is not a field that can be updated',
                reason=Reason.UPDATE_MASK_INVALID,
            )
    return tuple(path for path in dict.fromkeys(paths) if path in updatable)
