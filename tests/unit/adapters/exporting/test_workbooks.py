"""Workbooks, read back by another library than the one that writes them."""

import io
import resource
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from openpyxl.workbook import Workbook as ReadBook
from openpyxl.worksheet.worksheet import Worksheet

from server.adapters.exporting.workbooks import (
    CONTINUED,
    LONG_TEXT_COLUMNS,
    LONG_TEXTS,
    LONGEST_CELL,
    ROWS_OF_A_SHEET,
    XlsxWorkbooks,
    is_too_long,
)
from server.domain.errors import Unavailable
from server.domain.export_cells import (
    COLUMNS,
    MESSAGE_COLUMNS,
    Cell,
    cell_text,
    cells,
    message_cells,
    neutralised,
    restored,
)
from server.domain.ids import Seq, TicketId, UserId
from server.domain.roles import Role
from server.domain.tickets import Ticket
from server.domain.timeline import Message
from tests.unit.domain.clocked_tickets import START, after, clocked
from tests.unit.exported_tickets import instants, messages, tickets

Rows = Iterable[tuple[Ticket, Sequence[Message]]]

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SAID = Message("m1", TicketId("TKT-1001"), Seq(2), UserId("agent-1"), Role.OPS_AGENT, "=1+1", (), True, after(1))


def _made(
    rows: Rows, directory: Path, *, as_of: datetime = START, include_messages: bool = False, most: int = ROWS_OF_A_SHEET
) -> bytes:
    workbooks = XlsxWorkbooks(directory, rows_of_a_sheet=most)
    with workbooks.begin(as_of=as_of, include_messages=include_messages) as book:
        for ticket, said in rows:
            book.add(ticket, said)
        return b"".join(book.finish())


@contextmanager
def _read(file: bytes) -> Iterator[ReadBook]:
    book = openpyxl.load_workbook(io.BytesIO(file))
    try:
        yield book
    finally:
        book.close()


def _sheet(book: ReadBook, name: str) -> Worksheet:
    sheet = book[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def _table(book: ReadBook, name: str) -> list[list[Cell]]:
    """All rows of a sheet, header and all, texts as Excel reads them."""
    return [[_value(cell) for cell in row] for row in _sheet(book, name).iter_rows(values_only=True)]


def _value(cell: object) -> Cell:
    if isinstance(cell, str):
        return unescape(cell)
    assert cell is None or isinstance(cell, int)
    return cell


def _texts(row: Iterable[Cell]) -> list[str]:
    return [cell_text(value) for value in row]


@settings(max_examples=max(100, settings().max_examples), deadline=None)
@given(st.lists(st.tuples(tickets(), st.lists(messages(), max_size=2)), max_size=3), instants)
@example(
    [(clocked(title="<r><t>_x0041_ & \x01\x0b\r\n</t></r>", description="<r>&</r>", linked_id="\ufffe "), [])], START
)
@example([(clocked(title="http://a.b", description="007", created_by_id=UserId("mailto:a@b.c")), [_SAID])], START)
def test_what_is_read_back_are_the_cells(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Ticket, list[Message]]], now: datetime
) -> None:
    file = _made(rows, tmp_path_factory.getbasetemp(), as_of=now, include_messages=True)
    with _read(file) as book:
        assert book.sheetnames == ["Tickets", "Messages"]
        header, *read = _table(book, "Tickets")
        assert header == list(COLUMNS)
        assert [_texts(row) for row in read] == [_texts(cells(ticket, now=now)) for ticket, _ in rows]
        header, *read = _table(book, "Messages")
        assert header == list(MESSAGE_COLUMNS)
        assert [_texts(row) for row in read] == [
            _texts(message_cells(ticket, said)) for ticket, chat in rows for said in chat
        ]


@pytest.mark.parametrize(
    "text",
    ["_x0041_", "_x0041_x0042_", "_x0041\x01", "\x01x0041_", "__x0041__", "_x005F_x0041_", "a\r\nb\t", "\ufffe\uffff"],
)
def test_what_xml_does_not_take_or_excel_would_decode_comes_back(tmp_path: Path, text: str) -> None:
    with _read(_made([(clocked(title=text), [])], tmp_path)) as book:
        assert _table(book, "Tickets")[1][1] == neutralised(text)


def test_texts_are_neither_formulas_nor_links_nor_numbers(tmp_path: Path) -> None:
    ticket = clocked(title="=SUM(A1)", description="http://example.com", linked_id="12", created_by_id=UserId("{=1}"))
    file = _made([(ticket, [_SAID])], tmp_path, include_messages=True)
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert not any("hyperlink" in parts.read(name).decode() for name in parts.namelist())
        for name in parts.namelist():
            if name.startswith("xl/worksheets/sheet"):
                sheet = ET.fromstring(parts.read(name))
                assert sheet.find(f".//{_SHEET}f") is None
    with _read(file) as book:
        tickets_sheet = _sheet(book, "Tickets")
        types = {title: tickets_sheet.cell(2, column).data_type for column, title in enumerate(COLUMNS, start=1)}
        assert tickets_sheet.cell(2, 2).value == "'=SUM(A1)"
        assert (types["title"], types["description"], types["linked_id"], types["created_by_id"]) == ("s",) * 4
        assert (types["sla_escalation_level"], types["sla_breached"]) == ("n", "b")


