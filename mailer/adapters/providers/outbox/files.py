"""Where things stand in the outbox folder, and how they get there whole."""

import os
import threading

NOTES = "batches"  # in a mailing's folder: what each batch wrote


def place(path: str, content: bytes) -> None:
    """Write a file whole or not at all, over what was there."""
    part = f"{path}.{os.getpid()}-{threading.get_ident()}.part"
    with open(part, "wb", buffering=0) as file:  # noqa: PTH123 - faster than Path
        file.write(content)
    os.replace(part, path)  # noqa: PTH105 - as above
