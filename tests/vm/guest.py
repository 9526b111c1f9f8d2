"""What runs inside the virtual machine: a station on kernel pins, a scanner on kernel devices. Prints one JSON object.

python -m tests.vm.guest SCENE
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np

from hardware.contacts import Contact
from hardware.kernel_pins import KernelFactory
from hardware.v4l2 import Controls, set_controls
from kiosk.demo.film import symbol
from kiosk.local import Line, boot_time
from kiosk.wire import Logged, Scan, Subscribe
from tests.keys import claims, signed
from tests.programs.house import CONTACT, EXIT, LOCK, House, until

SIM = Path("/sys/devices/platform/gpio-sim.0/gpiochip0")
FEED = Path("/run/feed.png")
SHELF = cv2.rectangle(np.full((300, 300), 128, np.uint8), (60, 60), (240, 240), 90, -1)
HELD = [SHELF]
"""What lies before the camera."""

PATIENCE = 300.0
SCANNER = '[scanners.main]\ndoor = "main"\n'


def level(pin: int) -> int:
    """What the kernel drives, or reads."""
    return int((SIM / f"sim_gpio{pin}" / "value").read_text())


def pull(pin: int, up: int) -> None:
    """Wire an input."""
    (SIM / f"sim_gpio{pin}" / "pull").write_text("pull-up" if up else "pull-down")


class Place(House):
    """A house on kernel pins, with a closed door."""

    def __init__(self, more: str = "", lock: str = "{ pin = 17 }") -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="house-", dir="/run")))
        text = self.config.read_text().replace('pins = "simulated"', 'pins = "gpio"').replace("{ pin = 17 }", lock)
        self.config.write_text(text + more)
        self.trust()
        pull(CONTACT, 0)
        pull(EXIT, 1)

    def news(self) -> Line:
        """Entries as they are made, once the station answers."""
        until(self.view, "the station", PATIENCE)
        line = Line(self.run / "control.sock", timeout=PATIENCE)
        line.send(Subscribe())
        line.receive(timeout=PATIENCE)
        return line


def next_entry(news: Line, *kinds: str) -> dict[str, Any]:
    """The next entry of one of these kinds."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        match news.receive(timeout=1.0):
            case Logged(entry) if entry["kind"] in kinds:
                return entry
            case _:
                continue
    raise AssertionError(f"no entry of {kinds}")


def show(place: House, text: str) -> Line:
    """A code, as a scanner tells it. The line stays open as long as it is kept."""
    line = Line(place.run / "scan.sock")
    line.send(Scan("main", text, boot_time()))
    return line


def lock() -> dict[str, Any]:
    """A pass moves the kernel's line; so does the exit button; both go back."""
    place = Place()
    seen: dict[str, Any] = {}
    with place.program("station"):
        news = place.news()
        seen["secured"] = level(LOCK)
        scanner = show(place, signed(claims(1)))
        next_entry(news, "unlocked")
        seen["granted"] = until(lambda: level(LOCK) == 1)
        next_entry(news, "locked")
        seen["relocked"] = until(lambda: level(LOCK) == 0)
        pull(EXIT, 0)
        next_entry(news, "exit_pressed")
        seen["exit"] = until(lambda: level(LOCK) == 1)
        pull(EXIT, 1)
        next_entry(news, "locked")
        other = subprocess.run(
            [sys.executable, "-m", "kiosk", "-c", str(place.config), "station"],
            capture_output=True,
            text=True,
            check=False,
        )
        seen["second"] = [other.returncode, "Traceback" not in other.stderr, "runs on" in other.stderr]
        scanner.close()
    seen["stopped"] = level(LOCK)
    return seen


