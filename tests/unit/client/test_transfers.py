"""Transfers over a store that fails in all the ways that stores do."""

import io
import os
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rodistaa.tickets.client.transfers import TransferError, receive, saving, send
from rodistaa.tickets.v1.attachment_pb2 import SignedRequest
from tests.unit.client.store import AT_ONCE, DENIED, Asking, Store, running_store, sha256

CONTENT = bytes(range(256)) * 8000
"""Two megabytes: several chunks, and more than a socket buffers."""


@pytest.fixture
def store() -> Iterator[Store]:
    with running_store() as running:
        yield running


def put(store: Store, content: bytes = CONTENT, **headers: str) -> None:
    half = len(content) // 2
    send(
        lambda: store.sign("PUT", content_length=str(len(content)), **headers),
        lambda: iter((content[:half], content[half:])),
        AT_ONCE,
    )


def get(store: Store, content: bytes = CONTENT, into: io.BytesIO | None = None) -> bytes:
    into = io.BytesIO() if into is None else into
    receive(lambda: store.sign("GET"), into, size=len(content), sha256=sha256(content), options=AT_ONCE)
    return into.getvalue()


def whole(asking: Asking) -> None:
    asking.reply(200, CONTENT)


def from_range(asking: Asking) -> None:
    start = asking.start
    asking.reply(206, CONTENT[start:], content_range=f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")


def broken_after(count: int) -> Callable[[Asking], None]:
    return lambda asking: asking.reply(200, CONTENT[:count], length=len(CONTENT))


def nothing(asking: Asking) -> None:
    """Closes without an answer."""


# --- uploads ------------------------------------------------------------------------------------------


def test_an_upload_sends_the_bytes_and_the_headers_that_were_signed(store: Store) -> None:
    got: list[bytes] = []

    def take(asking: Asking) -> None:
        got.append(asking.body())
        asking.reply(200)

    store.answers = [take]
    put(store, content_type="application/pdf", x_amz_checksum_sha256="c3Vt", if_none_match="*")
    assert got == [CONTENT]
    (asked,) = store.asked
    assert asked.method == "PUT"
    assert asked.path == "/bucket/key?X-Amz-Signature=secret-1"
    assert asked.headers["content-type"] == "application/pdf"
    assert asked.headers["x-amz-checksum-sha256"] == "c3Vt"
    assert asked.headers["if-none-match"] == "*"
    assert asked.headers["content-length"] == str(len(CONTENT))
    assert "transfer-encoding" not in asked.headers


def test_an_upload_is_repeated_after_errors_that_pass(store: Store) -> None:
    got: list[bytes] = []

    def take(asking: Asking) -> None:
        got.append(asking.body())
        asking.reply(200)

    def busy(asking: Asking) -> None:
        asking.body()
        asking.reply(503, "<Error><Code>SlowDown</Code></Error>")

    store.answers = [busy, nothing, busy, take]
    put(store)
    assert got == [CONTENT]
    assert store.signed == 1, "the same URL all along"


def test_what_the_store_has_already_is_an_upload(store: Store) -> None:
    def lost_answer(asking: Asking) -> None:
        asking.body()

    def has_it(asking: Asking) -> None:
        asking.body()
        asking.reply(412, "<Error><Code>PreconditionFailed</Code></Error>")

    store.answers = [lost_answer, has_it]
    put(store)
    assert len(store.asked) == 2


def test_the_answer_of_a_store_that_does_not_read_to_the_end_is_heard(store: Store) -> None:
    store.answers = [lambda asking: asking.reply(412, "<Error><Code>PreconditionFailed</Code></Error>")]
    put(store, CONTENT * 10)
    assert len(store.asked) == 1


def test_a_refused_upload_is_told_in_the_words_of_the_store_and_not_repeated(store: Store) -> None:
    def refuse(asking: Asking) -> None:
        asking.body()
        asking.reply(400, "<Error><Code>BadDigest</Code><Message>Not the &quot;announced&quot; one</Message></Error>")

    store.answers = [refuse]
    with pytest.raises(TransferError) as failure:
        put(store)
    assert (failure.value.status, failure.value.code) == (400, "BadDigest")
    assert str(failure.value) == 'The file store answered 400 (BadDigest: Not the "announced" one).'
    assert len(store.asked) == 1


def test_a_signature_that_expired_is_made_anew_once(store: Store) -> None:
    def expired(asking: Asking) -> None:
        asking.body()
        asking.reply(403, DENIED)

    def take(asking: Asking) -> None:
        asking.body()
        asking.reply(200)

    store.answers = [expired, take]
    put(store)
    assert [each.path[-1] for each in store.asked] == ["1", "2"]

    store.answers = [expired]
    with pytest.raises(TransferError) as failure:
        put(store)
    assert (failure.value.status, failure.value.code, store.signed) == (403, "AccessDenied", 4)


def test_attempts_have_an_end(store: Store) -> None:
    store.answers = [lambda asking: asking.reply(503)]
    with pytest.raises(TransferError) as failure:
        put(store, b"small")
    assert failure.value.status == 503
    assert len(store.asked) == AT_ONCE.attempts


def test_a_store_that_is_away_is_an_error_without_the_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = Store(url=f"http://127.0.0.1:{port}")
    for attempt in (put, get):
        with pytest.raises(TransferError) as failure:
            attempt(gone)
        assert failure.value.status is None
        assert "secret" not in str(failure.value)
        assert "refused" in str(failure.value)


def test_a_store_that_is_silent_is_left() -> None:
    # The system takes connections for a listener that never does.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = Store(url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TransferError, match="timed out"):
            receive(
                lambda: store.sign("GET"),
                io.BytesIO(),
                size=1,
                sha256="",
                options=replace(AT_ONCE, attempts=2, silence=timedelta(milliseconds=50)),
            )


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", ""])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(TransferError, match="not one of HTTP"):
        receive(lambda: SignedRequest(method="GET", url=url), io.BytesIO(), size=1, sha256="", options=AT_ONCE)


def test_redirects_are_not_followed(store: Store) -> None:
    store.answers = [lambda asking: asking.reply(307, location=f"{store.url}/elsewhere")]
    with pytest.raises(TransferError) as failure:
        get(store)
    assert failure.value.status == 307
    assert len(store.asked) == 1


def test_a_certificate_that_is_not_trusted_ends_it_at_once() -> None:
    error = ssl.SSLCertVerificationError("self-signed")
    from rodistaa.tickets.client import transfers

    assert not transfers._broken(error).passing
    assert transfers._broken(ConnectionResetError()).passing


# --- downloads ----------------------------------------------------------------------------------------


def test_a_download_has_all_bytes(store: Store) -> None:
    store.answers = [whole]
    assert get(store) == CONTENT
    assert "range" not in store.asked[0].headers


def test_a_download_that_breaks_off_goes_on_where_it_did(store: Store) -> None:
    store.answers = [
        broken_after(700_000),
        lambda asking: asking.reply(503),
        nothing,
        lambda asking: asking.reply(
            206,
            CONTENT[asking.start : 1_000_000],
            length=len(CONTENT) - asking.start,
            content_range=f"bytes {asking.start}-",
        ),
        from_range,
    ]
    assert get(store) == CONTENT
    assert [each.headers.get("range") for each in store.asked] == [
        None,
        *["bytes=700000-"] * 3,
        "bytes=1000000-",
    ]


def test_a_store_that_ignores_ranges_is_read_past_what_is_there(store: Store) -> None:
    store.answers = [broken_after(700_000), broken_after(600_000), whole]
    assert get(store) == CONTENT


def test_a_download_whose_signature_expired_half_way_goes_on_with_a_new_one(store: Store) -> None:
    def expired(asking: Asking) -> None:
        asking.reply(403, DENIED)

    store.answers = [expired, broken_after(700_000), expired, from_range]
    assert get(store) == CONTENT
    assert store.signed == 3


def test_a_download_that_never_gets_further_ends(store: Store) -> None:
    store.answers = [broken_after(700_000)]
    into = io.BytesIO()
    with pytest.raises(TransferError, match=f"broke off after 700000 of {len(CONTENT)} bytes"):
        get(store, into=into)
    assert into.getvalue() == CONTENT[:700_000]
    assert len(store.asked) == AT_ONCE.attempts


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda asking: asking.reply(200, CONTENT[::-1]), "SHA-256"),
        (lambda asking: asking.reply(200, CONTENT + b"!"), "more than"),
        (lambda asking: asking.reply(404, "<Error><Code>NoSuchKey</Code></Error>"), r"404 \(NoSuchKey\)"),
        (lambda asking: asking.reply(206, CONTENT), "answered 206"),
    ],
)
def test_other_bytes_than_announced_are_refused(store: Store, answer: Callable[[Asking], None], complaint: str) -> None:
    store.answers = [answer]
    with pytest.raises(TransferError, match=complaint):
        get(store)
    assert len(store.asked) == 1


