"""Answers in gzip, for those who take it."""

import zlib

from anyio.to_thread import run_sync

LEAST_BYTES = 1024
"""What is smaller travels in one packet anyway."""
_LEVEL = 1
"""JSON gets five times smaller at the first level, and little more at those that cost several times as much."""
_GZIP = 31
_LONG_BYTES = 256 * 1024
"""From here on it is the work of another thread: all other callers would wait for milliseconds."""


def takes_gzip(accept_encoding: str) -> bool:
    """By the header Accept-Encoding, empty where there is none."""
    for coding in accept_encoding.split(","):
        name, _, parameter = coding.partition(";")
        if name.strip().lower() in {"gzip", "x-gzip", "*"}:
            weight = parameter.strip().lower().removeprefix("q=").strip()
            return weight.strip("0.") != "" if weight else True
    return False


async def gzipped(body: bytes) -> bytes:
    """The body, smaller."""
    return await run_sync(_compress, body) if len(body) > _LONG_BYTES else _compress(body)


def _compress(body: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return compressor.compress(body) + compressor.flush()
