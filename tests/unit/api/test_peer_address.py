"""Whose address the audit names."""

from typing import Any

import pytest

from server.api.calls import CallState, Method
from server.api.interceptors.peer_address import PeerAddress


class Context:
    """As much of a servicer context as the concern looks at."""

    def __init__(self, peer: str, forwarded: str | None = None) -> None:
        self._peer = peer
        self._metadata = () if forwarded is None else (("x-forwarded-for", forwarded),)

    def peer(self) -> str:
        return self._peer

    def invocation_metadata(self) -> Any:
        return self._metadata


def address(peer: str, forwarded: str | None = None, trusted: tuple[str, ...] = ()) -> str | None:
    method = Method("/s/m", "s/m")
    state = CallState(method, Context(peer, forwarded))  # type: ignore[arg-type]
    handle = PeerAddress(trusted).around(method, lambda state, request: state.ip_address)
    found: str | None = handle(state, b"")
    return found


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("ipv4:10.1.2.3:5000", "10.1.2.3"),
        ("ipv6:[::1]:5000", "::1"),
        ("ipv6:%5B2001:db8::7%5D:5000", "2001:db8::7"),
        ("ipv6:[::ffff:10.1.2.3]:5000", "10.1.2.3"),
        ("ipv6:[fe80::1%25eth0]:5000", "fe80::1"),
        ("unix:", None),
        ("unix:/tmp/x.sock", None),
        ("nonsense", None),
        ("ipv4:999.1.1.1:5", None),
    ],
)
def test_of_the_peer(peer: str, expected: str | None) -> None:
    assert address(peer) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("garbage", "10.0.0.1"),
        ("garbage, 10.0.0.2", "10.0.0.2"),
        ("", "10.0.0.1"),
        ("2001:db8::7", "2001:db8::7"),
        ("10.0.0.9, 10.0.0.2", "10.0.0.9"),
    ],
)
def test_behind_a_trusted_proxy_the_nearest_untrusted_address_counts(forwarded: str, expected: str) -> None:
    assert address("ipv4:10.0.0.1:5000", forwarded, ("10.0.0.0/8",)) == expected


def test_nobody_else_can_name_an_address() -> None:
    assert address("ipv4:192.0.2.1:5000", "203.0.113.9", ("10.0.0.0/8",)) == "192.0.2.1"


def test_a_local_socket_is_trusted_only_when_named() -> None:
    assert address("unix:/run/gateway", "203.0.113.9") is None
    assert address("unix:/run/gateway", "203.0.113.9", ("unix",)) == "203.0.113.9"


def test_a_network_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        PeerAddress(["10.0.0.0/99"])
