"""The program: one loop over what a source of codes gives, each told to the station once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType
from typing import Final

from hardware.camera import END_OF_FILM, Camera, CameraSource
from hardware.guard import Guard, settle, shelter
from hardware.keyboard import Keyboard
from hardware.looking import THUMB, Looking
from hardware.qr_engine import Engine, EngineTrouble, Gm65
from hardware.serial_line import SerialLine
from hardware.sight import Sight
from hardware.v4l2 import Controls
from kiosk.local import boot_time, notify
from kiosk.scanner.outlet import RETRY, InView, Outlet
from kiosk.scanner.window import Window
from kiosk.settings import ScannerTable, Settings
from kiosk.wire import MAX_CODE, Scan

HUNG: Final = 15.0
"""Seconds in which the camera does not answer: the program ends, and systemd starts a fresh one."""

NO_FRAME: Final = 2.0


class CameraHung(Exception):
    """A read does not return; only a new process helps."""


class Running:
    """True until SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self._on = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def __bool__(self) -> bool:
        return self._on

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until a signal."""
        if self._on:
            signal.sigtimedwait([], seconds)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._on = False


def run(settings: Settings, name: str) -> None:
    """Run the scanner of that name until it is told to stop. Raises CameraHung."""
    table = settings.scanners[name]
    settle()
    guard = Guard(THUMB[::-1])
    if table.camera:
        shelter(guard)
    running, outlet, in_view = Running(), Outlet(settings.run / "scan.sock", name), InView()
    notify("READY=1")
    if table.camera:
        texts = texts_of_camera(table, outlet, running, Looking(guard=guard), Window(settings, name))
    else:
        texts = texts_of_reader(table, outlet, running)
    for seen, found in texts:
        for text in in_view.news(found, seen):
            outlet.send(Scan(table.door, text[:MAX_CODE], seen))


Texts = Iterator[tuple[float, list[str]]]
"""Boot times, and the texts that were seen at them."""


def texts_of_camera(table: ScannerTable, outlet: Outlet, running: Running, looking: Looking, window: Window) -> Texts:
    """What the camera shows. Raises CameraHung."""
    controls = Controls(table.exposure_ms, table.gain, table.focus)
    camera = Camera(CameraSource(table.camera or "", table.width, table.height, table.rate, table.pause, controls))
    sight, seen = Sight(), boot_time()
    while running:
        frame = camera.newest(seen, NO_FRAME)
        notify("WATCHDOG=1")
        if frame is None:
            outlet.tell(None if camera.trouble == END_OF_FILM else camera.trouble or "no frames")
            window.show(None, camera.trouble)
            if camera.stuck_for > HUNG:
                raise CameraHung(f"the camera has not answered for {HUNG:g} s; a new process is needed")
            continue
        seen = frame.at
        texts = looking.look(frame.grey)
        yield seen, texts
        trouble = sight.judge(frame.grey, seen)
        outlet.tell(trouble or None)
        window.show(frame.grey, trouble, tuple(texts))
    window.close()
    camera.close()


def texts_of_reader(table: ScannerTable, outlet: Outlet, running: Running) -> Texts:
    """What a reader with a decoder of its own sends, found again when it was unplugged."""
    read = texts_of_engine if table.engine else texts_of_keyboard
    while running:
        try:
            for text in read(table, running):
                outlet.tell(None)
                notify("WATCHDOG=1")
                yield boot_time(), [text] if text else []
        except (OSError, EngineTrouble) as error:
            outlet.tell(f"{table.engine or table.keyboard}: {error}")
            notify("WATCHDOG=1")
            running.wait(RETRY)


def texts_of_engine(table: ScannerTable, running: Running) -> Iterator[str | None]:
    """What a serial QR engine sends; None each second when it sends nothing. Raises OSError, EngineTrouble."""
    with SerialLine(table.engine or "", table.baud) as line:
        if table.model == "gm65":
            engine: Engine = Gm65(line, table.mode)
        else:
            engine = Engine(line, table.mode, bytes.fromhex(table.trigger))
        engine.set_up()
        while running:
            yield engine.read(timeout=1.0)


def texts_of_keyboard(table: ScannerTable, running: Running) -> Iterator[str | None]:
    """What a reader types; None each second when it types nothing. Raises OSError."""
    with Keyboard(table.keyboard or "") as keyboard:
        while running:
            yield keyboard.read(timeout=1.0)
