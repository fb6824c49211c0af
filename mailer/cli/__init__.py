"""`mailer …`: every command, each reporting to people and, with --json, to machines."""


def main() -> None:
    """Run the command line."""
