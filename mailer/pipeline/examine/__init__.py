"""What would keep mail from arriving, and the way out: `mailer doctor`.

Each module looks at one thing and returns findings; it asks through ports alone.
"""
