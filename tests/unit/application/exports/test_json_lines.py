"""An export as JSON Lines."""

import json

from server.application.exports.json_lines import json_lines
from server.application.exports.ticket_json import message_json, ticket_json
from server.domain.ids import Seq, TicketId, UserId
from server.domain.roles import Role
from server.domain.timeline import Message
from tests.unit.domain.clocked_tickets import START, clocked

_PLAIN = clocked(title="Zahlung fehlt: ₹ 5\u2028000\nnoch immer")
_OTHER = clocked(id=TicketId("TKT-1002"), is_sensitive=True)
_SAID = Message("m1", TicketId("TKT-1001"), Seq(2), UserId("a"), Role.OPS_AGENT, "Wir prüfen.", (), False, START)


def test_one_line_a_ticket_in_the_order_given() -> None:
    lines = list(json_lines([[(_PLAIN, [_SAID])], [], [(_OTHER, [])]], now=START, include_messages=False))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert [json.loads(line) for line in lines] == [ticket_json(_PLAIN, now=START), ticket_json(_OTHER, now=START)]
    assert "₹".encode() in lines[0]
    assert b'": ' not in lines[0]


def test_messages_are_a_field_of_their_ticket() -> None:
    lines = json_lines([[(_PLAIN, [_SAID]), (_OTHER, [])]], now=START, include_messages=True)
    assert [json.loads(line)["messages"] for line in lines] == [[message_json(_PLAIN, _SAID)], []]


def test_texts_of_a_sensitive_ticket_stay_out() -> None:
    (line,) = json_lines([[(_OTHER, [_SAID])]], now=START, include_messages=True)
    (message,) = json.loads(line)["messages"]
    assert message["redacted"] is True
    assert "message" not in message


def test_nothing_to_export_is_an_empty_file() -> None:
    assert list(json_lines([], now=START, include_messages=True)) == []
