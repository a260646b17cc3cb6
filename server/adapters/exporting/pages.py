"""Tables of a workbook that go on in a further sheet when one is full."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from server.domain.export_cells import Cell

_WIDTH = 16

_column = cache(xl_col_to_name)

_NOT_XML = "\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff"
_ESCAPED = re.compile(f"[&<>{_NOT_XML}]|_(?=x[0-9a-fA-F]{{4}}[_{_NOT_XML}])")
"""Mark-up; what XML cannot hold or, as CR, does not keep; and an underscore that would be read as the beginning of an
escape: of ``_x0041_``, or of ``_x0041`` before a character that is escaped itself."""
_MARK_UP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _MARK_UP.get(character) or f"_x{ord(character):04X}_"


class PlainSheet(Worksheet):
    """A sheet that writes texts itself, so that each is read back as it was.

    In constant memory the library takes a text that looks like its own rich text for it: a ticket called ``<r>&</r>``
    would break the file, and a longer one put anything into it. And its escapes run into one another.
    """

    def _write_cell(self, row: int, col: int, cell: Any) -> None:  # noqa: ANN401 - the library has no common type
        if cell.__class__.__name__ != "String":
            super()._write_cell(row, col, cell)
            return
        text: str = cell.string
        style = f' s="{cell.format._get_xf_index()}"' if cell.format else ""  # noqa: SLF001 - as the library does it
        space = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
        self.fh.write(  # type: ignore[attr-defined] # the library annotates nothing but its None
            f'<c r="{_column(col)}{row + 1}"{style} t="inlineStr">'
            f"<is><t{space}>{_ESCAPED.sub(_escape, text)}</t></is></c>"
        )

    def release(self) -> None:
        """Give back the open file of a sheet that will not be finished."""
        self._opt_close()


class Pages:
    """Sheets "Name", "Name 2", … with the same header, bold, fixed and with filters."""

    def __init__(
        self,
        book: Workbook,
        name: str,
        columns: Sequence[str],
        *,
        widths: Mapping[str, float],
        header: Format,
        rows_of_a_sheet: int,
    ) -> None:
        self._book = book
        self._name = name
        self._columns = columns
        self._widths = widths
        self._header = header
        self._rows_of_a_sheet = rows_of_a_sheet
        self._number = 0
        self._filled = 0
        self._sheet = self._next_sheet()

    def add(self, row: Sequence[Cell]) -> None:
        """The next row. Texts stay texts, whatever they look like; None and the empty text leave their cell empty."""
        if self._filled == self._rows_of_a_sheet:
            self.finish()
            self._sheet = self._next_sheet()
        self._filled += 1
        for column, value in enumerate(row):
            if not _write(self._sheet, self._filled, column, value):
                raise ValueError(f"row {self._filled}, column {column} of {self._name} does not fit into a sheet")

    def finish(self) -> None:
        """No rows follow in this sheet: now its filters know how far they reach."""
        self._sheet.autofilter(0, 0, self._filled, len(self._columns) - 1)

    def _next_sheet(self) -> Worksheet:
        self._number += 1
        self._filled = 0
        name = self._name if self._number == 1 else f"{self._name} {self._number}"
        sheet: Worksheet = self._book.add_worksheet(name, worksheet_class=PlainSheet)
        sheet.freeze_panes(1, 1)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # ids of digits are no mistake
        for column, title in enumerate(self._columns):
            sheet.set_column(column, column, self._widths.get(title, _WIDTH))
            sheet.write_string(0, column, title, self._header)
        return sheet


def _write(sheet: Worksheet, row: int, column: int, value: Cell) -> bool:
    """Whether the sheet has taken it."""
    if value is None or value == "":
        return True
    if isinstance(value, bool):
        return bool(sheet.write_boolean(row, column, value) == 0)
    if isinstance(value, int):
        return sheet.write_number(row, column, value) == 0
    return sheet.write_string(row, column, value) == 0
