"""Slots of a cupboard: on lock boards as real devices on a line, and in the real station with its sensors' program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.modbus import framed
from kiosk.demo.lock_board import LockBoard
from kiosk.sensors.boards import MISSED, BoardLine, Wishes, board_lines
from kiosk.settings.loading import load
from kiosk.wire import SetSlot, SlotSeen, Trouble
from tests.hardware.slaves import Slave
from tests.programs.house import House, until

ON_A_BOARD = """
[doors.insulin]
slot = {{}}
board = {{ name = "wall", number = 3 }}
pulse = 1.0
[doors.plasters]
slot = {{}}
board = {{ name = "wall", number = 24 }}
[boards.wall]
bus = "line"
port = "{port}"
protocol = "lock-board-8a"
timeout = 0.1
"""
MODBUS = """
[doors.insulin]
slot = {{}}
board = {{ name = "wall", number = 3 }}
[boards.wall]
bus = "modbus"
port = "{port}"
device = 9
coil = 16
input = 32
shorted_when = "shut"
timeout = 0.2
"""


@pytest.fixture
def board() -> Iterator[LockBoard]:
    found = LockBoard()
    yield found
    found.close()


def line_of(tmp_path: Path, text: str) -> tuple[BoardLine, Wishes]:
    settings = load(House(tmp_path, text).config)
    wishes = Wishes(settings.slots)
    (line,) = board_lines(settings, wishes, late=0.2)
    return line, wishes


def heard_from(line: BoardLine) -> list[SlotSeen | Trouble]:
    told: list[SlotSeen | Trouble] = []
    line.round(told.append)
    return told


def test_a_slot_opens_once_for_each_time_that_it_is_wished(tmp_path: Path, board: LockBoard) -> None:
    line, wishes = line_of(tmp_path, ON_A_BOARD.format(port=board.port))
    shut = [SlotSeen("insulin", open=False), SlotSeen("plasters", open=False)]
    assert heard_from(line) == [Trouble("board.wall", None), *shut]
    assert (heard_from(line), line.every) == ([], 1.0)
    assert wishes.take([SetSlot("insulin", unlocked=True), SetSlot("attic", unlocked=True)])
    assert line.every == 0.3
    assert heard_from(line) == [SlotSeen("insulin", open=True)]
    board.shut(3)
    assert heard_from(line) == [SlotSeen("insulin", open=False)]
    assert board.moved == [3], "once"
    assert wishes.take([SetSlot("insulin", unlocked=False)])
    assert not wishes.take([SetSlot("insulin", unlocked=False)]), "no news"
    wishes.take([SetSlot("insulin", unlocked=True)])
    heard_from(line)
    assert board.moved == [3, 3]
    line.close()


def test_a_board_that_misses_twice_is_a_fault_and_opens_nothing_that_was_wished_long_ago(
    tmp_path: Path, board: LockBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("kiosk.sensors.boards.monotonic", lambda: clock[0])
    line, wishes = line_of(tmp_path, ON_A_BOARD.format(port=board.port))
    line.round(lambda _told: None)
    board.behave = lambda _answer: b""
    assert [heard_from(line) for _ in range(MISSED)] == [[], [Trouble("board.wall", "no_answer")]]
    wishes.take([SetSlot("insulin", unlocked=True)])
    assert heard_from(line) == [], "a silent board is not asked in each round"
    clock[0] += 6.0
    board.behave = lambda answer: answer
    told = heard_from(line)
    assert told[0] == Trouble("board.wall", None)
    assert SlotSeen("insulin", open=False) in told, "its contacts are told anew"
    assert board.moved == []
    line.close()


def test_a_slot_that_the_board_does_not_have_is_told(tmp_path: Path, board: LockBoard) -> None:
    line, _wishes = line_of(tmp_path, ON_A_BOARD.format(port=board.port).replace("number = 24", "number = 40"))
    assert [heard_from(line) for _ in range(MISSED)] == [[], [Trouble("board.wall", "there is no slot 40")]]
    line.close()


class Relays:
    """A Modbus board with relays and inputs at device 9, coils from 16 and inputs from 32 on."""

    def __init__(self) -> None:
        self.coils: set[int] = set()
        self.shut: set[int] = {32, 33, 34}

    def __call__(self, request: bytes) -> bytes:
        device, function, address = request[0], request[1], int.from_bytes(request[2:4], "big")
        if device != 9:
            return b""
        if function == 5:
            (self.coils.add if request[4] else self.coils.discard)(address)
            return request
        on, count = (self.coils if function == 1 else self.shut), int.from_bytes(request[4:6], "big")
        bits = sum(1 << place for place in range(count) if address + place in on)
        return framed(bytes((device, function, 1, bits)))


def test_a_modbus_board_gives_a_lock_power_while_it_is_released_and_none_at_the_start(tmp_path: Path) -> None:
    relays = Relays()
    relays.coils.add(18)  # left from a program that was killed
    slave = Slave(relays)
    line, wishes = line_of(tmp_path, MODBUS.format(port=slave.port))
    assert heard_from(line) == [Trouble("board.wall", None), SlotSeen("insulin", open=False)]
    assert relays.coils == set()
    wishes.take([SetSlot("insulin", unlocked=True)])
    line.round(lambda _told: None)
    assert relays.coils == {18}
    relays.shut.discard(34)
    assert heard_from(line) == [SlotSeen("insulin", open=True)]
    assert wishes.lock_all()
    line.round(lambda _told: None)
    assert relays.coils == set()
    line.close()
    slave.close()


@pytest.mark.slow
def test_in_the_real_station_a_technician_opens_a_slot_and_a_silent_board_is_a_fault(
    tmp_path: Path, board: LockBoard
) -> None:
    house = House(tmp_path, ON_A_BOARD.format(port=board.port))
    with house.station() as station, house.program("sensors"):
        until(lambda: station.house.view().doors["insulin"].door == "closed", "the board's contact")
        assert house.kiosk("door", "hold", "insulin").returncode != 0
        assert house.kiosk("door", "open", "insulin").returncode == 0
        assert station.next("taken")["door"] == "insulin"
        assert board.moved == [3]
        board.shut(3)
        assert station.next("locked")["door"] == "insulin"
        board.behave = lambda _answer: b""
        assert station.next("fault") == {"kind": "fault", "what": "board.wall", "detail": "no_answer"}
        assert house.view().doors["insulin"].door == "unknown"
        board.behave = lambda answer: answer
        assert station.next("fault_cleared")["what"] == "board.wall"
        until(lambda: house.view().doors["insulin"].door == "closed", "the contact is seen anew")
