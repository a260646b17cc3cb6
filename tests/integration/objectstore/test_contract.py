"""What both stores promise: the port, and the requests they sign. One suite, run on each of them for real."""

import base64
import socket
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pytest
import urllib3

from server.adapters.objectstore.file_names import attachment_disposition
from server.adapters.objectstore.s3 import PART_SIZE
from server.application.object_store import ObjectMissing, StoredObject
from tests.integration.objectstore.conftest import FIVE_MINUTES, TYPE, Backend, send

BODY = b"id,title\r\n1,Payment not received\r\n"
MIB = 1024 * 1024


class FeedLost(Exception):
    """What a test's own iteration raises."""


def blocks(count: int, size: int = MIB) -> Iterator[bytes]:
    """So many blocks, each different."""
    for number in range(count):
        yield bytes([number % 251]) * size


# --- objects, as the service uses them


@pytest.mark.parametrize("chunks", [[], [b""], [b"a"], [b"ab", b"", b"c"]])
def test_what_is_put_is_there_as_it_was(backend: Backend, chunks: list[bytes]) -> None:
    key = backend.new_key()
    backend.store.put(key, chunks, content_type=TYPE)
    assert backend.store.stat(key) == StoredObject(len(b"".join(chunks)), TYPE)
    assert backend.bytes_of(key) == b"".join(chunks)


@pytest.mark.parametrize("size", [PART_SIZE - 1, PART_SIZE, PART_SIZE + 1, 2 * PART_SIZE, 2 * PART_SIZE + 1])
def test_nothing_is_lost_where_one_part_ends(backend: Backend, size: int) -> None:
    key = backend.new_key()
    body = b"".join(blocks(size // MIB + 1))[:size]
    backend.store.put(key, (body[start : start + 700_001] for start in range(0, size, 700_001)), content_type=TYPE)
    assert sha256(backend.bytes_of(key)).digest() == sha256(body).digest()
    assert backend.leftovers(key) == []


def test_an_object_replaces_another_whole(backend: Backend) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY * 100], content_type=TYPE)
    backend.store.put(key, [b"{}"], content_type="application/jsonl")
    assert backend.store.stat(key) == StoredObject(2, "application/jsonl")
    assert backend.bytes_of(key) == b"{}"


def test_who_reads_is_not_disturbed_by_a_replacement(backend: Backend) -> None:
    key = backend.new_key()
    backend.store.put(key, blocks(6), content_type=TYPE)
    with backend.store.open(key) as chunks:
        first = next(chunks)
        backend.store.put(key, [b"new"], content_type=TYPE)
        rest = b"".join(chunks)
    assert first + rest == b"".join(blocks(6))
    assert len(first) <= MIB


def test_of_what_is_not_there(backend: Backend) -> None:
    key = backend.new_key()
    assert backend.store.stat(key) is None
    with pytest.raises(ObjectMissing), backend.store.open(key):
        pass
    backend.store.delete(key)


def test_what_is_deleted_is_gone(backend: Backend) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    backend.store.delete(key)
    assert backend.store.stat(key) is None
    backend.store.put(key, [b"again"], content_type=TYPE)
    assert backend.bytes_of(key) == b"again"


@pytest.mark.parametrize("after", [0, 1, 20])
def test_an_iteration_that_raises_stores_nothing(backend: Backend, after: int) -> None:
    def chunks() -> Iterator[bytes]:
        yield from blocks(after)
        raise FeedLost("the lease is another's")

    key = backend.new_key()
    with pytest.raises(FeedLost, match="the lease is another's"):
        backend.store.put(key, chunks(), content_type=TYPE)
    assert backend.store.stat(key) is None
    assert backend.leftovers(key) == []


def test_an_iteration_that_is_interrupted_leaves_what_was_there(backend: Backend) -> None:
    def chunks() -> Iterator[bytes]:
        yield from blocks(20)
        raise KeyboardInterrupt

    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    with pytest.raises(KeyboardInterrupt):
        backend.store.put(key, chunks(), content_type=TYPE)
    assert backend.bytes_of(key) == BODY
    assert backend.leftovers(key) == []


def test_large_objects_take_constant_memory(backend: Backend) -> None:
    key = backend.new_key()
    tracemalloc.start()
    try:
        backend.store.put(key, blocks(128), content_type=TYPE)
        with backend.store.open(key) as chunks:
            size = sum(len(chunk) for chunk in chunks)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 128 * MIB
    assert peak < 64 * MIB
    backend.store.delete(key)


