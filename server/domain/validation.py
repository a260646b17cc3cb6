"""Limits of spec section 6, and what a text may be made of.

Lengths count Unicode code points after trimming white space at both ends; towards a lower bound only what can
be seen counts, so that twenty zero-width spaces are no reason. Every rule adds to one list
of violations, so that a caller learns all that is wrong at once; but what is far too long is refused
unread, so that no request costs more to refuse than to serve.
"""

import json
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from server.domain.errors import FieldViolation, InvalidArgument, Reason

V = TypeVar("V")

TITLE = (10, 500)
DESCRIPTION = (20, 20_000)
MESSAGE = (1, 20_000)
RESOLUTION_SUMMARY = (1, 20_000)
REASON = (20, 2_000)
OPTIONAL_REASON = (1, 2_000)
ACCESS_REASON = (20, 500)
QUERY = (1, 500)
MAX_QUERY_WORDS = 32
IDENTIFIER = (1, 100)
DISPLAY_NAME = (1, 200)
VIEW_NAME = (1, 100)
MAX_TAGS = 20
TAG = (1, 50)
MAX_METADATA_BYTES = 16 * 1024
MAX_METADATA_DEPTH = 20
"""Protobuf libraries refuse messages nested deeper than 100, a level of JSON is up to three of them, and the audit
shows metadata below five messages: what is accepted must also be readable there."""
MAX_BULK = 500
MAX_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 25
MAX_LIST_VALUES = 100
MAX_ATTACHMENTS_OF_A_MESSAGE = 20
FILE_NAME = (1, 255)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_TICKET_ID = re.compile(r"TKT-[1-9][0-9]{0,17}", re.ASCII)
_IDENTIFIER = re.compile(r"[!-~]+")
_ETAG = re.compile(r'"[0-9a-f]{1,16}"', re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_DISGUISES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of what follows, so that "gpj.exe" is read as "exe.jpg"."""
_LONG_TEXT_CONTROLS = frozenset("\n\t\r")
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode does not call white space or format, and that are invisible all the same."""
_SMALLEST_NUMBER, _LARGEST_NUMBER = 1e-15, 1e21
_TRIMMED = "".join(
    character
    for character in map(chr, range(0x3001))
    if character.isspace() and (character in _LONG_TEXT_CONTROLS or unicodedata.category(character) != "Cc")
)
"""White space of all scripts, but not those control characters that ``str.strip`` would take away unseen."""


class Checker:
    """Collects what is wrong with a request; ``done`` raises it all as one InvalidArgument."""

    def __init__(self) -> None:
        self.violations: list[FieldViolation] = []
        self._reasons: set[Reason] = set()

    def fail(self, field: str, description: str, *, reason: Reason = Reason.INVALID_REQUEST) -> None:
        """Note one violation. A reason of its own stands for the whole error when all violations have it."""
        self.violations.append(FieldViolation(field, description))
        self._reasons.add(reason)

    def done(self) -> None:
        """Raise InvalidArgument when anything was noted."""
        if not self.violations:
            return
        error = InvalidArgument.of(self.violations)
        if len(self._reasons) == 1:
            (error.reason,) = self._reasons
        raise error

    def text(
        self,
        field: str,
        value: str,
        bounds: tuple[int, int],
        *,
        multiline: bool = False,
        reason: Reason = Reason.INVALID_REQUEST,
    ) -> str:
        """A text of people, trimmed; NUL, lone surrogates and control characters are refused."""
        value = value.strip(_TRIMMED)
        low, high = bounds
        if len(value) > high:
            self.fail(field, f"must have {low} to {high} characters, has {len(value)}", reason=reason)
        elif (visible := _visible_length(value)) < low:
            self.fail(field, f"must have {low} to {high} characters, has {visible}", reason=reason)
        if len(value) <= high and (problem := _bad_character(value, multiline=multiline)) is not None:
            self.fail(field, problem)
        return value

    def optional_text(self, field: str, value: str, bounds: tuple[int, int], *, multiline: bool = False) -> str | None:
        """The same for a text that may be left out; a blank one is None."""
        return self.text(field, value, bounds, multiline=multiline) if value.strip(_TRIMMED) else None

    def reason_text(self, field: str, value: str) -> str:
        """The reason that assign, escalate, bulk and priority changes need."""
        return self.text(field, value, REASON, multiline=True, reason=Reason.REASON_REQUIRED)

    def access_reason(self, field: str, value: str) -> str | None:
        """The reason for reading protected fields; None when none is given."""
        if not value:
            return None
        return self.text(field, value, ACCESS_REASON, multiline=True, reason=Reason.ACCESS_REASON_INVALID)

    def query(self, field: str, value: str) -> str:
        """Words to look for; each costs time on every ticket that matches, so their number is bounded too."""
        value = self.text(field, value, QUERY)
        if len(value.split()) > MAX_QUERY_WORDS:
            self.fail(field, f"at most {MAX_QUERY_WORDS} words, got {len(value.split())}")
        return value

    def identifier(self, field: str, value: str) -> str:
        """An id of another system or a user: 1 to 100 visible ASCII characters."""
        if not value or len(value) > IDENTIFIER[1] or not _IDENTIFIER.fullmatch(value):
            self.fail(field, "must be 1 to 100 visible ASCII characters without spaces")
        return value

    def optional_identifier(self, field: str, value: str) -> str | None:
        """The same, or None when empty."""
        return self.identifier(field, value) if value else None

    def etag(self, field: str, value: str) -> str | None:
        """The mark that a change depends on, or None when empty. One that no resource can have is a bad argument."""
        if value and not _ETAG.fullmatch(value):
            self.fail(field, "must be an etag as the server gave it, quotes included")
        return value or None

    def ticket_id(self, field: str, value: str) -> str:
        """A ticket's id. One that no ticket can have is a bad argument, not a missing ticket."""
        if not _TICKET_ID.fullmatch(value):
            self.fail(field, 'must look like "TKT-1001"')
        return value

    def uuid(self, field: str, value: str) -> UUID:
        """A UUID in its canonical form; the nil UUID when it is malformed (and noted)."""
        try:
            parsed = UUID(value)
        except ValueError:
            self.fail(field, "must be a UUID")
            return UUID(int=0)
        if str(parsed) != value.lower():
            self.fail(field, "must be a UUID in its 8-4-4-4-12 form")
        return parsed

    def file_name(self, field: str, value: str) -> str:
        """A name, never a path: without separators, nor what turns the direction of text. Else kept as it is."""
        value = self.text(field, value, FILE_NAME)
        if "/" in value or "\\" in value or value in (".", ".."):
            self.fail(field, "must be a name, not a path")
        if not _DISGUISES.isdisjoint(value):
            self.fail(field, "has a character that turns the direction of the text")
        return value

    def media_type(self, field: str, value: str, allowed: Collection[str]) -> str:
        """One of the media types, whatever the case of its letters; without parameters."""
        value = value.lower()
        if value not in allowed:
            accepted = ", ".join(sorted(allowed))
            self.fail(field, f"must be one of: {accepted}", reason=Reason.ATTACHMENT_TYPE_NOT_ALLOWED)
        return value

    def sha256(self, field: str, value: str) -> bytes:
        """The 32 bytes of a checksum that is given as 64 hexadecimal digits; empty when it is not (and noted)."""
        if not _SHA256.fullmatch(value):
            self.fail(field, "must be 64 hexadecimal digits")
            return b""
        return bytes.fromhex(value)

    def tags(self, field: str, values: Sequence[str], *, most: int = MAX_TAGS) -> tuple[str, ...]:
        """Labels without duplicates, in the order given."""
        cleaned = [self.text(f"{field}[{i}]", tag, TAG) for i, tag in enumerate(self.few(field, values))]
        unique = tuple(dict.fromkeys(cleaned))
        if len(unique) > most:
            self.fail(field, f"at most {most} tags, got {len(unique)}")
        return unique

    def metadata(self, field: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """JSON data: bounded in bytes (compact, UTF-8) and depth, texts without NUL or surrogates."""
        if (problem := _bad_json(value, depth=0)) is not None:
            self.fail(field, problem)
            return {}
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())
        if size > MAX_METADATA_BYTES:
            self.fail(field, f"at most {MAX_METADATA_BYTES} bytes as JSON, has {size}")
        return dict(value)

    def page_size(self, field: str, value: int, *, default: int = DEFAULT_PAGE_SIZE, most: int = MAX_PAGE_SIZE) -> int:
        """0 is the default; negative or over the maximum is refused, never cut silently."""
        if value < 0 or value > most:
            self.fail(field, f"must be between 0 and {most}")
        return value or default

    def few(self, field: str, values: Sequence[V], most: int = MAX_LIST_VALUES) -> Sequence[V]:
        """The values of a repeated field; too many are a violation, and then none of them is looked at."""
        if len(values) > most:
            self.fail(field, f"at most {most} values, got {len(values)}")
            return ()
        return values


def _bad_character(value: str, *, multiline: bool) -> str | None:
    if value.isascii() and value.isprintable():
        return None
    for position, character in enumerate(value):
        category = unicodedata.category(character)
        if category == "Cs":
            return f"has a lone surrogate at position {position}"
        if category == "Cc" and not (multiline and character in _LONG_TEXT_CONTROLS):
            return f"has a control character (U+{ord(character):04X}) at position {position}"
    return None


def _bad_number(value: float) -> str | None:
    """Numbers are stored digit by digit, so 5e-324 would take 700 bytes of storage for six of the limit."""
    if not math.isfinite(value):
        return "has a number that JSON cannot hold"
    if value and not _SMALLEST_NUMBER <= abs(value) <= _LARGEST_NUMBER:
        return f"has a number that is neither 0 nor between {_SMALLEST_NUMBER:g} and {_LARGEST_NUMBER:g} in size"
    return None


def _visible_length(value: str) -> int:
    """Characters that somebody sees: runs of white space count once, what has no glyph of its own not at all."""
    if value.isascii() and "  " not in value:
        return len(value)
    seen = "".join(c for c in value if c not in _BLANK and unicodedata.category(c) not in ("Cf", "Cn", "Co"))
    return len(" ".join(seen.split()))


def _bad_json(value: object, *, depth: int) -> str | None:
    if depth > MAX_METADATA_DEPTH:
        return f"is nested deeper than {MAX_METADATA_DEPTH} levels"
    if isinstance(value, str):
        return _bad_character(value, multiline=True)
    if isinstance(value, float):
        return _bad_number(value)
    if isinstance(value, Mapping):
        children: list[object] = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        children = value
    else:
        return None
    return next((problem for child in children if (problem := _bad_json(child, depth=depth + 1))), None)
