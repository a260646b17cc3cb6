"""A PostgreSQL that these tests may crash."""

from tests.integration.reliability.conftest import own_postgres

__all__ = ["own_postgres"]
