import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import InvalidArgument, Reason
from server.domain.validation import (
    MAX_LIST_VALUES,
    MAX_METADATA_BYTES,
    MAX_METADATA_DEPTH,
    REASON,
    Checker,
)

BOUNDS = (2, 5)
CONTROLS = [chr(number) for number in range(0xA0) if unicodedata.category(chr(number)) == "Cc"]


def violations(check: Callable[[Checker], Any]) -> list[str]:
    """The fields that the check complains of."""
    checker = Checker()
    check(checker)
    return [violation.field for violation in checker.violations]


def error_of(*checks: Callable[[Checker], Any]) -> InvalidArgument:
    checker = Checker()
    for check in checks:
        check(checker)
    with pytest.raises(InvalidArgument) as caught:
        checker.done()
    return caught.value


@pytest.mark.parametrize(
    ("text", "good"), [("a", False), ("ab", True), ("abcde", True), ("abcdef", False), ("", False)]
)
def test_lengths_are_inclusive(text: str, good: bool) -> None:
    assert (violations(lambda check: check.text("f", text, BOUNDS)) == []) is good


@pytest.mark.parametrize("character", ["a", "é", "क", "😀", "\N{COMBINING ACUTE ACCENT}", "\N{ZERO WIDTH JOINER}"])
def test_lengths_count_code_points(character: str) -> None:
    assert violations(lambda check: check.text("f", "ab" + character * 3, BOUNDS)) == []
    assert violations(lambda check: check.text("f", "ab" + character * 4, BOUNDS)) == ["f"]


@pytest.mark.parametrize(
    "text",
    [
        "\N{ZERO WIDTH SPACE}" * 5,
        "\N{RIGHT-TO-LEFT MARK}a",
        "\N{HANGUL FILLER}" * 3,
        "\N{BRAILLE PATTERN BLANK}" * 3,
        "a\N{SOFT HYPHEN}",
    ],
)
def test_what_nobody_sees_does_not_make_a_text_long_enough(text: str) -> None:
    assert violations(lambda check: check.text("f", text, BOUNDS)) == ["f"]


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r\n", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}", "\u2028"])
def test_white_space_at_the_ends_is_trimmed_and_does_not_count(space: str) -> None:
    assert Checker().text("f", space * 9 + "abc" + space * 9, BOUNDS) == "abc"


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("shape", ["a{}c", "{}abc", "abc{}", "{}"])
def test_no_control_character_stands_anywhere(control: str, shape: str) -> None:
    text = shape.format(control)
    allowed = control in "\t\n\r"
    for multiline in (False, True):
        found = violations(lambda check, multiline=multiline: check.text("f", text, (1, 9), multiline=multiline))  # type: ignore[misc]
        good = allowed and ((multiline and shape != "{}") or shape in ("{}abc", "abc{}"))
        assert (found == []) is good, (text, multiline)


def test_a_lone_surrogate_is_no_text() -> None:
    assert violations(lambda check: check.text("f", "a\ud800c", BOUNDS)) == ["f"]
    assert violations(lambda check: check.metadata("m", {"k": ["\udfff"]})) == ["m"]


@given(st.text(max_size=12))
def test_what_is_accepted_can_be_stored_and_is_within_bounds(text: str) -> None:
    check = Checker()
    cleaned = check.text("f", text, BOUNDS, multiline=True)
    if not check.violations:
        assert 2 <= len(cleaned) <= 5
        assert "\0" not in cleaned
        cleaned.encode()
        assert Checker().text("f", cleaned, BOUNDS, multiline=True) == cleaned, "cleaning twice changes nothing"


def test_an_optional_text_is_absent_when_blank() -> None:
    for blank in ("", " ", "\n\t", "\N{NO-BREAK SPACE}"):
        assert Checker().optional_text("f", blank, BOUNDS) is None
    assert "f" in violations(lambda check: check.optional_text("f", "\x1f", BOUNDS)), "a control is not nothing"


def test_the_reason_of_an_error_is_that_of_all_its_violations() -> None:
    short = error_of(lambda check: check.reason_text("reason", "short"))
    assert short.reason is Reason.REASON_REQUIRED
    assert error_of(lambda check: check.reason_text("reason", "x" * (REASON[1] + 1))).reason is Reason.REASON_REQUIRED
    both = error_of(
        lambda check: check.fail("update_mask.paths[0]", "no", reason=Reason.UPDATE_MASK_INVALID),
        lambda check: check.fail("update_mask.paths[1]", "no", reason=Reason.UPDATE_MASK_INVALID),
    )
    assert both.reason is Reason.UPDATE_MASK_INVALID
    mixed = error_of(lambda check: check.reason_text("reason", ""), lambda check: check.fail("title", "no"))
    assert mixed.reason is Reason.INVALID_REQUEST
    assert [violation.field for violation in mixed.violations] == ["reason", "title"]
    assert mixed.message == "reason: must have 20 to 2000 characters, has 0 (and 1 more)"


def test_nothing_wrong_raises_nothing() -> None:
    Checker().done()


def test_an_access_reason_may_be_left_out_but_not_be_blank() -> None:
    assert Checker().access_reason("access_reason", "") is None
    blank = error_of(lambda check: check.access_reason("access_reason", "   "))
    assert blank.reason is Reason.ACCESS_REASON_INVALID