def test_many_threads_at_once(backend: Backend) -> None:
    def one(number: int) -> bytes:
        key = backend.new_key()
        backend.store.put(key, [b"%d" % number] * 1000, content_type=TYPE)
        read = backend.bytes_of(key)
        backend.store.delete(key)
        assert backend.store.stat(key) is None
        return read

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(one, range(64))) == [b"%d" % number * 1000 for number in range(64)]


def test_check_is_content_with_a_store_that_works(backend: Backend) -> None:
    backend.store.check()
    backend.store.check(create_bucket=True)


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", ".", "a/../b", "..", "a/./b", "ü", "a b", "a%2f", "a\0", "a,b", "a\n"]
)
def test_no_other_key_is_used_at_all(backend: Backend, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        backend.store.stat(key)
    with pytest.raises(ValueError, match="not a key"):
        backend.store.put(key, [BODY], content_type=TYPE)
    with pytest.raises(ValueError, match="not a key"):
        backend.store.delete(key)
    with pytest.raises(ValueError, match="not a key"):
        backend.sign_put(key, BODY)


# --- uploads by a signed URL


def test_a_signed_put_stores_exactly_these_bytes(backend: Backend) -> None:
    key = backend.new_key()
    request = backend.sign_put(key, BODY)
    assert request.method == "PUT"
    answer = send(request, BODY)
    assert (answer.status, answer.body) == (200, b"")
    assert backend.store.stat(key) == StoredObject(len(BODY), TYPE)
    assert backend.bytes_of(key) == BODY


def test_a_usual_client_may_send_it(backend: Backend, no_retries: urllib3.PoolManager) -> None:
    key = backend.new_key()
    request = backend.sign_put(key, BODY)
    assert no_retries.request("PUT", request.url, body=BODY, headers=dict(request.headers)).status == 200
    got = no_retries.request("GET", backend.sign_get(key).url)
    assert (got.status, got.data) == (200, BODY)


def test_an_empty_file_may_be_sent(backend: Backend) -> None:
    key = backend.new_key()
    assert send(backend.sign_put(key, b""), b"").status == 200
    assert backend.store.stat(key) == StoredObject(0, TYPE)
    got = send(backend.sign_get(key))
    assert (got.status, got.body) == (200, b"")


def test_a_used_url_is_refused(backend: Backend) -> None:
    key = backend.new_key()
    request = backend.sign_put(key, BODY)
    assert send(request, BODY).status == 200
    again = send(request, BODY)
    assert (again.status, again.code) == (412, "PreconditionFailed")


def test_of_two_uploads_at_once_one_is_stored(backend: Backend) -> None:
    key = backend.new_key()
    body = b"".join(blocks(4))
    request = backend.sign_put(key, body)
    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(answer.status for answer in threads.map(lambda _: send(request, body), range(4)))
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {409, 412}
    assert backend.bytes_of(key) == body
    assert backend.leftovers(key) == []


def test_other_bytes_are_refused_by_the_store_itself(backend: Backend) -> None:
    key = backend.new_key()
    answer = send(backend.sign_put(key, BODY), BODY.replace(b"Payment", b"payment"))
    assert answer.status == 400
    assert answer.code in {"BadDigest", "XAmzContentChecksumMismatch"}
    assert backend.store.stat(key) is None
    assert send(backend.sign_put(key, BODY), BODY).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", str(len(BODY) - 1)),
        ("Content-Type", "text/html"),
        ("Content-Type", "text/csv"),
        ("If-None-Match", '"other"'),
        ("x-amz-checksum-sha256", base64.b64encode(sha256(BODY[:-1]).digest()).decode()),
        ("Host", "elsewhere.example"),
    ],
)
def test_each_header_is_fixed(backend: Backend, name: str, value: str) -> None:
    key = backend.new_key()
    request = backend.sign_put(key, BODY)
    body = BODY[:-1] if name == "Content-Length" else BODY
    answer = send(request, body, headers={**request.headers, name: value})
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert backend.store.stat(key) is None


@pytest.mark.parametrize("name", ["Content-Length", "Content-Type", "If-None-Match", "x-amz-checksum-sha256"])
def test_no_header_may_be_left_out(backend: Backend, name: str) -> None:
    key = backend.new_key()
    request = backend.sign_put(key, BODY)
    others = {other: value for other, value in request.headers.items() if other != name}
    answer = send(request, None if name == "Content-Length" else BODY, headers=others)
    assert 400 <= answer.status < 500
    assert backend.store.stat(key) is None


def test_what_is_said_of_an_object_is_signed(backend: Backend) -> None:
    key = backend.new_key()
    request = backend.sign_put(key, BODY)
    answer = send(request, BODY, headers={**request.headers, "x-amz-meta-note": "mine"})
    assert 400 <= answer.status < 500
    assert backend.store.stat(key) is None


