"""Test support: a verb in a terminal, and somebody who reads and types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from tests.programs.house import PATIENCE, House, environment, until


def read_until(fd: int, words: str, before: str = "") -> str:
    """What a terminal has shown so far, behind what it had `before`, once the words are there."""
    shown, deadline = before.encode(), monotonic() + PATIENCE
    while words not in shown.decode(errors="ignore"):
        ready = select.select([fd], [], [], max(0.0, deadline - monotonic()))[0]
        assert ready, f"no {words!r} in {shown[-2000:]!r}"
        shown += os.read(fd, 65536)
    return shown.decode(errors="ignore")


class Terminal:
    """A process in a terminal of its own, the controlling one: Ctrl-C and a hang-up reach it as they would anywhere."""

    def __init__(self, process: subprocess.Popen[bytes], near: int) -> None:
        self._process, self._near = process, near
        self._shown = ""

    def sees(self, words: str) -> str:
        """Wait until it shows these words; all that it showed from the last ones to these."""
        self._shown = read_until(self._near, words, self._shown)
        seen, _, self._shown = self._shown.partition(words)
        return seen + words

    def types(self, text: str) -> None:
        """Type a line."""
        os.write(self._near, text.encode() + b"\n")

    def presses(self, key: str) -> None:
        """Press a key, and no Enter."""
        self.rests()
        os.write(self._near, key.encode())

    def rests(self) -> None:
        """Wait until it waits for somebody, or has ended: of a signal just before that Python hears at the next key only."""
        state = Path(f"/proc/{self._process.pid}/status")
        until(lambda: re.search(r"^State:\t[SZ]", state.read_text(), re.MULTILINE), "that it waits for a key")

    def hangs_up(self) -> None:
        """Close the terminal's window."""
        self._near, near = -1, self._near
        if near >= 0:
            os.close(near)

    def ends(self) -> tuple[int, str]:
        """Its exit code, and what it showed at last."""
        shown = self._shown.encode()
        with suppress(OSError):  # EIO: the other end has gone
            while chunk := os.read(self._near, 65536):
                shown += chunk
        return self._process.wait(PATIENCE), shown.decode(errors="ignore")


@contextmanager
def terminal(house: House, *words: str, rows: int = 40, columns: int = 140, **variables: str) -> Iterator[Terminal]:
    """A verb in a terminal until the block ends."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    env = {**environment(), "TERM": "xterm-256color", **variables}
    command = ["setsid", "--ctty", *house._command(*words)]
    process = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, env=env, cwd=house.folder)
    os.close(far)
    screen = Terminal(process, near)
    try:
        yield screen
    finally:
        process.kill()
        process.wait()
        screen.hangs_up()
