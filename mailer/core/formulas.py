"""Cells of a table that a spreadsheet would run instead of showing."""

RISKY = ("=", "+", "-", "@")  # a spreadsheet takes what begins so for a formula


def guarded(cell: str) -> str:
    """Return a cell that every spreadsheet shows as text: an apostrophe before it.

    Blanks at its beginning go, as spreadsheets overlook them.
    Source: OWASP, CSV Injection, read November 2026.
    """
    bare = cell.lstrip()
    return f"'{bare}" if bare.startswith(RISKY) else cell
