"""Every store contract runs on SQLite and on PostgreSQL."""

from tests.databases import (
    database,
    database_url,
    migrated_file,
    postgresql,
    pytest_generate_tests,
    woken,
)

__all__ = [
    "database",
    "database_url",
    "migrated_file",
    "postgresql",
    "pytest_generate_tests",
    "woken",
]
