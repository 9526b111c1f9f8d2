"""`kiosk scanner` under its roof, and the pins' thread: what nobody lists is told and goes on, in each loop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from hardware import camera as camera_module
from hardware.border import ODD
from hardware.camera import BROKEN, LEAST, Camera, CameraSource, grey_of
from hardware.codes import Attempt
from hardware.guard import Guard
from hardware.kernel_pins import KernelFactory, KernelPin
from hardware.looking import THUMB, Looking
from hardware.sight import fault, softness
from kiosk import loops as loops_module
from kiosk.demo.appliances import open_terminal
from kiosk.loops import MOST_FAILURES, LoopFailed, Loops
from kiosk.scanner.outlet import LOOP, Outlet
from kiosk.scanner.program import CameraHung, ReaderView, Scanner, Told
from kiosk.settings.loading import load
from tests.keys import claims, signed
from tests.programs.house import House, until
from tests.programs.test_scanner import SCANNER


class Unlisted(Exception):
    """Nobody has thought of it."""


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops_module, "PAUSE", 0.0)
    monkeypatch.setattr(camera_module, "FIRST_RETRY", 0.01)


def raising(error: Exception) -> Callable[..., Any]:
    def surprise(*_: object, **__: object) -> None:
        raise error

    return surprise


@contextmanager
def roof() -> Iterator[tuple[Loops, list[str | None]]]:
    told: list[str | None] = []
    loops = Loops(told.append)
    try:
        yield loops, told
    finally:
        loops.end()


class Captured:
    """Gives pictures until it does what it is told instead."""

    def __init__(self, then: Callable[[], tuple[bool, Any]]) -> None:
        self.then, self.left, self.released = then, 2, 0

    def read(self) -> tuple[bool, Any]:
        self.left -= 1
        return (True, np.zeros((40, 60), "uint8")) if self.left >= 0 else self.then()

    def release(self) -> None:
        self.released += 1
        raise OSError(19, "No such device")


ODD_CAMERAS: dict[str, Callable[[], tuple[bool, Any]]] = {
    "gone": raising(OSError(19, "No such device")),
    "cv2": raising(cv2.error("odd")),
    "value": raising(ValueError("odd")),
    "nothing": lambda: (True, None),
    "empty": lambda: (True, np.zeros((0, 0), "uint8")),
    "a few pixels": lambda: (True, np.zeros((480, 16), "uint8")),
    "two planes": lambda: (True, np.zeros((4, 4, 2), "uint8")),
    "floats": lambda: (True, np.zeros((4, 4), "float64")),
    "one dimension": lambda: (True, np.zeros(9, "uint8")),
    "false": lambda: (False, None),
}


@pytest.mark.parametrize("then", ODD_CAMERAS.values(), ids=ODD_CAMERAS.keys())
def test_an_odd_camera_is_trouble_and_is_opened_again(
    monkeypatch: pytest.MonkeyPatch, then: Callable[[], tuple[bool, Any]]
) -> None:
    opened: list[Captured] = []

    def opening(_: CameraSource) -> Captured:
        opened.append(Captured(then))
        return opened[-1]

    monkeypatch.setattr(camera_module, "open_capture", opening)
    with roof() as (loops, told):
        camera = Camera(CameraSource("/dev/video9"), loops.start)
        until(lambda: len(opened) > 2, "it is opened again")
        until(lambda: camera.trouble == "/dev/video9 gives no frames")
        camera.close()
    assert told == []
    assert opened[0].released == 1


@pytest.mark.parametrize("error", [OSError(2, "none"), cv2.error("odd"), ValueError("odd"), IndexError("odd")])
def test_a_camera_that_does_not_open_is_trouble(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(camera_module, "open_capture", raising(error))
    with roof() as (loops, told):
        camera = Camera(CameraSource("/dev/video9"), loops.start)
        until(lambda: camera.trouble.startswith("/dev/video9 does not open: "))
        camera.close()
    assert told == []


def test_what_nobody_lists_in_the_cameras_loop_is_told_and_it_reads_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not issubclass(Unlisted, BROKEN)
    opened: list[Captured] = []

    def opening(_: CameraSource) -> Captured:
        opened.append(Captured(raising(Unlisted("a surprise"))))
        return opened[-1]

    monkeypatch.setattr(camera_module, "open_capture", opening)
    with roof() as (loops, told):
        camera = Camera(CameraSource("/dev/video9"), loops.start)
        until(lambda: len(opened) > 2, "it is opened anew")
        assert camera.newest(0.0, 30.0) is not None
        camera.close()
        assert camera.stuck_for == 0.0
    assert told[0] == "camera: Unlisted: a surprise"


def test_a_picture_in_colour_is_grey() -> None:
    assert grey_of(np.full((LEAST, 60, 3), 7, "uint8")).shape == (LEAST, 60)


def test_the_smallest_picture_that_a_camera_may_give_can_be_judged_and_looked_at() -> None:
    for shape in ((LEAST, LEAST), (LEAST, 4000), (4000, LEAST)):
        picture = np.full(shape, 99, "uint8")
        assert fault(picture) == "the lens is covered: nothing but one shade"
        assert softness(picture) == 0.0
        assert Looking().look(picture) == []


def test_a_decoder_that_raises_for_a_picture_costs_no_other() -> None:
    attempts = [Attempt("bad", raising(error)) for error in (ValueError("x"), cv2.error("x"), RecursionError("x"))]
    looking = Looking(1.0, guard=Guard(THUMB[::-1]), attempts=[*attempts, Attempt("good", lambda _: ["read"])])
    chance = np.random.default_rng(3)
    street = chance.integers(0, 200, (36, 64)).astype("uint8").repeat(10, 0).repeat(10, 1)
    looking.look(street)
    street[100:260, 200:440] = 255
    assert looking.look(street) == ["read"]


class Source:
    """Raises what it is told, then gives a text."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.closed = list(errors), False

    def look(self, told: Told) -> None:
        if self.errors:
            raise self.errors.pop(0)
        told(1.0, ["a code"])

    def close(self) -> None:
        self.closed = True


