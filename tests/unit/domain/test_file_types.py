"""Whether content is of the type that it is said to be: beginnings of files of every kind, under every name."""

import io
import zipfile

import pytest

from server.domain.file_types import SNIFFED_BYTES, is_plausible
from server.settings import Settings

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def zipped(*names: str, stored: bytes = b"<x/>") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, stored)
    return written.getvalue()[:SNIFFED_BYTES]


def box(*brands: bytes) -> bytes:
    content = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return (len(content) + 4).to_bytes(4, "big") + content + b"\0\0\0\x08meta"


FILES = {
    "application/pdf": [b"%PDF-1.7\n", b"\xef\xbb\xbf%PDF-1.4", b"\r\n%PDF-1.4"],
    "image/jpeg": [b"\xff\xd8\xff\xe0\x00\x10JFIF\0", b"\xff\xd8\xff\xe1\x00\x10Exif\0"],
    "image/png": [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    "image/webp": [b"RIFF\x24\0\0\0WEBPVP8 "],
    "image/heic": [box(b"heic", b"mif1"), box(b"mif1", b"heic")],
    "text/plain": [b"Delivered.", "भुगतान नहीं मिला".encode(), b"caf\xe9", b"<3 and < 5", b" "],
    "text/csv": [b"id,amount\n1,2\n", b"\xef\xbb\xbfid;amount\r\n"],
    "application/msword": [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20)],
    DOCUMENT: [
        zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
        zipped("word/document.xml", "[Content_Types].xml"),
    ],
    SHEET: [
        zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
        zipped("docProps/app.xml", "docProps/core.xml", "xl/theme/theme1.xml", "[Content_Types].xml"),
    ],
}
OTHERS = {
    "html": b"<!DOCTYPE html><html>",
    "html in a comment": b"<!-- --><p>",
    "html after blanks": b" \n\t<ScRiPt src=x>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'>",
    "xml": b"<?xml version='1.0'?>",
    "php": b"<?php system('x');",
    "shell": b"#!/bin/sh\nrm -rf /",
    "shell behind a mark": b"\xef\xbb\xbf#!/bin/sh\n",
    "windows": b"MZ\x90\0\x03",
    "linux": b"\x7fELF\x02\x01\x01",
    "mac": b"\xcf\xfa\xed\xfe\x07",
    "java": b"\xca\xfe\xba\xbe\0\0",
    "zip": zipped("evil.exe"),
    "zip with a folder of that name": zipped("evil.exe", "word/document.xml", "xl/workbook.xml"),
    "empty zip": b"PK\x05\x06" + bytes(18),
    "gzip": b"\x1f\x8b\x08\0",
    "7z": b"7z\xbc\xaf\x27\x1c",
    "gif": b"GIF89a",
    "avif": box(b"avif", b"mif1"),
    "film": box(b"isom", b"mp42"),
    "sound": b"RIFF\x24\0\0\0WAVEfmt ",
    "nul": b"a\0b",
    "utf-16": "id,amount".encode("utf-16"),
}
NO_SIGNATURE_OF_ITS_OWN = {"text/plain", "text/csv"}
CASES = [(kind, content) for kind, contents in FILES.items() for content in contents]


@pytest.mark.parametrize(("kind", "content"), CASES)
def test_content_is_accepted_under_its_own_type_and_no_other(kind: str, content: bytes) -> None:
    same = {"application/msword": {"application/msword", "application/vnd.ms-excel"}}
    texts = dict.fromkeys(NO_SIGNATURE_OF_ITS_OWN, NO_SIGNATURE_OF_ITS_OWN)
    accepted = {declared for declared in [*FILES, "application/vnd.ms-excel"] if is_plausible(declared, content)}
    assert accepted == (same | texts).get(kind, {kind})


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_what_is_none_of_them_is_refused_under_every_name(content: bytes) -> None:
    assert not [declared for declared in FILES if is_plausible(declared, content)]


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind not in NO_SIGNATURE_OF_ITS_OWN])
def test_nothing_at_all_shows_no_signature(kind: str) -> None:
    for content in (b"", b"P", b"PK\x03\x04", b"PK\x03\x04" + b"\xff" * 40, b"RIFF", bytes(4) + b"ftyp", b"\xff\xd8"):
        assert not is_plausible(kind, content)


def test_an_unknown_type_is_believed_unless_it_is_plainly_something_else() -> None:
    odt = "application/vnd.oasis.opendocument.text"
    for content in (zipped("mimetype"), b"anything", b"a\0b", FILES["application/msword"][0], FILES[SHEET][0]):
        assert is_plausible(odt, content)
    for name in ("html", "shell", "windows", "linux", "gif"):
        assert not is_plausible(odt, OTHERS[name])
    assert not is_plausible(odt, FILES["application/pdf"][0])
    assert is_plausible("image/svg+xml", OTHERS["svg"])
    assert is_plausible("text/html", OTHERS["html"])


def test_every_type_that_is_accepted_by_default_is_known() -> None:
    default = Settings.model_fields["attachment_types"].default
    assert {kind for kind in default if is_plausible(kind, OTHERS["avif"])} == set()
