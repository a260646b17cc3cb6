"""What a key may look like. Everything that touches a store or a signature asks here first."""

import re

_PART = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9\-_.]+"
_KEY = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)
MAX_KEY = 200
"""Characters. A key, with what marks a draft, must fit into one file name."""


def is_key(text: str) -> bool:
    """ASCII letters, digits and ``-_./``, without empty, ``.`` or ``..`` parts."""
    return len(text) <= MAX_KEY and _KEY.fullmatch(text) is not None


def checked(key: str) -> str:
    """The key. Raises ValueError: keys are made by this service of ids alone, so another one is a mistake in it."""
    if not is_key(key):
        raise ValueError("not a key of an object")
    return key
