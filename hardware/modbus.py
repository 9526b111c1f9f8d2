"""Modbus RTU over RS-485: registers of meters and transmitters as numbers, coils of relay boards.

An answer carries no number that ties it to its question (Modbus over Serial Line V1.02, 2.4): one that comes late would be
taken for the next question's, and is then a wrong value with a right check. So a device that owes an answer is asked another
question only after the line was listened to for as long as it may be late.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic, sleep
from typing import Final, Literal

from hardware.border import ODD, Reason, good
from hardware.frames import crc16
from hardware.serial_line import SerialLine, give_back

FUNCTIONS: Final = {"holding": 3, "input": 4}
READ_COILS: Final = 1
READ_INPUTS: Final = 2
WRITE_COIL: Final = 5
"""Codes of the functions (Modbus Application Protocol V1.1b3, 6.1 to 6.5)."""

REFUSED: Final = 0x80
"""Is added to the function's code when the device refuses; one byte that says why follows."""

ON, OFF = b"\xff\x00", b"\x00\x00"
BITS_A_BYTE: Final = 11
SILENCE: Final = 3.5
"""Bytes of silence that end a frame."""

LATE: Final = 2.0
MOST_LATE: Final = 6.0
"""Seconds for which an answer is waited for that is owed: at first, and at the most."""

HEAD, CHECK = 2, 2
"""Bytes of device and function, and of the check."""


@dataclass(frozen=True)
class Register:
    """Where a value stands: PDU address, one or two words, and value = raw x scale. Function 03 or 04.

    `type`: a float is IEEE 754, in two words.
    """

    device: int
    address: int
    words: Literal[1, 2] = 1
    order: Literal["low_first", "high_first"] = "high_first"
    function: Literal["holding", "input"] = "input"
    scale: float = 1.0
    type: Literal["unsigned", "signed", "float"] = "unsigned"


class ModbusError(Exception):
    """No value; the text is a short reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)


@dataclass(frozen=True)
class Question:
    """A request, and what its answer looks like: `size` bytes between the function's code and the check, which must fit."""

    device: int
    pdu: bytes
    size: int
    fits: Callable[[bytes], bool]

    @property
    def frame(self) -> bytes:
        """What goes onto the line."""
        return framed(bytes((self.device,)) + self.pdu)

    def answers(self, heard: bytes) -> list[bytes]:
        """Every whole answer with a right check in what was heard, wherever it begins; empty bytes for a refusal."""
        starts = [at for at, byte in enumerate(heard) if byte == self.device]
        functions = {self.pdu[0]: self.size, self.pdu[0] | REFUSED: 1}
        found = []
        for at in starts:
            function = heard[at + 1] if at + 1 < len(heard) else 0
            data = _data(heard[at:], functions.get(function, 0))
            if data and function & REFUSED:
                found.append(b"")
            elif data and self.fits(data):
                found.append(data)
        return found


@dataclass(frozen=True)
class Owed:
    """A device owes the answer to this frame, which it got in vain at first and at last at these monotonic times.

    `late`: seconds that it may take.
    """

    frame: bytes
    first: float
    last: float
    late: float


