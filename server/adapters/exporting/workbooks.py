"""Workbooks by XlsxWriter: rows go to disk as they come, and are packed at the end."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from xlsxwriter import Workbook as Book
from xlsxwriter.exceptions import FileCreateError

from server.adapters.exporting.pages import Pages, PlainSheet
from server.adapters.exporting.scratch import scratch_directory
from server.domain.errors import Unavailable
from server.domain.export_cells import (
    COLUMNS,
    MESSAGE_COLUMNS,
    Cell,
    cells,
    message_cells,
    neutralised,
    restored,
)
from server.domain.tickets import Ticket
from server.domain.timeline import Message

ROWS_OF_A_SHEET = 1_048_575
"""Excel's 2**20, without the header."""
LONGEST_CELL = 32_767
"""Excel's limit, in UTF-16 units."""
LONG_TEXTS = "Long texts"
LONG_TEXT_COLUMNS = ("ticket_id", "seq", "column", "part", "text")
CONTINUED = f' … [the whole text: sheet "{LONG_TEXTS}"]'
_PART = 16_000
"""Code points, which are at most twice as many UTF-16 units."""
_CHUNK = 256 * 1024

_WIDTHS: dict[str, float] = {
    "id": 12,
    "ticket_id": 12,
    "seq": 8,
    "part": 8,
    "title": 48,
    "description": 48,
    "resolution_summary": 48,
    "metadata": 32,
    "message": 80,
    "text": 80,
    "tags": 24,
    **dict.fromkeys([name for name in COLUMNS if name.endswith("_at")], 28),
    "first_response_due_at": 28,
    **dict.fromkeys(["priority", "severity", "redacted", "archived"], 11),
}


class WorkbookFile:
    """One workbook in the making. The directory is its own, and somebody else's to remove."""

    def __init__(self, directory: Path, *, as_of: datetime, include_messages: bool, rows_of_a_sheet: int) -> None:
        self._as_of = as_of
        self._rows_of_a_sheet = rows_of_a_sheet
        self._path = directory / "tickets.xlsx"
        self._book = Book(str(self._path), {"constant_memory": True, "tmpdir": str(directory), "use_zip64": True})
        self._book.set_properties({"title": "Tickets", "created": as_of})
        self._header = self._book.add_format({"bold": True})
        self._tickets = self._pages("Tickets", COLUMNS)
        self._messages = self._pages("Messages", MESSAGE_COLUMNS) if include_messages else None
        self._long_texts: Pages | None = None

    def add(self, ticket: Ticket, messages: Sequence[Message]) -> None:
        """The next ticket."""
        with _room_is_needed():
            row = cells(ticket, now=self._as_of)
            self._tickets.add(self._fitting(row, COLUMNS, ticket, None))
            if self._messages is not None:
                for message in messages:
                    row = message_cells(ticket, message)
                    self._messages.add(self._fitting(row, MESSAGE_COLUMNS, ticket, message))

    def finish(self) -> Iterator[bytes]:
        """Pack it, then read it."""
        with _room_is_needed():
            for pages in (self._tickets, self._messages, self._long_texts):
                if pages is not None:
                    pages.finish()
            self._book.close()
            with self._path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk

    def release(self) -> None:
        """Close what is open, finished or not. That what is left cannot be written any more is known by then."""
        for sheet in self._book.worksheets():
            if isinstance(sheet, PlainSheet):
                with suppress(OSError):
                    sheet.release()

    def _pages(self, name: str, columns: Sequence[str]) -> Pages:
        return Pages(
            self._book, name, columns, widths=_WIDTHS, header=self._header, rows_of_a_sheet=self._rows_of_a_sheet
        )

    def _fitting(
        self, row: Sequence[Cell], columns: Sequence[str], ticket: Ticket, message: Message | None
    ) -> Sequence[Cell]:
        """The row, with texts that Excel would not take cut, and kept whole in a sheet of their own."""
        if not any(isinstance(value, str) and is_too_long(value) for value in row):
            return row
        return [
            self._cut(value, name, ticket, message) if isinstance(value, str) and is_too_long(value) else value
            for name, value in zip(columns, row, strict=True)
        ]

    def _cut(self, text: str, column: str, ticket: Ticket, message: Message | None) -> str:
        if self._long_texts is None:
            self._long_texts = self._pages(LONG_TEXTS, LONG_TEXT_COLUMNS)
        seq = None if message is None else message.seq
        whole = restored(text)
        for part, start in enumerate(range(0, len(whole), _PART), start=1):
            self._long_texts.add((neutralised(ticket.id), seq, column, part, neutralised(whole[start : start + _PART])))
        return text[:_PART] + CONTINUED


def is_too_long(text: str) -> bool:
    """Whether a cell of Excel cannot hold it."""
    return len(text) > LONGEST_CELL // 2 and len(text.encode("utf-16-le")) // 2 > LONGEST_CELL


class XlsxWorkbooks:
    """Workbooks that are put together below one directory (None: the system's for temporary files)."""

    def __init__(self, directory: Path | None, *, rows_of_a_sheet: int = ROWS_OF_A_SHEET) -> None:
        self._directory = directory
        self._rows_of_a_sheet = rows_of_a_sheet

    @contextmanager
    def begin(self, *, as_of: datetime, include_messages: bool) -> Iterator[WorkbookFile]:
        """A workbook with the clocks of ``as_of``."""
        with ExitStack() as stack:
            with _room_is_needed():
                directory = stack.enter_context(scratch_directory(self._directory))
                book = WorkbookFile(
                    directory, as_of=as_of, include_messages=include_messages, rows_of_a_sheet=self._rows_of_a_sheet
                )
            stack.callback(book.release)
            yield book


@contextmanager
def _room_is_needed() -> Iterator[None]:
    """A disk that is full or away is a reason to try again later."""
    try:
        yield
    except (OSError, FileCreateError) as error:
        raise Unavailable(
            "The workbook could not be put together. Try again.", context={"cause": repr(error)}
        ) from error
