"""The staff directory in PostgreSQL."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Text, and_, any_, bindparam, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from server.adapters.postgres.rows import MEMBER_COLUMNS, to_member
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import OPEN_TICKETS, staff_members, tickets
from server.domain.directory import Member, MemberDraft, MemberFilter, OwnerSuggestion
from server.domain.ids import UserId
from server.domain.roles import Role

_c = staff_members.c
_C_TEXT = Text(collation="C")
_USER = bindparam("user_id", type_=_C_TEXT)
_LIMIT = bindparam("limit", type_=BigInteger())

_GET = Statement(select(*MEMBER_COLUMNS).where(_c.user_id == _USER))
_LOCK_ID = Statement(select(func.pg_advisory_xact_lock(func.hashtextextended(func.concat("staff_members:", _USER), 0))))
"""A row that is not there yet cannot be locked; its id can."""


def _put() -> Statement:
    names = ("user_id", "role", "display_name", "franchise_ids", "email", "phone", "push_token", "active")
    statement = insert(staff_members).values({name: bindparam(name, type_=_c[name].type) for name in names})
    new = statement.excluded
    update: dict[str, Any] = {name: new[name] for name in names if name not in ("user_id", "push_token")}
    update |= {
        "push_token": func.coalesce(new.push_token, _c.push_token),
        "version": _c.version + 1,
        "updated_at": func.now(),
    }
    return Statement(
        statement.on_conflict_do_update(index_elements=[_c.user_id], set_=update).returning(*MEMBER_COLUMNS)
    )


_PUT = _put()


def _suggest() -> Statement:
    load = (
        select(func.count().label("open_count"))
        .where(tickets.c.owner_id == _c.user_id, literal_column(OPEN_TICKETS))
        .lateral("load")
    )
    speed = (
        select(func.avg(func.extract("epoch", tickets.c.resolved_at - tickets.c.created_at)).label("seconds"))
        .where(
            tickets.c.owner_id == _c.user_id,
            tickets.c.resolved_at.is_not(None),
            tickets.c.resolved_at > func.now() - literal_column("interval '90 days'"),
        )
        .lateral("speed")
    )
    franchise = bindparam("franchise_id", type_=_C_TEXT)
    excluding = bindparam("excluding", type_=_C_TEXT)
    return Statement(
        select(*MEMBER_COLUMNS, load.c.open_count, speed.c.seconds)
        .select_from(staff_members.join(load, true()).join(speed, true()))
        .where(
            literal_column("staff_members.active"),
            _c.role == bindparam("role", type_=_C_TEXT),
            or_(franchise.is_(None), franchise == any_(_c.franchise_ids)),
            or_(excluding.is_(None), _c.user_id != excluding),
        )
        .order_by(load.c.open_count, speed.c.seconds.nulls_last(), _c.user_id)
        .limit(_LIMIT)
    )


_SUGGEST = _suggest()


@lru_cache(maxsize=32)
def _page(names: frozenset[str]) -> Statement:
    conditions = {
        "roles": _c.role == any_(bindparam("roles", type_=ARRAY(_C_TEXT))),
        "franchise_ids": _c.franchise_ids.op("@>", is_comparison=True)(
            bindparam("franchise_ids", type_=ARRAY(_C_TEXT))
        ),
        "user_ids": _c.user_id == any_(bindparam("user_ids", type_=ARRAY(_C_TEXT))),
        "active": _c.active == bindparam("active", type_=Boolean()),
        "query": or_(
            func.strpos(func.lower(_c.user_id), func.lower(bindparam("query", type_=Text()))) > 0,
            func.strpos(func.lower(_c.display_name), func.lower(bindparam("query", type_=Text()))) > 0,
        ),
    }
    query = select(*MEMBER_COLUMNS).where(
        _c.user_id > bindparam("after", type_=_C_TEXT), and_(true(), *(conditions[name] for name in sorted(names)))
    )
    return Statement(query.order_by(_c.user_id).limit(_LIMIT), prepare=False)


@dataclass(frozen=True, slots=True)
class PostgresMemberRepository:
    """See ``MemberRepository``."""

    session: Session

    def get(self, user_id: UserId) -> Member | None:
        row = self.session.first(_GET, {"user_id": user_id})
        return None if row is None else to_member(row)

    def lock(self, user_id: UserId) -> Member | None:
        self.session.run(_LOCK_ID, {"user_id": user_id})
        return self.get(user_id)

    def put(self, draft: MemberDraft) -> Member:
        row = self.session.first(
            _PUT,
            {
                "user_id": draft.user_id,
                "role": draft.role,
                "display_name": draft.display_name,
                "franchise_ids": list(draft.franchise_ids),
                "email": draft.email,
                "phone": draft.phone,
                "push_token": draft.push_token,
                "active": draft.active,
            },
        )
        if row is None:
            raise LookupError(f"member {draft.user_id} was not stored")
        return to_member(row)

    def page(self, where: MemberFilter, *, after: UserId | None, limit: int) -> list[Member]:
        values: dict[str, Any] = {}
        if where.roles:
            values["roles"] = [str(role) for role in where.roles]
        if where.franchise_id is not None:
            values["franchise_ids"] = [where.franchise_id]
        if where.user_ids:
            values["user_ids"] = list(where.user_ids)
        if where.active is not None:
            values["active"] = where.active
        if where.query is not None:
            values["query"] = where.query
        statement = _page(frozenset(values))
        return [to_member(row) for row in self.session.all(statement, values | {"after": after or "", "limit": limit})]

    def suggest_owners(
        self, role: Role, *, franchise_id: str | None, excluding: UserId | None, limit: int
    ) -> list[OwnerSuggestion]:
        values = {"role": role, "franchise_id": franchise_id, "excluding": excluding, "limit": limit}
        width = len(MEMBER_COLUMNS)
        return [
            OwnerSuggestion(
                to_member(row),
                row[width],
                None if row[width + 1] is None else timedelta(seconds=float(row[width + 1])),
            )
            for row in self.session.all(_SUGGEST, values)
        ]
