"""Which RPC a method and a path call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.contract import Binding, Rpc


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


class Router:
    """Finds the binding for a request among those of ``rpcs``."""

    def __init__(self, rpcs: Iterable[Rpc]) -> None:
        self._rpcs = tuple(rpcs)

    def find(self, http_method: str, raw_path: str) -> Route:
        """``raw_path`` is as it came over the wire: escapes not decoded, no query.

        Raises NoRoute, WrongMethod, and BadRequest for escapes that are not UTF-8.
        """
        raise NotImplementedError