def test_what_nobody_lists_in_the_main_loop_is_told_to_the_station_and_codes_are_read_on(tmp_path: Path) -> None:
    house = House(tmp_path, SCANNER + 'engine = "/dev/none"\n')
    house.trust()
    ours, port = open_terminal()
    with house.station() as station:
        outlet = Outlet(house.run / "scan.sock", "main")
        loops = Loops(outlet.loops)
        table = load(House(tmp_path / "b", SCANNER + f'engine = "{port}"\n').config).scanners["main"]
        reader = ReaderView(table, outlet, loops)
        failing = Source(*[Unlisted("a surprise")] * (MOST_FAILURES - 1))

        def look(told: Told) -> None:
            failing.look(lambda _seen, _texts: None)
            reader.look(told)

        source = SimpleNamespace(look=look, close=reader.close)
        thread = threading.Thread(target=Scanner("main", source, outlet, loops).run)
        thread.start()
        until(lambda: house.view().faults.get(LOOP) == "scanner: Unlisted: a surprise", "the fault")
        os.write(ours, signed(claims(5)).encode() + b"\r\n")
        assert station.next("granted")["index"] == 5
        loops.end()
        thread.join()
    os.close(ours)


def test_too_many_surprises_end_the_program_and_a_hung_camera_ends_it_at_once(tmp_path: Path) -> None:
    outlet = Outlet(tmp_path / "scan.sock", "main")
    for error, errors in ((LoopFailed, [Unlisted("a surprise")] * 9), (CameraHung, [CameraHung("hung")])):
        source = Source(*errors)
        with pytest.raises(error):
            Scanner("main", source, outlet, Loops(outlet.loops)).run()
        assert source.closed


@pytest.mark.parametrize("error", [TypeError("fd"), ValueError("fd"), OSError(19, "gone"), IndexError("x")])
def test_whatever_a_reader_raises_is_trouble_and_it_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("kiosk.scanner.program.RETRY", 0.0)
    ours, port = open_terminal()
    table = load(House(tmp_path, SCANNER + f'engine = "{port}"\n').config).scanners["main"]
    outlet = Outlet(tmp_path / "scan.sock", "main")
    told: list[str] = []
    with roof() as (loops, _):
        reader = ReaderView(table, outlet, loops)
        reader.look(lambda _, texts: told.extend(texts))
        with monkeypatch.context() as odd:
            odd.setattr(reader._reader, "read", raising(error))
            reader.look(lambda _, texts: told.extend(texts))
        assert str(error) in str(outlet._trouble)
        os.write(ours, b"found again\r\n")
        reader.look(lambda _, texts: told.extend(texts))
        reader.close()
    os.close(ours)
    assert told in (["found again"], [])
    assert outlet._trouble is None


class Pin:
    """Stands for a line of the kernel: a pipe whose reading end is told."""

    def __init__(self) -> None:
        self.fd, self.end = os.pipe()

    def close(self) -> None:
        os.close(self.fd)
        os.close(self.end)


def heard_each(heard: list[str], count: int) -> bool:
    return (heard.count("bad"), heard.count("good")) == (count, count)


@pytest.mark.parametrize("watched", [True, False])
def test_what_a_pin_raises_costs_no_other_pin_and_no_later_edge(watched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    bad, good = Pin(), Pin()
    heard: list[str] = []

    def surprise() -> None:
        os.read(bad.fd, 1)
        heard.append("bad")
        raise Unlisted("a surprise")

    def fine() -> None:
        os.read(good.fd, 1)
        heard.append("good")

    with roof() as (loops, told):
        factory = KernelFactory(Path("/dev/null"), loops.start if watched else None)
        factory.watch(bad, surprise)  # type: ignore[arg-type]
        factory.watch(good, fine)  # type: ignore[arg-type]
        for count in range(1, 4):
            os.write(bad.end, b"x")
            os.write(good.end, b"x")
            until(partial(heard_each, heard, count), "both edges")
        until(lambda: watched or len(died) == 3, "each thread's end")
        factory.close()
    assert told[:1] == (["pins: Unlisted: a surprise"] if watched else [])
    bad.close()
    good.close()


def test_an_edge_that_raises_costs_none_of_those_behind_it() -> None:
    heard: list[float] = []

    def tell(at: float, _rising: bool) -> None:
        heard.append(at)
        if at == 1.0:
            raise Unlisted("a surprise")

    events = [SimpleNamespace(timestamp_ns=at * 10**9, event_type=None) for at in (1, 2, 3)]
    pin = SimpleNamespace(_request=SimpleNamespace(read_edge_events=lambda: events), _call_when_changed=tell)
    with pytest.raises(Unlisted):
        KernelPin._changed(pin)  # type: ignore[arg-type]
    assert heard == [1.0, 2.0, 3.0]
    assert not issubclass(Unlisted, ODD)
