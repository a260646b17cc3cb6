from google.protobuf.field_mask_pb2 import FieldMask

from server.api.convert.update_masks import masked
from server.domain.validation import MAX_LIST_VALUES, Checker


def checked(*paths: str) -> tuple[tuple[str, ...], list[str]]:
    check = Checker()
    named = masked(check, FieldMask(paths=paths), ("title", "tags"))
    return named, [violation.field for violation in check.violations]


def test_fields_are_named_once_in_the_order_given() -> None:
    assert checked("tags", "title", "tags") == (("tags", "title"), [])


def test_an_empty_mask_is_no_mask() -> None:
    assert checked() == ((), ["update_mask"])


def test_what_cannot_be_updated_is_named_by_its_place() -> None:
    assert checked("title", "*", "id") == (("title",), ["update_mask.paths[1]", "update_mask.paths[2]"])


def test_a_mask_of_many_paths_is_not_read() -> None:
    assert checked(*["*"] * (MAX_LIST_VALUES + 1)) == ((), ["update_mask.paths"])
