"""Modbus lines as they really are: answers that come late, adapters that hear themselves, boards that cannot be asked."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hardware import modbus
from hardware.modbus import ModbusBus, ModbusError, Register, framed
from kiosk.demo.appliances import open_terminal
from kiosk.sensors.buses import buses
from kiosk.settings.loading import load
from kiosk.wire import Sensed, Trouble
from tests.hardware.slaves import Slave, answer, honest
from tests.programs.house import House
from tests.programs.test_sensors import METER, RELAY, heard_from, one_bus

HELD = {0: 230, 9: 50}
"""What the slow board's registers hold."""


class SlowBoard:
    """Registers and a coil of one device, whose every answer takes `delay` seconds."""

    def __init__(self, delay: float) -> None:
        self.delay, self.coil = delay, 0
        self._end, self.port = open_terminal()
        self._timers: list[threading.Timer] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        os.close(self._end)

    def _run(self) -> None:
        heard = b""
        with suppress(OSError):
            while data := os.read(self._end, 64):
                heard += data
                while len(heard) >= 8:
                    request, heard = heard[:8], heard[8:]
                    timer = threading.Timer(self.delay, self._say, (self._answer(request),))
                    self._timers.append(timer)
                    timer.start()

    def _say(self, data: bytes) -> None:
        with suppress(OSError):
            os.write(self._end, data)

    def _answer(self, request: bytes) -> bytes:
        if request[1] == 1:
            return framed(bytes((1, 1, 1, self.coil)))
        if request[1] == 5:
            self.coil = int(request[4] == 0xFF)
            return request
        return answer(1, HELD[request[3]])


@pytest.mark.parametrize("delay", [0.15, 0.35])
def test_a_late_answer_is_never_the_next_questions(monkeypatch: pytest.MonkeyPatch, delay: float) -> None:
    """Time-outs are 0.1 s; whatever is told is what the register holds."""
    monkeypatch.setattr(modbus, "LATE", 0.5)
    board = SlowBoard(delay)
    bus = ModbusBus(board.port, 9600, timeout=0.1)
    told = 0
    for turn in range(4):
        for address, value in HELD.items():
            for _ in range(3):
                with suppress(ModbusError):
                    assert bus.read(Register(1, address)) == value
                    told += 1
                    break
        with suppress(ModbusError):
            bus.set_coil(1, 0, on=bool(turn % 2))
    board.delay = 0.0
    with suppress(ModbusError):
        bus.read(Register(1, 0))
    assert [bus.read(Register(1, address)) for address in HELD] == [*HELD.values()]
    assert told
    bus.close()
    board.close()


def test_the_lines_time_out_is_a_setting(tmp_path: Path) -> None:
    board = SlowBoard(0.7)
    bus = one_bus(tmp_path, METER.format(name="m", port=board.port, device=1) + "timeout = 1.5\n")
    assert heard_from(bus) == [Sensed("m", 230.0)]
    bus.close()
    board.close()


@contextmanager
def line(behave: Callable[[bytes], bytes], *, echo: bool) -> Iterator[ModbusBus]:
    slave = Slave(behave)
    bus = ModbusBus(slave.port, 9600, timeout=0.15, echo=echo)
    try:
        yield bus
    finally:
        bus.close()
        slave.close()


ECHOES: dict[str, Callable[[bytes], bytes]] = {
    "echo": lambda request: request + honest(230)(request),
    "noise": lambda request: b"\x00" + honest(230)(request),
    "noise, echo, noise": lambda request: b"\xff\x00" + request + b"\x00" + honest(230)(request) + b"\xff",
    "none after all": honest(230),
}


@pytest.mark.parametrize("behave", ECHOES.values(), ids=ECHOES.keys())
def test_an_adapter_that_hears_itself_or_begins_with_noise(behave: Callable[[bytes], bytes]) -> None:
    with line(behave, echo=True) as bus:
        assert bus.read(Register(1, 0)) == 230.0
        assert bus.read(Register(1, 7)) == 230.0


