"""Signatures: right by AWS's own example, and refused for whatever is not as it was signed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.adapters.objectstore.refusal import StoreRefusal
from server.adapters.objectstore.signing import MAX_LIFETIME, MAX_SKEW, Signer, origin

NOW = datetime(2026, 11, 23, 16, 30, 0, 999_999, tzinfo=UTC)
SIGNED_AT = NOW.replace(microsecond=0)
MINUTE = timedelta(minutes=1)
SIGNER = Signer("tickets", "a secret", "ap-south-1")
HOST = {"Host": "127.0.0.1:8080"}
SENT = {"Content-Type": "text/csv; charset=utf-8", "Content-Length": "12", "x-amz-checksum-sha256": "q+/="}
PATH = "/tickets/a/b-c_d.e"


def signed(
    *, method: str = "PUT", headers: Mapping[str, str] = SENT, query: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Path and query of a request that lives for a minute."""
    request = SIGNER.presign(
        method, "http://127.0.0.1:8080", PATH, headers=headers, query=query or {}, now=NOW, lifetime=MINUTE
    )
    assert request.expires_at == SIGNED_AT + MINUTE
    parts = urlsplit(request.url)
    return parts.path, parts.query


def refusal(
    query: str,
    *,
    method: str = "PUT",
    path: str = PATH,
    headers: Mapping[str, str] | None = None,
    now: datetime = NOW,
    required: tuple[str, ...] = (),
    signer: Signer = SIGNER,
) -> tuple[int, str]:
    """Status and code of a request that must not pass."""
    with pytest.raises(StoreRefusal) as caught:
        signer.verify(method, path, query, headers or {**HOST, **SENT}, now, required=required)
    assert SIGNER.secret_key not in str(caught.value)
    return caught.value.status, caught.value.code


def changed(query: str, **parameters: str | None) -> str:
    """With other values of the signature's parameters, named without X-Amz-; None leaves one out."""
    pairs = dict(parse_qsl(query))
    for name, value in parameters.items():
        if value is None:
            del pairs[f"X-Amz-{name}"]
        else:
            pairs[f"X-Amz-{name}"] = value
    return urlencode(pairs)


def test_the_example_of_the_specification() -> None:
    """AWS: "Authenticating Requests: Using Query Parameters", its GET of test.txt."""
    request = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1").presign(
        "GET",
        "https://examplebucket.s3.amazonaws.com",
        "/test.txt",
        headers={},
        query={},
        now=datetime(2013, 5, 24, tzinfo=UTC),
        lifetime=timedelta(days=1),
    )
    assert dict(parse_qsl(urlsplit(request.url).query))["X-Amz-Signature"] == (
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_what_is_as_it_was_signed_passes() -> None:
    path, query = signed(query={"response-content-type": 'text/csv; a="b c"', "empty": ""})
    assert SIGNER.verify("PUT", path, query, {**HOST, **SENT}, NOW) == {
        "response-content-type": 'text/csv; a="b c"',
        "empty": "",
    }


def test_spelling_that_means_the_same_passes() -> None:
    path, query = signed()
    anew = urlencode(list(reversed(parse_qsl(query))))
    headers = {"hOST": HOST["Host"], "CONTENT-TYPE": "  text/csv;   charset=utf-8 "}
    headers |= {"content-length": "12", "X-Amz-Checksum-Sha256": "q+/=", "Accept": "*/*", "Content-MD5": "x"}
    SIGNER.verify("PUT", path, anew, headers, NOW)


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5), st.sampled_from(["GET", "PUT"]))
def test_any_parameters_come_back_as_they_were(query: dict[str, str], method: str) -> None:
    query = {f"p-{name}": value for name, value in query.items() if not set(name + value) & SURROGATES}
    path, raw = signed(method=method, headers={}, query=query)
    assert SIGNER.verify(method, path, raw, HOST, NOW) == query


SURROGATES = {chr(code) for code in range(0xD800, 0xE000)}


