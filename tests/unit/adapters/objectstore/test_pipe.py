"""The pipe between who makes bytes and who sends them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.adapters.objectstore.pipe import Abandoned, Pipe

MIB = 1024 * 1024


@given(st.lists(st.binary(max_size=50)), st.integers(min_value=1, max_value=60))
def test_what_goes_in_comes_out(chunks: list[bytes], size: int) -> None:
    pipe = Pipe()
    for chunk in chunks:
        pipe.write(chunk)
    pipe.end()
    read = list(iter(lambda: pipe.read(size), b""))
    assert b"".join(read) == b"".join(chunks)
    assert all(len(part) <= size for part in read)
    assert pipe.read(size) == b""


def test_the_writer_waits_for_the_reader() -> None:
    pipe = Pipe()

    def write() -> None:
        for number in range(50):
            pipe.write(bytes([number]) * MIB)
        pipe.end()

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        read = list(iter(lambda: pipe.read(3 * MIB), b""))
        writing.result()
    assert b"".join(read) == b"".join(bytes([number]) * MIB for number in range(50))


def test_a_waiting_writer_learns_that_the_reader_gave_up() -> None:
    pipe = Pipe()

    def write() -> None:
        while True:
            pipe.write(bytes(MIB))

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        pipe.read(1)
        pipe.abandon()
        with pytest.raises(Abandoned):
            writing.result()
    with pytest.raises(Abandoned):
        pipe.end()


def test_a_waiting_reader_learns_that_the_writer_gave_up() -> None:
    pipe = Pipe()
    pipe.write(b"some")
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(pipe.read, 10)
        pipe.abandon()
        with pytest.raises(Abandoned):
            reading.result()
