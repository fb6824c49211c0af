"""Mail for coalitions: ingest → plan → compose → send → track."""
