"""SQLAlchemy Core statements, compiled once to the text that psycopg runs.

Executing through SQLAlchemy costs a third of the throughput of a one-row read (docs/adr/0003). So the
expression language is used for what it is good at, composing SQL from the table definitions, and its
result is kept: a ``Statement`` is built when its module is imported, or once for each shape of a
dynamic query, and holds nothing of any one call.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped


class Statement:
    """SQL text with ``%(name)s`` parameters.

    ``prepare``: True for statements whose plan does not depend on the parameters (prepared at once),
    False for those planned anew each time, since a generic plan would be a bad one.
    """

    __slots__ = ("_fixed", "prepare", "sql")

    def __init__(self, clause: ClauseElement, *, prepare: bool = True) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        self.sql = str(compiled).encode()
        self._fixed: dict[str, Any] = {name: value for name, value in compiled.params.items() if value is not None}
        self.prepare = prepare

    def parameters(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The given values, and those that are part of the statement."""
        return {**self._fixed, **given} if self._fixed else given
