"""Reads, transactions, and answers that are given once. See ``server.application.unit_of_work``."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from server.adapters.postgres.attachment_repository import PostgresAttachmentRepository
from server.adapters.postgres.calendar_repository import PostgresCalendarRepository
from server.adapters.postgres.context import context_cte, context_of
from server.adapters.postgres.export_job_repository import PostgresExportJobRepository
from server.adapters.postgres.member_repository import PostgresMemberRepository
from server.adapters.postgres.notice_repository import PostgresNoticeRepository
from server.adapters.postgres.rows import TICKET_COLUMNS
from server.adapters.postgres.saved_view_repository import PostgresSavedViewRepository
from server.adapters.postgres.sessions import Session, Sessions
from server.adapters.postgres.sla_policy_repository import PostgresSlaPolicyRepository
from server.adapters.postgres.sla_sweeps import PostgresClockSweeps
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import idempotency_keys, tickets
from server.adapters.postgres.term_repository import PostgresTermRepository
from server.adapters.postgres.ticket_clocks import PolicyVersions, PostgresTicketClocks
from server.adapters.postgres.ticket_repository import PostgresTicketRepository, to_column
from server.adapters.postgres.timeline_repository import PostgresAuditTrail, PostgresTimelineRepository
from server.adapters.postgres.watcher_repository import PostgresWatcherRepository
from server.adapters.postgres.webhook_repository import PostgresWebhookRepository
from server.application.answers import Answer, RequestKey
from server.application.call import Call
from server.application.repositories import Change
from server.application.unit_of_work import Repositories
from server.domain.errors import Aborted, AlreadyExists, Reason
from server.domain.tickets import Ticket

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")

_k = idempotency_keys.c
_PRINCIPAL = bindparam("principal_id", type_=Text(collation="C"))
_REQUEST = bindparam("request_id", type_=Uuid())
_RESPONSE = bindparam("response", type_=LargeBinary())
_KEY_COLUMNS = ("principal_id", "request_id", "method", "fingerprint", "response")
_KEY_VALUES = {name: bindparam(name, type_=_k[name].type) for name in _KEY_COLUMNS}

_CLAIM = Statement(
    insert_or_skip(idempotency_keys).values(_KEY_VALUES).on_conflict_do_nothing().returning(_k.request_id)
)
_KEPT = Statement(
    select(_k.method, _k.fingerprint, _k.response).where(_k.principal_id == _PRINCIPAL, _k.request_id == _REQUEST)
)
_KEEP = Statement(
    update(idempotency_keys).where(_k.principal_id == _PRINCIPAL, _k.request_id == _REQUEST).values(response=_RESPONSE)
)


def _create_ticket(*, once: bool) -> Statement:
    """The ticket and the answer's key in one statement; no row comes back when the key was taken."""
    context = context_cte()
    names = [column.name for column in TICKET_COLUMNS]
    values = select(*(bindparam(f"new_{name}", type_=tickets.c[name].type) for name in names))
    if once:
        source = select(*(_KEY_VALUES[name] for name in _KEY_COLUMNS)).where(context.c.applied.is_not(None))
        claim = (
            insert_or_skip(idempotency_keys)
            .from_select(list(_KEY_COLUMNS), source, include_defaults=False)
            .on_conflict_do_nothing()
            .returning(_k.request_id)
            .cte("claim")
        )
        values = values.where(claim.c.request_id.is_not(None))
    else:
        values = values.where(context.c.applied.is_not(None))
    return Statement(insert(tickets).from_select(names, values, include_defaults=False).returning(tickets.c.id))


_CREATE_ONCE = _create_ticket(once=True)
_CREATE = _create_ticket(once=False)


def _nobody_waits() -> None:
    """Tells nobody."""


class _Taken(Exception):
    """The key belongs to an earlier request."""


