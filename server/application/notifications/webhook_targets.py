"""Where webhooks may point: never into our own networks (server-side request forgery), unless the operator says so."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL = 2000

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # a cloud's own services, on a public address
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata among them
        "192.88.99.0/24",  # was the relay of 6to4
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds any IPv4 address
        "3fff::/20",  # documentation
    )
)
"""Not for the open internet, whatever the version of the standard library says."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """The parts of a URL that deliveries are posted to, taken apart once so that nothing reads it differently."""

    scheme: str
    host: str
    """Lower case, without brackets: a DNS name, or the canonical spelling of an address."""
    port: int
    resource: str = field(repr=False)
    """Path and query as they were given; they may hold a token."""


def check_webhook_url(url: str) -> None:
    """ValueError with a public message where this can never be a target, whatever the network: neither http nor
    https, no host, a user or password in it, a fragment, an address in another spelling than its usual one."""
    _taken_apart(url)


@dataclass(frozen=True, slots=True)
class WebhookTargets:
    """Which addresses deliveries may connect to."""

    allowed: tuple[Network, ...] = ()
    """Networks that are allowed although they are not part of the open internet."""

    def parse(self, url: str) -> WebhookTarget:
        """As ``check_webhook_url``, and ValueError also for an address written out that is not permitted. Asks no name
        server: a name that passes may still resolve to a forbidden address when a delivery is made."""
        target = _taken_apart(url)
        try:
            address = ipaddress.ip_address(target.host)
        except ValueError:
            return target
        if not self.permits(address):
            raise ValueError("is an address that webhooks may not reach")
        return target

    def check_url(self, url: str) -> None:
        """``parse`` for its errors alone; for use when a webhook is created or changed."""
        self.parse(url)

    def permits(self, address: Address) -> bool:
        """Whether it is globally reachable unicast, or in an allowed network. An IPv4 address inside an IPv6 one
        (IPv4-mapped, NAT64) is judged as itself."""
        inner = _inner(address)
        if any(inner in network or address in network for network in self.allowed):
            return True
        if any(inner in network for network in _SPECIAL):
            return False
        if isinstance(inner, ipaddress.IPv6Address):
            return inner in _GLOBAL_UNICAST and inner.is_global
        return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _taken_apart(url: str) -> WebhookTarget:
    if len(url) > LONGEST_URL:
        raise ValueError(f"must have at most {LONGEST_URL} characters")
    if not url.isascii() or re.search(r"[^!-~]|[\\\"<>^`{|}]", url):
        raise ValueError("must be plain ASCII, with other characters escaped and names of hosts as xn--")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("must be an http or https address") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("must be an http or https address")
    if "#" in url:
        raise ValueError("must not have a fragment")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password")
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if authority is None:
        raise ValueError("must name a valid host")
    port = int(authority["port"] or _DEFAULT_PORTS[parts.scheme])
    if not 1 <= port <= 65535:
        raise ValueError("must have a port from 1 to 65535")
    host = _v6(authority["v6"]) if authority["v6"] else _name_or_v4(authority["name"].lower())
    resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebhookTarget(parts.scheme, host, port, resource)


def _v6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise ValueError("must name a valid host") from None


def _name_or_v4(name: str) -> str:
    """What ends in a number is an address to every resolver, in octal, hexadecimal or shortened spellings too; only
    the usual one is taken."""
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise ValueError("must have an IPv4 address as four decimal numbers") from None
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("must name a valid host")
    return name