@pytest.mark.parametrize(
    "more", [{}, {"x-amz-metadata-directive": "REPLACE"}, {"x-amz-copy-source-if-match": "*"}], ids=str
)
def test_an_upload_copies_no_other_object(backend: Backend, more: dict[str, str]) -> None:
    theirs, key = backend.new_key(), backend.new_key()
    backend.store.put(theirs, [b"somebody else's"], content_type=TYPE)
    request = backend.sign_put(key, BODY)
    copying = {**request.headers, "x-amz-copy-source": f"/{backend.bucket}/{theirs}", **more}
    assert 400 <= send(request, BODY, headers=copying).status < 500
    assert backend.store.stat(key) is None
    assert send(request, BODY).status == 200
    assert 400 <= send(request, BODY, headers=copying).status < 500
    assert backend.bytes_of(key) == BODY


def test_half_an_upload_is_none(backend: Backend) -> None:
    key = backend.new_key()
    body = b"".join(blocks(4))
    request = backend.sign_put(key, body)
    parts = urlsplit(request.url)
    head = [f"PUT {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as client:
        client.sendall("\r\n".join([*head, "", ""]).encode() + body[: 2 * MIB])
    assert send(request, body).status == 200
    assert backend.bytes_of(key) == body


# --- downloads by a signed URL


def test_a_signed_get_is_saved_and_never_shown(backend: Backend) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type="text/html")
    request = backend.sign_get(key, file_name="घोषणा.csv")
    assert (request.method, dict(request.headers)) == ("GET", {})
    answer = send(request)
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers["Content-Type"] == TYPE
    assert answer.headers["Content-Length"] == str(len(BODY))
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=\"_____.csv\"; filename*=UTF-8''{quote('घोषणा')}.csv"
    )


def test_what_an_uploader_calls_packed_is_not_unpacked_for_others(backend: Backend) -> None:
    key = backend.new_key()
    request = backend.sign_put(key, BODY)
    assert send(request, BODY, headers={**request.headers, "Content-Encoding": "gzip"}).status == 200
    answer = send(backend.sign_get(key))
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers["Content-Encoding"] == "identity"
    assert backend.bytes_of(key) == BODY


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\windows\\system32\\drivers\\etc\\hosts",
        "/etc/shadow",
        "a\r\nX-Evil: 1\r\n\r\n<script>",
        'quo"te.csv',
        "semi;colon=x.csv",
        "back\\slash.csv",
        "invoice\u202efdp.exe",
        "😀" * 255,
        "a" * 5000 + ".pdf",
        " .. ",
        "",
        "\0",
        "CON",
        "lpt1.txt",
        "percent%2e%2e%2f.csv",
        "\ud800half.csv",
        "a&b=c+d#e?f.csv",
    ],
)
def test_no_name_of_a_file_does_harm(backend: Backend, name: str) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    answer = send(backend.sign_get(key, file_name=name))
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers.get_all("Content-Disposition") == [attachment_disposition(name)]
    assert answer.headers["X-Evil"] is None


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=3-5", 206, BODY[3:6]),
        ("bytes=3-", 206, BODY[3:]),
        ("bytes=-4", 206, BODY[-4:]),
        ("bytes=0-99999", 206, BODY),
        ("bytes=99999-", 416, None),
    ],
)
def test_a_part_of_a_file(backend: Backend, asked: str, status: int, part: bytes | None) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    answer = send(backend.sign_get(key), headers={"Range": asked})
    assert answer.status == status
    if part is None:
        assert answer.code == "InvalidRange"
    else:
        assert answer.body == part
        assert answer.headers["Content-Range"].endswith(f"/{len(BODY)}")


def test_of_a_file_that_is_gone(backend: Backend) -> None:
    answer = send(backend.sign_get(backend.new_key()))
    assert (answer.status, answer.code) == (404, "NoSuchKey")


# --- both


def test_it_works_no_longer_than_it_says(backend: Backend) -> None:
    key = backend.new_key()
    old = FIVE_MINUTES + timedelta(seconds=1)
    put = send(backend.sign_put(key, BODY, ago=old), BODY)
    assert (put.status, put.code) == (403, "AccessDenied")
    assert backend.store.stat(key) is None
    backend.store.put(key, [BODY], content_type=TYPE)
    get = send(backend.sign_get(key, ago=old))
    assert (get.status, get.code) == (403, "AccessDenied")
    assert b"expired" in get.body
    assert send(backend.sign_get(key, ago=FIVE_MINUTES - timedelta(seconds=60))).status == 200


