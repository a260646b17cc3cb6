"""The address that logs and the audit trail name: the peer's, or what a trusted proxy says of its own peer."""

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler

_FORWARDED_KEY = "x-forwarded-for"
_CACHE_LIMIT = 4096
_FORWARDED_LIMIT = 32

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PeerAddress:
    """Trusts ``x-forwarded-for`` from the given networks only; the word ``unix`` stands for local sockets."""

    def __init__(self, trusted_proxies: Sequence[str] = ()) -> None:
        self._trusts_unix = "unix" in trusted_proxies
        self._trusted: tuple[Network, ...] = tuple(
            ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies if proxy != "unix"
        )
        self._peers: dict[str, tuple[str | None, bool]] = {}

    def around(self, method: Method, inner: Handler) -> Handler:  # noqa: ARG002 - the same for all
        """Sets ``state.ip_address``."""

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            peer = state.context.peer()
            known = self._peers.get(peer)
            if known is None:
                known = self._remember(peer)
            address, trusted = known
            if trusted:
                forwarded = state.metadata.get(_FORWARDED_KEY)
                if isinstance(forwarded, str):
                    address = self._client_behind(forwarded, address)
            state.ip_address = address
            return inner(state, request)

        return handle

    def _remember(self, peer: str) -> tuple[str | None, bool]:
        address = _address_of(peer)
        if address is None:
            entry: tuple[str | None, bool] = (None, self._trusts_unix and peer.startswith("unix:"))
        else:
            entry = (str(address), self._is_trusted(address))
        if len(self._peers) >= _CACHE_LIMIT:
            self._peers.clear()
        self._peers[peer] = entry
        return entry

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _client_behind(self, forwarded: str, peer: str | None) -> str | None:
        """The right-most address that is no trusted proxy: what stands left of it anyone can have written."""
        client = peer
        for text in reversed(forwarded.split(",")[-_FORWARDED_LIMIT:]):
            address = _parsed(text.strip())
            if address is None:
                return client
            client = str(address)
            if not self._is_trusted(address):
                return client
        return client


def _address_of(peer: str) -> Address | None:
    """``ipv4:10.0.0.7:5123`` and ``ipv6:[::1]:5123`` (brackets may be percent-encoded); None for the rest."""
    family, _, rest = unquote(peer).partition(":")
    if family == "ipv4":
        return _parsed(rest.rpartition(":")[0])
    if family == "ipv6":
        return _parsed(rest.rpartition(":")[0].strip("[]"))
    return None


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
