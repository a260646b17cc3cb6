"""Which RPC a method and a path call."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.contract import Binding, Rpc
from gateway.path_templates import ONE, REST, PathTemplate, decoded, readings

_ANY_METHOD = "*"


class NoRoute(Exception):
    """404: no template matches the path."""


class WrongMethod(Exception):
    """405: templates match the path, but none under that HTTP method."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        """For the header Allow: sorted, with HEAD where there is GET."""
        super().__init__(", ".join(allowed))


@dataclass(frozen=True, slots=True)
class Route:
    """An RPC, the binding by which it was called, and what the path says."""

    rpc: Rpc
    binding: Binding
    variables: Mapping[str, str]
    """Decoded values by field path."""


@dataclass(frozen=True, slots=True)
class _Target:
    rpc: Rpc
    binding: Binding
    template: PathTemplate


@dataclass(slots=True)
class _Node:
    """What may come after some segments of a path."""

    literals: "dict[str, _Node]" = field(default_factory=dict)
    one: "_Node | None" = None
    rest: "_Node | None" = None
    ends: dict[str, dict[str, _Target]] = field(default_factory=dict)
    """What may be called where the path ends here: by verb, by HTTP method."""


class Router:
    """Finds the binding for a request among those of ``rpcs``, whatever their order.

    Of the templates that match, under that HTTP method, the most specific one is called: one with a verb before one
    without, then segment by segment from the left, a literal before ``*``, that before ``**``; a binding of that
    very HTTP method before one of any. GET serves HEAD where nothing else does.

    Raises ValueError where two bindings would take the same requests.
    """

    def __init__(self, rpcs: Iterable[Rpc]) -> None:
        self._root = _Node()
        self._verbs: set[str] = {""}
        for rpc in rpcs:
            for binding in rpc.bindings:
                self._add(_Target(rpc, binding, PathTemplate.parse(binding.template)))

    def find(self, http_method: str, raw_path: str) -> Route:
        """``raw_path`` is as it came over the wire: escapes not decoded, no query.

        Raises NoRoute, WrongMethod, and BadRequest for escapes that are not UTF-8.
        """
        methods = (http_method, "GET", _ANY_METHOD) if http_method == "HEAD" else (http_method, _ANY_METHOD)
        allowed: set[str] = set()
        for raw_segments, verb in readings(raw_path):
            if verb not in self._verbs:
                continue
            segments = list(map(decoded, raw_segments)) if "%" in raw_path else raw_segments
            for end in _ends(self._root, segments, 0):
                targets = end.ends.get(verb, {})
                for method in methods:
                    if target := targets.get(method):
                        return Route(target.rpc, target.binding, target.template.bind(raw_segments))
                allowed.update(targets)
        if not allowed:
            raise NoRoute
        if "GET" in allowed:
            allowed.add("HEAD")
        raise WrongMethod(tuple(sorted(allowed)))

    def _add(self, target: _Target) -> None:
        node = self._root
        for segment in target.template.segments:
            node = _child(node, segment)
        self._verbs.add(target.template.verb)
        targets = node.ends.setdefault(target.template.verb, {})
        other = targets.setdefault(target.binding.http_method, target)
        if other is not target:
            raise ValueError(
                f"{target.rpc.path} and {other.rpc.path} are both called by "
                f"{target.binding.http_method} {target.binding.template}"
            )


def _child(node: _Node, segment: str) -> _Node:
    if segment == ONE:
        node.one = node.one or _Node()
        return node.one
    if segment == REST:
        node.rest = node.rest or _Node()
        return node.rest
    return node.literals.setdefault(segment, _Node())


def _ends(node: _Node, segments: list[str], at: int) -> Iterator[_Node]:
    """Where the path may end, the most specific first. Visits a node once at the most."""
    if at == len(segments):
        yield node
    else:
        if child := node.literals.get(segments[at]):
            yield from _ends(child, segments, at + 1)
        if node.one:
            yield from _ends(node.one, segments, at + 1)
    if node.rest:
        yield node.rest
