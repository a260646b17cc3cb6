"""`tickets watch`, as a person runs it: against a server that does as each test says, and against the real one."""

import functools
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import google.rpc.error_details_pb2 as error_details
import grpc
import pytest

from rodistaa.tickets.client import TicketsClient, connect
from rodistaa.tickets.v1.attachment_pb2 import Attachment
from rodistaa.tickets.v1.ticket_pb2 import (
    ROLE_OPS_AGENT,
    ROLE_SHIPPER,
    ROLE_SYSTEM,
    TICKET_PRIORITY_HIGH,
    TICKET_PRIORITY_LOW,
    TICKET_STATUS_OPEN,
    Ticket,
)
from rodistaa.tickets.v1.ticket_watch_pb2 import (
    TicketChanged,
    TicketLeft,
    TicketProgress,
    TicketSnapshot,
    WatchTicketsRequest,
    WatchTicketsResponse,
)
from rodistaa.tickets.v1.ticket_writes_pb2 import AddMessageRequest, UpdateTicketRequest
from rodistaa.tickets.v1.timeline_pb2 import AuditEntry, Message, TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest, WatchTimelineResponse
from server.embedded.dev_keys import ensure_dev_keys
from tests.running import Running, StartServer, token_for
from tests.ticket_requests import REASON, new_ticket
from tests.unit.client.conftest import ScriptedTickets, abort, service, target
from tests.waiting import eventually

__all__ = ["service", "target"]

WHEN = datetime(2026, 11, 23, 13, 20, 1, tzinfo=UTC)
PATIENCE = 60


