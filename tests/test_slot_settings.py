"""Slots and lock boards in the settings: what is right, and what cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.settings.boards import LockBoardProtocol
from kiosk.settings.loading import load
from tests.test_settings import GOOD, errors

SLOTS = """
[doors.raincoats]
slot = { holds = 20 }
lock = { pin = 5 }
contact = { pin = 6 }
[doors.medicine]
slot = { sensor = "cabinet", keeps = [2.0, 8.0] }
board = { name = "wall", number = 3 }
[boards.wall]
bus = "line"
port = "/dev/b"
protocol = "lock-board-8a"
[boards.other]
bus = "modbus"
port = "/dev/c"
device = 7
[sensors.cabinet]
bus = "onewire"
device = "28-0316a27900ff"
unit = "°C"
"""


def test_a_slot_is_no_way_in_and_its_lock_is_a_pins_or_a_boards(tmp_path: Path) -> None:
    assert errors(tmp_path, GOOD + SLOTS) == []
    settings = load(tmp_path / "station.toml")
    assert [*settings.entrances] == ["main"]
    assert [*settings.slots] == ["raincoats", "medicine"]
    assert settings.has_buses


def test_a_boards_protocol_is_ours_or_the_technicians_or_the_settings_own(tmp_path: Path) -> None:
    assert errors(tmp_path, GOOD + SLOTS) == []
    ours = load(tmp_path / "station.toml").protocols["lock-board-8a"]
    assert isinstance(ours, LockBoardProtocol)
    (tmp_path / "protocols").mkdir()
    own = tmp_path / "protocols" / "lock-board-8a.toml"
    frames = 'kind = "lock_board"\nopen = "01 slot"\nask = "02 board"\nanswer = "02 bits2"\n'
    own.write_text(f'title = "x"\nsource = "y"\n[protocol]\n{frames}')
    theirs = load(tmp_path / "station.toml").protocols["lock-board-8a"]
    assert isinstance(theirs, LockBoardProtocol)
    assert (theirs.open, theirs.check) == ("01 slot", "xor")
    own.write_text(f'title = "x"\nsource = "y"\n[protocol]\n{frames}chek = "sum"\n')
    assert f"{own}:8: protocol.chek: no such setting, did you mean check?" in errors(tmp_path, GOOD + SLOTS)[0]
    said = "[protocols.lock-board-8a]\n" + frames.replace("01 slot", "0A both")
    assert errors(tmp_path, GOOD + SLOTS + said) == []
    settings = load(tmp_path / "station.toml").protocols["lock-board-8a"]
    assert isinstance(settings, LockBoardProtocol)
    assert settings.open == "0A both"


BOARD = '[boards.x]\nbus="line"\nport="/dev/x"\nprotocol="p"\n[protocols.p]\nkind="lock_board"\n'
FRAMES = 'open="01 slot"\nask="02 slot"\nanswer="02 slot state"\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[doors.x]\nslot={}\ncontact={pin=9}\n", "doors.x.lock: is missing"),
        ("[doors.x]\nslot={}\nlock={pin=9}\n", "doors.x.contact: is missing: only a slot's contact says"),
        ('[doors.x]\nboard={name="wall", number=1}\n', "doors.x.board: is for a slot"),
        ('[doors.x]\nslot={}\nlock={pin=9}\nboard={name="wall", number=1}\n', "doors.x.board: is in place of a lock"),
        ('[doors.x]\nslot={}\ncontact={pin=9}\nboard={name="wall", number=1}\n', "doors.x.contact: the board has it"),
        ('[doors.x]\nslot={}\nlamps={red=9}\nboard={name="wall", number=1}\n', "doors.x.lamps: a slot on a board has"),
        ('[doors.x]\nslot={}\nboard={name="wal", number=1}\n', "doors.x.board.name: no such board, did you mean wall?"),
        (
            '[doors.x]\nslot={}\nboard={name="wall", number=3}\n',
            "doors.x.board.number: 3 is already used by doors.medicine",
        ),
        (
            "[doors.x]\nslot={}\nlock={pin=5}\ncontact={pin=9}\n",
            "doors.x.lock.pin: pin 5 is already used by doors.rain",
        ),
        (
            "[doors.x]\nslot={}\nlock={pin=9}\ncontact={pin=10}\nexit={pin=11}\n",
            "doors.x.exit: is for a door that people walk through",
        ),
        (
            '[doors.x]\nslot={}\nlock={pin=9}\ncontact={pin=10}\nhours=["daily 01:00-02:00"]\n',
            "doors.x.hours: is for a door that people walk through",
        ),
        (
            '[doors.x]\nslot={}\nlock={pin=9}\ncontact={pin=10}\ninterlock=["main"]\n',
            "doors.x.interlock: is for a door that people walk through",
        ),
        (
            '[doors.x]\nslot={sensor="cabnet"}\nlock={pin=9}\ncontact={pin=10}\n',
            "doors.x.slot.sensor: no such sensor, did you mean cabinet?",
        ),
        ("[doors.x]\nslot={keeps=[2, 8]}\nlock={pin=9}\ncontact={pin=10}\n", "doors.x.slot.keeps: needs a sensor"),
        (
            '[doors.x]\nslot={sensor="cabinet", keeps=[8, 2]}\nlock={pin=9}\ncontact={pin=10}\n',
            "doors.x.slot.keeps: must be the lowest and the highest",
        ),
        ("[doors.x]\nslot={hold=2}\nlock={pin=9}\n", "doors.x.slot.hold: no such setting, did you mean holds?"),
        ('[scanners.x]\ndoor="medicine"\ncamera="/dev/video1"\n', "scanners.x.door: is a slot, which no code opens"),
        ('[screen]\ndoor="medicine"\n', "screen.door: no such door"),
        ('[occupancy]\nentrances=["medicine"]\n', "occupancy.entrances: no such door"),
        ('[doors.x]\nlock={pin=9}\ninterlock=["medicine"]\n', "doors.x.interlock: no such door: medicine"),
        (
            '[boards.x]\nbus="line"\nport="/dev/x"\nprotocol="lock-bord-8a"\n',
            "boards.x.protocol: no such protocol: one of lock-board-8a, did you mean lock-board-8a?",
        ),
        (
            '[boards.x]\nbus="line"\nport="/dev/x"\nprotocol="t"\n[protocols.t]\nkind="text"\n',
            'boards.x.protocol: must be of kind = "lock_board"',
        ),
        (
            '[sensors.x]\nbus="line"\nport="/dev/x"\nprotocol="lock-board-8a"\nread="T"\nunit="L"\n',
            "sensors.x.protocol: is a lock board's",
        ),
        (
            '[boards.x]\nbus="line"\nport="/dev/b"\nprotocol="lock-board-8a"\n',
            "boards.x.address: 1 is already used by boards.wall",
        ),
        (
            '[boards.x]\nbus="modbus"\nport="/dev/b"\ndevice=2\n',
            "boards.x.port: is used as modbus 9600 N 1 timeout=0.5 here and as lock-board-8a 9600 timeout=0.5 by boards.wall",
        ),
        (
            '[sensors.x]\nbus="modbus"\nport="/dev/c"\ndevice=2\naddress=1\nunit="W"\n',
            "boards.other.port: is already used by sensors.x: lock boards need a line of their own",
        ),
        (BOARD + FRAMES.replace("01 slot", "01"), "protocols.p.open: must say which slot"),
        (BOARD + FRAMES.replace("02 slot state", "02"), "protocols.p.answer: must have one of `state`, `bits1`"),
        (BOARD + FRAMES.replace('"02 slot"', '"02"'), "protocols.p.ask: must say which slot"),
        (BOARD + FRAMES.replace("01 slot", "01 slot any"), "protocols.p.open: is what we send"),
        (
            BOARD + FRAMES.replace("01 slot", "01 solt"),
            "protocols.p.open: expected text, length at most 200, bytes as pairs of hexadecimal digits",
        ),
    ],
)
def test_what_is_wrong_with_slots_and_boards(tmp_path: Path, text: str, error: str) -> None:
    told = errors(tmp_path, GOOD + SLOTS + text)
    assert len(told) == 1, told
    assert error in told[0]


def test_a_station_needs_a_door_beside_its_slots(tmp_path: Path) -> None:
    only = GOOD.replace("lock = { pin = 17 }", "slot = {}\nlock = { pin = 17 }").replace('door = "main"', "desk = true")
    told = errors(tmp_path, only.replace('camera = "/dev/video0"', 'engine = "/dev/x"') + "[desk]\n")
    assert [each.split(": ", 1)[1] for each in told] == ["doors: at least one door is needed, e.g. [doors.main]"]