@pytest.mark.parametrize(
    ("now", "passes"),
    [
        (SIGNED_AT - MAX_SKEW - timedelta(microseconds=1), False),
        (SIGNED_AT - MAX_SKEW, True),
        (SIGNED_AT, True),
        (SIGNED_AT + MINUTE - timedelta(microseconds=1), True),
        (SIGNED_AT + MINUTE, False),
        (SIGNED_AT + timedelta(days=8), False),
    ],
)
def test_it_works_from_its_second_for_its_lifetime(now: datetime, passes: bool) -> None:
    path, query = signed()
    if passes:
        SIGNER.verify("PUT", path, query, {**HOST, **SENT}, now)
    else:
        assert refusal(query, now=now) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Algorithm": "AWS4-HMAC-SHA1"}, "AuthorizationQueryParametersError"),
        ({"Credential": "tickets"}, "AuthorizationQueryParametersError"),
        ({"Credential": "other/20261123/ap-south-1/s3/aws4_request"}, "InvalidAccessKeyId"),
        ({"Credential": "tickets/20261122/ap-south-1/s3/aws4_request"}, "AuthorizationQueryParametersError"),
        ({"Credential": "tickets/20261123/eu-west-1/s3/aws4_request"}, "AuthorizationQueryParametersError"),
        ({"Credential": "tickets/20261123/ap-south-1/iam/aws4_request"}, "AuthorizationQueryParametersError"),
        ({"Date": "20261123T163001Z"}, "SignatureDoesNotMatch"),
        ({"Date": "20261123T16300Z"}, "AuthorizationQueryParametersError"),
        ({"Date": "20261323T163000Z"}, "AuthorizationQueryParametersError"),
        ({"Date": "\u0662\u0660\u0662\u0666\u0661\u0661\u0662\u0663T163000Z"}, "AuthorizationQueryParametersError"),
        ({"Expires": "61"}, "SignatureDoesNotMatch"),
        ({"Expires": "0"}, "AuthorizationQueryParametersError"),
        ({"Expires": "-1"}, "AuthorizationQueryParametersError"),
        ({"Expires": "060"}, "AuthorizationQueryParametersError"),
        ({"Expires": "604801"}, "AuthorizationQueryParametersError"),
        ({"Expires": "9" * 400}, "AuthorizationQueryParametersError"),
        ({"Expires": "\u0666\u0660"}, "AuthorizationQueryParametersError"),
        ({"SignedHeaders": "host"}, "AccessDenied"),
        (
            {"SignedHeaders": "host;content-length;content-type;x-amz-checksum-sha256"},
            "AuthorizationQueryParametersError",
        ),
        (
            {"SignedHeaders": "content-length;content-type;host;host;x-amz-checksum-sha256"},
            "AuthorizationQueryParametersError",
        ),
        (
            {"SignedHeaders": "Content-Length;content-type;host;x-amz-checksum-sha256"},
            "AuthorizationQueryParametersError",
        ),
        ({"SignedHeaders": "content-length;content-type;x-amz-checksum-sha256"}, "AccessDenied"),
        ({"SignedHeaders": "accept;content-length;content-type;host;x-amz-checksum-sha256"}, "SignatureDoesNotMatch"),
        ({"SignedHeaders": ""}, "AuthorizationQueryParametersError"),
        ({"Signature": "0" * 64}, "SignatureDoesNotMatch"),
        ({"Signature": ""}, "SignatureDoesNotMatch"),
        ({"Signature": "é" * 64}, "SignatureDoesNotMatch"),
        ({"Security-Token": "x"}, "AuthorizationQueryParametersError"),
        ({"Signature": None}, "AuthorizationQueryParametersError"),
        ({"Date": None}, "AuthorizationQueryParametersError"),
        ({"Expires": None}, "AuthorizationQueryParametersError"),
        ({"SignedHeaders": None}, "AuthorizationQueryParametersError"),
        ({"Credential": None}, "AuthorizationQueryParametersError"),
        ({"Algorithm": None}, "AuthorizationQueryParametersError"),
    ],
)
def test_each_parameter_is_checked(change: dict[str, str | None], code: str) -> None:
    _, query = signed()
    status, found = refusal(changed(query, **change))
    assert found == code
    assert status == (400 if code == "AuthorizationQueryParametersError" else 403)