def test_a_header_that_stays_in_view_and_filters(tmp_path: Path) -> None:
    with _read(_made([(clocked(), [])] * 3, tmp_path)) as book:
        tickets_sheet = _sheet(book, "Tickets")
        assert tickets_sheet.freeze_panes == "B2"
        assert tickets_sheet.auto_filter.ref == "A1:AC4"
        assert all(cell.font.b for cell in tickets_sheet[1])
        assert not any(cell.font.b for cell in tickets_sheet[2])


def test_rows_past_the_limit_go_on_in_further_sheets(tmp_path: Path) -> None:
    rows = [(clocked(id=TicketId(f"TKT-{number}")), [_SAID]) for number in range(1, 26)]
    with _read(_made(rows, tmp_path, include_messages=True, most=10)) as book:
        names = ["Tickets", "Tickets 2", "Tickets 3"]
        assert sorted(book.sheetnames) == sorted([*names, "Messages", "Messages 2", "Messages 3"])
        tables = [_table(book, name) for name in names]
        assert [len(table) for table in tables] == [11, 11, 6]
        assert [table[0] for table in tables] == [list(COLUMNS)] * 3
        assert [row[0] for table in tables for row in table[1:]] == [ticket.id for ticket, _ in rows]
        assert [_sheet(book, name).auto_filter.ref for name in names] == ["A1:AC11", "A1:AC11", "A1:AC6"]


def test_a_full_sheet_is_not_followed_by_an_empty_one(tmp_path: Path) -> None:
    with _read(_made([(clocked(), [])] * 10, tmp_path, most=10)) as book:
        assert book.sheetnames == ["Tickets"]


def test_texts_that_excel_does_not_take_are_kept_whole_in_a_sheet_of_their_own(tmp_path: Path) -> None:
    trucks, sums = "=" + "🚚" * 20_000, "x" * 15_999 + "+" + "y" * 40_000
    said = replace(_SAID, message=sums)
    file = _made([(clocked(), []), (clocked(description=trucks), [said])], tmp_path, include_messages=True)
    with _read(file) as book:
        header, *parts = _table(book, LONG_TEXTS)
        assert header == list(LONG_TEXT_COLUMNS)
        keys = [(row[1], row[2], row[3]) for row in parts]
        assert keys == [(None, "description", 1), (None, "description", 2)] + [(2, "message", n) for n in (1, 2, 3, 4)]
        whole = [restored(cell_text(row[4])) for row in parts]
        assert "".join(whole[:2]) == trucks
        assert "".join(whole[2:]) == sums
        assert not any(is_too_long(text) for text in whole)
        cut = [_table(book, "Tickets")[2][2], _table(book, "Messages")[1][6]]
        assert cut == ["'=" + "🚚" * 15_998 + CONTINUED, sums[:16_000] + CONTINUED]
        assert cell_text(parts[3][4]).startswith("y")


def test_the_longest_text_that_excel_takes_is_not_cut(tmp_path: Path) -> None:
    for text in ("z" * LONGEST_CELL, "🚚" * (LONGEST_CELL // 2)):
        assert not is_too_long(text)
        assert is_too_long(text + "zz")
        with _read(_made([(clocked(description=text), [])], tmp_path)) as book:
            assert book.sheetnames == ["Tickets"]
            assert _table(book, "Tickets")[1][2] == text


def test_a_sensitive_ticket_keeps_its_texts(tmp_path: Path) -> None:
    secret = clocked(is_sensitive=True, description="PAN ABCDE1234F " * 3000, metadata={"pan": "ABCDE1234F"})
    file = _made([(secret, [replace(_SAID, message="ABCDE1234F " * 10_000)])], tmp_path, include_messages=True)
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert not any(b"ABCDE1234F" in parts.read(name) for name in parts.namelist())


def test_the_same_input_makes_the_same_bytes(tmp_path: Path) -> None:
    rows = [(clocked(), [_SAID])] * 5
    first = _made(rows, tmp_path, include_messages=True)
    assert _made(rows, tmp_path, include_messages=True) == first
    with _read(first) as book:
        assert book.properties.created == START.replace(tzinfo=None)


def test_no_tickets_are_a_workbook_with_a_header(tmp_path: Path) -> None:
    with _read(_made([], tmp_path)) as book:
        assert _table(book, "Tickets") == [list(COLUMNS)]


class CancelledError(Exception):
    pass


def _begin_and_leave(directory: Path, *, finished: bool) -> None:
    with XlsxWorkbooks(directory).begin(as_of=START, include_messages=True) as book:
        book.add(clocked(), [_SAID])
        if finished:
            next(book.finish())
        assert any(directory.iterdir())
        raise CancelledError


@pytest.mark.parametrize("finished", [False, True])
def test_whatever_it_took_is_removed(tmp_path: Path, finished: bool) -> None:
    with pytest.raises(CancelledError):
        _begin_and_leave(tmp_path, finished=finished)
    assert not any(tmp_path.iterdir())


def test_a_directory_that_cannot_be_had_is_a_reason_to_try_later(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    workbooks = XlsxWorkbooks(tmp_path / "file")
    with pytest.raises(Unavailable) as raised, workbooks.begin(as_of=START, include_messages=False):
        pass
    assert str(tmp_path) not in str(raised.value)


def test_a_disk_that_fills_up_is_a_reason_to_try_again_and_nothing_is_left(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ticket = clocked()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(Unavailable) as raised:
            _made([(ticket, ())] * 5_000, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in str(raised.value.context["cause"])
    assert list(tmp_path.iterdir()) == []
