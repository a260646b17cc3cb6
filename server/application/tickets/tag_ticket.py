"""Adding and removing tags: a change that only bulk updates make this way."""

from collections.abc import Sequence

from server.application.call import Call
from server.application.repositories import Change
from server.application.tickets.changing import Plan
from server.application.unit_of_work import Repositories
from server.domain.changes import retag
from server.domain.errors import InvalidArgument
from server.domain.permissions import require_edit
from server.domain.tickets import Ticket
from server.domain.validation import MAX_TAGS


def tag_plan(call: Call, *, add: Sequence[str], remove: Sequence[str], reason: str) -> Plan:
    """Raises InvalidArgument for a ticket that would end with too many tags."""

    def plan(_: Repositories, ticket: Ticket) -> tuple[Ticket, Change]:
        require_edit(call.principal, ticket)
        after = retag(ticket, add=tuple(add), remove=tuple(remove))
        if len(after.tags) > MAX_TAGS:
            raise InvalidArgument.field("tags.add", f"{ticket.id} would have more than {MAX_TAGS} tags")
        return after, Change(None, reason)

    return plan
