"""A Raspberry Pi 3 under QEMU, from power-on to a cut: its serial lines, its pins, its power.

Not modelled: the Pi's own firmware and kernel (config.txt, dtparams, vcgencmd), currents, pulls, bounce, edges (an input reads
its output latch, which :meth:`Pi.drive` sets; the station finds it by reading back), cameras, 1-Wire devices, real speed and
heat, cards that lie. QEMU resets the board when the watchdog is armed, so its driver is left out.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from tests.pi.registers import BLOCK, CLEAR, LEVEL, SET, Write, driven, writes
from tests.programs.house import until

LOCK, RED, GREEN, BUZZER, RELAY = 17, 23, 24, 25, 19
CONTACT, EXIT, FIRE, TAMPER, LEAK = 27, 22, 26, 6, 16
AT_REST: Final = {CONTACT: 0, EXIT: 1, FIRE: 1, TAMPER: 0, LEAK: 0}
"""What the inputs of tests/pi/station.toml read while the door is closed and nobody does anything."""

BOARD: Final = "Raspberry Pi 3 Model B"

PATIENCE: Final = 1800.0
"""Seconds for anything on an emulated board, which may have a fraction of a processor."""

WORDS: Final = (
    "console=ttyS1,115200 root=/dev/mmcblk0p2 loglevel=3 systemd.show_status=0 panic=5 module_blacklist=bcm2835_wdt"
    " systemd.default_timeout_start_sec=1800 systemd.service_watchdogs=0"
)
"""The board may be slower by a hundred than what the units' time-outs are made for."""

START: Final = "systemctl show --property=InvocationID --value kiosk-station"
READY: Final = "systemctl is-active kiosk-station"
HEARS: Final = (
    f"{READY} &&"
    " ls -l /proc/$(systemctl show --property=MainPID --value kiosk-scanner@main)/fd | grep 'ttyAMA0\\|input/event'"
)
"""Of two units systemctl would be content with one."""

BOOK: Final = "sqlite3 -readonly /var/lib/kiosk/logbook.db"
ENTRIES: Final = f"""{BOOK} "SELECT json_insert(body, '$.seq', seq) FROM access ORDER BY seq" """
"""Without Python, which takes an emulated board seconds to start."""

PIECE: Final = 800
"""Characters of a command for each line; the terminal's own bound is 4,096."""


