"""The local store by itself: its files, and what it answers where the network has no say."""

import os
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.adapters.objectstore.local import LocalStore
from server.adapters.objectstore.local_requests import LocalRequests, SignedGet, SignedPut, StoreRefusal
from server.adapters.objectstore.signing import Signer
from server.application.object_store import StoredObject, Upload
from server.domain.errors import Reason, Unavailable

NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SIGNER = Signer("tickets", "a secret", "us-east-1")
URL = "http://127.0.0.1:8080"
KEY = "attachments/TKT-1001/a"
BODY = b"0123456789"
TYPE = "text/plain"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Not there yet, as in a new instance."""
    return tmp_path / "files"


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(root, SIGNER, "bucket", URL)


@pytest.fixture
def requests(root: Path) -> LocalRequests:
    return LocalRequests(root, SIGNER, "bucket")


def begin(store: LocalStore, requests: LocalRequests, body: bytes = BODY, key: str = KEY) -> SignedPut:
    """An upload that may begin."""
    upload = Upload(key, TYPE, len(body), sha256(body).digest())
    signed = store.sign_upload(upload, now=NOW, lifetime=MINUTE)
    parts = urlsplit(signed.url)
    put = requests.authorize("PUT", parts.path, parts.query, {**signed.headers, "Host": parts.netloc}, NOW)
    assert isinstance(put, SignedPut)
    return put


def get(
    store: LocalStore, requests: LocalRequests, method: str = "GET", headers: Mapping[str, str] | None = None
) -> SignedGet:
    """A download that was permitted."""
    signed = store.sign_download(KEY, file_name="a.txt", content_type=TYPE, now=NOW, lifetime=MINUTE)
    parts = urlsplit(signed.url)
    found = requests.authorize(method, parts.path, parts.query, {**(headers or {}), "Host": parts.netloc}, NOW)
    assert isinstance(found, SignedGet)
    return found


def refusal(
    requests: LocalRequests,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> str:
    """The code of a request that is refused although this very path, query and headers were signed."""
    signed = SIGNER.presign(method, URL, path, headers=headers or {}, query=query or {}, now=NOW, lifetime=MINUTE)
    raw_query = signed.url.partition("?")[2]
    with pytest.raises(StoreRefusal) as caught:
        requests.authorize(method, path, raw_query, {**(headers or {}), "Host": "127.0.0.1:8080"}, NOW)
    assert caught.value.code.encode() in caught.value.xml()
    return caught.value.code


def files_below(root: Path) -> list[str]:
    """Names of all files."""
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_nothing_is_seen_before_the_end(root: Path, store: LocalStore, requests: LocalRequests) -> None:
    writer = begin(store, requests).open_writer()
    writer.write(BODY[:4])
    writer.write(BODY[4:])
    assert store.stat(KEY) is None
    etag = writer.finish()
    writer.abort()
    assert store.stat(KEY) == StoredObject(len(BODY), TYPE)
    assert files_below(root) == ["attachments,TKT-1001,a"]
    with closing(get(store, requests)) as found:
        assert found.headers["ETag"] == etag
        assert found.path.read_bytes()[: found.size] == BODY


def test_more_bytes_than_were_signed(root: Path, store: LocalStore, requests: LocalRequests) -> None:
    writer = begin(store, requests).open_writer()
    writer.write(BODY)
    with pytest.raises(StoreRefusal, match="EntityTooLarge"):
        writer.write(b"x")
    writer.abort()
    assert files_below(root) == []


def test_fewer_or_other_bytes(root: Path, store: LocalStore, requests: LocalRequests) -> None:
    for body, code in ((BODY[:-1], "IncompleteBody"), (BODY[::-1], "BadDigest")):
        writer = begin(store, requests).open_writer()
        writer.write(body)
        with pytest.raises(StoreRefusal, match=code):
            writer.finish()
        writer.abort()
        writer.abort()
    assert files_below(root) == []


def test_the_second_of_two_uploads(root: Path, store: LocalStore, requests: LocalRequests) -> None:
    first, second = (begin(store, requests).open_writer() for _ in range(2))
    for writer in (first, second):
        writer.write(BODY)
    first.finish()
    with pytest.raises(StoreRefusal) as caught:
        second.finish()
    assert (caught.value.status, caught.value.code) == (412, "PreconditionFailed")
    second.abort()
    assert files_below(root) == ["attachments,TKT-1001,a"]
    with pytest.raises(StoreRefusal, match="PreconditionFailed"):
        begin(store, requests)


def test_deletion_ends_uploads_under_way(root: Path, store: LocalStore, requests: LocalRequests) -> None:
    writer = begin(store, requests).open_writer()
    other = begin(store, requests, key=f"{KEY}b").open_writer()
    for each in (writer, other):
        each.write(BODY)
    store.delete(KEY)
    with pytest.raises(StoreRefusal) as caught:
        writer.finish()
    assert (caught.value.status, caught.value.code) == (404, "NoSuchUpload")
    writer.abort()
    other.finish()
    assert files_below(root) == ["attachments,TKT-1001,ab"]


def test_what_a_process_left_when_it_died_is_swept_by_the_next(root: Path, store: LocalStore) -> None:
    store.put(KEY, [BODY], content_type=TYPE)
    dead, alive = (root / "unfinished" / f"b,,{name}" for name in ("dead", "alive"))
    for draft in (dead, alive):
        draft.write_bytes(BODY)
    a_day_ago = time.time() - 25 * 3600
    os.utime(dead, (a_day_ago, a_day_ago))
    store.put(KEY, [BODY], content_type=TYPE)
    assert files_below(root) == ["attachments,TKT-1001,a", "b,,alive"]


def test_keys_and_beginnings_of_keys_are_apart(store: LocalStore) -> None:
    for key in ("a", "a/b", "a/b/c"):
        store.put(key, [key.encode()], content_type=TYPE)
    for key in ("a", "a/b", "a/b/c"):
        with store.open(key) as chunks:
            assert b"".join(chunks) == key.encode()


def test_a_download_is_of_what_was_there_when_it_began(store: LocalStore, requests: LocalRequests) -> None:
    store.put(KEY, [BODY], content_type=TYPE)
    found = get(store, requests)
    store.delete(KEY)
    assert b"".join(found.chunks()) == BODY
    found.close()


def test_head_has_the_headers_alone(store: LocalStore, requests: LocalRequests) -> None:
    store.put(KEY, [BODY], content_type=TYPE)
    found = get(store, requests, "HEAD")
    assert found.headers["Content-Length"] == str(len(BODY))
    assert list(found.chunks()) == []
    found.close()


def test_nothing_of_it_runs_in_a_browser(store: LocalStore, requests: LocalRequests) -> None:
    store.put(KEY, [BODY], content_type="text/html")
    with closing(get(store, requests)) as found:
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert found.headers["Content-Security-Policy"].startswith("sandbox")
        assert found.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", b"0"),
        ("bytes=9-9", b"9"),
        ("bytes=2-4", b"234"),
        ("bytes=8-", b"89"),
        ("bytes=-3", b"789"),
        ("bytes=-99", BODY),
        ("bytes=0-99", BODY),
    ],
)
def test_one_range(store: LocalStore, requests: LocalRequests, asked: str, part: bytes) -> None:
    store.put(KEY, [BODY], content_type=TYPE)
    found = get(store, requests, headers={"Range": asked})
    assert b"".join(found.chunks()) == part
    assert found.status == 206
    assert found.headers["Content-Length"] == str(len(part))
    first = BODY.index(part)
    assert found.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/10"


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1,3-4"},
        {"Range": "bytes=4-2"},
        {"Range": "bytes=-"},
        {"Range": "lines=0-1"},
        {"Range": "bytes=a-b"},
        {"Range": "bytes=" + "9" * 50 + "-"},
        {"Range": "bytes=0-1", "If-Range": '"another"'},
    ],
)
def test_what_is_no_single_range_is_the_whole(
    store: LocalStore, requests: LocalRequests, headers: dict[str, str]
) -> None:
    store.put(KEY, [BODY], content_type=TYPE)
    found = get(store, requests, headers=headers)
    assert (found.status, b"".join(found.chunks())) == (200, BODY)


@pytest.mark.parametrize(("body", "asked"), [(BODY, "bytes=10-"), (BODY, "bytes=-0"), (b"", "bytes=0-")])
def test_a_range_outside(store: LocalStore, requests: LocalRequests, body: bytes, asked: str) -> None:
    store.put(KEY, [body], content_type=TYPE)
    with pytest.raises(StoreRefusal) as caught:
        get(store, requests, headers={"Range": asked})
    assert (caught.value.status, caught.value.code) == (416, "InvalidRange")
    assert caught.value.headers == {"Content-Range": f"bytes */{len(body)}"}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/bucket/../../etc/passwd", "InvalidArgument"),
        ("/bucket/a/%2e%2e/b", "InvalidArgument"),
        ("/bucket//etc/passwd", "InvalidArgument"),
        ("/bucket/a%00", "InvalidArgument"),
        ("/bucket/a\\b", "InvalidArgument"),
        ("/bucket/a,b", "InvalidArgument"),
        ("/bucket/" + "a" * 300, "InvalidArgument"),
        ("/bucket/", "InvalidArgument"),
        ("/bucket", "InvalidArgument"),
        ("/other/a", "NoSuchBucket"),
        ("/", "NoSuchBucket"),
        ("/bucket/a", "NoSuchKey"),
    ],
)
def test_no_path_is_believed_even_when_it_is_signed(requests: LocalRequests, path: str, code: str) -> None:
    assert refusal(requests, "GET", path) == code


UPLOAD = {
    "Content-Length": "1",
    "Content-Type": TYPE,
    "If-None-Match": "*",
    "x-amz-checksum-sha256": "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=",
}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Content-Length", "-1", "InvalidArgument"),
        ("Content-Length", "1,1", "InvalidArgument"),
        ("Content-Length", "", "InvalidArgument"),
        ("Content-Length", None, "MissingContentLength"),
        ("Content-Type", None, "AccessDenied"),
        ("If-None-Match", None, "AccessDenied"),
        ("If-None-Match", '"etag"', "NotImplemented"),
        ("x-amz-checksum-sha256", None, "AccessDenied"),
        ("x-amz-checksum-sha256", "", "InvalidArgument"),
        ("x-amz-checksum-sha256", "!", "InvalidArgument"),
        ("x-amz-checksum-sha256", "YQ==", "InvalidArgument"),
    ],
)
def test_no_header_is_believed_either(requests: LocalRequests, name: str, value: str | None, code: str) -> None:
    headers = {key: each for key, each in {**UPLOAD, name: value}.items() if each is not None}
    assert refusal(requests, "PUT", "/bucket/a", headers=headers) == code


def test_nor_any_parameter(requests: LocalRequests) -> None:
    assert refusal(requests, "PUT", "/bucket/a", headers=UPLOAD, query={"uploadId": "1"}) == "InvalidArgument"
    assert refusal(requests, "GET", "/bucket/a", query={"versionId": "1"}) == "InvalidArgument"
    for value in ("a\r\nX-Evil: 1", "ü", "\0"):
        query = {"response-content-type": value}
        assert refusal(requests, "GET", "/bucket/a", query=query) == "InvalidArgument"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "get", ""])
def test_no_other_method(requests: LocalRequests, method: str) -> None:
    with pytest.raises(StoreRefusal) as caught:
        requests.authorize(method, "/bucket/a", "", {}, NOW)
    assert (caught.value.status, caught.value.code) == (405, "MethodNotAllowed")


def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the directory should be")
    store = LocalStore(tmp_path / "files", SIGNER, "bucket", URL)
    requests = LocalRequests(tmp_path / "files", SIGNER, "bucket")
    for operation in (
        lambda: store.stat(KEY),
        lambda: store.put(KEY, [BODY], content_type=TYPE),
        lambda: store.delete(KEY),
        store.check,
        lambda: store.open(KEY).__enter__(),
    ):
        with pytest.raises(Unavailable) as caught:
            operation()
        assert caught.value.reason is Reason.DEPENDENCY_UNAVAILABLE
        assert caught.value.message == "The file store is not available. Try again."
        assert caught.value.context["cause"]
    with pytest.raises(StoreRefusal) as refused:
        begin(store, requests).open_writer()
    assert (refused.value.status, refused.value.code) == (503, "ServiceUnavailable")


@pytest.mark.parametrize("keep", [0, 3, -1])
def test_a_damaged_file_is_not_given_out(root: Path, store: LocalStore, requests: LocalRequests, keep: int) -> None:
    store.put(KEY, [BODY], content_type=TYPE)
    [path] = [path for path in root.rglob("attachments*") if path.is_file()]
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Unavailable) as caught:
        store.stat(KEY)
    assert "damaged" in str(caught.value.context)
    with pytest.raises(StoreRefusal, match="ServiceUnavailable"):
        get(store, requests)


def test_a_file_may_look_like_the_stores_own_end(root: Path, store: LocalStore) -> None:
    store.put(KEY, [BODY], content_type=TYPE)
    [path] = [path for path in root.rglob("attachments*") if path.is_file()]
    inside = path.read_bytes()
    store.put("other", [inside], content_type="text/html")
    assert store.stat("other") == StoredObject(len(inside), "text/html")
