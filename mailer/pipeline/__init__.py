"""The verbs, in order: ingest, subscribe, plan, compose, send, track."""
