"""The tables of slots and of the lock boards that many of them hang on."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from kiosk.settings.appliances import TIMEOUT, Address, Bauds, DeviceId, TimeOut
from kiosk.settings.table import Label, Table, Text

WORD: Final = r"([0-9A-Fa-f]{2}|board|slot|both|state|bits[1-8]|any)"
Frame = Annotated[str, Meta(max_length=200, pattern=rf"^{WORD}( {WORD})*\Z")]
"""Bytes in hexadecimal digits, and words in the place of those that change: `8A board slot 11`."""

Byte = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{2}\Z")]

SAYS_WHICH: Final = {"slot", "both"}
"""The words of a frame that say which slot is meant."""


class SlotTable(Table, frozen=True):
    """A slot of a cupboard: how many things it holds, and the sensor that says whether they are kept between two values."""

    holds: Annotated[int, Meta(ge=1, le=1000)] | None = None
    sensor: Text | None = None
    keeps: tuple[float, float] | None = None


class OnBoardTable(Table, frozen=True):
    """Where a slot is on a lock board: the board's name, and the slot's number as it is printed there, from 1."""

    name: Text
    number: Annotated[int, Meta(ge=1, le=64)]


Shorted = Literal["open", "shut"]
"""When the two wires of a slot's feedback are joined: locks are made either way."""


class LineBoardTable(Table, frozen=True, kw_only=True, tag_field="bus", tag="line"):
    """A lock board on a serial line that speaks in the frames of a protocol; `address` is what its switches say."""

    port: Text
    protocol: Text
    address: Annotated[int, Meta(ge=0, le=255)] = 1
    baud: Bauds = 9600
    timeout: TimeOut = TIMEOUT
    shorted_when: Shorted = "open"
    label: Label | None = None


class ModbusBoardTable(Table, frozen=True, kw_only=True, tag_field="bus", tag="modbus"):
    """A Modbus board with relays and inputs: `coil` opens its first slot, `input` is that slot's contact; the others follow."""

    port: Text
    device: DeviceId
    coil: Address = 0
    input: Address = 0
    baud: Bauds = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout: TimeOut = TIMEOUT
    echo: bool = False
    shorted_when: Shorted = "open"
    label: Label | None = None


AnyBoard = LineBoardTable | ModbusBoardTable


class LockBoardProtocol(Table, frozen=True, kw_only=True, tag_field="kind", tag="lock_board"):
    """How a lock board is spoken to. `open` opens a slot; `ask` asks for its contact, or for all, and `answer` says it.

    In a frame `board` is the board's address, `slot` the slot's number, `both` the two in one byte (address in the high half);
    `state` is a contact's byte, `bits4` those of all in so many bytes, `any` a byte that says nothing. The check is not in it.
    `opened`: what is answered to `open`, if anything. `shorted`, `apart`: the `state` of a feedback that is joined or not.
    `first`: the number on the wire of the slot that is printed as 1; `order`: which byte of the bits has slot 1.
    """

    open: Frame
    ask: Frame
    answer: Frame
    opened: Frame | None = None
    check: Literal["none", "xor", "sum", "crc16_modbus"] = "xor"
    first: Literal[0, 1] = 1
    order: Literal["first_byte", "last_byte"] = "first_byte"
    shorted: Byte = "11"
    apart: Byte = "00"


class ReadyProtocol(Table, frozen=True):
    """A lock board's protocol as its manual describes it: `source` says which."""

    title: Text
    source: Text
    protocol: LockBoardProtocol
