"""`kiosk sensors` under its roof: odd devices never end a bus's loop, and what nobody lists is told and goes on."""

from __future__ import annotations

import os
import queue
import struct
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from hardware.border import ODD
from hardware.modbus import framed
from kiosk import loops as loops_module
from kiosk.demo.appliances import DISPENSER, open_terminal, sentence
from kiosk.loops import MOST_FAILURES, LoopFailed
from kiosk.sensors.buses import Bus, Tell, Told, buses
from kiosk.sensors.outgoing import Outgoing, dated
from kiosk.sensors.program import LOOP, Polled, Program
from kiosk.settings.loading import load
from kiosk.wire import Located, NotSensed, Sensed, Trouble
from tests.hardware.slaves import Slave, answer
from tests.programs.house import House, until
from tests.programs.test_sensors import DISPENSER_TOML, RELAY, Listener, heard_from, one_bus

FLOATS = """
[sensors.{name}]
bus = "modbus"
port = "{port}"
device = 1
address = {address}
words = 2
type = "float"
unit = "W"
every = 0.2
"""


class Unlisted(Exception):
    """Nobody has thought of it."""


def board(state: dict[str, int]) -> Callable[[bytes], bytes]:
    """A relay board that answers with no coil at all while `odd` is above zero."""

    def behave(request: bytes) -> bytes:
        if request[1] == 5:
            state["on"] = int(request[4] == 0xFF)
            return request
        if state["odd"]:
            state["odd"] -= 1
            return framed(bytes((request[0], 1, 0)))
        return framed(bytes((request[0], 1, 1, state["on"])))

    return behave


def test_a_relay_is_set_again_in_the_round_after_an_odd_answer(tmp_path: Path) -> None:
    state = {"on": 0, "odd": 0}
    device = Slave(board(state))
    text = RELAY.format(port=device.port) + 'wiring = "normally_open"\n'
    (bus,) = buses(load(House(tmp_path, text).config), {"light": True})
    assert heard_from(bus) == [Trouble("relay.light", None)]
    assert state["on"] == 1
    state |= {"on": 0, "odd": 9}
    assert heard_from(bus) == [Trouble("relay.light", "wrong_answer")]
    state["odd"] = 0
    assert heard_from(bus) == [Trouble("relay.light", None)]
    assert state["on"] == 1, "a relay that fell meanwhile"
    bus.close()
    device.close()


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_out_of_range_and_the_others_are_told(tmp_path: Path, odd: float) -> None:
    now = {12: odd, 0: 230.0}
    device = Slave(lambda request: answer(1, *struct.unpack(">HH", struct.pack(">f", now[request[3]]))))
    text = "".join(FLOATS.format(name=f"r{at}", port=device.port, address=at) for at in now)
    bus = one_bus(tmp_path, text)
    assert heard_from(bus) == [NotSensed("r12", "out_of_range"), Sensed("r0", 230.0)]
    now[12] = 100.0
    assert heard_from(bus) == [Sensed("r12", 100.0), Sensed("r0", 230.0)]
    bus.close()
    device.close()


@contextmanager
def answering(link: Path, reply: bytes) -> Iterator[None]:
    """A controller behind a link of udev's, until its adapter is pulled."""
    end, port = open_terminal()
    link.symlink_to(port)
    stop = threading.Event()

    def speak() -> None:
        while not stop.wait(0.05):
            os.write(end, reply)

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        os.close(end)
        link.unlink()


def tells(bus: Bus, first: Told) -> bool:
    return heard_from(bus)[0] == first


def test_adapters_that_are_pulled_between_two_rounds_are_opened_again(tmp_path: Path) -> None:
    link = tmp_path / "by-path"
    water = one_bus(tmp_path / "w", DISPENSER_TOML.format(port=link))
    place = one_bus(tmp_path / "g", f'[gps]\nport = "{link}"\n')
    frame, fix = DISPENSER.frame({"T": 92.5, "L": 1.0}), sentence("A", "3640.1234,N,11701.5678,E", 10.0)
    for bus, reply, good in ((water, frame, Sensed("water", 92.5)), (place, fix, Trouble("gps", None))):
        for _ in range(2):
            with answering(link, reply):
                until(partial(tells, bus, good))
            assert getattr(heard_from(bus)[0], "reason", "gps") in {"no_answer", "gps"}
        bus.close()


@pytest.mark.slow
def test_a_receiver_that_tells_only_gga_has_a_place(tmp_path: Path) -> None:
    body = b"GNGGA,081836,3630.0000,N,11715.0000,E,1,08,0.9,5.4,M,6.9,M,,"
    check = 0
    for byte in body:
        check ^= byte
    link = tmp_path / "by-path"
    bus = one_bus(tmp_path / "g", f'[gps]\nport = "{link}"\n')
    with answering(link, b"$%s*%02X\r\n" % (body, check)):
        assert heard_from(bus) == [Trouble("gps", None), Located(36.5, 117.25, 0.0)]
    bus.close()


