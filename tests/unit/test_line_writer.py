"""Lines from many threads, written by one."""

import io
import threading

from server.line_writer import LineWriter


class Gate(io.StringIO):
    """A stream whose reader stands still until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked, self.open = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.blocked.set()
        assert self.open.wait(10)
        return super().write(text)


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_all_lines_of_a_thread_arrive_in_its_order() -> None:
    out = io.StringIO()
    writer = LineWriter(out)

    def write(name: str) -> None:
        for number in range(500):
            writer.write(f"{name} {number}\n")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    lines = out.getvalue().splitlines()
    assert len(lines) == 2000
    for name in "abcd":
        assert [line for line in lines if line.startswith(name)] == [f"{name} {number}" for number in range(500)]


def test_a_reader_that_stands_still_stops_nobody() -> None:
    gate = Gate()
    writer = LineWriter(gate, max_waiting=10, pause_seconds=0.001)
    writer.write("first\n")
    assert gate.blocked.wait(10)
    for number in range(50):
        writer.write(f"{number}\n")
    gate.open.set()
    writer.close()
    lines = gate.getvalue().splitlines()
    assert lines[:11] == ["first", *map(str, range(10))]
    assert '"count": 40' in lines[11]


def test_a_closed_pipe_is_no_reason_to_fail() -> None:
    writer = LineWriter(Broken())
    writer.write("into the void\n")
    writer.close()
