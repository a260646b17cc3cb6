"""Requests for hypothesis, made from the contract's descriptors."""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
"""Takes a value out of a strategy: the `draw` of hypothesis' data."""

EVIL_TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
    "\ufeff",
    "\uffff",
    "\U0010ffff",
    "👨‍👩‍👧",
    "क्‍ष",
    "'; DROP TABLE tickets; --",
    "%s%s%n",
    "%(id)s",
    "{0.__class__}",
    "$1",
    "\\",
    "\\u0000",
    '"',
    '" or "',
    "-",
    "--",
    "!:*&|<->()",
    "payment -",
    "a:*",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "NaN",
    "null",
    "0",
    "-1",
    "9" * 400,
    "TKT-",
    "TKT-0",
    "TKT-999999999999999999",
    "tkt-1001",
    "FR-001",
    "asha",
    "payment",
    "created_at desc",
    "sla_due_at asc",
    "priority",
    "Asia/Kolkata",
    "UTC",
    "posixrules",
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "WyIiXQ",
    "x" * 19,
    "x" * 20,
    "The operator asked for it on the phone",
    "A title that is long enough",
    "A description that is long enough to be one.",
    "é" * 500,
    "😀" * 2_001,
    "y" * 20_001,
)
NUMBERS = (0, 1, -1, 2, 25, 50, 51, 90, 91, 200, 201, 2**31 - 1, -(2**31))
LARGE_NUMBERS = (*NUMBERS, 2**53, 2**63 - 1, -(2**63))
SECONDS = (
    0,
    1,
    -1,
    946_684_799,
    946_684_800,
    1_800_000_000,
    7_258_118_400,
    253_402_300_800,
    -62_135_596_801,
    2**63 - 1,
)
NANOS = (0, 1, 999_999_999, 1_000_000_000, -1, 2**31 - 1)
NOT_FINITE = (float("nan"), float("inf"), -float("inf"))
DOUBLES = (0.0, -0.0, 1.0, 1.5, 2.0**53, 1e308, -1.7976931348623157e308, 5e-324, *NOT_FINITE)
_TIMESTAMP, _STRUCT, _MASK = "google.protobuf.Timestamp", "google.protobuf.Struct", "google.protobuf.FieldMask"


def texts(ids: Sequence[str], field: str) -> st.SearchStrategy[str]:
    """Anything that the wire can carry, often something that means something."""
    character = st.characters(exclude_categories=["Cs"])
    any_text = st.one_of(st.sampled_from(EVIL_TEXTS), st.text(character, max_size=60), st.sampled_from(ids))
    if field in ("id", "ids", "ticket_id"):
        return st.one_of(st.sampled_from(ids), st.sampled_from(ids), any_text)
    if field in ("reason", "access_reason"):
        return st.one_of(st.just("The operator asked for it on the phone"), any_text)
    if field == "file_type":
        return st.one_of(st.sampled_from(["application/pdf", "Text/Plain", "text/plain; charset=utf-8"]), any_text)
    if field == "sha256":
        return st.one_of(st.just("0123456789abcdef" * 4), any_text)
    if field == "title":
        return st.one_of(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=12, max_size=40), any_text)
    if field in ("description", "message", "resolution_summary"):
        return st.one_of(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=25, max_size=80), any_text)
    if field == "request_id":
        return st.one_of(st.just(""), st.uuids().map(str), any_text)
    if field in ("etag", "page_token", "cursor"):
        return st.one_of(st.just(""), st.just(""), any_text)
    return any_text


def json_values() -> st.SearchStrategy[Any]:
    """What a Struct can hold, NaN and infinities among it."""
    text = st.one_of(st.sampled_from(EVIL_TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    leaf = st.one_of(st.none(), st.booleans(), st.sampled_from(DOUBLES), st.floats(), text)
    return st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12
    )


def draw_message(draw: Draw, descriptor: Any, ids: Sequence[str], *, density: float = 0.6) -> Message:
    """A message of a type. ``density``: about how many of its fields are set."""
    # Plain functions, not composite strategies: hypothesis takes one whose first draw runs out of data for a mistake.
    message: Message = GetMessageClass(descriptor)()
    if descriptor.full_name == _TIMESTAMP:
        _set(message, "seconds", draw(st.sampled_from(SECONDS)))
        _set(message, "nanos", draw(st.sampled_from(NANOS)))
        return message
    if descriptor.full_name == _STRUCT:
        values = draw(st.dictionaries(st.sampled_from(EVIL_TEXTS), json_values(), max_size=4))
        message.update(values)  # type: ignore[attr-defined] # a Struct's method
        return message
    for field in descriptor.fields:
        if draw(st.integers(0, 99)) >= density * 100:
            continue
        if field.message_type is not None and field.message_type.full_name == _MASK:
            paths = draw(st.lists(st.one_of(st.sampled_from(_names(descriptor)), texts(ids, "")), max_size=4))
            getattr(message, field.name).paths.extend(paths)
        elif field.message_type is not None and field.message_type.GetOptions().map_entry:
            # The only kind of map that the contract has is of texts.
            entries = draw(st.dictionaries(texts(ids, ""), texts(ids, ""), max_size=2))
            getattr(message, field.name).update(entries)
        elif field.is_repeated:
            count = draw(st.integers(0, 3))
            getattr(message, field.name).extend([_value(draw, field, ids, density) for _ in range(count)])
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(draw_message(draw, field.message_type, ids, density=density))
        else:
            _set(message, field.name, _value(draw, field, ids, density))
    return message


def _names(descriptor: Descriptor) -> list[str]:
    """Names that a mask in this message could have: those of the fields of the resource beside it."""
    names = [inner.name for field in descriptor.fields if field.message_type for inner in field.message_type.fields]
    return [*names, "*", ""]


def _value(draw: Draw, field: FieldDescriptor, ids: Sequence[str], density: float) -> Any:
    if field.message_type is not None:
        return draw_message(draw, field.message_type, ids, density=density)
    if field.enum_type is not None:
        known = [value.number for value in field.enum_type.values]
        return draw(st.one_of(st.sampled_from(known), st.sampled_from([0, 999, -1, 2**31 - 1])))
    if field.type == FieldDescriptor.TYPE_STRING:
        return draw(texts(ids, field.name))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return draw(st.booleans())
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return draw(st.sampled_from(DOUBLES))
    return draw(st.sampled_from(NUMBERS if field.type == FieldDescriptor.TYPE_INT32 else LARGE_NUMBERS))


def _set(message: Message, name: str, value: Any) -> None:
    setattr(message, name, value)
