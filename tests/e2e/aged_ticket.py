"""`python -m tests.e2e.aged_ticket`: a ticket that was made some seconds ago, for tests of the admin UI.

It goes into the database of the instance in TICKETS_DATA_DIR, as an import would: everything that follows from its age
the clock finds out by itself. Prints its id.
"""

import argparse
import os
import sys
from pathlib import Path

import psycopg

from server.embedded.address import running_database_url

INSERT = """
    INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, priority, created_at)
    SELECT %(title)s, 'The truck for BKG-123 never arrived at the gate.', 'shipper-1', 'shipper',
        escalation_chain ->> 0, priority, now() - make_interval(secs => %(age)s)
    FROM sla_config WHERE priority = %(priority)s::ticket_priority
    RETURNING id
"""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("title")
    parser.add_argument("--priority", default="LOW")
    parser.add_argument("--age", type=float, required=True, help="seconds")
    options = parser.parse_args()
    database = running_database_url(Path(os.environ["TICKETS_DATA_DIR"]))
    if database is None:
        raise SystemExit("no database runs in TICKETS_DATA_DIR")
    with psycopg.connect(database, autocommit=True) as connection:
        row = connection.execute(INSERT, vars(options)).fetchone()
    if row is None:
        raise SystemExit(f"there is no policy for {options.priority}")
    sys.stdout.write(f"{row[0]}\n")


if __name__ == "__main__":
    main()
