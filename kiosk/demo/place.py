"""The demo's folder, and the programs that run in it, which end with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.language import _
from kiosk.local import Line, NotReachable
from kiosk.settings import Settings
from kiosk.settings.loading import load

if TYPE_CHECKING:
    from kiosk.demo.film import Film

TEMPLATE: Final = Path(__file__).with_name("demo.toml")
"""config/demo.toml: a link, so that it is in an installed package too."""

SERVICES: Final = Path(__file__).with_name("demo-services.toml")
"""What the story of services adds, likewise."""

START_WITHIN: Final = 20.0
STOP_WITHIN: Final = 10.0


class DemoFailed(Exception):
    """The demo could not even begin; the text says why and where to look."""


class Place:
    """The demo's folder and the programs that run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.central = folder / "central"
        self.config = folder / "station.toml"
        self.film = folder / "film.avi"
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._processes: list[subprocess.Popen[bytes]] = []

    def write_config(self, values: dict[str, object], *more: Path) -> Settings:
        """Fill in the demo's settings; `more`: files that go on where they end."""
        text = "".join(each.read_text(encoding="utf-8") for each in (TEMPLATE, *more))
        self.config.write_text(Template(text).substitute(values), encoding="utf-8")
        return load(self.config)

    @contextmanager
    def program(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A `kiosk` program in a process of its own, ended by SIGTERM, and by the kernel when this one is killed."""
        with self._tied(words[0], "kiosk", "-c", str(self.config), *words) as process:
            self._processes.append(process)
            yield process

    @contextmanager
    def filming(self, film: Film) -> Iterator[subprocess.Popen[bytes]]:
        """The camera's film is being made, which takes long, in a process of its own: it ends with the rest."""
        described = self.folder / "film.json"
        described.write_bytes(msgspec.json.encode(film))
        with self._tied("film", "kiosk.demo.film", str(described), str(self.film)) as process:
            yield process

    @contextmanager
    def province(self, url: str) -> Iterator[subprocess.Popen[bytes]]:
        """The other stations of the demo's central server, in one process."""
        with self._tied("province", "kiosk.demo.province", url) as process:
            yield process

    @contextmanager
    def _tied(self, name: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "kiosk.demo.tied", str(os.getpid()), *words]
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            yield process
        finally:
            stop(process)

    def end_programs(self) -> None:
        """Tell all programs to end, so that they do it side by side."""
        for process in self._processes:
            process.terminate()

    def run(self, *words: str) -> str:
        """A `kiosk` verb, to its end. Raises DemoFailed."""
        command = [sys.executable, "-m", "kiosk", "-c", str(self.config), *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_WITHIN)
        except subprocess.TimeoutExpired:
            raise DemoFailed(_("kiosk {words} does not end", words=" ".join(words))) from None
        if done.returncode:
            raise DemoFailed(f"kiosk {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def hold_film(self) -> Path:
        """A second name for the film, which holds as long as this process: once the first is gone, so is the film with it."""
        return Path(f"/proc/{os.getpid()}/fd/{os.open(self.film, os.O_RDONLY | os.O_CREAT, 0o600)}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL for one that does not end."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def wait_for_port(port: int, place: Place, program: str = "central") -> None:
    """Until that program listens on it. Raises DemoFailed."""
    _wait(f"kiosk {program}", place, program, lambda: socket.create_connection(("127.0.0.1", port), 1.0).close())


def wait_for_station(settings: Settings, place: Place) -> None:
    """Until it answers. Raises DemoFailed."""
    _wait("kiosk station", place, "station", lambda: Line(settings.run / "control.sock").close())


def _wait(what: str, place: Place, program: str, attempt: Callable[[], None]) -> None:
    log, deadline = place.logs / f"{program}.log", monotonic() + START_WITHIN
    while True:
        try:
            attempt()
        except (OSError, NotReachable):
            if monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                raise DemoFailed(_("{what} does not start; see {log}", what=what, log=log) + f"\n{tail}") from None
            sleep(0.05)
        else:
            return
