"""An export as JSON Lines: one ticket a line."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from server.application.exports.ticket_json import message_json, ticket_json
from server.domain.tickets import Ticket
from server.domain.timeline import Message

# What has been read from a database holds no cycles, and no numbers that JSON lacks.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")).encode


def json_lines(
    batches: Iterable[Sequence[tuple[Ticket, Sequence[Message]]]], *, now: datetime, include_messages: bool
) -> Iterator[bytes]:
    """One line a chunk, UTF-8 with its line feed, in the order given; the state of clocks is that of ``now``.

    With messages each line has a field ``messages``, empty for a ticket without any.
    """
    for batch in batches:
        for ticket, messages in batch:
            line = _encode(ticket_json(ticket, now=now)).encode()
            if not include_messages:
                yield line + b"\n"
                continue
            # One by one: together they may be long, and would be there once as objects, in parts, as text and as bytes.
            its = [_encode(message_json(ticket, message)).encode() for message in messages]
            yield b"".join((line[:-1], b',"messages":[', b",".join(its), b"]}\n"))
