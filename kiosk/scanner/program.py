"""The program: one loop over what a source of codes gives, each told to the station once."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Final, Protocol

from hardware.border import ODD
from hardware.camera import END_OF_FILM, Camera, CameraSource
from hardware.guard import Guard, settle, shelter
from hardware.keyboard import Keyboard, spelt
from hardware.layouts import LAYOUTS
from hardware.looking import THUMB, Looking
from hardware.qr_engine import Engine, EngineTrouble, Gm65
from hardware.serial_line import SerialLine
from hardware.sight import Sight
from hardware.v4l2 import Controls
from kiosk.local import RestartAsked, boot_time, notify
from kiosk.loops import Loops, end_by_signals
from kiosk.scanner.outlet import RETRY, InView, Outlet
from kiosk.scanner.reading import seen
from kiosk.scanner.window import Slip, Window
from kiosk.settings import ScannerTable, Settings
from kiosk.trust.codes import unwrapped
from kiosk.wire import LastReading, Scan, Shown
from kiosk.wire.base import MAX_CODE

HUNG: Final = 15.0
"""Seconds in which the camera does not answer: the program ends, and systemd starts a fresh one."""

NO_FRAME: Final = 2.0
A_READ: Final = 0.5
"""Seconds for which a reader is waited for in one turn; whoever asks what it read waits as long."""

Told = Callable[[float, list[str]], None]
"""Takes a boot time, and the texts that were seen at it."""


class CameraHung(Exception):
    """A read does not return; only a new process helps."""


class Source(Protocol):
    """What gives codes."""

    def look(self, told: Told) -> None:
        """Wait a second or two for what shows itself, and tell it. Raises CameraHung, RestartAsked."""

    def close(self) -> None:
        """Let go of it."""


class Scanner:
    """Tells the station what the source shows, until the program ends."""

    def __init__(self, door: str, source: Source, outlet: Outlet, loops: Loops) -> None:
        """`door`: before which it is read; empty at the desk."""
        self._door, self._source, self._outlet, self._loops = door, source, outlet, loops
        self._in_view = InView()
        self._ended_by: CameraHung | RestartAsked | None = None

    def run(self) -> None:
        """Work until the loops end. Raises CameraHung, RestartAsked, LoopFailed."""
        try:
            self._loops.run("scanner", self._turn)
        finally:
            self._source.close()
            self._outlet.close()
        if self._ended_by is not None:
            raise self._ended_by

    def _turn(self) -> None:
        self._loops.feed()
        try:
            self._source.look(self._told)
        except (CameraHung, RestartAsked) as error:
            self._ended_by = error
            self._loops.end()

    def _told(self, seen: float, texts: list[str]) -> None:
        for text in self._in_view.news(texts, seen):
            self._outlet.send(Scan(self._door, text[:MAX_CODE], seen) if self._door else Shown(text[:MAX_CODE]))


class CameraView:
    """What the camera shows."""

    def __init__(self, table: ScannerTable, outlet: Outlet, looking: Looking, window: Window, loops: Loops) -> None:
        self._outlet, self._looking, self._window = outlet, looking, window
        controls = Controls(table.exposure_ms, table.gain, table.focus)
        size, film = (table.width, table.height), (table.rate, table.pause)
        source = CameraSource(table.camera or "", *size, *film, controls, table.timeout)
        self._camera = Camera(source, loops.start)
        self._sight, self._seen = Sight(), boot_time()
        self.hangs = False
        """Whether a read was still under way when it was closed."""

    def look(self, told: Told) -> None:
        """The codes in the next frame: told first, whatever else there is to say of it. Raises CameraHung."""
        frame = self._camera.newest(self._seen, NO_FRAME)
        if frame is None:
            self._missed(self._camera.trouble)
            return
        self._seen = frame.at
        texts = self._looking.look(frame.grey)
        told(frame.at, texts)
        trouble = self._sight.judge(frame.grey, frame.at)
        self._outlet.tell(trouble or None)
        self._window.show(frame.grey, trouble, tuple(texts))

    def close(self) -> None:
        """Close the window and the camera."""
        self._window.close()
        self.hangs = not self._camera.close()

    def _missed(self, trouble: str) -> None:
        self._outlet.tell(None if trouble == END_OF_FILM else trouble or "no frames")
        self._window.show(None, trouble)
        if self._camera.stuck_for > HUNG:
            raise CameraHung(f"the camera has not answered for {HUNG:g} s; a new process is needed")


class ReaderView:
    """What a reader with a decoder of its own sends, found again when it was unplugged."""

    def __init__(self, table: ScannerTable, outlet: Outlet, loops: Loops, slip: Slip | None = None) -> None:
        self._table, self._outlet, self._loops, self._slip = table, outlet, loops, slip
        self._reader: Engine | Keyboard | None = None
        self._open = ExitStack()

    def look(self, told: Told) -> None:
        """The next text. Whatever the reader says or does is trouble, and it is opened again."""
        if self._slip:
            self._slip.turn()
        with ExitStack() as stack:
            stack.callback(self._let_go)
            try:
                self._reader = self._reader or self._find()
                text = self._reader.read(timeout=A_READ)
            except (*ODD, EngineTrouble) as error:
                self._outlet.tell(f"{self._table.engine or self._table.keyboard}: {error}")
                self._loops.stop.wait(RETRY)
                return
            stack.pop_all()
        self._outlet.tell(None)
        code = self._code(text or "")
        told(boot_time(), [code] if code else [])
        if self._slip and text:
            self._slip.last = self._seen(text, code)

    def close(self) -> None:
        """Let go of it, and close the socket."""
        self._let_go()
        if self._slip:
            self._slip.close()

    def _code(self, text: str) -> str:
        return unwrapped(text, self._table.prefix, self._table.suffix)

    def _seen(self, text: str, code: str) -> LastReading:
        """What a technician may see of what was read just now."""
        if isinstance(self._reader, Engine):
            return seen(self._reader.raw, code, {})
        strokes = self._reader.strokes if self._reader else ()
        others = {each: self._code(spelt(strokes, each)) for each in LAYOUTS if each != self._table.layout}
        return seen(text.encode(errors="replace"), code, others)

    def _let_go(self) -> None:
        """The next look finds it anew."""
        self._reader = None
        opened, self._open = self._open, ExitStack()
        with suppress(*ODD):  # it has gone
            opened.close()

    def _find(self) -> Engine | Keyboard:
        """Raises what is ODD, EngineTrouble."""
        table = self._table
        if not table.engine:
            return self._open.enter_context(Keyboard(table.keyboard or "", table.layout))
        line = self._open.enter_context(SerialLine(table.engine, table.baud))
        if table.model == "gm65":
            engine: Engine = Gm65(line, table.mode)
        else:
            engine = Engine(line, table.mode, bytes.fromhex(table.trigger))
        engine.set_up()
        return engine


def run(settings: Settings, name: str) -> None:
    """Run the scanner of that name until it is told to stop. Raises CameraHung, LoopFailed."""
    table = settings.scanners[name]
    settle()
    guard = Guard(THUMB[::-1])
    outlet = Outlet(settings.run / "scan.sock", name)
    loops = Loops(outlet.loops)
    end_by_signals(loops)
    if table.camera:
        shelter(guard)
    notify("READY=1")
    source: Source = (
        CameraView(table, outlet, Looking(guard=guard), Window(settings, name), loops)
        if table.camera
        else ReaderView(table, outlet, loops, None if table.desk else Slip(settings, name))
    )
    Scanner(table.door or "", source, outlet, loops).run()
    if isinstance(source, CameraView) and source.hangs:
        os._exit(0)  # a thread that comes out of OpenCV into an ended Python aborts it