def kill() -> dict[str, Any]:
    """Killed in mid-unlock: this kernel keeps the line driven, as a Pi's does; the next start secures it and says so."""
    place = Place()
    seen: dict[str, Any] = {}
    with place.program("station") as process:
        news = place.news()
        scanner = show(place, signed(claims(1)))
        next_entry(news, "unlocked")
        until(lambda: level(LOCK) == 1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        seen["after the kill"] = level(LOCK)
        scanner.close()
    with place.program("station"):
        place.news()
        seen["after the start"] = until(lambda: level(LOCK) == 0)
        seen["entry"] = "interrupted_unlock" in place.kinds()
    return seen


def active_low() -> dict[str, Any]:
    """A relay that is on at low: the line is high from its claim to its release, but for the unlock."""
    place, low = Place(lock="{ pin = 17, active_high = false }"), list[float]()
    seen: dict[str, Any] = {}
    pull(LOCK, 1)
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if level(LOCK) == 0:
                low.append(monotonic())

    watcher = threading.Thread(target=watch)
    watcher.start()
    with place.program("station"):
        news = place.news()
        seen["pulses at the start"] = len(low)
        scanner = show(place, signed(claims(1)))
        next_entry(news, "locked")
        seen["moved"] = bool(low)
        scanner.close()
    over.set()
    watcher.join()
    seen["stopped"] = level(LOCK)
    pull(LOCK, 0)
    return seen


def held() -> dict[str, Any]:
    """Another program holds the lock's line: a plain message, no traceback, no fall-back."""
    place = Place()
    with beside("gpioset", "-c", "gpiochip0", f"{LOCK}=0"):
        until(lambda: "consumer" in subprocess.run(["gpioinfo"], capture_output=True, text=True, check=True).stdout)
        done = place.kiosk("station", timeout=PATIENCE)
    said = [line for line in done.stderr.splitlines() if line.startswith("kiosk station:")]
    return {"code": done.returncode, "said": said[-1] if said else done.stderr}


def claims_of_a_driven_line() -> dict[str, Any]:
    """What becomes of a line that a crash left driven high: before, once the factory has made its pin, and as an output.

    Whoever makes an input of it on the way lets go of the relay.
    """
    os.environ["LG_WD"] = tempfile.gettempdir()
    factories = import_module("gpiozero.pins.lgpio").LGPIOFactory, lambda: KernelFactory(Path("/dev/gpiochip0"))
    seen: dict[str, Any] = {}
    for name, make in zip(("lgpio", "ours"), factories, strict=True):
        pull(LOCK, 0)
        with beside("gpioset", "-c", "gpiochip0", f"{LOCK}=1"):
            until(lambda: level(LOCK) == 1)
        factory, ways = make(), [direction(LOCK)]
        pin = factory.pin(LOCK)
        ways.append(direction(LOCK))
        pin.output_with_state(1)
        seen[name] = [*ways, direction(LOCK)]
        factory.close()
        factory.pins.clear()
    return seen


def direction(pin: int) -> str:
    """`input` or `output`, as the kernel says."""
    done = subprocess.run(["gpioinfo", "-c", "gpiochip0", str(pin)], capture_output=True, text=True, check=True)
    return next(word for word in done.stdout.split() if word in {"input", "output"})


def edges() -> dict[str, Any]:
    """A hundred presses of a button: every edge is told once."""
    factory = KernelFactory(Path("/dev/gpiochip0"))
    told: list[bool] = []
    contact = Contact(factory, "exit", EXIT, lambda _, active, __: told.append(active))
    for _ in range(100):
        for up in (0, 1):
            before = len(told)
            pull(EXIT, up)
            until(lambda before=before: len(told) > before, "the edge")  # type: ignore[misc]
    contact.close()
    factory.close()
    return {"told": len(told), "pressed": sum(told)}


def held_up(text: str) -> None:
    """Lay a code before the loop-back camera, or nothing."""
    HELD[:] = [symbol(text, "l", 300) if text else SHELF]


@contextmanager
def feed(device: str) -> Iterator[None]:
    """Feed the loop-back camera meanwhile."""
    ended = threading.Event()
    filming = threading.Thread(target=film, args=(ended,))
    filming.start()
    try:
        with beside(sys.executable, "/opt/vmtest/v4l2feed.py", device, "10"):
            yield
    finally:
        ended.set()
        filming.join()


def film(ended: threading.Event) -> None:
    """What is held up, twice a second: no two pictures of a camera are alike, and one that never changes is told as frozen."""
    noise, following = np.random.default_rng(1), FEED.with_name("following.png")
    while not ended.wait(0.5):
        cv2.imwrite(str(following), cv2.add(HELD[0], noise.integers(0, 3, HELD[0].shape, np.uint8)))
        following.replace(FEED)


@contextmanager
def beside(*command: str) -> Iterator[None]:
    """That command runs meanwhile, and is killed however the scene ends: the guest agent waits for all who hold its output."""
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def camera() -> dict[str, Any]:
    """A video device by a stable path: read, pulled, put in again under another number, read again."""
    seen: dict[str, Any] = {}
    held_up("")
    Path("/dev/kiosk").mkdir(exist_ok=True)
    link = Path("/dev/kiosk/by-path-camera")
    link.unlink(missing_ok=True)
    link.symlink_to("/dev/video0")
    place = Place(SCANNER + f'camera = "{link}"\nwidth = 640\nheight = 480\nrate = 10.0\n')
    with ExitStack() as plugged, place.program("station"):
        plugged.enter_context(feed("/dev/video0"))
        news = place.news()
        with place.program("scanner"):
            until(lambda: place.view().programs["scanner"], "the scanner", PATIENCE)
            held_up(signed(claims(1)))
            seen["first"] = next_entry(news, "granted", "denied").get("index")
            held_up("")
            plugged.close()
            link.unlink()
            seen["pulled"] = until(lambda: place.view().faults.get("scanner.main", ""), "the fault", PATIENCE)
            plugged.enter_context(feed("/dev/video1"))
            link.symlink_to("/dev/video1")
            held_up(signed(claims(2)))
            seen["second"] = next_entry(news, "granted", "denied").get("index")
            until(lambda: "scanner.main" not in place.view().faults, "the end of the fault", PATIENCE)
    return seen


def controls() -> dict[str, Any]:
    """Controls of the kernel's test driver vivid, read back by v4l2-ctl; one that it lacks is named."""
    device = next(str(path) for path in sorted(Path("/dev").glob("video*")) if "vivid" in _name(path))
    missing = set_controls(device, Controls(exposure_ms=8.0, gain=77, focus=3))
    read = subprocess.run(["v4l2-ctl", "-d", device, "-C", "gain"], capture_output=True, text=True, check=True).stdout
    return {"missing": missing, "gain": read.strip()}


def _name(device: Path) -> str:
    return Path("/sys/class/video4linux", device.name, "name").read_text()


def keyboard() -> dict[str, Any]:
    """A USB keyboard that types a pass (the host presses its keys): it opens the door, and nobody else gets the keys."""
    device = next(str(path) for path in sorted(Path("/dev/input/by-id").glob("*-event-kbd")))
    place = Place(SCANNER + f'keyboard = "{device}"\n')
    with place.program("station"):
        news = place.news()
        with place.program("scanner", under=(sys.executable, "-c", PATIENT)) as scanner:
            until(lambda: place.view().programs["scanner"], "the scanner", PATIENCE)
            until(lambda: holds(scanner, Path(device)), "its reader", PATIENCE)
            Path("/run/keyboard-ready").touch()
            entry = next_entry(news, "granted", "denied")
            grab = subprocess.run(
                [sys.executable, "-c", GRAB.format(device=device)], capture_output=True, text=True, check=False
            )
    return {"index": entry.get("index"), "reason": entry.get("reason"), "grab": grab.stderr.strip().splitlines()[-1:]}


def holds(process: subprocess.Popen[bytes], device: Path) -> bool:
    """Whether a process has opened that device: what is typed before is nobody's."""
    return any(each.resolve() == device.resolve() for each in Path(f"/proc/{process.pid}/fd").iterdir())


PATIENT = """\
import sys
import hardware.keyboard
from kiosk.cli.main import run
hardware.keyboard.SILENCE = 3600.0
sys.argv[:4] = ["kiosk"]
run()
"""
"""Only Enter ends a text: half a second of silence, which else does, too, may lie between any two keys pressed here."""

GRAB = "from hardware.keyboard import Keyboard; Keyboard('{device}')"

SCENES: dict[str, Callable[[], dict[str, Any]]] = {
    each.__name__: each
    for each in (lock, kill, active_low, claims_of_a_driven_line, edges, held, camera, controls, keyboard)
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENES[sys.argv[1]]()))
