"""The service and the pages in one process: a form is answered with a letter."""

import signal
import socket
import subprocess

import httpx

from tests.e2e import plain
from tests.e2e.conftest import Shell
from tests.e2e.test_service import until


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        return plain.get(f"{url}/healthz").text == "ok"
    except httpx.TransportError:
        return False


def test_whoever_signs_up_on_the_pages_gets_a_letter_from_the_service(
    shell: Shell,
) -> None:
    port = free()
    url = f"http://127.0.0.1:{port}"
    command = shell.command("run", "--port", str(port), "--every", "1")

    with subprocess.Popen(command, env=shell.environment()) as process:  # noqa: S603 - ours
        until(lambda: answers(url))
        asked = {"email": "ana@union.example", "list": "1", "language": "en"}
        assert plain.post(f"{url}/subscribe", data=asked, timeout=30).status_code == 200
        until(lambda: bool(shell.messages))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    assert "/c/" in shell.messages[0].read_text("utf-8")


def test_a_port_that_is_taken_is_named_before_anything_runs(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("run", "web"):
            ran = shell(command, "--port", port, check=False)

            assert ran.code == 1
            assert f"127.0.0.1:{port}: nothing can listen there" in ran.err


def test_a_project_without_its_service_says_where_to_get_it(shell: Shell) -> None:
    (shell.folder / "scheduler.py").unlink()

    ran = shell("run", check=False)

    assert ran.code == 1
    assert "scheduler.py: there is no such file" in ran.err