def test_no_parameter_comes_twice_or_in_another_case() -> None:
    _, query = signed()
    for name, value in parse_qsl(query):
        assert refusal(f"{query}&{urlencode({name: value})}") == (400, "AuthorizationQueryParametersError")
        assert refusal(f"{query}&{name.lower()}=x") == (400, "AuthorizationQueryParametersError")
        assert refusal(f"{query}&{name.replace('A', '%41')}=x") == (400, "AuthorizationQueryParametersError")


@pytest.mark.parametrize("query", ["%", "a=%f", "a=%zz", "a=%ff", "a=\u00e9", "%ff=a"])
def test_a_query_that_cannot_be_read(query: str) -> None:
    assert refusal(query) == (400, "InvalidURI")


def test_without_a_signature() -> None:
    assert refusal("") == (403, "AccessDenied")
    assert refusal("a=b") == (403, "AccessDenied")


def test_method_path_and_headers_are_fixed() -> None:
    _, query = signed()
    assert refusal(query, method="GET") == (403, "SignatureDoesNotMatch")
    for path in (PATH + "/", PATH.replace("/a/", "//a/"), PATH.replace("/a/", "/%61/"), PATH + "%00", ""):
        assert refusal(query, path=path) == (403, "SignatureDoesNotMatch")
    for name in [*HOST, *SENT]:
        others = {**HOST, **SENT}
        assert refusal(query, headers={**others, name: others[name] + "0"}) == (403, "SignatureDoesNotMatch")
        assert refusal(query, headers={**others, name: others[name] + "," + others[name]}) == (
            403,
            "SignatureDoesNotMatch",
        )
        del others[name]
        assert refusal(query, headers=others) == (403, "SignatureDoesNotMatch")


def test_headers_that_must_be_signed() -> None:
    _, query = signed(headers={"Content-Type": "text/csv"})
    headers = {**HOST, "Content-Type": "text/csv"}
    SIGNER.verify("PUT", PATH, query, headers, NOW, required=["content-type"])
    unsigned = (403, "AccessDenied")
    assert refusal(query, headers={**headers, "If-None-Match": "*"}, required=("if-none-match",)) == unsigned
    assert refusal(query, headers={**headers, "X-Amz-Acl": "public-read"}) == unsigned


def test_another_secret_or_region() -> None:
    _, query = signed()
    assert refusal(query, signer=Signer("tickets", "another", "ap-south-1")) == (403, "SignatureDoesNotMatch")
    assert refusal(query, signer=Signer("tickets", "a secret", "us-east-1"))[0] == 400


@pytest.mark.parametrize(
    "lifetime", [timedelta(0), timedelta(seconds=1.5), -MINUTE, MAX_LIFETIME + timedelta(seconds=1)]
)
def test_a_lifetime_that_no_store_takes(lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="seven days"):
        SIGNER.presign("GET", "http://a", "/b", headers={}, query={}, now=NOW, lifetime=lifetime)


def test_an_account_may_have_a_slash_in_its_name() -> None:
    signer = Signer("a/b", "c", "d")
    request = signer.presign("GET", "http://a", "/b", headers={}, query={}, now=NOW, lifetime=MINUTE)
    signer.verify("GET", "/b", urlsplit(request.url).query, {"host": "a"}, NOW)


def test_the_secret_is_not_shown() -> None:
    assert "a secret" not in repr(SIGNER)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://minio:9000", ("http://minio:9000", "minio:9000")),
        ("https://Files.Example/", ("https://files.example", "files.example")),
        ("https://files.example:443", ("https://files.example", "files.example")),
        ("http://files.example:80", ("http://files.example", "files.example")),
        ("http://[::1]:8080", ("http://[::1]:8080", "[::1]:8080")),
    ],
)
def test_an_address_is_said_as_clients_say_it(url: str, found: tuple[str, str]) -> None:
    assert origin(url) == found


@pytest.mark.parametrize(
    "url",
    ["minio:9000", "ftp://a", "http://", "http://a/b", "http://a?b", "http://a#b", "http://u:p@a", "http://a:b", ""],
)
def test_an_address_that_cannot_be_signed_for(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library has its own words for a bad port
        origin(url)
