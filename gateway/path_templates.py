"""Path templates of google/api/http.proto.

    Template = "/" Segments [ Verb ] ;      Segment  = "*" | "**" | LITERAL | Variable ;
    Segments = Segment { "/" Segment } ;    Variable = "{" FieldPath [ "=" Segments ] "}" ;
    Verb     = ":" LITERAL ;                FieldPath = IDENT { "." IDENT } ;

What the grammar leaves open is settled here. A path with an empty segment (so one with a trailing slash too) matches
nothing. ``.`` and ``..`` are segments like any others: whoever made the URL has resolved them. Literals are
compared by what their escapes mean, variables are decoded as http.proto says: of several segments, ``%2F`` stays
as it is; of one, it becomes a slash. A verb is what follows the last colon of a path that is not escaped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from gateway.bad_request import BadRequest

ONE = "*"
REST = "**"

_LITERAL = r"(?:[A-Za-z0-9\-._~!$&'()+,;=@]|%[0-9A-Fa-f]{2})+"
_SEGMENT = rf"(?:\*\*?|{_LITERAL})"
_IDENT = r"[A-Za-z_][A-Za-z0-9_]*"
_PART = re.compile(
    rf"/(?:\{{(?P<field>{_IDENT}(?:\.{_IDENT})*)(?:=(?P<inner>{_SEGMENT}(?:/{_SEGMENT})*))?\}}|(?P<segment>{_SEGMENT}))"
)
_VERB = re.compile(rf":({_LITERAL})\Z")
NOT_AN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED_SLASH = re.compile(r"(%2[Ff])")


@dataclass(frozen=True, slots=True)
class Variable:
    """A field of the request and the segments of the path that are its value."""

    field: str
    """Its path in the request, such as ``ticket.id``."""
    start: int
    stop: int | None
    """None where the last of them is ``**``: all that is left."""

    def value(self, raw_segments: list[str]) -> str:
        """Decoded; ``raw_segments`` are those of a path that the template matches."""
        if self.stop is not None and self.stop - self.start == 1:
            return decoded(raw_segments[self.start])
        return "/".join(map(_decoded_but_slashes, raw_segments[self.start : self.stop]))


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A parsed template, such as ``/admin/tickets/{ticket.id}:view``."""

    text: str
    segments: tuple[str, ...]
    """ONE, REST (at the end alone) or a literal, decoded. No literal has a star in it."""
    verb: str
    """Decoded; empty for none."""
    variables: tuple[Variable, ...]

    @classmethod
    def parse(cls, text: str) -> "PathTemplate":
        """Raises ValueError where ``text`` is not a template."""
        segments: list[str] = []
        variables: list[Variable] = []
        end = 0
        while part := _PART.match(text, end):
            end = part.end()
            start = len(segments)
            segments += (part["segment"] or part["inner"] or ONE).split("/")
            if part["field"]:
                stop = None if segments[-1] == REST else len(segments)
                variables.append(Variable(part["field"], start, stop))
        verb = _VERB.match(text, end)
        if not segments or not (verb or end == len(text)):
            raise ValueError(f"not a path template: {text}")
        if "%2a" in text.lower():
            raise ValueError(f"an escaped star would be taken for a wildcard: {text}")
        if REST in segments[:-1]:
            raise ValueError(f"** is not at the end: {text}")
        if len({variable.field for variable in variables}) < len(variables):
            raise ValueError(f"a field is bound twice: {text}")
        return cls(text, tuple(map(decoded, segments)), decoded(verb[1]) if verb else "", tuple(variables))

    def match(self, raw_path: str) -> dict[str, str] | None:
        """Decoded values by field path; None where the template does not match.

        ``raw_path`` is as it came over the wire: escapes not decoded, no query. Raises BadRequest for what is not
        ASCII, for a ``%`` that is no escape, and for escapes that are not UTF-8.
        """
        for raw_segments, verb in readings(raw_path):
            if verb == self.verb and self._fits(list(map(decoded, raw_segments))):
                return self.bind(raw_segments)
        return None

    def bind(self, raw_segments: list[str]) -> dict[str, str]:
        """The values of a path that is known to match, by field path."""
        return {variable.field: variable.value(raw_segments) for variable in self.variables}

    def _fits(self, segments: list[str]) -> bool:
        fixed = self.segments
        if fixed[-1] == REST:
            fixed = fixed[:-1]
            segments = segments[: len(fixed)]
        return len(segments) == len(fixed) and all(
            wanted in (ONE, given) for wanted, given in zip(fixed, segments, strict=True)
        )


def readings(raw_path: str) -> Iterator[tuple[list[str], str]]:
    """The segments (not decoded, none of them empty) and the verb of a path: first with a verb, if it could have
    one, then without. Raises BadRequest."""
    if not raw_path.isascii() or ("%" in raw_path and NOT_AN_ESCAPE.search(raw_path)):
        raise BadRequest([("", "the path of the URL is not percent-encoded")])
    if "%" in raw_path:
        decoded(raw_path)
    if raw_path == "/":
        yield [], ""
        return
    first, *segments = raw_path.split("/")
    if first or not segments or "" in segments:
        return
    head, _, verb = segments[-1].rpartition(":")
    if head and verb:
        yield [*segments[:-1], head], decoded(verb)
    yield segments, ""


def decoded(raw: str) -> str:
    """Without escapes. A plus stays one. Raises BadRequest where they are not UTF-8."""
    if "%" not in raw:
        return raw
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise BadRequest([("", "an escape in the path of the URL is not UTF-8")]) from None


def _decoded_but_slashes(raw: str) -> str:
    return "".join(part if part in ("%2F", "%2f") else decoded(part) for part in _ESCAPED_SLASH.split(raw))
