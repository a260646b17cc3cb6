"""Who may do what: the oracle of ``test_role_matrix.py``, and the table of docs/permissions.md.

Written down from section 4 of the specification, and from the decisions taken where it is silent. It must
stay independent of ``server``: roles are plain names and sets are spelled out, so that a slip in the code
under test cannot repeat itself here.

``python -m tests.contract.matrix`` prints the table for docs/permissions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ROLES = (
    "franchise_agent",
    "ops_agent",
    "ops_manager",
    "regional_manager",
    "hq_support",
    "ceo_oncall",
    "admin",
    "finance",
    "compliance_officer",
    "shipper",
    "operator",
    "driver",
    "system",
)

EVERYBODY = frozenset(ROLES)
OUTSIDE = frozenset({"shipper", "operator", "driver"})
STAFF = frozenset(
    {
        "franchise_agent",
        "ops_agent",
        "ops_manager",
        "regional_manager",
        "hq_support",
        "ceo_oncall",
        "admin",
        "finance",
        "compliance_officer",
    }
)
INSIDE = STAFF | {"system"}
MANAGERS = frozenset({"ops_manager", "regional_manager", "hq_support", "ceo_oncall", "admin"})
FINANCE = frozenset({"finance"})
ADMIN = frozenset({"admin"})
NOBODY: frozenset[str] = frozenset()

RELATIONS = ("none", "creator", "owner", "watcher", "queue", "franchise")
"""What ties the caller to the ticket. queue: the ticket's owner_role is the caller's role, and no person
owns it; franchise: the ticket's franchise is one of the caller's."""


def sees(role: str, relation: str) -> bool:
    """The four rows "see …" of the specification's table."""
    if role in {"admin", "ceo_oncall", "hq_support", "regional_manager", "ops_manager"}:
        return True
    if relation in {"creator", "owner", "watcher"}:
        return True
    if relation == "queue":
        return role in STAFF
    return relation == "franchise" and role == "franchise_agent"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: these roles, or anybody in one of these relations to a ticket that they see."""

    action: str
    roles: frozenset[str]
    relations: frozenset[str] = frozenset()
    reason: str = "ACTION_NOT_ALLOWED"
    from_specification: bool = False
    code: str = "PERMISSION_DENIED"

    def allows(self, role: str, relations: frozenset[str]) -> bool:
        """Whether a caller who sees the ticket may."""
        return role in self.roles or bool(self.relations & relations)


RULES: Mapping[str, Rule] = {
    "read": Rule(
        "read or follow a ticket, its public messages, whether oneself watches it, and what one may do to it", EVERYBODY
    ),
    "internal": Rule(
        "read or follow internal notes and the audit trail; read all watchers; check the chain",
        INSIDE,
        from_specification=True,
    ),
    "explain": Rule("have the state of its SLA explained", INSIDE),
    "statistics": Rule("count tickets; be told who could own one", INSIDE),
    "create": Rule("create a ticket", EVERYBODY),
    "create_in_queue": Rule("create a ticket in the queue of a chosen role", MANAGERS),
    "message": Rule("write a public message", EVERYBODY),
    "note": Rule("write an internal note", INSIDE, from_specification=True),
    "attach": Rule("attach a file; complete one's own upload", EVERYBODY),
    "complete_others": Rule("complete what somebody else has uploaded and completed", NOBODY),
    "others_uploads": Rule(
        "learn of somebody else's upload that is not complete", NOBODY, reason="ATTACHMENT_NOT_FOUND", code="NOT_FOUND"
    ),
    "unshared_files": Rule(
        "see, download and name somebody else's file that no public message names",
        INSIDE,
        reason="ATTACHMENT_NOT_FOUND",
        code="NOT_FOUND",
    ),
    "watch": Rule("watch, and stop watching", EVERYBODY),
    "watch_for_others": Rule("let somebody else watch, or stop", MANAGERS),
    "edit": Rule("edit title, description, severity, link, tags, metadata", INSIDE, frozenset({"owner"})),
    "edit_new": Rule("the same while the ticket is NEW", INSIDE, frozenset({"owner", "creator"})),
    "payment_link": Rule("change the link of a payment ticket", FINANCE, reason="FINANCE_ONLY"),
    "clear_sensitivity": Rule("mark a sensitive ticket as not sensitive", MANAGERS | {"compliance_officer"}),
    "priority": Rule("change the priority", MANAGERS, from_specification=True),
    "assign": Rule("assign: owner, queue, franchise", MANAGERS, from_specification=True),
    "move": Rule("move to OPEN, IN_PROGRESS, AWAITING_*", INSIDE),
    "resolve": Rule("resolve", MANAGERS, frozenset({"owner"}), from_specification=True),
    "resolve_payment": Rule("resolve a payment ticket", FINANCE, reason="FINANCE_ONLY", from_specification=True),
    "reopen": Rule("reopen", INSIDE, frozenset({"creator"})),
    "close": Rule("close", MANAGERS, from_specification=True),
    "escalate_unqueued": Rule("escalate a ticket in no queue", MANAGERS, frozenset({"owner", "queue"})),
    "escalate_ops_agent": Rule(
        "escalate from the queue of ops_agent",
        frozenset({"ops_agent", "ops_manager", "regional_manager", "hq_support", "ceo_oncall", "admin"}),
        frozenset({"owner", "queue"}),
        from_specification=True,
    ),
    "escalate_hq_support": Rule(
        "escalate from the queue of hq_support",
        frozenset({"hq_support", "ceo_oncall", "admin"}),
        frozenset({"owner", "queue"}),
        from_specification=True,
    ),
    "escalate_finance": Rule(
        "escalate from the queue of finance", frozenset({"finance", "admin"}), frozenset({"owner", "queue"})
    ),
    "archive": Rule("archive, and take out again", MANAGERS),
    "bulk": Rule("change tickets in bulk", ADMIN, from_specification=True),
    "read_policies": Rule("read SLA policies and calendars", INSIDE),
    "change_policies": Rule("change SLA policies and calendars", ADMIN, from_specification=True),
    "notifications": Rule("read one's own notifications, mark them as read", EVERYBODY),
    "webhooks": Rule("read and change webhooks, send to them again", ADMIN),
    "export": Rule("export tickets: have files made, get them, give up one's own", MANAGERS, from_specification=True),
    "others_exports": Rule(
        "get, list and cancel what somebody else exports", ADMIN, reason="EXPORT_JOB_NOT_FOUND", code="NOT_FOUND"
    ),
    "directory": Rule("read and change the directory", ADMIN, from_specification=True),
    "names": Rule("look up names and roles of members", INSIDE),
    "caller": Rule("be told who one is, and what one's role permits", EVERYBODY),
    "views": Rule("save views, use shared ones", INSIDE),
    "others_views": Rule("change a shared view of somebody else", NOBODY),
    "delete_others_views": Rule("delete a shared view of somebody else", ADMIN),
}

OK = "OK"
ABSENT = "not in the answer"
NOT_FOUND = "NOT_FOUND TICKET_NOT_FOUND"


def expected(
    role: str,
    relation: str,
    rules: tuple[str, ...],
    *,
    queue: str | None = None,
    unseen: str | None = NOT_FOUND,
    by_role_alone: bool = False,
) -> str:
    """What the call answers: the first rule that refuses decides.

    ``queue`` is the role whose queue the ticket is in, save for the relation "queue", where it is the
    caller's. ``unseen`` is the answer for a ticket that the caller does not see; None where the call looks
    at no ticket, or its callers see all. ``by_role_alone``: a role that may not is refused before a look at
    the ticket, so that its answer says nothing about any ticket.
    """
    relations = frozenset({relation} | ({"queue"} if queue == role else set()))
    seen = unseen is None or any(sees(role, each) for each in relations)
    refusal = next((RULES[name] for name in rules if not RULES[name].allows(role, relations)), None)
    if refusal is not None and (seen or by_role_alone):
        return f"{refusal.code} {refusal.reason}"
    return OK if seen else str(unseen)


_NAMED_SETS = (
    (EVERYBODY, "everybody"),
    (INSIDE, "staff, system"),
    (STAFF, "staff"),
    (MANAGERS | {"compliance_officer"}, "ops_manager and above, compliance_officer"),
    (MANAGERS, "ops_manager and above"),
    (NOBODY, "nobody"),
)
_OR = {"owner": "its owner", "creator": "its creator"}


def _who(rule: Rule) -> str:
    words = next((name for roles, name in _NAMED_SETS if roles == rule.roles), None)
    words = words or ", ".join(role for role in ROLES if role in rule.roles)
    others = [_OR[relation] for relation in RELATIONS if relation in _OR and relation in rule.relations]
    return ", ".join([words, *others])


def table() -> str:
    """The table of docs/permissions.md, in Markdown."""
    lines = ["| action | who, of those who see the ticket | refused with | source |", "|---|---|---|---|"]
    for rule in RULES.values():
        refusal = "" if rule.roles == EVERYBODY else rule.reason
        source = "specification" if rule.from_specification else "decision"
        lines.append(f"| {rule.action} | {_who(rule)} | {refusal} | {source} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())  # noqa: T201 - its purpose
