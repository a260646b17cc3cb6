"""Signed URLs of the local store, over HTTP, with clients that behave and clients that do not."""

import json
import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from server.adapters.objectstore.local_requests import MAX_AT_ONCE
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.requests import (
    Answer,
    answer_on,
    begun,
    request,
    seconds_until_closed,
    send,
    sign_download,
    sign_upload,
)
from tests.waiting import eventually

BODY = os.urandom(300_000)


def code_of(answer: Answer) -> str:
    return answer.body.decode().partition("<Code>")[2].partition("</Code>")[0]


def objects(gateway: Gateway) -> list[Path]:
    return [path for path in gateway.files.rglob("*") if path.is_file()]


def test_what_is_put_can_be_got(gateway: Gateway) -> None:
    put = send(sign_upload(gateway.store, BODY), BODY)
    assert (put.status, put.body) == (200, b"")
    got = send(sign_download(gateway.store))
    assert (got.status, got.body) == (200, BODY)
    assert got.headers["etag"] == put.headers["etag"]
    assert got.headers["content-length"] == str(len(BODY))
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["cache-control"] == "private, no-store"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert "server" not in got.headers


def test_an_empty_file_is_a_file(gateway: Gateway) -> None:
    assert send(sign_upload(gateway.store, b""), b"").status == 200
    got = send(sign_download(gateway.store))
    assert (got.status, got.body, got.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=299990-", 299_990, 299_999), ("bytes=-1", 299_999, 299_999)],
)
def test_a_part_is_given(gateway: Gateway, asked: str, first: int, last: int) -> None:
    send(sign_upload(gateway.store, BODY), BODY)
    got = send(sign_download(gateway.store), range=asked)
    assert (got.status, got.body) == (206, BODY[first : last + 1])
    assert got.headers["content-range"] == f"bytes {first}-{last}/{len(BODY)}"


def test_a_part_that_is_not_there_is_refused(gateway: Gateway) -> None:
    send(sign_upload(gateway.store, BODY), BODY)
    got = send(sign_download(gateway.store), range="bytes=300000-")
    assert (got.status, code_of(got), got.headers["content-range"]) == (416, "InvalidRange", "bytes */300000")


def test_head_tells_all_but_the_body(gateway: Gateway) -> None:
    send(sign_upload(gateway.store, BODY), BODY)
    got = send(sign_download(gateway.store), method="HEAD")
    assert (got.status, got.body, got.headers["content-length"]) == (200, b"", str(len(BODY)))


def test_refusals_are_those_of_s3(gateway: Gateway) -> None:
    missing = send(sign_download(gateway.store, key="attachments/none/0"))
    assert (missing.status, code_of(missing)) == (404, "NoSuchKey")
    assert missing.headers["content-type"] == "application/xml"
    signed = sign_upload(gateway.store, BODY)
    other = send(signed, BODY[:-1] + bytes([BODY[-1] ^ 1]))
    assert (other.status, code_of(other)) == (400, "BadDigest")
    assert objects(gateway) == []
    assert send(signed, BODY).status == 200
    again = send(signed, BODY)
    assert (again.status, code_of(again)) == (412, "PreconditionFailed")
    unsigned = request("GET", signed.url.partition("?")[0])
    assert (unsigned.status, code_of(unsigned)) == (403, "AccessDenied")
    deleted = send(signed, method="DELETE")
    assert (deleted.status, code_of(deleted)) == (405, "MethodNotAllowed")


