"""Who acts, told to the database's triggers for one transaction (migrations/sql/0003_audit_triggers.sql)."""

import json

from sqlalchemy import CTE, Text, bindparam, func, literal_column, select

from server.adapters.postgres.statements import Statement
from server.application.call import Call
from server.application.repositories import Change

CONTEXT_PARAMETER = "context"


def context_cte() -> CTE:
    """``SELECT set_config(…)`` as a CTE; a statement that selects from it runs under the context."""
    setting = func.set_config(
        literal_column("'tickets.context'"), bindparam(CONTEXT_PARAMETER, type_=Text()), literal_column("true")
    )
    return select(setting.label("applied")).cte("context")


SET_CONTEXT = Statement(select(context_cte().c.applied))
"""The same as a statement of its own."""


def context_of(call: Call, change: Change) -> str:
    """The JSON object that the triggers read."""
    context = {
        "actor_id": call.principal.user_id,
        "actor_role": call.principal.role,
        "ip_address": call.ip_address,
        "reason": change.reason,
        "action": change.action,
        "request_id": call.trace_id,
    }
    return json.dumps({key: value for key, value in context.items() if value}, ensure_ascii=False)
