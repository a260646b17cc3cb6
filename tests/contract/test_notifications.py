"""In-app notifications: each person's own, newest first, and what marking them as read does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from rodistaa.tickets.v1 import notification_service_pb2 as pb
from rodistaa.tickets.v1.notification_service_pb2_grpc import NotificationServiceStub
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.running import Running

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def connection(server: Running) -> Iterator[psycopg.Connection]:
    with server.database.connect() as opened:
        yield opened


class Reader:
    """Somebody who was told something."""

    def __init__(self, server: Running, connection: psycopg.Connection, role: Role = Role.SHIPPER) -> None:
        self.user = f"reader-{uuid4().hex[:8]}"
        self.service: NotificationServiceStub = server.client(role, self.user).notifications
        self._connection = connection

    def tell(self, count: int = 1, **columns: Any) -> list[UUID]:
        """Notifications, each a minute after the one before; ids are random, so that they say nothing of the order."""
        ids = [uuid4() for _ in range(count)]
        for number, each in enumerate(ids):
            values = {
                "id": each,
                "user_id": self.user,
                "ticket_id": "TKT-1001",
                "kind": "ESCALATED",
                "title": f"Number {number}",
                "body": "Escalated to ops_manager",
                "created_at": START + timedelta(minutes=number),
                **columns,
            }
            names, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
            self._connection.execute(f"INSERT INTO notifications ({names}) VALUES ({places})".encode(), values)
        return ids

    def listed(self, **fields: Any) -> pb.ListNotificationsResponse:
        return self.service.ListNotifications(pb.ListNotificationsRequest(**fields))

    def ids(self, **fields: Any) -> list[UUID]:
        return [UUID(each.id) for each in self.listed(page_size=200, **fields).notifications]

    def mark(self, *ids: UUID, **fields: Any) -> int:
        request = pb.MarkNotificationsReadRequest(ids=[str(each) for each in ids], **fields)
        return self.service.MarkNotificationsRead(request).marked_count


@pytest.fixture
def reader(server: Running, connection: psycopg.Connection) -> Reader:
    return Reader(server, connection)


def stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def test_a_notification_with_all_that_it_says(reader: Reader) -> None:
    (told,) = reader.tell(event_count=3, is_critical=True)
    (shown,) = reader.listed().notifications
    assert shown == pb.Notification(
        id=str(told),
        kind=pb.NOTIFICATION_KIND_ESCALATED,
        ticket_id="TKT-1001",
        title="Number 0",
        body="Escalated to ops_manager",
        event_count=3,
        is_critical=True,
        created_at=stamp(START),
    )


@pytest.mark.parametrize("kind", [name for name in pb.NotificationKind.keys() if "UNSPECIFIED" not in name])  # noqa: SIM118 - an enum wrapper
def test_every_kind(reader: Reader, kind: str) -> None:
    reader.tell(kind=kind.removeprefix("NOTIFICATION_KIND_"))
    (shown,) = reader.listed().notifications
    assert pb.NotificationKind.Name(shown.kind) == kind


def test_what_is_about_no_ticket(reader: Reader) -> None:
    reader.tell(kind="EXPORT_FINISHED", ticket_id=None)
    assert reader.listed().notifications[0].ticket_id == ""


def test_newest_first_in_pages_of_any_size(reader: Reader) -> None:
    told = reader.tell(7)
    told += reader.tell(2, created_at=START - timedelta(hours=1))  # at one instant
    expected = [*told[6::-1], *sorted(told[7:], reverse=True)]
    assert reader.ids() == expected
    for size in (1, 2, 3, 9):
        request, found = pb.ListNotificationsRequest(page_size=size), []
        while True:
            page = reader.service.ListNotifications(request)
            found += [UUID(each.id) for each in page.notifications]
            assert len(page.notifications) <= size
            assert page.unread_count == 9, "on all pages"
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert found == expected


def test_unread_alone(reader: Reader) -> None:
    told = reader.tell(5)
    reader.mark(told[1], told[3])
    assert reader.ids(unread_only=True) == [told[4], told[2], told[0]]
    first = reader.listed(unread_only=True, page_size=2)
    assert [UUID(each.id) for each in first.notifications] == [told[4], told[2]]
    assert reader.ids(unread_only=True) == reader.ids(unread_only=True, page_token="")
    rest = reader.listed(unread_only=True, page_size=2, page_token=first.next_page_token)
    assert [UUID(each.id) for each in rest.notifications] == [told[0]]
    other = pb.ListNotificationsRequest(page_token=first.next_page_token)
    refused(reader.service.ListNotifications, other, reason="PAGE_TOKEN_INVALID", field="page_token")


def test_marking_says_how_many_became_read_and_passes_over_the_rest(reader: Reader) -> None:
    told = reader.tell(3)
    assert reader.mark(told[0], told[0], uuid4()) == 1
    assert reader.mark(told[0], told[1]) == 1
    by_id = {UUID(each.id): each for each in reader.listed().notifications}
    assert [by_id[each].HasField("read_at") for each in told] == [True, True, False]
    assert reader.listed().unread_count == 1
    before = by_id[told[0]].read_at
    assert next(each for each in reader.listed().notifications if each.id == str(told[0])).read_at == before


def test_marking_up_to_and_including_an_instant(reader: Reader) -> None:
    told = reader.tell(5)
    shown = reader.listed().notifications[2]
    assert shown.created_at == stamp(START + timedelta(minutes=2))
    assert reader.mark(read_until=shown.created_at) == 3
    assert reader.mark(read_until=shown.created_at) == 0
    assert reader.ids(unread_only=True) == [told[4], told[3]]


def test_everybody_has_their_own(server: Running, connection: psycopg.Connection, reader: Reader) -> None:
    other = Reader(server, connection, Role.ADMIN)
    mine, theirs = reader.tell(2), other.tell(1)
    assert (set(reader.ids()), other.ids()) == (set(mine), theirs)
    assert other.mark(*mine) == 0
    assert other.mark(read_until=stamp(START + timedelta(days=1))) == 1
    assert (reader.listed().unread_count, other.listed().unread_count) == (2, 0)
    token = reader.listed(page_size=1).next_page_token
    foreign = pb.ListNotificationsRequest(page_size=1, page_token=token)
    refused(other.service.ListNotifications, foreign, reason="PAGE_TOKEN_INVALID")


def test_who_is_outside_by_this_token_sees_nothing_that_was_told_to_staff(
    server: Running, connection: psycopg.Connection
) -> None:
    """Somebody who left the staff, or has a second login; the unread count says nothing of it either."""
    staff = Reader(server, connection, Role.OPS_AGENT)
    told = [*staff.tell(2, for_staff=True), *staff.tell(1)]
    assert (set(staff.ids()), staff.listed().unread_count) == (set(told), 3)
    outside = Reader(server, connection)
    for role in (Role.SHIPPER, Role.OPERATOR, Role.DRIVER):
        outside.user, outside.service = staff.user, server.client(role, staff.user).notifications
        assert (outside.ids(), outside.ids(unread_only=True)) == (told[2:], told[2:])
        assert outside.listed().unread_count == 1
        assert outside.mark(*told[:2]) == 0
    assert outside.mark(read_until=stamp(START + timedelta(days=1))) == 1
    assert staff.listed().unread_count == 2


def test_a_thousand_unread_means_a_thousand_or_more(reader: Reader, connection: psycopg.Connection) -> None:
    def add(count: int) -> None:
        connection.execute(
            "INSERT INTO notifications (user_id, kind, title, body) SELECT %s, 'ASSIGNED', 'x', 'y'"
            " FROM generate_series(1, %s)",
            [reader.user, count],
        )

    add(999)
    assert reader.listed(page_size=1).unread_count == 999
    add(1)
    assert reader.listed(page_size=1).unread_count == 1_000
    add(200)
    assert reader.listed(page_size=1).unread_count == 1_000
    assert reader.mark(read_until=stamp(datetime.now(UTC) + timedelta(minutes=1))) == 1_200


def test_what_to_mark_is_said_in_one_way(reader: Reader) -> None:
    mark = reader.service.MarkNotificationsRead
    refused(mark, pb.MarkNotificationsReadRequest(), field="ids")
    both = pb.MarkNotificationsReadRequest(ids=[str(uuid4())], read_until=stamp(START))
    refused(mark, both, field="read_until")
    refused(mark, pb.MarkNotificationsReadRequest(ids=[str(uuid4()), "1"]), field="ids[1]")
    refused(mark, pb.MarkNotificationsReadRequest(read_until=Timestamp(seconds=-1)), field="read_until")
    many = [str(uuid4()) for _ in range(501)]
    refused(mark, pb.MarkNotificationsReadRequest(ids=many), field="ids")
    assert mark(pb.MarkNotificationsReadRequest(ids=many[:500])).marked_count == 0


def test_the_same_request_gives_the_same_count(reader: Reader) -> None:
    told = reader.tell(2)
    request_id = str(uuid4())
    assert [reader.mark(*told, request_id=request_id) for _ in range(3)] == [2, 2, 2]
    other = pb.MarkNotificationsReadRequest(ids=[str(told[0])], request_id=request_id)
    refused(
        reader.service.MarkNotificationsRead,
        other,
        code=grpc.StatusCode.ALREADY_EXISTS,
        reason="REQUEST_ID_REUSED",
    )