def test_a_length_other_than_the_signed_one_is_refused(gateway: Gateway) -> None:
    with begun(sign_upload(gateway.store, BODY), without="content-length", Content_Length="5") as connection:
        connection.sendall(b"12345")
        answer = answer_on(connection)
    assert (answer.status, code_of(answer)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("headers", [{}, {"Transfer_Encoding": "chunked"}])
def test_a_body_of_unknown_length_is_refused(gateway: Gateway, headers: dict[str, str]) -> None:
    with begun(sign_upload(gateway.store, BODY), without="content-length", **headers) as connection:
        answer = answer_on(connection)
    assert (answer.status, code_of(answer)) == (411, "MissingContentLength")


def test_two_lengths_are_no_way_to_smuggle_a_request(gateway: Gateway) -> None:
    with begun(sign_upload(gateway.store, BODY), Transfer_Encoding="chunked") as connection:
        connection.sendall(b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = answer_on(connection)
        assert answer.status in {400, 411}
        seconds_until_closed(connection)
    assert not any("/healthz" in line for line in gateway.log)


def test_a_refused_upload_is_told_why_although_all_of_its_body_was_sent(gateway: Gateway) -> None:
    """Closing at once would reset the connection, and take the answer from a client that still writes."""
    body = bytes(20_000_000)
    signed = sign_upload(gateway.store, body)
    refused = request("PUT", signed.url + "0", signed.headers, body)
    assert (refused.status, code_of(refused)) == (403, "SignatureDoesNotMatch")


def test_who_waits_for_leave_is_refused_before_the_body(gateway: Gateway) -> None:
    signed = sign_upload(gateway.store, BODY)
    send(signed, BODY)
    with begun(signed, Expect="100-continue") as connection:
        assert answer_on(connection).status == 412


def test_an_upload_that_stalls_is_cut_off_and_nothing_is_left(tmp_path: Path) -> None:
    with serving_gateway(tmp_path, http_stall_seconds=0.3) as gateway:
        with begun(sign_upload(gateway.store, BODY)) as connection:
            connection.sendall(BODY[:100_000])
            answer = answer_on(connection)
            seconds_until_closed(connection)
        assert (answer.status, code_of(answer)) == (400, "RequestTimeout")
        assert objects(gateway) == []


def test_an_upload_of_a_byte_now_and_then_is_cut_off(tmp_path: Path) -> None:
    with (
        serving_gateway(tmp_path, http_stall_seconds=0.5) as gateway,
        begun(sign_upload(gateway.store, BODY)) as connection,
    ):
        connection.settimeout(0.05)
        answer = b""

        def sent_a_byte_and_was_answered() -> bool:
            nonlocal answer
            with suppress(OSError):
                connection.send(b"a")
            with suppress(OSError):
                answer += connection.recv(4096)
            return b"RequestTimeout" in answer

        eventually(sent_a_byte_and_was_answered, what="the end of patience")


def test_one_url_does_not_fill_the_disk(gateway: Gateway) -> None:
    signed = sign_upload(gateway.store, BODY)
    with ExitStack() as uploads:
        for _ in range(MAX_AT_ONCE):
            uploads.enter_context(begun(signed)).sendall(BODY[:100_000])
        eventually(lambda: len(objects(gateway)) == MAX_AT_ONCE, what="all drafts")
        refused = send(signed, BODY)
        assert (refused.status, code_of(refused)) == (503, "SlowDown")
    eventually(lambda: not objects(gateway), what="the end of the drafts")
    assert send(signed, BODY).status == 200


def test_of_an_upload_whose_client_went_away_nothing_is_left(gateway: Gateway) -> None:
    with begun(sign_upload(gateway.store, BODY)) as connection:
        connection.sendall(BODY[:100_000])
        eventually(lambda: objects(gateway), what="the draft")
    eventually(lambda: not objects(gateway), what="the end of the draft")
    assert send(sign_upload(gateway.store, BODY), BODY).status == 200, "the key can still be used"


def test_a_client_that_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    body = bytes(40_000_000)
    with serving_gateway(tmp_path, http_stall_seconds=0.3) as gateway:
        gateway.store.put("attachments/a/1", [body], content_type="text/plain")
        with begun(sign_download(gateway.store)):
            # The line of the access log comes when the request is given up; the client has read nothing by then.
            line = json.loads(eventually(lambda: gateway.log[-1:], what="the end of the download")[0])
        assert line["bytes_out"] < len(body)


def test_a_download_ends_with_its_client(gateway: Gateway) -> None:
    body = bytes(40_000_000)
    gateway.store.put("attachments/a/1", [body], content_type="text/plain")
    with begun(sign_download(gateway.store)) as connection:
        connection.recv(1000)
    line = json.loads(eventually(lambda: gateway.log[-1:], what="the end of the download")[0])
    assert line["bytes_out"] < len(body)


def test_the_access_log_shows_no_signature(gateway: Gateway) -> None:
    signed = sign_upload(gateway.store, BODY)
    send(signed, BODY)
    line = json.loads(eventually(lambda: gateway.log[-1:])[0])
    assert (line["method"], line["path"], line["status"]) == ("PUT", "/rodistaa-tickets/attachments/a/1", 200)
    assert line["bytes_in"] == len(BODY)
    assert "X-Amz" not in "".join(gateway.log)


def test_many_at_once(gateway: Gateway) -> None:
    """More than there are threads for the disk."""
    bodies = {f"attachments/a/{number}": os.urandom(50_000) for number in range(40)}
    connections: list[socket.socket] = []
    for key, body in bodies.items():
        with begun(sign_upload(gateway.store, body, key=key)) as connection:
            connection.sendall(body[:25_000])
            connections.append(connection.dup())
    for connection, body in zip(connections, bodies.values(), strict=True):
        connection.sendall(body[25_000:])
    for connection in connections:
        with connection:
            connection.settimeout(15.0)
            assert answer_on(connection).status == 200
    for key, body in bodies.items():
        assert send(sign_download(gateway.store, key=key)).body == body


def test_with_s3_there_are_no_files_here(tmp_path: Path) -> None:
    s3 = {"s3_endpoint": "http://127.0.0.1:9", "s3_access_key": "key", "s3_secret_key": "a-secret-of-the-test"}
    with serving_gateway(tmp_path, **s3) as gateway:
        answer = request("GET", f"{gateway.url}/rodistaa-tickets/attachments/a/1")
    assert answer.status == 404
    assert not (tmp_path / "keys").exists()
