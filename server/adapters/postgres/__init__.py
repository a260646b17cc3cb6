"""Storage in PostgreSQL: SQLAlchemy Core builds the statements once, psycopg runs them (ADR 0003)."""
