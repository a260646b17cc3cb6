"""Which files may be attached, and whether a file's content is of the type that it is said to be.

Content is known by its first bytes alone. Nothing is ever unpacked, so no archive can do harm here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

SNIFFED_BYTES = 8192
"""How much of a file's beginning is looked at."""


@dataclass(frozen=True, slots=True)
class UploadRules:
    """What the server accepts."""

    types: frozenset[str]
    """Media types, lower case, without parameters."""
    max_bytes: int


class _Kind(Enum):
    """What the beginning of a file can show."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    HEIC = "heic"
    OOXML_DOCUMENT = "docx"
    OOXML_SHEET = "xlsx"
    ZIP = "zip"
    OLE2 = "ole2"
    MARKUP = "markup"
    PROGRAM = "program"


_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_KINDS_OF: Mapping[str, _Kind] = {
    "application/pdf": _Kind.PDF,
    "image/jpeg": _Kind.JPEG,
    "image/png": _Kind.PNG,
    "image/webp": _Kind.WEBP,
    "image/gif": _Kind.GIF,
    "image/heic": _Kind.HEIC,
    "image/heif": _Kind.HEIC,
    "application/msword": _Kind.OLE2,
    "application/vnd.ms-excel": _Kind.OLE2,
    _DOCUMENT: _Kind.OOXML_DOCUMENT,
    _SHEET: _Kind.OOXML_SHEET,
}
_CONTAINERS = frozenset({_Kind.ZIP, _Kind.OOXML_DOCUMENT, _Kind.OOXML_SHEET, _Kind.OLE2, _Kind.HEIC})
"""Many formats are built on these: a type that is not known here may be one of them."""


def is_plausible(declared: str, head: bytes) -> bool:
    """Whether a file that begins so can be of the type; ``head`` is the first SNIFFED_BYTES, or the whole file.

    A type with a known signature has to show it. Text has no NUL and is nothing else that is known. A type that is not
    known here is believed, unless the content is recognisably something else.
    """
    wanted, found = _KINDS_OF.get(declared), _kind_of(head)
    if wanted is not None:
        return found is wanted
    if declared in ("text/plain", "text/csv"):
        return found is None and b"\0" not in head
    if found is _Kind.MARKUP:
        return declared.endswith(("html", "xml"))
    return found is None or found in _CONTAINERS


def _kind_of(head: bytes) -> _Kind | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _Kind.WEBP
    if head[4:8] == b"ftyp":
        return _Kind.HEIC if _HEIC_BRANDS & set(_brands(head)) else None
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(head)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\t\n\f\r ")
    if start.startswith(b"%PDF-"):
        return _Kind.PDF
    return _Kind.MARKUP if _MARKUP.match(start) else None


_SIGNATURES = (
    (b"\xff\xd8\xff", _Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", _Kind.PNG),
    (b"GIF87a", _Kind.GIF),
    (b"GIF89a", _Kind.GIF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _Kind.OLE2),
    (b"PK\x05\x06", _Kind.ZIP),
    (b"\x1f\x8b\x08", _Kind.ZIP),
    (b"7z\xbc\xaf\x27\x1c", _Kind.ZIP),
    (b"Rar!\x1a\x07", _Kind.ZIP),
    (b"MZ", _Kind.PROGRAM),
    (b"\x7fELF", _Kind.PROGRAM),
    (b"\xca\xfe\xba\xbe", _Kind.PROGRAM),
    (b"\xfe\xed\xfa\xce", _Kind.PROGRAM),
    (b"\xfe\xed\xfa\xcf", _Kind.PROGRAM),
    (b"\xce\xfa\xed\xfe", _Kind.PROGRAM),
    (b"\xcf\xfa\xed\xfe", _Kind.PROGRAM),
    (b"#!", _Kind.PROGRAM),
    (b"\xef\xbb\xbf#!", _Kind.PROGRAM),
)
"""Executables, scripts and packed files among them, which no accepted type is. "MZ" is also how a text may begin: it is
refused for that, as some system would run it."""
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})
_MARKUP = re.compile(
    rb"<(?:!doctype|\?xml|\?php|!--|(?:html|head|body|script|svg|iframe|style|title|table|div|font|h1|img|object|embed"
    rb"|link|meta|form|br|p|a|b)(?=[\s>/]))",
    re.IGNORECASE,
)


def _brands(head: bytes) -> Iterator[bytes]:
    """Of a file in the ISO base media format: the major one, then those it is compatible with."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    yield head[8:12]
    for start in range(16, size - 3, 4):
        yield head[start : start + 4]


def _zip_kind(head: bytes) -> _Kind:
    """By the names of the first members, as far as their headers are within what was read."""
    names = list(_member_names(head))
    if not names or not names[0].startswith(_FIRST_MEMBERS):
        return _Kind.ZIP
    if any(name.startswith(b"word/") for name in names):
        return _Kind.OOXML_DOCUMENT
    return _Kind.OOXML_SHEET if any(name.startswith(b"xl/") for name in names) else _Kind.ZIP


_FIRST_MEMBERS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"customXml/", b"word/", b"xl/")


def _member_names(head: bytes) -> Iterator[bytes]:
    start = 0
    while (start := head.find(b"PK\x03\x04", start)) >= 0:
        length = int.from_bytes(head[start + 26 : start + 28], "little")
        yield head[start + 30 : start + 30 + length]
        start += 4