class Pi:
    """A board from its power-on on. The card keeps what was written to it."""

    def __init__(self, built: Path, drive: str, kernel: str, tree: str, words: str, more: Sequence[str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pi-"))
        self.sockets = {name: self.folder / name for name in ("engine", "console", "monitor", "registers")}
        self._started = [self._grep()]
        with ExitStack() as stack:
            stack.callback(self._off)
            self._started.append(self._qemu(built / "qemu", drive, built / kernel, tree, words, more))
            self.engine, self.console, self._monitor, self._registers = map(self._connected, self.sockets.values())
            stack.pop_all()
        self._answers, self._values = self._monitor.makefile("rb"), self._registers.makefile("rb")
        self._heard, self._asked, self._changed = b"", 0, threading.Condition()
        self.began = time.time()
        for line in (self.console, self.engine):
            threading.Thread(target=self._listen, args=(line,), daemon=True).start()
        self._answers.readline()
        self.monitor("qmp_capabilities")

    def _grep(self) -> subprocess.Popen[bytes]:
        """What QEMU traces of every device, by the thousand a second, but for the pins."""

        os.mkfifo(self.folder / "trace")
        command = f"exec grep -a --line-buffered bcm2835_gpio <{self.folder}/trace >{self.folder}/pins"
        return subprocess.Popen(["sh", "-c", command])

    def _qemu(
        self, root: Path, drive: str, kernel: Path, tree: str, words: str, more: Sequence[str]
    ) -> subprocess.Popen[bytes]:
        loader = next(root.glob("usr/lib/*-linux-gnu/ld-linux-*"))
        program = [str(loader), "--library-path", str(loader.parent), str(root / "usr/bin/qemu-system-aarch64")]
        board = ["-M", "raspi3b", "-kernel", f"{kernel}/vmlinuz", "-initrd", f"{kernel}/initrd.gz"]
        board += ["-dtb", f"{kernel}/{tree}", "-drive", drive, "-S", "-display", "none"]
        for name in ("engine", "console"):
            board += ["-chardev", f"socket,id={name},path={self.sockets[name]},server=on,wait=off"]
            board += ["-serial", f"chardev:{name}"]
        board += ["-qmp", f"unix:{self.sockets['monitor']},server=on,wait=off"]
        board += ["-qtest", f"unix:{self.sockets['registers']},server=on,wait=off", "-qtest-log", "none"]
        board += ["-d", "trace:memory_region_ops_write", "-D", f"{self.folder}/trace", "-msg", "timestamp=on"]
        said = (self.folder / "said").open("wb")
        return subprocess.Popen([*program, *board, "-append", f"{WORDS} {words}", *more], stdout=said, stderr=said)

    def _connected(self, path: Path) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)

        def there() -> bool:
            assert self._started[1].poll() is None, (self.folder / "said").read_text()
            line.connect(str(path))
            return True

        until(there, f"QEMU at {path.name}")
        return line

    def _listen(self, line: socket.socket) -> None:
        """Read always: some hundred unread bytes fill the socket, and QEMU as a whole then waits."""
        with suppress(OSError):  # the power went
            while more := line.recv(65536):
                if line is self.console:
                    with self._changed:
                        self._heard += more
                        self._changed.notify_all()

    # the machine

    def power_on(self) -> None:
        """Let it run, with its inputs at rest."""
        for pin, level in AT_REST.items():
            self.drive(pin, level)
        self.began = time.time()
        self.monitor("cont")

    def copy_card(self, card: Path, to: Path) -> None:
        """The card as it would be, had the power gone at this moment."""
        self.monitor("stop")
        shutil.copyfile(card, to)
        self.monitor("cont")

    def cut(self) -> None:
        """The power goes; it may have gone before."""
        self._off()
        for line in (self._answers, self._values, self.engine, self.console, self._monitor, self._registers):
            line.close()

    def _off(self) -> None:
        while self._started:
            process = self._started.pop()
            process.send_signal(signal.SIGKILL)
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def monitor(self, verb: str, **arguments: object) -> Any:
        """A word for QEMU, and its answer."""
        self._monitor.sendall(json.dumps({"execute": verb, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self._answers.readline())
            if "return" in answer or "error" in answer:
                return answer.get("return", answer)

    def press(self, key: str) -> None:
        """A key of a USB keyboard."""
        self.monitor("human-monitor-command", **{"command-line": f"sendkey {key} 20"})

    # its pins

    def level(self, pin: int) -> int:
        """What the pin's register reads at this moment."""
        return self._register(f"readl {BLOCK + LEVEL + pin // 32 * 4:#x}") >> pin % 32 & 1

    def drive(self, pin: int, level: int) -> None:
        """Wire an input: QEMU reads the output latch in its place."""
        self._register(f"writel {BLOCK + (SET if level else CLEAR) + pin // 32 * 4:#x} {1 << pin % 32:#x}")

    def until_level(self, pin: int, level: int) -> float:
        """Seconds until the pin is at that level."""
        began = time.monotonic()
        until(lambda: self.level(pin) == level, f"pin {pin} at {level}", PATIENCE)
        return time.monotonic() - began

    def pin_writes(self) -> list[Write]:
        """Every write to the pins' registers since power-on."""
        return list(writes((self.folder / "pins").read_text(errors="replace").splitlines()))

    def types(self, line: str) -> None:
        """A line at the root shell's terminal."""
        self.console.sendall(line.encode() + b"\n")

    def sees(self, words: str) -> None:
        """Wait until the terminal shows these words."""
        self._until_heard(re.escape(words.encode()), PATIENCE)

    def driven(self, pin: int) -> list[tuple[float, int | None]]:
        """Each change of what drives the pin since power-on."""
        return driven(self.pin_writes(), pin)

    def _register(self, words: str) -> int:
        self._registers.sendall(f"{words}\n".encode())
        while (answer := self._values.readline().decode()).startswith("IRQ"):
            pass
        return int(answer.split()[1], 16) if words.startswith("read") else 0

    # its system

    def scan(self, text: str) -> None:
        """A code before the serial engine at the header's port."""
        self.engine.sendall(text.encode() + b"\r")

    def run(self, command: str, patience: float = PATIENCE) -> tuple[int, str]:
        """A command in the root shell on the second serial line: its exit code, and what it printed."""
        self._asked += 1
        text = base64.b64encode(command.encode()).decode()
        pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
        lines = ["stty -echo", ": >/run/asked", *(f"printf %s {piece} >>/run/asked" for piece in pieces)]
        lines.append("base64 -d /run/asked >/run/command; sh /run/command >/run/said 2>&1 </dev/null")
        # At once, so that what another program says here stands before it or behind it.
        lines.append(f"""printf '<%s %s %s>\\n' {self._asked} $? "$(base64 -w0 /run/said)" """)
        self.console.sendall("\n".join([*lines, ""]).encode())
        found = self._until_heard(rf"<{self._asked} (\d+) ([\w+/=]*)>".encode(), patience)
        return int(found[1]), base64.b64decode(found[2]).decode(errors="replace").strip()

    def out(self, command: str) -> str:
        """What a command prints that must not fail."""
        code, text = self.run(command)
        assert code == 0, text
        return text

    def _until_heard(self, pattern: bytes, patience: float) -> re.Match[bytes]:
        with self._changed:
            found = self._changed.wait_for(lambda: re.search(pattern, self._heard), patience)
            assert found, f"the board did not say {pattern!r}: ...{self._heard[-2000:].decode(errors='replace')}"
            self._heard = self._heard[found.end() :]
            return found

    def heard(self, pattern: bytes) -> list[bytes]:
        """What it has said of this form since the last command."""
        with self._changed:
            return re.findall(pattern, self._heard)

    def shell(self) -> None:
        """Wait until the root shell answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.console.sendall(b"\necho up$((40 + 2))\n")
            with suppress(AssertionError):
                self._until_heard(rb"up42", 5.0)
                return
        self._until_heard(rb"up42", 1.0)

    # our programs on it

    def start(self) -> None:
        """Power on, and wait until its programs run; prints how long it took."""
        self.power_on()
        self.shell()
        shell = time.time() - self.began
        self.await_station()
        print(f"\na start: root shell after {shell:.0f} s, station and scanner after {time.time() - self.began:.0f} s")

    def kill_station(self, last: str = ":") -> str:
        """Kill it right after that command, and wait until systemd has made it ready again; what the command printed."""
        before, _, said = self.out(f"{START}; {last}; systemctl kill -s KILL kiosk-station").partition("\n")
        until(lambda: self.run(READY)[0] == 0 and self.out(START) != before, "the next start", PATIENCE)
        return said

    def hold_released(self) -> None:
        """Hold the lock released for longer than anything here takes: a pulse is over before a slow board has done anything."""
        self.out("kiosk door hold --for 30m")
        self.until_level(LOCK, 1)

    def await_station(self) -> None:
        """Wait until the station answers and its scanner holds its reader: what a port gets before is cut off."""
        self.shell()
        until(lambda: self.run(HEARS)[0] == 0, "the programs", PATIENCE)

    def entries(self) -> list[dict[str, Any]]:
        """All entries of the access stream, the oldest first."""
        return [json.loads(line) for line in self.out(ENTRIES).splitlines()]

    def await_entry(self, after: int, *kinds: str) -> dict[str, Any]:
        """The first entry of one of these kinds with a number above `after`."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.entries() if each["seq"] > after and each["kind"] in kinds]

        return until(found, f"an entry of {kinds}", PATIENCE)[0]

    def checks(self) -> dict[str, str]:
        """What the doctor says, by its checks."""
        _code, text = self.run("kiosk doctor --json")
        return {each["id"]: each["severity"] for each in json.loads(text)["checks"]}

    def names(self) -> set[str]:
        """What status and report call the board."""
        self.out("kiosk report --out /run/report.zip")
        report = self.out("python3 -m zipfile -e /run/report.zip /run/report && cat /run/report/system.json")
        return {json.loads(report)["model"], json.loads(self.out("kiosk status --json"))["board"]}

    def kinds(self) -> list[str]:
        """The kinds of these entries."""
        return [each["kind"] for each in self.entries()]

    def newest(self) -> int:
        """The number of the newest entry."""
        return max((each["seq"] for each in self.entries()), default=0)


def plugged(folder: Path) -> list[str]:
    """A USB keyboard, and a stick that somebody gave the label of the data's partition, for a board's `more`."""
    image = folder / "stick.img"
    if not image.exists():
        subprocess.run(
            ["mke2fs", "-q", "-t", "ext4", "-L", "kiosk-data", image, "16M"], check=True, capture_output=True
        )
    drive = f"if=none,id=stick,format=raw,file={image}"
    return ["-device", "usb-kbd", "-drive", drive, "-device", "usb-storage,drive=stick"]


@contextmanager
def board(
    built: Path,
    card: Path,
    *,
    kernel: str = "bookworm",
    tree: str = "pi.dtb",
    words: str = "",
    more: Sequence[str] = (),
    cache: str = "writeback",
) -> Iterator[Pi]:
    """A board that has no power yet, until its power is cut. `words`: for the kernel; `more`, `cache`: for QEMU."""
    pi = Pi(built, f"file={card},if=sd,format=qcow2,cache={cache}", kernel, tree, words, more)
    try:
        yield pi
    finally:
        pi.cut()


def blank(built: Path, card: Path) -> Path:
    """A card as it was built; what is written to it lies in a file beside."""
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(built / "card.img"), str(card)]
    subprocess.run(command, check=True)
    return card