class Odd:
    """A bus whose rounds raise what nobody lists, as often as wanted."""

    def __init__(self, name: str, times: int) -> None:
        self.name, self.every, self.patience = name, 0.01, 30.0
        self.left, self.closed = times, 0

    def round(self, tell: Tell) -> None:
        self.left -= 1
        if self.left >= 0:
            raise Unlisted("a surprise")
        tell(Sensed(self.name, 1.0))

    def close(self) -> None:
        self.closed += 1


def program_with(house: House, *odd: Bus) -> Program:
    program = Program(load(house.config))
    program._polled = [Polled(bus) for bus in odd]
    return program


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops_module, "PAUSE", 0.0)


@pytest.mark.usefixtures("_no_pause")
def test_what_nobody_lists_in_a_bus_is_told_to_the_station_and_the_bus_goes_on(tmp_path: Path) -> None:
    assert not issubclass(Unlisted, ODD)
    house = House(tmp_path)
    listener = Listener(house)
    odd, other = Odd("odd", MOST_FAILURES - 1), Odd("other", 0)
    program = program_with(house, odd, other)
    thread = threading.Thread(target=lambda: program._loops.run("station", program._deliver))
    for polled in program._polled:
        program._loops.start(polled.bus.name, partial(program._poll, polled))
    thread.start()
    until(lambda: listener.of("odd"), "a reading after the surprises")
    until(lambda: [each for _, each in listener.heard if each == Trouble(LOOP, "odd: Unlisted: a surprise")])
    assert listener.of("other")
    assert odd.closed == MOST_FAILURES - 1, "its port is opened anew"
    program._loops.end()
    thread.join()
    program._hang_up()
    listener.close()


@pytest.mark.usefixtures("_no_pause")
def test_what_nobody_lists_in_the_delivering_loop_is_told_and_too_much_of_it_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = program_with(House(tmp_path))

    def surprise() -> None:
        raise Unlisted("a surprise")

    monkeypatch.setattr(program, "_connect", surprise)
    with pytest.raises(LoopFailed, match="station failed 5 times"):
        program._loops.run("station", program._deliver)
    assert told_by(program._outgoing) == Trouble(LOOP, "station: Unlisted: a surprise")


@pytest.mark.parametrize("error", [termios.error(5, "gone"), TypeError("fd"), ValueError("fd"), OSError(5, "gone")])
def test_whatever_a_port_raises_is_absence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    bus = one_bus(tmp_path, DISPENSER_TOML.format(port="/dev/none"))

    def surprise() -> None:
        raise error

    monkeypatch.setattr(bus._port, "line", surprise)  # type: ignore[attr-defined]
    assert heard_from(bus) == [NotSensed("water", "port_not_open"), NotSensed("litres", "port_not_open")]


def told_by(outgoing: Outgoing) -> Told | None:
    waiting = outgoing.get(0.0)
    return None if waiting is None else waiting[1]


def test_what_had_to_wait_is_told_with_its_time_and_a_place_not_at_all() -> None:
    for message in (Sensed("t", 1.0), NotSensed("t", "no_answer"), Trouble("gps", None), Located(1.0, 2.0, 0.0)):
        assert dated(message, 100.0, 100.5) is message
    assert dated(Sensed("t", 1.0), 100.0, 160.0) == Sensed("t", 1.0, 100.0)
    assert dated(NotSensed("t", "no_fix"), 100.0, 160.0) == NotSensed("t", "no_fix", 100.0)
    assert dated(Trouble("gps", "no_fix"), 100.0, 160.0) == Trouble("gps", "no_fix")
    assert dated(Located(1.0, 2.0, 0.0), 100.0, 160.0) is None


def test_of_what_waits_only_the_newest_is_told_and_what_was_not_sent_waits_on() -> None:
    outgoing, told = Outgoing(), queue.SimpleQueue[Told]()
    for value in range(5000):
        outgoing.put(Sensed("t", float(value)))
    outgoing.put(Trouble("gps", "no_fix"))
    outgoing.put(NotSensed("t", "no_answer"))
    first = told_by(outgoing)
    assert first == NotSensed("t", "no_answer")
    outgoing.put_back(first, 1.0)
    outgoing.put(Sensed("t", 7.0))
    while (message := told_by(outgoing)) is not None:
        told.put(message)
    assert [told.get() for _ in range(told.qsize())] == [Sensed("t", 7.0), Trouble("gps", "no_fix")]