def test_another_part_than_asked_for_is_refused(store: Store) -> None:
    store.answers = [
        broken_after(700_000),
        lambda asking: asking.reply(206, CONTENT[100:], content_range="bytes 100-"),
    ]
    with pytest.raises(TransferError, match="another part"):
        get(store)


def test_an_empty_file_needs_no_request(store: Store) -> None:
    assert get(store, b"") == b""
    assert store.asked == []


def test_what_the_target_raises_is_raised_on(store: Store) -> None:
    class Full:
        def write(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    store.answers = [whole]
    with pytest.raises(OSError, match="No space left"):
        receive(lambda: store.sign("GET"), Full(), size=len(CONTENT), sha256="", options=AT_ONCE)
    assert len(store.asked) == 1


# --- files --------------------------------------------------------------------------------------------


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 255)

    def fail_half_way() -> None:
        with saving(target, overwrite=False) as file:
            file.write(b"half")
            assert not target.exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []
    with saving(target, overwrite=False) as file:
        file.write(b"whole")
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"whole"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask


def test_what_is_there_is_replaced_on_demand_alone(tmp_path: Path) -> None:
    target = tmp_path / "kept.csv"
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError), saving(target, overwrite=False):
        pytest.fail("refused before anything is done")
    assert target.read_bytes() == b"old"
    with saving(target, overwrite=True) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"
    other = tmp_path / "meanwhile"

    def be_overtaken() -> None:
        with saving(other, overwrite=False) as file:
            file.write(b"ours")
            other.write_bytes(b"another's")

    with pytest.raises(FileExistsError):
        be_overtaken()
    assert other.read_bytes() == b"another's"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kept.csv", "meanwhile"]


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as failure, saving(tmp_path / "missing" / "a.csv", overwrite=True):
        pytest.fail("refused before anything is done")
    assert failure.value.filename == str(tmp_path / "missing")


@pytest.mark.parametrize("special", [Path("/dev/null"), Path("/")])
def test_what_is_no_file_is_never_replaced(special: Path) -> None:
    with pytest.raises(FileExistsError, match="is not a regular file"), saving(special, overwrite=True):
        pytest.fail("refused before anything is done")
