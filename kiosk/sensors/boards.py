"""Lock boards: a round over a line of them opens and locks what is wished, and tells what the contacts of its slots say.

A board that has missed two questions in a row is a fault; its slots are unusable until it answers again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

import msgspec

from hardware.lock_boards import LATE, BoardError, LockBoardLine, LockFrames
from hardware.modbus import MOST_LATE, ModbusBus, ModbusError
from kiosk.settings import Settings
from kiosk.settings.boards import AnyBoard, LineBoardTable, LockBoardProtocol, ModbusBoardTable, Shorted
from kiosk.wire import SetSlot, SlotSeen, Trouble

REST: Final = 1.0
RELEASED: Final = 0.3
"""Seconds between two looks at the contacts, and while a slot is released: somebody stands before it."""

OPEN_WITHIN: Final = 4.0
"""Seconds after which a slot that could not be opened is not: whoever was to take from it has been told so."""

AGAIN: Final = 5.0
"""Seconds after which all is told anew: the station may have been started meanwhile. A silent board is asked as often."""

MISSED: Final = 2
"""Questions in a row without an answer after which a board is a fault."""

Tell = Callable[[SlotSeen | Trouble], None]


@dataclass(frozen=True)
class Wish:
    """What is wanted of a slot's lock, and since when."""

    unlocked: bool = False
    since: float = 0.0


class Wishes:
    """What is wanted of each slot on a board. The connection to the station writes it, the boards' threads read it."""

    def __init__(self, slots: Iterable[str]) -> None:
        self._wishes = dict.fromkeys(slots, Wish())

    def __getitem__(self, slot: str) -> Wish:
        return self._wishes[slot]

    def take(self, wanted: Iterable[SetSlot]) -> bool:
        """Whether any of these is news."""
        news = {each.slot: Wish(each.unlocked, monotonic()) for each in wanted if each.slot in self._wishes}
        news = {slot: wish for slot, wish in news.items() if wish.unlocked or self._wishes[slot].unlocked}
        self._wishes.update(news)
        return bool(news)

    def lock_all(self) -> bool:
        """The station has gone: nobody is to take anything. Whether a slot was released."""
        return self.take([SetSlot(slot, unlocked=False) for slot in self._wishes])


class Board(Protocol):
    """One board. Its methods raise BoardError or ModbusError, with the reason as their text."""

    def open(self, number: int) -> None:
        """Open this slot."""

    def lock(self, number: int) -> None:
        """Take the power from its lock, where the board does not do that by itself."""

    def joined(self, numbers: list[int]) -> dict[int, bool]:
        """Whether the feedbacks of these slots are joined."""


class LineBoard:
    """A board that speaks in frames; it gives each lock a moment's power by itself."""

    def __init__(self, line: LockBoardLine, address: int) -> None:
        self._line, self._address = line, address

    def open(self, number: int) -> None:
        """Open this slot."""
        self._line.open(self._address, number)

    def lock(self, number: int) -> None:
        """Its bolt falls by itself."""

    def joined(self, numbers: list[int]) -> dict[int, bool]:
        """Whether the feedbacks of these slots are joined."""
        return self._line.contacts(self._address, numbers)


class ModbusBoard:
    """A board of relays and inputs."""

    def __init__(self, bus: ModbusBus, table: ModbusBoardTable) -> None:
        self._bus, self._table = bus, table

    def open(self, number: int) -> None:
        """Give the lock power."""
        self._bus.set_coil(self._table.device, self._table.coil + number - 1, on=True)

    def lock(self, number: int) -> None:
        """Take it."""
        self._bus.set_coil(self._table.device, self._table.coil + number - 1, on=False)

    def joined(self, numbers: list[int]) -> dict[int, bool]:
        """Whether the feedbacks of these slots are joined."""
        found = self._bus.inputs(self._table.device, self._table.input, max(numbers))
        return {number: found[number - 1] for number in numbers}


@dataclass
class Slots:
    """A board's slots by their numbers, and what is known of it."""

    name: str
    board: Board
    slots: dict[int, str]
    shorted_when: Shorted
    missed: int = 0
    trouble: str | None = None
    again: float = 0.0


