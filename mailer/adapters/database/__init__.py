"""The store: SQLAlchemy Core on SQLite or PostgreSQL, one statement where it can."""