@dataclass(frozen=True, slots=True)
class PostgresUnitOfWork:
    """See ``UnitOfWork``."""

    sessions: Sessions
    policy_versions: PolicyVersions = field(default_factory=PolicyVersions)
    wrote: Callable[[], None] = _nobody_waits
    """Called after each commit of a write, when others can see it; not after reads and answers that were kept. It must
    be quick and never raise: the caller waits for it, and what is committed cannot fail any more."""

    def read(self, call: Call, body: Callable[[Repositories], T]) -> T:
        def attempt() -> T:
            with self.sessions.autocommit(call) as session:
                return body(self._repositories(session))

        return self.sessions.retrying(call, attempt)

    def read_snapshot(self, call: Call, body: Callable[[Repositories], T]) -> T:
        def attempt() -> T:
            with self.sessions.transaction(call, snapshot=True) as session:
                return body(self._repositories(session))

        return self.sessions.retrying(call, attempt)

    def write(self, call: Call, body: Callable[[Repositories], T]) -> T:
        def attempt() -> T:
            with self.sessions.transaction(call) as session:
                return body(self._repositories(session))

        result = self.sessions.retrying(call, attempt)
        self.wrote()
        return result

    def answer_once(self, call: Call, answer: Answer[R, A], body: Callable[[Repositories], R]) -> A:
        key = answer.key
        if key is None:
            return answer.present(self.write(call, body))

        def attempt() -> A:
            with self.sessions.transaction(call) as session:
                if session.first(_CLAIM, _key_values(call, key, None)) is None:
                    raise _Taken
                presented = answer.present(body(self._repositories(session)))
                session.run(_KEEP, _key_values(call, key, answer.dump(presented)))
                return presented

        try:
            presented = self.sessions.retrying(call, attempt)
        except _Taken:
            return answer.load(self._finished(call, key))
        self.wrote()
        return presented

    def create_ticket(self, call: Call, ticket: Ticket, answer: Answer[Ticket, A]) -> A:
        presented = answer.present(ticket)
        values: dict[str, Any] = {f"new_{column.name}": getattr(ticket, column.name) for column in TICKET_COLUMNS}
        for name in ("tags", "metadata"):
            values[f"new_{name}"] = to_column(name, values[f"new_{name}"])
        values["context"] = context_of(call, Change())
        key = answer.key
        if key is not None:
            values |= _key_values(call, key, answer.dump(presented))

        def attempt() -> bool:
            with self.sessions.autocommit(call) as session:
                return session.first(_CREATE if key is None else _CREATE_ONCE, values) is not None

        if self.sessions.retrying(call, attempt) or key is None:
            self.wrote()
            return presented
        return answer.load(self._finished(call, key))

    def kept_answer(self, call: Call, key: RequestKey) -> bytes | None:
        with self.sessions.autocommit(call) as session:
            row = session.first(_KEPT, _key_values(call, key, None))
        if row is None:
            return None
        method, fingerprint, response = row
        if (method, bytes(fingerprint)) != (key.method, _fingerprint(call, key)):
            raise AlreadyExists(
                f"request_id {key.request_id} was used for another request, or with other rights.",
                reason=Reason.REQUEST_ID_REUSED,
                metadata={"client_request_id": str(key.request_id)},
            )
        return None if response is None else bytes(response)

    def begin_answer(self, call: Call, key: RequestKey) -> bytes | None:
        def attempt() -> bool:
            with self.sessions.autocommit(call) as session:
                return session.first(_CLAIM, _key_values(call, key, None)) is not None

        return None if self.sessions.retrying(call, attempt) else self.kept_answer(call, key)

    def finish_answer(self, call: Call, request_id: UUID, response: bytes) -> None:
        values = {"principal_id": call.principal.user_id, "request_id": request_id, "response": response}

        def attempt() -> None:
            with self.sessions.autocommit(call) as session:
                session.run(_KEEP, values)

        self.sessions.retrying(call, attempt)

    def _finished(self, call: Call, key: RequestKey) -> bytes:
        response = self.kept_answer(call, key)
        if response is None:
            raise Aborted(
                f"A request with request_id {key.request_id} is still running. Try again.",
                reason=Reason.REQUEST_IN_PROGRESS,
            )
        return response

    def _repositories(self, session: Session) -> Repositories:
        return Repositories(
            tickets=PostgresTicketRepository(session),
            clocks=PostgresTicketClocks(session, self.policy_versions),
            sweeps=PostgresClockSweeps(session),
            terms=PostgresTermRepository(session),
            timeline=PostgresTimelineRepository(session),
            audit=PostgresAuditTrail(session),
            watchers=PostgresWatcherRepository(session),
            members=PostgresMemberRepository(session),
            saved_views=PostgresSavedViewRepository(session),
            attachments=PostgresAttachmentRepository(session),
            sla_policies=PostgresSlaPolicyRepository(session),
            calendars=PostgresCalendarRepository(session),
            notices=PostgresNoticeRepository(session),
            webhooks=PostgresWebhookRepository(session),
            export_jobs=PostgresExportJobRepository(session),
        )


def _key_values(call: Call, key: RequestKey, response: bytes | None) -> dict[str, Any]:
    return {
        "principal_id": call.principal.user_id,
        "request_id": key.request_id,
        "method": key.method,
        "fingerprint": _fingerprint(call, key),
        "response": response,
    }


def _fingerprint(call: Call, key: RequestKey) -> bytes:
    """The request and the rights it was made with: an answer is not given again to the same person in another role."""
    rights = [call.principal.role, *sorted(call.principal.franchise_ids)]
    return hashlib.sha256(b"\0".join([key.fingerprint, *(right.encode() for right in rights)])).digest()
