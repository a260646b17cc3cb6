"""The address that logs and the audit trail name: the peer's, or what a trusted proxy says of its own peer."""

import ipaddress
from collections.abc import Sequence
from typing import Literal, TypeAlias

from starlette.types import Scope

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_HEADER = b"x-forwarded-for"
_FORWARDED_LIMIT = 32
"""Proxies in a row, at most; what is further away is not looked at."""


class ClientAddress:
    """Believes X-Forwarded-For from the given networks only; the word ``unix`` stands for local sockets."""

    def __init__(self, trusted_proxies: Sequence[Network | Literal["unix"]]) -> None:
        self._trusts_unix = "unix" in trusted_proxies
        self._trusted = tuple(proxy for proxy in trusted_proxies if not isinstance(proxy, str))

    def of(self, scope: Scope) -> str:
        """Of the client of a request; empty where it has none that is known."""
        peer = scope.get("client")
        address = _parsed(peer[0]) if peer else None
        found = str(address) if address is not None else ""
        if not (self._is_trusted(address) if address is not None else self._trusts_unix and not peer):
            return found
        forwarded = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER)
        if not forwarded:
            return found
        # The right-most address that is no trusted proxy: what stands left of it anyone can have written.
        for text in reversed(forwarded.split(",")[-_FORWARDED_LIMIT:]):
            address = _parsed(text.strip())
            if address is None:
                return found
            found = str(address)
            if not self._is_trusted(address):
                return found
        return found

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
