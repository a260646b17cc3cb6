"""What of uploads is decided before anything is sent. The rest is tried against the real server, in tests/e2e."""

import io
import os
from pathlib import Path

import pytest

from rodistaa.tickets.client import TicketsClient, files, upload_attachment
from tests.unit.client.conftest import ScriptedTickets


@pytest.mark.parametrize(
    ("name", "file_type"),
    [
        ("POD.PDF", "application/pdf"),
        ("a.b.jpeg", "image/jpeg"),
        ("truck.heic", "image/heic"),
        ("rates.csv", "text/csv"),
        ("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("call.mp3", "audio/mpeg"),
    ],
)
def test_the_type_follows_from_the_name(name: str, file_type: str) -> None:
    assert files._type_of(name) == file_type


@pytest.mark.parametrize("name", ["scan", "scan.unheard-of", "rates.csv.gz", ".pdf", ""])
def test_a_type_that_the_name_does_not_tell_has_to_be_given(
    client: TicketsClient, service: ScriptedTickets, name: str
) -> None:
    with pytest.raises(ValueError, match="give file_type"):
        upload_attachment(client, "TKT-1", b"bytes", file_name=name)
    assert service.requests == []


def test_bytes_have_no_name(client: TicketsClient) -> None:
    for nameless in (b"bytes", io.BytesIO(b"bytes")):
        with pytest.raises(ValueError, match="give file_name"):
            upload_attachment(client, "TKT-1", nameless, file_type="text/plain")


def test_a_file_that_cannot_seek_is_refused(client: TicketsClient) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe, pytest.raises(ValueError, match="cannot seek"):
        upload_attachment(client, "TKT-1", pipe, file_name="scan.pdf")


def test_a_file_that_is_not_there_is_the_system_s_error(client: TicketsClient, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        upload_attachment(client, "TKT-1", tmp_path / "missing.pdf")


def test_names_that_are_not_text_become_text(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.pdf")
    assert files._name_of(f"{tmp_path}/{odd}", io.BytesIO()) == "caf\N{REPLACEMENT CHARACTER}.pdf"


def test_a_file_that_shrinks_while_it_is_sent_ends_the_upload() -> None:
    pieces = files._pieces(io.BytesIO(b"four"), 0, 5)
    assert next(pieces) == b"four"
    with pytest.raises(ValueError, match="became shorter"):
        next(pieces)


def test_a_file_that_grows_while_it_is_sent_is_sent_as_it_was() -> None:
    assert b"".join(files._pieces(io.BytesIO(b"0123456789"), 2, 5)) == b"23456"