@pytest.mark.parametrize(
    ("behave", "echo", "reason"),
    [
        (lambda request: request + honest(230)(request), False, "echo"),
        (lambda request: request, False, "echo"),
        (lambda request: request, True, "no_answer"),
        (lambda request: request + honest(230)(request)[:-1], True, "wrong_answer"),
        (lambda request: honest(111)(request) + honest(230)(request), False, "wrong_answer"),
        (lambda request: request + framed(bytes((1, 0x84, 2))), True, "device_refused"),
    ],
)
def test_what_such_a_line_cannot_tell_has_a_reason(behave: Callable[[bytes], bytes], echo: bool, reason: str) -> None:
    with line(behave, echo=echo) as bus, pytest.raises(ModbusError, match=f"^{reason}$"):
        bus.read(Register(1, 0))


@pytest.mark.parametrize("before", [b"", b"\x00", b"\xff\x55"])
def test_a_coil_behind_an_adapter_that_hears_itself(monkeypatch: pytest.MonkeyPatch, before: bytes) -> None:
    """The right answer to a write is its own twin: an echo alone sets nothing."""
    monkeypatch.setattr(modbus, "LATE", 0.2)
    state = {"on": 0, "there": 1}

    def board(request: bytes) -> bytes:
        if not state["there"]:
            return before + request
        if request[1] == 5:
            state["on"] = int(request[4] == 0xFF)
            return before + request + request
        return before + request + framed(bytes((1, 1, 1, state["on"])))

    with line(board, echo=True) as bus:
        for on in (True, True, False):
            bus.set_coil(1, 0, on=on)
            assert state["on"] is int(on) or state["on"] == on
        state["there"] = 0
        for read_back in (True, False):
            with pytest.raises(ModbusError, match="no_answer"):
                bus.set_coil(1, 0, on=True, read_back=read_back)


def test_a_board_that_cannot_be_asked_is_told_in_every_round(tmp_path: Path) -> None:
    writes: list[bool] = []

    def board(request: bytes) -> bytes:
        if request[1] != 5:
            return framed(bytes((request[0], request[1] | 0x80, 1)))
        writes.append(request[4] == 0xFF)
        return request

    slave = Slave(board)
    text = RELAY.format(port=slave.port) + 'wiring = "normally_open"\n'
    wanted = {"light": True}
    (asked,) = buses(load(House(tmp_path / "a", text).config), wanted)
    assert heard_from(asked) == [Trouble("relay.light", "device_refused")]
    asked.close()
    assert writes == []
    (told,) = buses(load(House(tmp_path / "b", text + "read_back = false\n").config), wanted)
    assert [heard_from(told) for _ in range(2)] == [[Trouble("relay.light", None)]] * 2
    wanted["light"] = False
    heard_from(told)
    told.close()
    assert writes == [True, True, False]
    slave.close()


def test_an_adapter_that_hears_itself_does_not_answer_for_a_board_that_is_not_there() -> None:
    """Its echo of a command is the very answer of the board."""
    slave = Slave(lambda request: request)
    bus = ModbusBus(slave.port, 9600, timeout=0.1)
    for _ in range(2):
        with pytest.raises(ModbusError, match=r"^echo$"):
            bus.set_coil(1, 0, on=True, read_back=False)
    bus.close()
    slave.close()


def test_a_profile_may_say_that_its_board_cannot_be_asked(tmp_path: Path) -> None:
    house = House(tmp_path, RELAY.format(port="/dev/none").replace('profile = "relay-8"', 'profile = "mine"'))
    (tmp_path / "modbus").mkdir()
    (tmp_path / "modbus" / "mine.toml").write_text(
        'title = "A"\nsource = "its manual"\n[write]\nrelay2 = { coil = 1, read_back = false }\n'
    )
    assert not load(house.config).relays["light"].read_back  # type: ignore[union-attr]
