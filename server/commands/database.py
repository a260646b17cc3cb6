"""Which database a command works on, and what the user is told when that does not work."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg
import sqlalchemy.exc
from psycopg.conninfo import conninfo_to_dict

from server.embedded.address import running_database_url
from server.settings import Settings

PATIENCE_SECONDS = 5
"""How long a database may take to answer the first connection, for each address that its name has."""

_EXPECTED = (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege)


class DatabaseUnusable(click.ClickException):
    """One line, and exit status 2: 1 belongs to what a command found."""

    exit_code = 2


def database_of(settings: Settings) -> str:
    """The one that TICKETS_DATABASE_URL names; without it that of the instance which runs in the data directory.

    Raises DatabaseUnusable for a text that is no address of a database.
    """
    if "database_url" not in settings.model_fields_set:
        local = running_database_url(settings.data_dir)
        if local is not None:
            return local
    url = settings.database_url.get_secret_value()
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # whose message repeats the text, with the password in it
        raise DatabaseUnusable("TICKETS_DATABASE_URL: must be a PostgreSQL URL or a libpq connection string") from None
    return url


@contextmanager
def usable_database(settings: Settings) -> Iterator[str]:
    """The same for a body that works on it, whose failures to reach or use the database become DatabaseUnusable.

    One that is away is noticed before the body begins: pools would try again and again, and write a line each time.
    """
    url = database_of(settings)
    try:
        psycopg.connect(url, connect_timeout=PATIENCE_SECONDS).close()
        yield url
    except psycopg.errors.UndefinedTable:
        raise DatabaseUnusable("the database has no tickets tables; `tickets migrate` makes them") from None
    except _EXPECTED as error:
        raise _unusable(error, settings) from None
    except sqlalchemy.exc.DBAPIError as error:
        if isinstance(error.orig, _EXPECTED):
            raise _unusable(error.orig, settings) from None
        raise


def _unusable(error: psycopg.Error, settings: Settings) -> DatabaseUnusable:
    words = " ".join(str(error).split())
    if "database_url" in settings.model_fields_set:
        return DatabaseUnusable(f"the database cannot be used: {words}")
    place = Path(settings.data_dir).resolve()
    return DatabaseUnusable(
        f"the database cannot be used: {words} (TICKETS_DATABASE_URL is not set, and no instance runs in {place})"
    )