class ModbusBus:
    """One serial line with its devices. A request has a deadline of `timeout` seconds and is not repeated.

    `echo`: the adapter hears itself. Whatever a device says or does becomes a ModbusError.
    """

    def __init__(
        self, port: str, baud: int, parity: str = "N", stop_bits: int = 1, timeout: float = 0.5, *, echo: bool = False
    ) -> None:
        self._how = (port, baud, parity, stop_bits)
        self._line: SerialLine | None = None
        self._byte = BITS_A_BYTE / baud
        self._timeout, self._echo = timeout, echo
        self._owed: dict[int, Owed] = {}

    def read(self, register: Register) -> float:
        """The register's value, a finite number. Raises ModbusError with the reason."""
        pdu = struct.pack(">BHH", FUNCTIONS[register.function], register.address, register.words)
        data = self._ask(Question(register.device, pdu, 1 + 2 * register.words, _counts))
        value = value_of(struct.unpack(f">{register.words}H", data[1:]), register)
        if not good(value):
            raise ModbusError("out_of_range")
        return value

    def set_coil(self, device: int, coil: int, *, on: bool, read_back: bool = True) -> None:
        """Bring a relay board's output into this state, if it is not in it. Raises ModbusError.

        `read_back`: False for a board that cannot be asked for its state: it is told each time.
        """
        if read_back and self._coil(device, coil) is on:
            return
        if not read_back:
            self._find_echo(device, coil)
        pdu = struct.pack(">BH", WRITE_COIL, coil) + (ON if on else OFF)
        try:
            self._ask(Question(device, pdu, len(pdu) - 1, lambda data: data == pdu[1:]))
        except ModbusError as error:
            if not (self._echo and read_back and str(error) == "no_answer" and self._coil(device, coil) is on):
                raise  # behind noise the answer passes for the echo, whose twin it is

    def inputs(self, device: int, address: int, count: int) -> list[bool]:
        """So many discrete inputs, from this address on. Raises ModbusError."""
        size = (count + 7) // 8
        data = self._ask(Question(device, struct.pack(">BHH", READ_INPUTS, address, count), 1 + size, _counts))
        bits = int.from_bytes(data[1:], "little")
        return [bool(bits >> place & 1) for place in range(count)]

    def close(self) -> None:
        """Give the port back; the next question opens it."""
        line, self._line = self._line, None
        give_back(line)

    def _find_echo(self, device: int, coil: int) -> None:
        """An adapter that hears itself answers for a board that is not there. A question shows it, once when the port opens."""
        if self._echo or self._line is not None:
            return
        try:
            self._coil(device, coil)
        except ModbusError as error:
            if str(error) == "echo":
                self.close()
                raise

    def _coil(self, device: int, coil: int) -> bool:
        pdu = struct.pack(">BHH", READ_COILS, coil, 1)
        return bool(self._ask(Question(device, pdu, 2, _counts))[1] & 1)

    def _ask(self, question: Question) -> bytes:
        try:
            self._line = self._line or SerialLine(*self._how)
        except ODD as error:
            raise ModbusError("port_not_open") from error
        try:
            return self._answer(self._line, question)
        except ODD as error:
            self.close()
            raise ModbusError("no_answer") from error

    def _answer(self, line: SerialLine, question: Question) -> bytes:
        """What the device answers. Raises ModbusError, and OSError when the adapter has gone."""
        self._let_late_answers_pass(line, question)
        began, whole = monotonic(), question.size + HEAD + CHECK
        line.ask(question.frame)
        takes = (len(question.frame) * (1 + self._echo) + whole) * self._byte
        found: bytes | Reason | None = line.gather(partial(self._find, question), self._timeout + takes)
        sleep(SILENCE * self._byte)
        others = self._without_echo(line.heard, question.frame)
        self._remember(question, began, answered=found not in (None, "echo") or len(others) >= whole)
        if isinstance(found, bytes):
            return found
        if found is None:
            raise ModbusError("wrong_answer" if others else "no_answer")
        raise ModbusError(found)

    def _find(self, question: Question, heard: bytes) -> bytes | Reason | None:
        """The answer, or why it is none: a refusal, two that contradict, or an adapter that hears itself."""
        if not self._echo and question.pdu[0] != WRITE_COIL and heard.startswith(question.frame):
            return "echo"
        answers = set(question.answers(self._without_echo(heard, question.frame)))
        if not answers:
            return None
        if len(answers) > 1:
            return "wrong_answer"
        return answers.pop() or "device_refused"

    def _without_echo(self, heard: bytes, frame: bytes) -> bytes:
        """What was heard behind our own words; noise may stand before them."""
        if not self._echo or frame not in heard:
            return heard
        return heard.partition(frame)[2]

    def _let_late_answers_pass(self, line: SerialLine, question: Question) -> None:
        owed = self._owed.get(question.device)
        if owed is None or owed.frame == question.frame:
            return
        line.throw_away(owed.last + owed.late)
        del self._owed[question.device]

    def _remember(self, question: Question, began: float, *, answered: bool) -> None:
        """Whether the device owes an answer now. One that came while another was owed may have been the other's."""
        now, device = monotonic(), question.device
        owed = self._owed.pop(device, None)
        if owed is not None and now - owed.last > MOST_LATE:
            owed = None
        if answered and owed is None:
            return
        owed = owed or Owed(question.frame, began, began, LATE)
        late = max(owed.late, now - owed.first + LATE / 2) if answered else owed.late
        self._owed[device] = replace(owed, frame=question.frame, last=began, late=min(MOST_LATE, late))


def framed(body: bytes) -> bytes:
    """Device, function and data with their check."""
    return body + crc16(body).to_bytes(CHECK, "little")


def _data(heard: bytes, size: int) -> bytes:
    """What stands between the function's code and the check, when that many bytes are there and the check is right."""
    body, check = heard[: HEAD + size], heard[HEAD + size : HEAD + size + CHECK]
    return body[HEAD:] if len(check) == CHECK and crc16(body) == int.from_bytes(check, "little") else b""


def _counts(data: bytes) -> bool:
    """Whether the first byte is the number of the others."""
    return data[0] == len(data) - 1


def value_of(words: Sequence[int], register: Register) -> float:
    """The number that these 16-bit words mean; it may be NaN or infinite."""
    ordered = words if register.order == "high_first" else words[::-1]
    raw = 0
    for word in ordered:
        raw = raw << 16 | word
    bits = 16 * len(words)
    if register.type == "float":
        (value,) = struct.unpack(">f", raw.to_bytes(4, "big"))
        return float(f"{value * register.scale:.7g}")
    if register.type == "signed" and raw >= 1 << (bits - 1):
        raw -= 1 << bits
    return round(raw * register.scale, 6)
