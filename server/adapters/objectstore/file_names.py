"""Names of files as people write them, made fit for a header and for any file system."""

import re
import unicodedata
from urllib.parse import quote

_MAX_BYTES = 200
"""Of a name in UTF-8: file systems take 255, and browsers add a number to a name that is taken."""
_MAX_EXTENSION = 20
_LOST_AT_THE_END = re.compile(r"[\s.]+\Z")
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
_JOINERS = frozenset("\u200c\u200d")
"""Format characters that Indic scripts and emoji are written with."""
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, what turns the direction of text, halves of characters, line ends."""
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)
"""What Windows takes for a device, whatever the extension."""


def safe_name(name: str) -> str:
    """The nearest name that every file system takes as that of one plain file; never empty."""
    kept = "".join(char if _fits(char) else "_" for char in name).strip()
    kept = _LOST_AT_THE_END.sub("", kept)
    if kept.startswith("."):
        kept = "_" + kept[1:]
    if kept.partition(".")[0].strip().upper() in _DEVICES:
        kept = "_" + kept
    return _shortened(kept) or "file"


def attachment_disposition(name: str) -> str:
    """Content-Disposition that saves under the name: in ASCII for old clients, and as it is by RFC 6266."""
    name = safe_name(name)
    # Some browsers decode a percent sign in the old form.
    plain = "".join(char if " " <= char <= "~" and char != "%" else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _fits(char: str) -> bool:
    return char not in _NOT_IN_NAMES and (char in _JOINERS or unicodedata.category(char) not in _UNFIT)


def _shortened(name: str) -> str:
    """At most so many bytes, the extension kept."""
    if len(name.encode()) <= _MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension.encode()) > _MAX_EXTENSION:
        stem, dot, extension = name, "", ""
    room = _MAX_BYTES - len((dot + extension).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return _LOST_AT_THE_END.sub("", stem) + dot + extension