class Watching:
    """One run of the command; what it prints is gathered as it comes."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str], stdout: int = subprocess.PIPE) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "watch", *arguments],
            env={**{name: os.environ[name] for name in os.environ if not name.startswith("TICKETS_")}, **environment},
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.complaints: list[str] = []
        self._readers = [
            threading.Thread(target=lambda pipe=pipe, into=into: into.extend(pipe))
            for pipe, into in ((self.process.stdout, self.lines), (self.process.stderr, self.complaints))
            if pipe is not None
        ]
        for reader in self._readers:
            reader.start()

    def ended(self) -> int:
        """Its exit status; all that it printed is here then."""
        status = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return status

    def interrupt(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()


Watch = Callable[..., Watching]


@pytest.fixture
def watch_at() -> Iterator[Watch]:
    """Starts the command against the server at an address; whatever still runs at the end is killed."""
    begun: list[Watching] = []

    def start(target: str, *arguments: str, stdout: int = subprocess.PIPE, **environment: str) -> Watching:
        environment = {"TICKETS_TOKEN": "a-token"} | environment
        begun.append(Watching((*arguments, "--target", target), environment, stdout))
        return begun[-1]

    yield start
    for each in begun:
        if each.process.poll() is None:
            each.process.kill()
            each.ended()


@pytest.fixture
def watch(watch_at: Watch, target: str) -> Watch:
    """The same against the server that does as the test says."""
    return functools.partial(watch_at, target)


def entry(seq: int, **content: Any) -> WatchTimelineResponse:
    made = TimelineEntry(ticket_id="TKT-1", seq=seq, **content)
    made.created_at.FromDatetime(WHEN)
    return WatchTimelineResponse(entry=made)


def audit(**content: Any) -> AuditEntry:
    made = AuditEntry(**{key: value for key, value in content.items() if key not in {"old", "new"}})
    made.old_values.update(content.get("old", {}))
    made.new_values.update(content.get("new", {}))
    return made


def wait(context: grpc.ServicerContext) -> None:
    """Until the watcher goes."""
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait()


TIMELINE = [
    entry(1, message=Message(actor_id="shipper-1", actor_role=ROLE_SHIPPER, message="Where is\nmy truck\x1b[2J?")),
    entry(
        2,
        audit_entry=audit(
            actor_id="SYSTEM",
            actor_role=ROLE_SYSTEM,
            action="AUTO_ESCALATED",
            old={"status": "OPEN", "sla_escalation_level": 0, "owner_id": "agent-7"},
            new={"status": "ESCALATED", "sla_escalation_level": 1, "owner_id": None},
            reason="The deadline has passed",
        ),
    ),
    entry(
        3,
        message=Message(
            actor_id="agent-7",
            actor_role=ROLE_OPS_AGENT,
            message="The driver was called",
            is_internal_note=True,
            attachments=[Attachment(file_name="call.mp3", file_type="audio/mpeg", file_size_bytes=512)],
        ),
    ),
    entry(4, message=Message(actor_id="agent-7", actor_role=ROLE_OPS_AGENT, redacted=True)),
    entry(
        5,
        audit_entry=audit(
            actor_id="agent-7",
            actor_role=ROLE_OPS_AGENT,
            action="TICKET_UPDATED",
            old={"description": None},
            new={"description": None},
            redacted=True,
        ),
    ),
]

PRINTED = """\
#1  2026-11-23 13:20:01Z  shipper-1 (shipper)  message
    Where is
    my truck\N{REPLACEMENT CHARACTER}[2J?
#2  2026-11-23 13:20:01Z  SYSTEM (system)  AUTO_ESCALATED
    owner_id: agent-7 → -
    sla_escalation_level: 0 → 1
    status: OPEN → ESCALATED
    reason: The deadline has passed
#3  2026-11-23 13:20:01Z  agent-7 (ops_agent)  internal note
    The driver was called
    attached: call.mp3 (audio/mpeg, 512 bytes)
#4  2026-11-23 13:20:01Z  agent-7 (ops_agent)  message
    withheld: the ticket is sensitive
#5  2026-11-23 13:20:01Z  agent-7 (ops_agent)  TICKET_UPDATED
    description: withheld: the ticket is sensitive
"""


def timeline(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[WatchTimelineResponse]:
    yield from (each for each in TIMELINE if each.entry.seq > request.after_seq)
    wait(context)


def test_a_timeline_is_printed_as_it_comes_until_ctrl_c(service: ScriptedTickets, watch: Watch) -> None:
    service.answer = timeline
    watching = watch("TKT-1", "--access-reason", "Comparing the two documents")
    eventually(lambda: len(watching.lines) >= PRINTED.count("\n"), within=PATIENCE)
    assert watching.interrupt() == 130
    assert "".join(watching.lines) == PRINTED
    assert watching.complaints == []
    (request,) = service.requests
    assert (request.ticket_id, request.after_seq, request.access_reason) == ("TKT-1", 0, "Comparing the two documents")
    assert service.metadata[0]["authorization"] == "Bearer a-token"


def test_a_terminal_gets_colours_and_lines_of_its_width(service: ScriptedTickets, watch: Watch) -> None:
    words = "carried " * 40

    def long(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[WatchTimelineResponse]:
        yield entry(1, message=Message(actor_id="shipper-1", actor_role=ROLE_SHIPPER, message=words))
        wait(context)

    service.answer = long
    terminal, inside = pty.openpty()
    watching = watch("TKT-1", stdout=inside, COLUMNS="60", TERM="xterm-256color", NO_COLOR="")
    os.close(inside)
    shown = ""

    def read() -> bool:
        nonlocal shown
        shown += os.read(terminal, 65536).decode()
        return shown.count("carried") == 40

    eventually(read, within=PATIENCE)
    assert watching.interrupt() == 130
    os.close(terminal)
    assert "\x1b[" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")
    body = plain.splitlines()[1:]
    assert all(line.startswith("    carried") and len(line.rstrip()) <= 60 for line in body)
    assert len(body) > 1


def test_json_lines_hold_the_whole_entries(service: ScriptedTickets, watch: Watch) -> None:
    service.answer = timeline
    watching = watch("TKT-1", "--after", "3", "--json")
    eventually(lambda: len(watching.lines) >= 2, within=PATIENCE)
    watching.interrupt()
    first, second = map(json.loads, watching.lines)
    assert (first["seq"], first["message"]["redacted"]) == ("4", True)
    assert second["auditEntry"]["newValues"] == {"description": None}


def test_an_interruption_is_told_on_stderr_and_what_follows_is_printed_once(
    service: ScriptedTickets, watch: Watch
) -> None:
    def broken(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[WatchTimelineResponse]:
        if request.after_seq == 5:
            abort(context, grpc.StatusCode.NOT_FOUND, "No such ticket.", reason="TICKET_NOT_FOUND")
        yield TIMELINE[request.after_seq]
        retry_after = timedelta(milliseconds=10)
        abort(context, grpc.StatusCode.UNAVAILABLE, "Bye.", reason="SHUTTING_DOWN", retry_after=retry_after)

    service.answer = broken
    watching = watch("TKT-1")
    assert watching.ended() == 1
    assert "".join(watching.lines) == PRINTED
    *told, end = watching.complaints
    interruptions = told[::2]
    assert len(interruptions) == 5
    assert all(
        re.fullmatch(r"interrupted: Bye\. \(SHUTTING_DOWN\); trying again in \d+\.\d s\n", x) for x in interruptions
    )
    assert told[1::2] == ["connected again\n"] * 4, "the last attempt brought nothing but the end"
    assert end == "Error: No such ticket. (TICKET_NOT_FOUND)\n"


@pytest.mark.parametrize("arguments", [("TKT-1",), ("TKT-1", "--json")])
def test_a_reader_that_goes_away_ends_it_though_nothing_happens(
    service: ScriptedTickets, watch: Watch, arguments: tuple[str, ...]
) -> None:
    service.answer = timeline
    reading, writing = os.pipe()
    watching = watch(*arguments, stdout=writing)
    os.close(writing)
    assert os.read(reading, 1)
    os.close(reading)
    assert watching.ended() == 1
    assert watching.complaints == []


def test_a_wrong_field_is_told_once(service: ScriptedTickets, watch: Watch) -> None:
    told = "is beyond the newest entry, 8"

    def refuse(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[WatchTimelineResponse]:
        violation = error_details.BadRequest.FieldViolation(field="after_seq", description=told)
        details = error_details.BadRequest(field_violations=[violation])
        message = f"after_seq: {told}"
        abort(context, grpc.StatusCode.INVALID_ARGUMENT, message, details, reason="INVALID_REQUEST")
        yield entry(1)

    service.answer = refuse
    watching = watch("TKT-1", "--after", "9999")
    assert watching.ended() == 1
    assert watching.complaints == [f"Error: after_seq: {told} (INVALID_REQUEST)\n"]


def test_without_a_token_it_is_the_demo_user_of_a_role(service: ScriptedTickets, watch: Watch, tmp_path: Path) -> None:
    def refuse(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[WatchTimelineResponse]:
        yield entry(1)
        abort(context, grpc.StatusCode.NOT_FOUND, "No such ticket.", reason="TICKET_NOT_FOUND")

    service.answer = refuse
    ensure_dev_keys(tmp_path)
    watching = watch("TKT-1", "--role", "shipper", TICKETS_DATA_DIR=str(tmp_path))
    assert watching.ended() == 1
    assert service.metadata[0]["authorization"] != "Bearer a-token"
    nobody = watch("TKT-1", "--role", "shipper", TICKETS_DATA_DIR=str(tmp_path / "nothing"))
    assert nobody.ended() == 1
    assert nobody.complaints[0].startswith("Error: there is no signing key at ")


def test_a_list_is_a_line_an_event(service: ScriptedTickets, watch: Watch) -> None:
    ticket = Ticket(
        id="TKT-1001",
        priority=TICKET_PRIORITY_HIGH,
        status=TICKET_STATUS_OPEN,
        owner_role=ROLE_OPS_AGENT,
        title="Truck did not arrive",
        version=2,
    )
    untouched = Ticket()
    untouched.CopyFrom(ticket)
    untouched.version = 1
    events = [
        WatchTicketsResponse(snapshot=TicketSnapshot(tickets=[ticket], complete=True), cursor="c1"),
        WatchTicketsResponse(progress=TicketProgress(), cursor="c2"),
        WatchTicketsResponse(changed=TicketChanged(ticket=ticket, action="TICKET_CREATED"), cursor="c3"),
        WatchTicketsResponse(changed=TicketChanged(ticket=ticket, action="STATUS_CHANGED"), cursor="c4"),
        WatchTicketsResponse(left=TicketLeft(ticket_id="TKT-1001"), cursor="c5"),
        # As outside roles get it.
        WatchTicketsResponse(changed=TicketChanged(ticket=untouched), cursor="c6"),
        WatchTicketsResponse(changed=TicketChanged(ticket=untouched, action="MESSAGE_ADDED"), cursor="c7"),
    ]

    def changes(request: WatchTicketsRequest, context: grpc.ServicerContext) -> Iterator[WatchTicketsResponse]:
        yield from events
        wait(context)

    service.answer = changes
    filters = ("--status", "OPEN", "--status", "NEW", "--priority", "HIGH", "--owner-role", "ops_agent", "--unassigned")
    watching = watch("--list", *filters)
    eventually(lambda: len(watching.lines) >= 6, within=PATIENCE)
    assert watching.interrupt() == 130
    row, title = "TKT-1001     HIGH     OPEN               ops_agent/-", "Truck did not arrive"
    assert [re.sub(r"^\d\d:\d\d:\d\dZ  ", "", line) for line in watching.lines] == [
        f"listed  {row}  {title}\n",
        f"new     {row}  {title}\n",
        f"changed {row}  STATUS_CHANGED  {title}\n",
        "left    TKT-1001\n",
        f"new     {row}  {title}\n",
        f"changed {row}  MESSAGE_ADDED  {title}\n",
    ]
    (request,) = service.requests
    assert (request.snapshot_size, request.cursor, request.filter.unassigned) == (10, "", True)
    assert (len(request.filter.statuses), len(request.filter.priorities), len(request.filter.owner_roles)) == (2, 1, 1)

    machine = watch("--list", "--json", "--cursor", "c1")
    eventually(lambda: len(machine.lines) >= 7, within=PATIENCE)
    machine.interrupt()
    assert [json.loads(line)["cursor"] for line in machine.lines] == ["c1", "c2", "c3", "c4", "c5", "c6", "c7"]
    assert (service.requests[1].snapshot_size, service.requests[1].cursor) == (0, "c1")
    assert not service.requests[1].filter.HasField("unassigned")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "name a ticket, or give --list"),
        (("TKT-1", "--list"), "name a ticket, or give --list"),
        (("TKT-1", "--priority", "HIGH"), "--priority goes with --list"),
        (("--list", "--after", "3"), "--after goes without --list"),
        (("--list", "--cursor", "c", "--first", "3"), "--first goes without --cursor"),
        (("TKT-1", "--token", "t", "--role", "admin"), "give either --token or --role"),
    ],
)
def test_options_that_do_not_go_together_are_refused(watch: Watch, arguments: tuple[str, ...], complaint: str) -> None:
    refused = watch(*arguments)
    assert refused.ended() == 2
    assert refused.complaints[-1] == f"Error: {complaint}\n"


# --- the real server ----------------------------------------------------------------------------------


def create(client: TicketsClient) -> str:
    return client.tickets.CreateTicket(new_ticket()).ticket.id


def say(client: TicketsClient, ticket_id: str, message: str, *, wait_for_ready: bool = False) -> None:
    request = AddMessageRequest(ticket_id=ticket_id, message=message)
    client.tickets.AddMessage(request, timeout=PATIENCE, wait_for_ready=wait_for_ready)


def test_a_timeline_goes_on_over_a_killed_server(server_processes: StartServer, watch_at: Watch) -> None:
    token = token_for("ops_manager")
    server = server_processes()
    server.wait_ready()
    with connect(server.target, token=token, tls=False) as client:
        ticket_id = create(client)
        say(client, ticket_id, "before the watch")
        watching = watch_at(server.target, ticket_id, TICKETS_TOKEN=token)
        eventually(lambda: "    before the watch\n" in watching.lines, within=PATIENCE)
        say(client, ticket_id, "during the watch")
        eventually(lambda: "    during the watch\n" in watching.lines, within=PATIENCE)
        server.kill()
        eventually(lambda: watching.complaints, within=PATIENCE, what="word of the interruption")
        server = server_processes(port=server.port)
        server.wait_ready()
        # Our own connection was refused while nobody listened, and tries again within five seconds.
        say(client, ticket_id, "after the restart", wait_for_ready=True)
        eventually(lambda: "    after the restart\n" in watching.lines, within=PATIENCE)
    assert watching.interrupt() == 130
    numbers = [int(line[1:].split()[0]) for line in watching.lines if line.startswith("#")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 4
    assert watching.complaints[-1] == "connected again\n"
    assert all(line.startswith("interrupted: ") for line in watching.complaints[:-1])


def test_a_list_shows_tickets_then_follows_them(server: Running, watch_at: Watch) -> None:
    client = server.client("ops_manager")
    token = token_for("ops_manager")
    shown = create(client)
    watching = watch_at(server.target, "--list", "--priority", "HIGH", "--first", "200", TICKETS_TOKEN=token)
    eventually(lambda: any(f"listed  {shown} " in line for line in watching.lines), within=PATIENCE)
    new = create(client)
    eventually(lambda: any(f"new     {new} " in line for line in watching.lines), within=PATIENCE)
    other = Ticket(id=new, priority=TICKET_PRIORITY_LOW)
    change = UpdateTicketRequest(ticket=other, reason=REASON)
    change.update_mask.paths.append("priority")
    client.tickets.UpdateTicket(change)
    eventually(lambda: any(line.endswith(f"left    {new}\n") for line in watching.lines), within=PATIENCE)
    assert watching.interrupt() == 130


def test_a_ticket_that_may_not_be_seen_is_one_line(server: Running, watch_at: Watch) -> None:
    ticket_id = create(server.client("ops_manager"))
    for unseen in ("TKT-999999999", ticket_id):
        watching = watch_at(server.target, unseen, TICKETS_TOKEN=token_for("shipper", "a-stranger"))
        assert watching.ended() == 1
        assert (watching.lines, len(watching.complaints)) == ([], 1)
        assert "(TICKET_NOT_FOUND)" in watching.complaints[0]