def test_it_does_not_work_from_a_clock_far_ahead(backend: Backend) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    answer = send(backend.sign_get(key, ago=-timedelta(hours=1)))
    assert (answer.status, answer.code) == (403, "AccessDenied")


@pytest.mark.parametrize(
    "name",
    [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-type",
    ],
)
def test_each_parameter_is_fixed(backend: Backend, name: str) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    request = backend.sign_get(key)
    parts = urlsplit(request.url)
    parameters = dict(parse_qsl(parts.query, strict_parsing=True))
    last = parameters[name][-1]
    changed = {
        "other": {**parameters, name: parameters[name][:-1] + ("1" if last != "1" else "2")},
        "none": {other: value for other, value in parameters.items() if other != name},
        "empty": {**parameters, name: ""},
    }
    for each in changed.values():
        answer = send(request, target=f"{parts.path}?{urlencode(each)}")
        assert 400 <= answer.status < 500
    assert 400 <= send(request, target=f"{parts.path}?{name}=x&{parts.query}").status < 500
    # MinIO takes the first value for the signature's own parameters, and that is what was signed.
    after = send(request, target=f"{parts.path}?{parts.query}&{name}=x")
    assert after.status in {400, 403} or (backend.name == "minio" and name.startswith("X-Amz-"))


@pytest.mark.parametrize(
    "extra", ["X-Amz-Security-Token=x", "x-amz-date=20200101T000000Z", "acl=", "versionId=null", "response-expires=0"]
)
def test_no_parameter_may_be_added(backend: Backend, extra: str) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    request = backend.sign_get(key)
    parts = urlsplit(request.url)
    assert 400 <= send(request, target=f"{parts.path}?{parts.query}&{extra}").status < 500


def test_it_may_be_written_anew_as_clients_do(backend: Backend) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    request = backend.sign_get(key, file_name="two words+plus.csv")
    parts = urlsplit(request.url)
    anew = urlencode(list(reversed(parse_qsl(parts.query))))
    answer = send(request, target=f"{parts.path}?{anew}")
    assert answer.status == 200
    assert "two words+plus.csv" in unquote(answer.headers["Content-Disposition"])


def test_a_get_is_no_put_and_a_put_no_get(backend: Backend) -> None:
    key = backend.new_key()
    put = backend.sign_put(key, BODY)
    assert 400 <= send(backend.sign_get(key), BODY, method="PUT", headers=put.headers).status < 500
    assert backend.store.stat(key) is None
    backend.store.put(key, [BODY], content_type=TYPE)
    assert send(put, BODY, method="GET").status == 403
    for method in ("DELETE", "POST"):
        assert 400 <= send(put, b"", method=method, headers={**put.headers, "Content-Length": "0"}).status < 500
        get = backend.sign_get(key)
        assert 400 <= send(get, b"", method=method, headers={"Content-Length": "0"}).status < 500
    assert backend.bytes_of(key) == BODY


def test_without_a_signature_there_is_nothing(backend: Backend) -> None:
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    request = backend.sign_get(key)
    for target in (
        urlsplit(request.url).path,
        f"/{backend.bucket}/",
        f"/{backend.bucket}",
        f"/{backend.bucket}?list-type=2",
    ):
        answer = send(request, target=target)
        assert 400 <= answer.status < 500
        assert BODY not in answer.body


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path + "x",
        lambda path: path.replace("TKT-1001", "TKT-1002"),
        lambda path: path.replace("/attachments/", "/%61ttachments%2f../attachments/"),
        lambda path: path.replace("/attachments/", "/attachments/%2e%2e/attachments/"),
        lambda path: path.replace("/attachments/", "/attachments//"),
        lambda path: path.replace("/attachments/", "/attachments%2f%2f"),
        lambda path: path + "%00",
        lambda path: path + "%00.pdf",
        lambda path: path + "/../../../../../../../../etc/passwd",
        lambda path: path + "/..%5c..%5cetc",
        lambda path: path + "/",
        lambda path: path + "%ff",
        lambda path: path.upper(),
    ],
)
def test_no_other_path_is_reached(backend: Backend, change: "object") -> None:
    assert callable(change)
    key = backend.new_key()
    backend.store.put(key, [BODY], content_type=TYPE)
    request = backend.sign_get(key)
    parts = urlsplit(request.url)
    answer = send(request, target=f"{change(parts.path)}?{parts.query}")
    assert 400 <= answer.status < 500
    assert BODY not in answer.body
    put = backend.sign_put(backend.new_key(), BODY)
    parts = urlsplit(put.url)
    assert 400 <= send(put, BODY, target=f"{change(parts.path)}?{parts.query}").status < 500
