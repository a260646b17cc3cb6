"""Where webhooks may point."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.application.notifications.webhook_targets import WebhookTarget, WebhookTargets, check_webhook_url

OPEN_INTERNET = WebhookTargets()
HERE = WebhookTargets((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", WebhookTarget("https", "hooks.example.com", 443, "/")),
        ("http://Hooks.Example.com:8080/a?b=c%20d&e", WebhookTarget("http", "hooks.example.com", 8080, "/a?b=c%20d&e")),
        (
            "https://hooks.example.com?x=http://10.0.0.1/",
            WebhookTarget("https", "hooks.example.com", 443, "/?x=http://10.0.0.1/"),
        ),
        ("https://xn--bcher-kva.example/", WebhookTarget("https", "xn--bcher-kva.example", 443, "/")),
        ("http://8.8.8.8/x", WebhookTarget("http", "8.8.8.8", 80, "/x")),
        ("http://[2606:4700:0::1111]:81/x", WebhookTarget("http", "2606:4700::1111", 81, "/x")),
        ("https://under_score.example/", WebhookTarget("https", "under_score.example", 443, "/")),
    ],
)
def test_what_is_taken_apart(url: str, target: WebhookTarget) -> None:
    check_webhook_url(url)
    assert OPEN_INTERNET.parse(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com",
        "ftp://hooks.example.com",
        "file:///etc/passwd",
        "gopher://hooks.example.com/_x",
        "https:///x",
        "https://",
        "https://user@hooks.example.com",
        "https://user:password@hooks.example.com",
        "https://8.8.8.8@127.0.0.1/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com#@127.0.0.1/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:65536/",
        "https://hooks.example.com:x/",
        "https://hooks.example.com:/\r\nHost: x",
        "https://hooks example.com/",
        "https://hooks.example.com/\x00",
        "https://hooks.example.com/\t",
        "https://bücher.example/",
        "https://hooks..example.com/",
        "https://hooks.example.com./",
        "https://-hooks.example.com/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
        f"https://hooks.example.com/{'x' * 2000}",
        "https://[::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[v1.x]/",
        "https://[::1]x/",
        "https://[::1/",
        "https://[]/",
        # 127.0.0.1, as resolvers understand it
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.0x1/",
        "http://0x/",
        "http://127.0.0.256/",
        "http://①②⑦.0.0.1/",
    ],
)
def test_what_is_refused_on_sight(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|is) [\w ,()/:.'-]+$"):
        check_webhook_url(url)
    with pytest.raises(ValueError, match="must"):
        HERE.check_url(url)


INNER = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "168.63.129.16",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:100.64.0.1",
    "::ffff:168.63.129.16",
    "::ffff:192.0.0.192",
    "::ffff:0:127.0.0.1",  # IPv4-translated
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::a83f:8110",
    "64:ff9b::c000:c0",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("text", INNER)
def test_addresses_that_are_not_of_the_open_internet(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not OPEN_INTERNET.permits(address)
    url = f"http://[{text}]/" if address.version == 6 else f"http://{text}/"
    with pytest.raises(ValueError, match="may not reach"):
        OPEN_INTERNET.check_url(url)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_open_internet(text: str) -> None:
    assert OPEN_INTERNET.permits(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("::2", False)],
)
def test_networks_that_the_operator_allows(text: str, allowed: bool) -> None:
    assert HERE.permits(ipaddress.ip_address(text)) is allowed


def test_an_address_with_a_scope_is_never_taken_for_another() -> None:
    assert not OPEN_INTERNET.permits(ipaddress.ip_address("fe80::1%eth0"))


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_as_itself(inner: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(inner))
        assert OPEN_INTERNET.permits(outer) is OPEN_INTERNET.permits(inner)


@given(st.ip_addresses())
def test_what_is_permitted_is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if OPEN_INTERNET.permits(address) and not str(address).startswith(("::ffff:", "64:ff9b::")):
        assert address.is_global
        assert not any((address.is_multicast, address.is_loopback, address.is_link_local, address.is_unspecified))


@given(st.text(max_size=60))
def test_nothing_but_value_errors(text: str) -> None:
    for url in (text, f"http://{text}", f"https://{text}:1/", f"https://[{text}]/"):
        try:
            target = OPEN_INTERNET.parse(url)
        except ValueError:
            continue
        assert target.host
        assert 1 <= target.port <= 65535
        assert target.resource.startswith("/")