class BoardLine:
    """The boards of a line. Each is looked at in every round, so that a slot waits for no other but a silent one."""

    def __init__(
        self, name: str, close: Callable[[], None], boards: list[Slots], wishes: Wishes, slowest: float
    ) -> None:
        """`slowest`: seconds that one question may take."""
        self.name = name
        self.close = close
        self.patience = 30.0 + slowest * sum(3 + 2 * len(each.slots) for each in boards)
        self._boards, self._wishes = boards, wishes
        self._opened: dict[str, float] = {}
        self._locked: set[str] = set()
        self._told: dict[str, tuple[object, float]] = {}

    @property
    def every(self) -> float:
        """Seconds between two rounds."""
        released = (self._wishes[slot].unlocked for each in self._boards for slot in each.slots.values())
        return RELEASED if any(released) else REST

    def round(self, tell: Tell) -> None:
        """Locks first: somebody stands there."""
        for each in self._boards:
            if each.slots and (each.trouble is None or monotonic() >= each.again):
                each.again = monotonic() + AGAIN
                self._look(each, tell)

    def _look(self, each: Slots, tell: Tell) -> None:
        try:
            for number, slot in each.slots.items():
                self._move(each.board, number, slot)
            joined = each.board.joined([*each.slots])
            seen = {slot: joined[number] is (each.shorted_when == "open") for number, slot in each.slots.items()}
        except (BoardError, ModbusError) as error:
            self._miss(each, str(error), tell)
        except KeyError as error:
            self._miss(each, f"there is no slot {error}", tell)
        else:
            each.missed, each.trouble = 0, None
            self._news(tell, Trouble(f"board.{each.name}", None), each.name)
            for slot, is_open in seen.items():
                self._news(tell, SlotSeen(slot, is_open), slot)

    def _move(self, board: Board, number: int, slot: str) -> None:
        """A slot is opened once for each time that it is wished, and locked until the board has done it."""
        wish = self._wishes[slot]
        if not wish.unlocked:
            if slot not in self._locked:
                board.lock(number)
                self._locked.add(slot)
        elif self._opened.get(slot) != wish.since and monotonic() - wish.since < OPEN_WITHIN:
            self._locked.discard(slot)
            board.open(number)
            self._opened[slot] = wish.since

    def _miss(self, each: Slots, why: str, tell: Tell) -> None:
        """What its contacts said holds no longer, and its locks may have been given power anew."""
        each.missed += 1
        if each.missed < MISSED and why != "port_not_open":
            return
        each.trouble = why
        for slot in each.slots.values():
            self._told.pop(f"SlotSeen {slot}", None)
            self._locked.discard(slot)
        self._news(tell, Trouble(f"board.{each.name}", why), each.name)

    def _news(self, tell: Tell, message: SlotSeen | Trouble, of: str) -> None:
        """Told at once when it changes, and else now and then."""
        said, at = self._told.get(f"{type(message).__name__} {of}", (None, 0.0))
        if said != message or monotonic() - at >= AGAIN:
            self._told[f"{type(message).__name__} {of}"] = message, monotonic()
            tell(message)


def board_lines(settings: Settings, wishes: Wishes, late: float = LATE) -> list[BoardLine]:
    """The lines of lock boards that the settings name; `late`: seconds for which an answer is waited for that is owed."""
    ports: dict[str, dict[str, AnyBoard]] = defaultdict(dict)
    for name, table in settings.boards.items():
        ports[table.port][name] = table
    return [_line(settings, port, tables, wishes, late) for port, tables in ports.items()]


def _line(settings: Settings, port: str, tables: dict[str, AnyBoard], wishes: Wishes, late: float) -> BoardLine:
    first = next(iter(tables.values()))
    if isinstance(first, ModbusBoardTable):
        bus = ModbusBus(port, first.baud, first.parity, first.stop_bits, first.timeout, echo=first.echo)
        boards: dict[str, Board] = {
            name: ModbusBoard(bus, each) for name, each in tables.items() if isinstance(each, ModbusBoardTable)
        }
        close, slowest = bus.close, first.timeout + MOST_LATE
    else:
        protocol = settings.protocols[first.protocol]
        assert isinstance(protocol, LockBoardProtocol)  # noqa: S101  the settings are checked
        line = LockBoardLine(port, first.baud, frames_of(protocol), first.timeout, late)
        boards = {
            name: LineBoard(line, each.address) for name, each in tables.items() if isinstance(each, LineBoardTable)
        }
        close, slowest = line.close, first.timeout + late
    found = [Slots(name, boards[name], slots_of(settings, name), table.shorted_when) for name, table in tables.items()]
    return BoardLine(port, close, found, wishes, slowest)


def slots_of(settings: Settings, board: str) -> dict[int, str]:
    """The slots on a board, by their numbers."""
    found = ((table.board, name) for name, table in settings.slots.items() if table.board)
    return {place.number: name for place, name in found if place.name == board}


def frames_of(protocol: LockBoardProtocol) -> LockFrames:
    """A protocol of the settings as the driver wants it."""
    return LockFrames(**msgspec.structs.asdict(protocol))
