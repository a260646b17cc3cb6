"""Sensitive tickets: their protected fields are shown for a reason, to the audit's knowledge, or not at all."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict, MessageToJson
from google.protobuf.message import Message

from rodistaa.tickets.client import TicketsClient, connect
from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.v1 import (
    filter_pb2,
    ticket_pb2,
    ticket_reads_pb2,
    ticket_watch_pb2,
    ticket_writes_pb2,
    timeline_reads_pb2,
)
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from server.domain.roles import Role
from tests.contract.streams import list_of, settle, timeline_of
from tests.database import Database
from tests.running import Running, StartServer, token_for
from tests.ticket_requests import REASON, new_ticket, retitle

WHY = "The driver asks what we hold on record"
PROTECTED = ["description", "metadata", "resolution_summary"]
_numbers = count(1)


class Secret:
    """A sensitive ticket with words that nothing else contains."""

    def __init__(self, server: Running, *, is_sensitive: bool = True) -> None:
        number = next(_numbers)
        self.server = server
        self.title_word = f"titleword{number}q"
        self.word = f"aadhaar{number}q"
        self.creator = server.client(Role.DRIVER, f"sensitive-driver-{number}").tickets
        self.manager = server.client(Role.OPS_MANAGER, "sensitive-manager").tickets
        request = new_ticket(
            title=f"KYC of a driver {self.title_word}",
            description=f"The number on the card is {self.word}, and it has expired.",
            is_sensitive=is_sensitive,
            tags=[self.title_word],
        )
        request.ticket.metadata.update({"card": f"meta-{self.word}"})
        self.request = request
        self.created = self.creator.CreateTicket(request)
        self.id = self.created.ticket.id

    def assert_hidden(self, answer: Message) -> None:
        assert self.word not in MessageToJson(answer)

    def resolve(self) -> ticket_writes_pb2.TransitionTicketResponse:
        self.manager.AssignTicket(
            ticket_writes_pb2.AssignTicketRequest(id=self.id, owner_role=ticket_pb2.ROLE_OPS_AGENT, reason=REASON)
        )
        return self.manager.TransitionTicket(
            ticket_writes_pb2.TransitionTicketRequest(
                id=self.id,
                status=ticket_pb2.TICKET_STATUS_RESOLVED,
                resolution_summary=f"New card, the old one was {self.word}.",
            )
        )

    def say(self, *, internal: bool = False) -> ticket_writes_pb2.AddMessageResponse:
        return self.manager.AddMessage(
            ticket_writes_pb2.AddMessageRequest(
                ticket_id=self.id, message=f"We read {self.word} on the card.", is_internal_note=internal
            )
        )

    def get(self, access_reason: str = "") -> ticket_pb2.Ticket:
        request = ticket_reads_pb2.GetTicketRequest(id=self.id, access_reason=access_reason)
        return self.manager.GetTicket(request).ticket

    def timeline(self, access_reason: str = "") -> timeline_reads_pb2.ListTimelineResponse:
        return self.manager.ListTimeline(
            timeline_reads_pb2.ListTimelineRequest(ticket_id=self.id, access_reason=access_reason)
        )

    def audit(self, access_reason: str = "") -> timeline_reads_pb2.ListAuditEntriesResponse:
        return self.manager.ListAuditEntries(
            timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=self.id, access_reason=access_reason)
        )

    def views(self) -> list[tuple[str, str, str]]:
        """Who read it, and why, as the audit has it."""
        return [
            (entry.actor_id, ticket_pb2.Role.Name(entry.actor_role), entry.reason)
            for entry in self.audit().audit_entries
            if entry.action == "SENSITIVE_VIEWED"
        ]

    def update(self, *, by: Role = Role.OPS_MANAGER, reason: str = "", **fields: Any) -> ticket_pb2.Ticket:
        request = ticket_writes_pb2.UpdateTicketRequest(ticket=ticket_pb2.Ticket(id=self.id, **fields), reason=reason)
        request.update_mask.paths.extend(fields)
        return self.server.client(by, f"sensitive-{by}").tickets.UpdateTicket(request).ticket


@pytest.fixture
def secret(server: Running) -> Secret:
    return Secret(server)


@contextmanager
def refused(code: grpc.StatusCode, reason: str) -> Iterator[None]:
    with pytest.raises(TicketsError) as caught:
        yield
    assert (caught.value.code, caught.value.reason) == (code, reason)


def test_without_a_reason_the_fields_are_withheld_and_the_answer_says_so(secret: Secret) -> None:
    secret.resolve()
    for ticket in (
        secret.get(),
        secret.creator.GetTicket(ticket_reads_pb2.GetTicketRequest(id=secret.id)).ticket,
    ):
        secret.assert_hidden(ticket)
        assert (ticket.redacted, list(ticket.redacted_fields)) == (True, PROTECTED)
        assert (ticket.description, ticket.resolution_summary, ticket.HasField("metadata")) == ("", "", False)
        assert secret.title_word in ticket.title
        assert list(ticket.tags) == [secret.title_word]
    assert secret.views() == []


def test_with_a_reason_they_are_shown_and_that_is_audited_once(secret: Secret) -> None:
    secret.resolve()
    ticket = secret.get(f"  {WHY} ")
    assert secret.word in ticket.description
    assert secret.word in ticket.resolution_summary
    assert secret.word in str(ticket.metadata["card"])
    assert (ticket.redacted, list(ticket.redacted_fields)) == (False, [])
    assert secret.views() == [("sensitive-manager", "ROLE_OPS_MANAGER", WHY)]
    row = next(entry for entry in secret.audit().audit_entries if entry.action == "SENSITIVE_VIEWED")
    assert row.ip_address == "127.0.0.1"
    assert row.seq == 0
    assert MessageToDict(row.new_values) == {"fields": PROTECTED}


@pytest.mark.parametrize("access_reason", ["x", "a" * 19, "         a            ", "a" * 501, " " * 30])
def test_a_bad_reason_is_refused_and_shows_nothing(secret: Secret, access_reason: str) -> None:
    for read in (secret.get, secret.timeline, secret.audit):
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "ACCESS_REASON_INVALID"):
            read(access_reason)
    assert secret.views() == []


@pytest.mark.parametrize("access_reason", ["a" * 20, "a" * 500, "सत्यापन के लिए आवश्यक है"])
def test_a_reason_of_twenty_to_five_hundred_characters_will_do(secret: Secret, access_reason: str) -> None:
    assert secret.word in secret.get(access_reason).description
    assert [why for _, _, why in secret.views()] == [access_reason]


def test_a_reason_does_not_open_what_one_does_not_see(secret: Secret) -> None:
    stranger = secret.server.client(Role.COMPLIANCE_OFFICER, "sensitive-stranger").tickets
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        stranger.GetTicket(ticket_reads_pb2.GetTicketRequest(id=secret.id, access_reason=WHY))
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ACTION_NOT_ALLOWED"):
        secret.creator.ListAuditEntries(
            timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=secret.id, access_reason=WHY)
        )
    assert secret.views() == []


def test_a_reason_on_a_ticket_that_is_not_sensitive_leaves_no_trace(server: Running) -> None:
    plain = Secret(server, is_sensitive=False)
    assert plain.word in plain.get(WHY).description
    plain.timeline(WHY)
    plain.audit(WHY)
    assert plain.views() == []


def test_messages_are_withheld_and_keep_who_and_when(secret: Secret) -> None:
    assert secret.word in secret.say().message.message  # its writer knows it
    secret.say(internal=True)
    withheld = secret.timeline()
    secret.assert_hidden(withheld)
    messages = [entry.message for entry in withheld.entries if entry.HasField("message")]
    assert [(each.message, each.redacted, each.actor_id) for each in messages] == [("", True, "sensitive-manager")] * 2

    mine = secret.creator.ListTimeline(timeline_reads_pb2.ListTimelineRequest(ticket_id=secret.id, access_reason=WHY))
    assert [secret.word in entry.message.message for entry in mine.entries] == [True]
    shown = secret.timeline(WHY)
    assert [secret.word in entry.message.message for entry in shown.entries if entry.HasField("message")] == [True] * 2
    assert [who for who, _, _ in secret.views()] == [secret.created.ticket.created_by_id, "sensitive-manager"]


def test_old_and_new_values_of_the_audit_are_withheld_and_keep_their_keys(secret: Secret) -> None:
    secret.update(description=f"Now it is another number: {secret.word}", title=f"Another title {secret.title_word}")
    secret.resolve()
    for answer in (secret.audit(), secret.timeline()):
        secret.assert_hidden(answer)
    entries = {entry.action: entry for entry in secret.audit().audit_entries}
    created, edited, resolved = entries["TICKET_CREATED"], entries["TICKET_UPDATED"], entries["STATUS_CHANGED"]
    assert all(entry.redacted for entry in entries.values())
    assert {name: created.new_values[name] for name in ("description", "metadata")} == {
        "description": None,
        "metadata": None,
    }
    assert (edited.old_values["description"], edited.new_values["description"]) == (None, None)
    assert secret.title_word in str(edited.new_values["title"])
    assert resolved.new_values["resolution_summary"] is None

    shown = {entry.action: entry for entry in secret.audit(WHY).audit_entries}
    assert secret.word in str(shown["TICKET_CREATED"].new_values["description"])
    assert secret.word in str(shown["TICKET_UPDATED"].new_values["description"])
    assert secret.word in str(shown["STATUS_CHANGED"].new_values["resolution_summary"])
    assert len(secret.views()) == 1


def test_each_page_read_with_a_reason_is_one_row(secret: Secret) -> None:
    for _ in range(3):
        secret.say()
    token = ""
    for _ in range(2):
        page = secret.manager.ListTimeline(
            timeline_reads_pb2.ListTimelineRequest(
                ticket_id=secret.id, page_size=2, page_token=token, access_reason=WHY
            )
        )
        token = page.next_page_token
    assert len(secret.views()) == 2


def test_answers_of_changes_withhold_them(secret: Secret) -> None:
    secret.assert_hidden(secret.created)
    assert secret.created.ticket.redacted
    secret.assert_hidden(secret.update(description=f"The number is still {secret.word}, as it was."))
    secret.assert_hidden(secret.update(priority=ticket_pb2.TICKET_PRIORITY_CRITICAL, reason=REASON))
    escalate = ticket_writes_pb2.EscalateTicketRequest(id=secret.id, reason=REASON)
    secret.assert_hidden(secret.server.client(Role.ADMIN).tickets.EscalateTicket(escalate))
    secret.assert_hidden(secret.resolve())
    for archived in (True, False):
        request = ticket_writes_pb2.ArchiveTicketRequest(id=secret.id, archived=archived)
        secret.assert_hidden(secret.manager.ArchiveTicket(request))


def test_a_repeated_creation_is_answered_withheld_too(secret: Secret) -> None:
    request = ticket_writes_pb2.CreateTicketRequest()
    request.CopyFrom(secret.request)
    request.request_id = "6f0d1c0e-8d4b-4a53-9f0e-1c2d3e4f5a6b"
    first, second = secret.creator.CreateTicket(request), secret.creator.CreateTicket(request)
    assert first == second
    secret.assert_hidden(second)


def test_a_followed_timeline_is_withheld_and_leaves_no_trace(secret: Secret) -> None:
    secret.say()
    for stub in (secret.manager, secret.creator):
        with timeline_of(stub, secret.id) as stream:
            entries, _ = stream.replayed()
            secret.say(internal=stub is secret.manager)
            entries.append(stream.entry())
        for entry in entries:
            secret.assert_hidden(entry)
            assert entry.message.redacted or entry.audit_entry.redacted
    assert secret.views() == []


def test_a_timeline_followed_with_a_reason_is_shown_and_audited_once(secret: Secret) -> None:
    for _ in range(3):
        secret.say()
    with timeline_of(secret.manager, secret.id, access_reason=f" {WHY} ") as stream:
        entries, _ = stream.replayed()
        secret.say(internal=True)
        entries.append(stream.entry())
        secret.update(description=f"Now it is another number: {secret.word}")
        entries.append(stream.entry())
        secret.say()
        entries.append(stream.entry())
    assert [secret.word in MessageToJson(entry) for entry in entries] == [True] * 7
    assert not any(entry.message.redacted or entry.audit_entry.redacted for entry in entries)
    assert secret.views() == [("sensitive-manager", "ROLE_OPS_MANAGER", WHY)]
    assert [entry.message.message or entry.audit_entry.new_values["description"] for entry in entries] == [
        entry.message.message or entry.audit_entry.new_values["description"] for entry in secret.timeline(WHY).entries
    ]


def test_what_becomes_sensitive_while_it_is_followed_is_withheld_from_then_on(server: Running) -> None:
    """Nothing was written down of a reason given for a ticket that was not sensitive."""
    plain = Secret(server, is_sensitive=False)
    with timeline_of(plain.manager, plain.id) as stream, timeline_of(plain.manager, plain.id, access_reason=WHY) as why:
        for each in (stream, why):
            (created,), _ = each.replayed()
            assert plain.word in MessageToJson(created)
        plain.say()
        assert [plain.word in each.entry().message.message for each in (stream, why)] == [True, True]
        plain.update(is_sensitive=True)
        plain.say()
        for each in (stream, why):
            changed, said = each.entry(), each.entry()
            assert (changed.audit_entry.action, changed.audit_entry.redacted) == ("TICKET_UPDATED", True)
            assert (said.message.message, said.message.redacted) == ("", True)
        assert plain.views() == []
        plain.update(is_sensitive=False, reason=REASON)
        plain.say()
        for each in (stream, why):
            changed, said = each.entry(), each.entry()
            assert (changed.audit_entry.redacted, said.message.redacted) == (False, False)
            assert plain.word in said.message.message


def test_a_reason_that_was_written_down_holds_for_the_stream(secret: Secret) -> None:
    with timeline_of(secret.manager, secret.id, access_reason=WHY) as stream:
        stream.replayed()
        secret.update(is_sensitive=False, reason=REASON)
        secret.update(is_sensitive=True)
        secret.say()
        assert [secret.word in MessageToJson(stream.entry()) for _ in range(3)] == [False, False, True]
    assert len(secret.views()) == 1


def test_a_stream_that_is_refused_is_no_view(secret: Secret) -> None:
    request = timeline_reads_pb2.WatchTimelineRequest(ticket_id=secret.id, after_seq=10_000, access_reason=WHY)
    with pytest.raises(TicketsError) as refused:
        next(iter(secret.manager.WatchTimeline(request, timeout=30)))
    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert secret.views() == []


def test_a_followed_list_withholds_them_always(secret: Secret) -> None:
    where = filter_pb2.TicketFilter(tags_any=[secret.title_word])
    settle(secret.server.database)
    with list_of(secret.manager, ticket_watch_pb2.WatchTicketsRequest(filter=where, snapshot_size=5)) as stream:
        (ticket,) = stream.snapshot()
        told = [ticket]
        for change in (
            secret.say,
            secret.resolve,
            lambda: secret.update(description=f"Now it is {secret.word} there."),
        ):
            change()
            told.append(stream.changed().ticket)
            if told[-1].status == ticket_pb2.TICKET_STATUS_OPEN:  # `resolve` assigns first, which opens
                told.append(stream.changed().ticket)
    for ticket in told:
        secret.assert_hidden(ticket)
        assert (ticket.redacted, list(ticket.redacted_fields)) == (True, PROTECTED)
    assert secret.views() == []


def test_a_followed_list_does_not_let_words_of_the_description_be_guessed(secret: Secret) -> None:
    """A right guess is answered as a wrong one: by the ticket leaving, whatever happens to it."""
    for guess in (secret.word, "neverheardof"):
        where = filter_pb2.TicketFilter(tags_any=[secret.title_word], text=guess)
        settle(secret.server.database)
        with list_of(secret.manager, ticket_watch_pb2.WatchTicketsRequest(filter=where, snapshot_size=5)) as stream:
            assert stream.snapshot() == []
            secret.update(description=f"The number is {secret.word}, they say: {guess}.")
            assert stream.left() == secret.id
        where.text = f"-{guess}"
        with list_of(secret.manager, ticket_watch_pb2.WatchTicketsRequest(filter=where, snapshot_size=5)) as stream:
            assert [ticket.id for ticket in stream.snapshot()] == [secret.id]


def listed(secret: Secret, **narrowing: Any) -> ticket_reads_pb2.ListTicketsResponse:
    where = filter_pb2.TicketFilter(tags_any=[secret.title_word], **narrowing)
    return secret.manager.ListTickets(ticket_reads_pb2.ListTicketsRequest(filter=where, include_total=True))


def searched(secret: Secret, query: str) -> ticket_reads_pb2.SearchTicketsResponse:
    where = filter_pb2.TicketFilter(tags_any=[secret.title_word])
    return secret.manager.SearchTickets(
        ticket_reads_pb2.SearchTicketsRequest(query=query, filter=where, include_total=True)
    )


def test_lists_and_searches_withhold_them(secret: Secret) -> None:
    (ticket,) = listed(secret).tickets
    assert ticket.redacted
    secret.assert_hidden(ticket)
    found = searched(secret, secret.title_word)
    secret.assert_hidden(found)
    (result,) = found.results
    assert result.ticket.redacted
    assert list(result.snippet) == []
    assert [piece.text for piece in result.title_highlight if piece.is_match] == [secret.title_word]


def test_words_of_the_description_cannot_be_guessed(secret: Secret) -> None:
    """Whatever is asked, a sensitive ticket answers as if its description were empty."""
    for guess in (secret.word, "expired", "card", f'"card is {secret.word}"', f"{secret.title_word} {secret.word}"):
        assert (len(searched(secret, guess).results), searched(secret, guess).total_size) == (0, 0)
        assert (len(listed(secret, text=guess).tickets), listed(secret, text=guess).total_size) == (0, 0)
    for guess in (f"-{secret.word}", f"{secret.title_word} -{secret.word}", f"{secret.title_word} or {secret.word}"):
        assert (len(searched(secret, guess).results), searched(secret, guess).total_size) == (1, 1)
        assert (len(listed(secret, text=guess).tickets), listed(secret, text=guess).total_size) == (1, 1)
    for guess, number in ((secret.word, 0), (f"-{secret.word}", 1)):
        where = filter_pb2.TicketFilter(tags_any=[secret.title_word], text=guess)
        answer = secret.manager.GetTicketStats(ticket_reads_pb2.GetTicketStatsRequest(filter=where))
        assert answer.total_count == number
    ranks = {searched(secret, f"{secret.title_word} or {guess}").results[0].rank for guess in (secret.word, "nothing")}
    assert len(ranks) == 1


def test_becoming_sensitive_hides_what_was_public_before(server: Running) -> None:
    plain = Secret(server, is_sensitive=False)
    plain.say()
    assert plain.word in plain.get().description
    assert len(searched(plain, plain.word).results) == 1
    plain.update(by=Role.OPS_MANAGER, is_sensitive=True)
    for answer in (plain.get(), plain.timeline(), plain.audit(), listed(plain)):
        plain.assert_hidden(answer)
    assert len(searched(plain, plain.word).results) == 0


@pytest.mark.parametrize("role", [Role.OPS_MANAGER, Role.COMPLIANCE_OFFICER, Role.ADMIN])
def test_sensitivity_is_cleared_by_managers_and_compliance_with_a_reason(secret: Secret, role: Role) -> None:
    watch = ticket_writes_pb2.SetWatchRequest(ticket_id=secret.id, user_id=f"sensitive-{role}")
    secret.manager.SetWatch(watch)
    for reason in ("", "too short"):
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "REASON_REQUIRED"):
            secret.update(by=role, is_sensitive=False, reason=reason)
    assert secret.get().redacted
    assert secret.word in secret.update(by=role, is_sensitive=False, reason=REASON).description
    assert secret.word in secret.get().description
    assert len(searched(secret, secret.word).results) == 1
    cleared = secret.audit().audit_entries[-1]
    assert (cleared.old_values["is_sensitive"], cleared.new_values["is_sensitive"]) == (True, False)
    assert cleared.reason == REASON


@pytest.mark.parametrize("role", [Role.OPS_AGENT, Role.FINANCE, Role.FRANCHISE_AGENT, Role.SYSTEM, Role.DRIVER])
def test_others_cannot_clear_it(secret: Secret, role: Role) -> None:
    secret.manager.SetWatch(ticket_writes_pb2.SetWatchRequest(ticket_id=secret.id, user_id=f"sensitive-{role}"))
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ACTION_NOT_ALLOWED"):
        secret.update(by=role, is_sensitive=False, reason=REASON)
    assert secret.get().redacted


def test_errors_and_bulk_results_do_not_tell(secret: Secret) -> None:
    """Every way in which a call on the ticket can fail, or half succeed."""
    stub = secret.manager
    long = f"{secret.word} " * 2_500
    calls: list[Callable[[], Message]] = [
        lambda: stub.UpdateTicket(retitle(secret.id, "Another title", etag='"999"')),
        lambda: stub.UpdateTicket(retitle(secret.id, "short")),
        lambda: secret.update(description=long),
        lambda: secret.update(description=f"{secret.word}\x00 has a NUL"),
        lambda: secret.update(priority=ticket_pb2.TICKET_PRIORITY_LOW),
        lambda: stub.TransitionTicket(
            ticket_writes_pb2.TransitionTicketRequest(id=secret.id, status=ticket_pb2.TICKET_STATUS_CLOSED)
        ),
        lambda: secret.server.client(Role.DRIVER, "sensitive-nobody").tickets.GetTicket(
            ticket_reads_pb2.GetTicketRequest(id=secret.id)
        ),
    ]
    for call in calls:
        with pytest.raises(TicketsError) as caught:
            call()
        assert secret.word not in f"{caught.value} {caught.value.metadata}"
    for validate_only in (True, False):
        request = bulk.BulkUpdateTicketsRequest(
            ids=[secret.id], escalate=bulk.BulkEscalate(), reason=REASON, validate_only=validate_only
        )
        answer = secret.server.client(Role.ADMIN, "sensitive-admin").tickets.BulkUpdateTickets(request)
        assert answer.succeeded_count == 1
        secret.assert_hidden(answer)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_logs_do_not_tell_even_when_the_database_refuses_a_row(
    database: Database, server_processes: StartServer, tmp_path: Path, log_format: str
) -> None:
    """PostgreSQL quotes the failing row in its error, and the log has the traceback of the error."""
    with database.connect() as connection:
        connection.execute("ALTER TABLE tickets ADD CONSTRAINT out_of_order CHECK (title <> 'Defect of a server')")
    process = server_processes(TICKETS_LOG_FORMAT=log_format)
    process.wait_ready()
    with client_of(process.target) as client:
        request = new_ticket(title="Defect of a server", description="Card 4711-aadhaar, expired", is_sensitive=True)
        with pytest.raises(TicketsError) as caught:
            client.tickets.CreateTicket(request)
        assert caught.value.code is grpc.StatusCode.INTERNAL
        assert "out_of_order" not in str(caught.value)
        title_only = new_ticket(description="Card 4711-aadhaar, expired", is_sensitive=True)
        created = client.tickets.CreateTicket(title_only).ticket
        client.tickets.GetTicket(ticket_reads_pb2.GetTicketRequest(id=created.id, access_reason=WHY))
        with pytest.raises(TicketsError):
            client.tickets.UpdateTicket(retitle(created.id, "Defect of a server"))
    process.stop()
    log = (tmp_path / "server-0.log").read_text()
    assert re.search("internal error", log), "the defect itself must be in the log"
    assert "out_of_order" in log, "and what the database said about it"
    assert "4711-aadhaar" not in log
    assert "CreateTicket" in log


def client_of(target: str) -> TicketsClient:
    return connect(target, token=token_for(Role.ADMIN), tls=False)
