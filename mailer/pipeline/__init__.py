"""The verbs, in order: ingest, subscribe, plan, compose, send, track.

Beside them: tick (all that is due), notify (letters to one person), reconcile (two
lists of suppressed addresses), examine (what would keep mail from arriving).
"""
