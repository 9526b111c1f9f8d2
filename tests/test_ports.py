"""A port that another program holds is told with that program."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from kiosk.cli.ports import taken
from kiosk.demo.founding import found
from tests.programs.house import House, until


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def held(host: str) -> Iterator[int]:
    """A port on which this process listens."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        yield listening.getsockname()[1]


def test_who_holds_a_port_is_named(held: int) -> None:
    assert f"(process {os.getpid()})" in taken(held)
    assert sys.executable in taken(held)


def test_who_only_talks_through_a_port_does_not_hold_it(host: str, held: int) -> None:
    code = f"import socket, sys; s = socket.create_connection((sys.argv[1], {held})); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code, host], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as talker:
        assert talker.stdout is not None
        assert talker.stdout.readline()
        assert str(talker.pid) not in taken(held)
        talker.communicate(b"\n")


def test_where_this_account_may_not_look_the_command_is_told(held: int, tmp_path: Path) -> None:
    assert f"sudo ss -ltnp 'sport = :{held}'" in taken(held, tmp_path)


@pytest.mark.parametrize("verb", ["central", "screen", "desk"])
def test_a_program_whose_port_is_taken_says_by_whom(verb: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        tables = {"screen": f"[screen]\nport = {port}\n", "desk": f"[desk]\ndisplay = true\nport = {port}\n"}
        house = House(tmp_path, tables.get(verb, ""))
        data = ("serve", "--data", str(tmp_path / "central"), "--port", str(port)) if verb == "central" else ()
        done = house.kiosk(verb, *data)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"Port {port} is taken by" in done.stderr
    assert f"(process {os.getpid()})" in done.stderr
    assert "Next: end it, or" in done.stderr
    assert not (tmp_path / "central").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--host", "192.0.2.1"), 1, "192.0.2.1 is no address of this machine"),
        (("--host", "no.such.host.invalid"), 1, "no.such.host.invalid is no address of this machine"),
        (("--cert", "{config}"), 2, "are no certificate with its key"),
    ],
)
def test_what_cannot_be_served_is_said_plainly(tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    house = House(tmp_path)
    given = (each.format(config=house.config) for each in words)
    found(tmp_path / "central")
    done = house.kiosk("central", "serve", "--data", str(tmp_path / "central"), *given)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr


def test_it_serves_over_ipv6(tmp_path: Path) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
        port = free.getsockname()[1]
    found(tmp_path / "c")
    with House(tmp_path).program(
        "central", "serve", "--host", "::1", "--data", str(tmp_path / "c"), "--port", str(port)
    ):
        until(lambda: requests.get(f"http://[::1]:{port}/v1", timeout=5).status_code == 404, "the server")
