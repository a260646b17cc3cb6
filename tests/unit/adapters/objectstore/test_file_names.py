"""File names: whatever people write, what is left is one plain file's name."""

import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.adapters.objectstore.file_names import attachment_disposition, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.csv", "report.csv"),
        ("Proof of delivery (2).pdf", "Proof of delivery (2).pdf"),
        ("घोषणा पत्र.pdf", "घोषणा पत्र.pdf"),
        ("क्‍ष.txt", "क्‍ष.txt"),
        ("👨‍👩‍👧.png", "👨‍👩‍👧.png"),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("C:\\temp\\a.txt", "C__temp_a.txt"),
        ("a\r\nSet-Cookie: b", "a__Set-Cookie_ b"),
        ("a\0b", "a_b"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("\u2028\u2029\ufeff\u200b.txt", "____.txt"),
        ('a"b.txt', "a_b.txt"),
        ("CON", "_CON"),
        ("con.tar.gz", "_con.tar.gz"),
        ("aux .txt", "_aux .txt"),
        ("COM1.log", "_COM1.log"),
        ("lpt².txt", "_lpt².txt"),
        ("console.txt", "console.txt"),
        (".htaccess", "_htaccess"),
        ("name.", "name"),
        ("name. . .", "name"),
        ("name\u00a0. .\u3000", "name"),
        ("  name.txt  ", "name.txt"),
        ("", "file"),
        ("...", "file"),
        (" \t ", "_"),
        ("\ud800.txt", "_.txt"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ("😀" * 255, "😀" * 50),
        ("b" * 150 + "." + "c" * 150, "b" * 150 + "." + "c" * 49),
    ],
)
def test_the_nearest_name_that_fits(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(st.characters(codec=None), max_size=300))
def test_every_name_becomes_one_that_fits(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= 200
    assert not set(safe) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in safe)
    assert safe == safe.strip()
    assert not safe.startswith(".")
    assert not safe.endswith(".")
    assert safe_name(safe) == safe
    header = attachment_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert unquote(header.partition("filename*=UTF-8''")[2]) == safe
    assert header.count('"') == 2
