"""The browser at the door: what it needs, what becomes of it, and that a page that hangs is found."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kiosk.demo.place import free_port
from kiosk.screen.browser import BrowserEnded, watch
from tests.programs.house import House, until


@contextmanager
def page(*answers: int) -> Iterator[tuple[int, list[int]]]:
    """A `kiosk screen` that answers so, the last for ever; its port, and what it answered."""
    told: list[int] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(answers[min(len(told), len(answers) - 1)])
            self.send_response(told[-1])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stays."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_a_page_that_falls_silent_ends_it(browser: subprocess.Popen[bytes]) -> None:
    with page(200, 200, 503) as (port, told), pytest.raises(BrowserEnded, match="no page is heard"):
        watch(browser, port, start_within=0.0, every=0.01)
    assert told == [200, 200, 503]


def test_a_screen_program_that_is_away_is_no_fault_of_the_browsers(browser: subprocess.Popen[bytes]) -> None:
    port = free_port()
    threading.Timer(0.5, browser.terminate).start()
    with pytest.raises(BrowserEnded, match="ended with -15"):
        watch(browser, port, start_within=0.0, every=0.01)


def test_it_is_not_asked_for_before_it_had_time_to_start(browser: subprocess.Popen[bytes]) -> None:
    threading.Timer(0.5, browser.terminate).start()
    with page(503) as (port, told), pytest.raises(BrowserEnded, match="ended with -15"):
        watch(browser, port, start_within=60.0, every=0.01)
    assert told == []


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house", f"[screen]\nport = {free_port()}\n")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which programs are looked for; there are none."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def make(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


@pytest.mark.usefixtures("programs")
def test_what_is_missing_is_named_with_its_command(house: House) -> None:
    done = house.kiosk("browser")
    assert (done.returncode, "sudo apt install cage xwayland chromium" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_browser_that_ends_ends_it(house: House, programs: Path) -> None:
    make(programs / "cage", "exit 3")
    make(programs / "chromium-browser", "")
    done = house.kiosk("browser")
    assert (done.returncode, "ended with 3" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_station_without_a_display_has_none(tmp_path: Path) -> None:
    done = House(tmp_path / "house").kiosk("browser")
    assert (done.returncode, "[screen]" in done.stderr) == (2, True)


def test_settings_that_cannot_be_read_leave_the_display_its_page(house: House, programs: Path) -> None:
    make(programs / "cage", 'echo "$*"')
    make(programs / "chromium", "")
    house.config.write_text(house.config.read_text() + "[oops]\n")
    done = house.kiosk("browser")
    assert "http://127.0.0.1:8090/" in done.stdout
    assert "usual port" in done.stderr


NOBODY = """\
mkdir -p -m 1777 /tmp/.X11-unix
chown -R 65534 "$XDG_RUNTIME_DIR"
exec setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/cage "$@"
"""
"""For tests that root runs: neither cage nor Chromium's sandbox has anything to do with root."""


@pytest.fixture
def display(programs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of cage and Chromium themselves, on a display that is none."""
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    absent = [name for name in ("cage", "Xwayland", "chromium") if not shutil.which(name)]
    if absent:
        (pytest.fail if os.environ.get("KIOSK_BROWSER_REQUIRED") else pytest.skip)(
            f"{' AND '.join(absent)} ABSENT: apt-get install cage xwayland chromium"
        )
    with TemporaryDirectory() as folder:
        if not os.geteuid():
            make(programs / "cage", NOBODY)
        none = {"WLR_BACKENDS": "headless", "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}
        here = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "RUNTIME_DIRECTORY"), folder)
        for name, value in {**none, **here}.items():
            monkeypatch.setenv(name, value)
        yield Path(folder)


@pytest.mark.slow
def test_a_page_that_stops_answering_is_found(house: House, display: Path) -> None:
    """What the unit allows is tried in the virtual machine."""
    with house.program("screen"), house.program("browser", "--start-within", "20") as browser:
        until(lambda: renderers(display), "the page's process")
        until(lambda: house.kiosk("screen", "--alive").returncode == 0, "the page")
        for process in renderers(display):
            os.kill(process, signal.SIGSTOP)
        assert browser.wait(90) == 1
        assert "no page is heard" in (house.folder / "browser.log").read_text()
    assert not renderers(display), "nothing of it is left"


def renderers(folder: Path) -> list[int]:
    """The processes in which Chromium runs pages."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes()
            if b"--type=renderer" in words and str(folder).encode() in words:
                found.append(int(path.parent.name))
    return found
