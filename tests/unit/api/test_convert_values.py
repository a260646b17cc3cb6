from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from server.api.convert.values import from_struct, set_struct, set_timestamp, to_datetime
from server.domain.validation import Checker

moments = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds are asked for


@given(moments)
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    check, wire = Checker(), Timestamp()
    set_timestamp(wire, moment)
    assert to_datetime(check, "f", wire) == moment
    check.done()


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_any_timestamp_is_a_time_of_two_centuries_or_a_violation(seconds: int, nanos: int) -> None:
    check = Checker()
    moment = to_datetime(check, "f", Timestamp(seconds=seconds, nanos=nanos))
    if not check.violations:
        assert datetime(2000, 1, 1, tzinfo=UTC) <= moment < datetime(2200, 1, 1, 0, 0, 1, tzinfo=UTC)
        assert moment == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=nanos // 1000)


@pytest.mark.parametrize("seconds", [946_684_799, 7_258_118_401])
def test_a_second_outside_is_refused(seconds: int) -> None:
    check = Checker()
    to_datetime(check, "f", Timestamp(seconds=seconds))
    assert [violation.field for violation in check.violations] == ["f"]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_json_comes_back_from_a_struct(values: dict[str, Any]) -> None:
    struct = Struct()
    set_struct(struct, values)
    assert from_struct(struct) == values


def test_whole_numbers_become_integers_as_long_as_they_are_exact() -> None:
    struct = Struct()
    set_struct(struct, {"small": 3, "half": 0.5, "exact": 2**53 - 1, "large": 2**53, "most": 10**308})
    found = from_struct(struct)
    assert found == {"small": 3, "half": 0.5, "exact": 2**53 - 1, "large": 2**53, "most": 1e308}
    assert {key for key, value in found.items() if isinstance(value, int)} == {"small", "exact"}


def test_a_value_of_no_kind_is_null() -> None:
    struct = Struct()
    struct.fields["unset"].SetInParent()
    assert from_struct(struct) == {"unset": None}
