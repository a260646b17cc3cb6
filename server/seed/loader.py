"""Sessions that load batches: the statements of ``batch`` on connections prepared for them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from server.domain.roles import Role
from server.domain.tickets import LinkedType
from server.seed import batch
from server.seed.staff import LOAD_FRANCHISES, StaffMember
from server.seed.stories import ENDINGS_OF_A_TEMPLATE, LINK_PREFIXES, STORIES, tell_endings, tell_stories
from server.seed.templates import TEMPLATES

MARK = "load"
"""``metadata.seed`` of every loaded ticket."""
CREATORS: Mapping[Role, int] = {Role.SHIPPER: 50_000, Role.OPERATOR: 3_000, Role.DRIVER: 30_000}
LINK_POPULATIONS: Mapping[LinkedType, int] = {
    LinkedType.TRUCK: 20_000,
    LinkedType.OPERATOR: 3_000,
    LinkedType.USER: 30_000,
}
"""What lasts, and how many there are of it; of other things there are ever more."""
LOADER = {"actor_id": "seed-loader", "actor_role": Role.SYSTEM}
"""Who the triggers say it was, where they cannot be bypassed."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows of committed batches."""

    tickets: int = 0
    messages: int = 0

    def __add__(self, other: "Loaded") -> "Loaded":
        return Loaded(self.tickets + other.tickets, self.messages + other.messages)


@dataclass(frozen=True)
class Loader:
    """What all sessions of a run share. Safe to use from several threads."""

    dsn: str
    members: Sequence[StaffMember]
    seed_number: int
    parameters: Mapping[str, Any]
    """Of the run: moments and sizes, by the names in `batch.DRAW`."""
    bypass_triggers: bool

    @contextmanager
    def session(self) -> Iterator["LoadSession"]:
        """A connection with the wordings in it; closed at the end."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(
                """
                SELECT set_config('work_mem', '64MB', false), set_config('temp_buffers', '64MB', false),
                    set_config('gin_pending_list_limit', '64MB', false),
                    -- A third of the time otherwise goes into compressing pages after each checkpoint.
                    CASE WHEN has_parameter_privilege('wal_compression', 'SET')
                        THEN set_config('wal_compression', 'off', false)
                    END
                """
            )
            connection.execute(batch.PREPARE)
            self._copy_wordings(connection)
            yield LoadSession(
                connection,
                {
                    **self.parameters,
                    "seed": self.seed_number % 2**32,
                    "stories": STORIES,
                    "endings": ENDINGS_OF_A_TEMPLATE,
                    "franchises": LOAD_FRANCHISES,
                },
                bypass_triggers=self.bypass_triggers,
            )

    def _copy_wordings(self, connection: psycopg.Connection) -> None:
        places = dict.fromkeys(Role, 0)
        cursor = connection.cursor()
        with cursor.copy("COPY seed_staff FROM STDIN") as copy:
            for member in self.members:
                copy.write_row((member.role, places[member.role], member.user_id))
                places[member.role] += 1
        with cursor.copy("COPY seed_ending FROM STDIN") as copy:
            for template_no, endings in enumerate(tell_endings(self.seed_number)):
                for number, words in enumerate(endings):
                    copy.write_row((template_no, number, words))
        with cursor.copy("COPY seed_story FROM STDIN") as copy:
            for number, story in enumerate(tell_stories(self.seed_number)):
                template = story.template
                copy.write_row(
                    (
                        number,
                        TEMPLATES.index(template),
                        story.title,
                        story.opening,
                        story.priority,
                        story.severity,
                        story.linked_type,
                        LINK_PREFIXES[story.linked_type],
                        LINK_POPULATIONS.get(story.linked_type),
                        story.creator_role,
                        CREATORS.get(story.creator_role),
                        template.service,
                        list(story.tags),
                        story.reply,
                        story.resolution,
                        template.sensitive_per_mille,
                        Jsonb({"seed": MARK, "template": template.key}),
                    )
                )
        connection.execute("ANALYZE seed_story, seed_ending, seed_staff")


class LoadSession:
    """Loads batches one after another. Not for use by several threads."""

    def __init__(self, connection: psycopg.Connection, parameters: Mapping[str, Any], *, bypass_triggers: bool) -> None:
        self._connection = connection
        self._parameters = parameters
        self._bypass_triggers = bypass_triggers
        self._insert_with_audit = batch.insert_tickets_with_audit(_audited_columns(connection))

    def load(self, numbers: range) -> Loaded:
        """One transaction: the tickets of these numbers, their messages, audit and heads."""
        execute = self._connection.execute
        with self._connection.transaction():
            drawn = execute(batch.DRAW, {**self._parameters, "first": numbers[0], "last": numbers[-1]}).rowcount
            if drawn != len(numbers):
                raise RuntimeError(f"{drawn} tickets were drawn for {len(numbers)} numbers")
            if self._bypass_triggers:
                execute("SET LOCAL session_replication_role = replica")
                execute(self._insert_with_audit)
                messages = execute(batch.INSERT_MESSAGES).rowcount
            else:
                execute("SELECT set_config('tickets.context', %s, true)", [json.dumps(LOADER)])
                execute(batch.INSERT_TICKETS)
                messages = execute(batch.INSERT_MESSAGES).rowcount
                execute("DELETE FROM public.outbox WHERE xid = pg_current_xact_id()")
        return Loaded(drawn, messages)


def may_bypass_triggers(connection: psycopg.Connection) -> bool:
    """Whether the role is a superuser or was granted SET on session_replication_role."""
    row = connection.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')").fetchone()
    return row is not None and bool(row[0])


def _audited_columns(connection: psycopg.Connection) -> list[str]:
    """What `ticket_after_insert` puts into the audit: every stored column but the bookkeeping and what is derived."""
    rows = connection.execute(
        """
        SELECT attname FROM pg_attribute
        WHERE attrelid = 'public.tickets'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
            AND attname NOT IN ('version', 'updated_at')
            AND attname <> ALL (public.ticket_derived_columns())
        """
    )
    return [name for (name,) in rows]