@pytest.mark.parametrize("value", ["a", "FR-001", "auth0|5f7c", "a@b.c", "~!", "x" * 100])
def test_identifiers(value: str) -> None:
    assert Checker().identifier("id", value) == value


@pytest.mark.parametrize("value", ["", " ", "a b", "a\n", "\0", "é", "१", "x" * 101, "\x7f"])
def test_what_is_no_identifier(value: str) -> None:
    assert violations(lambda check: check.identifier("id", value)) == ["id"]


@pytest.mark.parametrize("value", ["TKT-1", "TKT-1001", "TKT-" + "9" * 18])
def test_ticket_ids(value: str) -> None:
    assert Checker().ticket_id("id", value) == value


@pytest.mark.parametrize(
    "value", ["", "TKT-", "TKT-0", "TKT-01", "tkt-1", "TKT-१", "TKT-1\n", " TKT-1", "TKT-" + "9" * 19, "1"]
)
def test_what_is_no_ticket_id(value: str) -> None:
    assert violations(lambda check: check.ticket_id("id", value)) == ["id"]


@given(st.uuids())
def test_uuids_in_their_canonical_form_in_either_case(value: Any) -> None:
    assert Checker().uuid("id", str(value)) == Checker().uuid("id", str(value).upper()) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "7a5c1a529e174a648d47b9a77c2c2f10",
        "{7a5c1a52-9e17-4a64-8d47-b9a77c2c2f10}",
        "urn:uuid:7a5c1a52-9e17-4a64-8d47-b9a77c2c2f10",
        "7a5c1a52-9e17-4a64-8d47-b9a77c2c2f1",
        "7a5c1a52-9e17-4a64-8d47-b9a77c2c2f1g",
        "\N{FULLWIDTH DIGIT SEVEN}a5c1a52-9e17-4a64-8d47-b9a77c2c2f10",
        " 7a5c1a52-9e17-4a64-8d47-b9a77c2c2f10",
        "7a5c1a52-9e17-4a64-8d47-b9a77c2c_f10",
        "x" * 1_000_000,
    ],
)
def test_what_is_no_uuid(value: str) -> None:
    assert violations(lambda check: check.uuid("id", value)) == ["id"]


def test_tags_lose_duplicates_after_trimming_and_keep_their_order() -> None:
    assert Checker().tags("tags", ["b", " a ", "b", "a"]) == ("b", "a")


def test_twenty_tags_are_counted_without_duplicates() -> None:
    twenty = [f"tag {number}" for number in range(20)]
    assert violations(lambda check: check.tags("tags", [*twenty, "tag 0"])) == []
    assert violations(lambda check: check.tags("tags", [*twenty, "one more"])) == ["tags"]


def test_each_wrong_tag_is_named() -> None:
    assert violations(lambda check: check.tags("tags", ["fine", "", "x" * 51, "a\0"])) == [
        "tags[1]",
        "tags[2]",
        "tags[3]",
    ]


def test_a_list_that_is_too_long_is_one_violation_and_not_read() -> None:
    assert violations(lambda check: check.tags("tags", [""] * (MAX_LIST_VALUES + 1))) == ["tags"]
    assert Checker().few("f", [1, 2], 2) == [1, 2]
    checker = Checker()
    assert checker.few("f", [1, 2, 3], 2) == ()
    assert len(checker.violations) == 1


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_metadata_that_is_accepted_is_json_within_bounds(value: dict[str, Any]) -> None:
    check = Checker()
    accepted = check.metadata("metadata", value)
    if not check.violations:
        text = json.dumps(accepted, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        assert len(text.encode()) <= MAX_METADATA_BYTES
        assert "\\u0000" not in text
        assert accepted == value


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def test_metadata_has_a_greatest_depth() -> None:
    assert violations(lambda check: check.metadata("m", nested(MAX_METADATA_DEPTH))) == []
    assert violations(lambda check: check.metadata("m", nested(MAX_METADATA_DEPTH + 1))) == ["m"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 1e22, -1e22, 1e-16, 5e-324])
def test_metadata_has_no_number_that_json_lacks_or_that_is_beyond_measure(number: float) -> None:
    assert violations(lambda check: check.metadata("m", {"a": [{"b": number}]})) == ["m"]


@pytest.mark.parametrize("number", [0, 0.0, -0.0, 1e21, -1e-15, 0.1, 2**53])
def test_metadata_has_other_numbers(number: float) -> None:
    assert Checker().metadata("m", {"a": number}) == {"a": number}


@pytest.mark.parametrize("value", ['"1"', '"ffffffffffffffff"'])
def test_etags(value: str) -> None:
    assert Checker().etag("etag", value) == value


@pytest.mark.parametrize("value", ["1", '"', '""', '"G"', '"1', "*", '"1"\n', 'W/"1"', '"\0"', '"' + "1" * 17 + '"'])
def test_what_is_no_etag(value: str) -> None:
    assert violations(lambda check: check.etag("etag", value)) == ["etag"]


def test_no_etag_is_none() -> None:
    assert Checker().etag("etag", "") is None


@pytest.mark.parametrize(("size", "used"), [(0, 25), (1, 1), (200, 200)])
def test_page_sizes(size: int, used: int) -> None:
    assert Checker().page_size("page_size", size) == used


@pytest.mark.parametrize("size", [-1, 201, 2**31 - 1, -(2**31)])
def test_page_sizes_are_refused_and_never_cut(size: int) -> None:
    assert violations(lambda check: check.page_size("page_size", size)) == ["page_size"]
