"""Modbus RTU over RS-485, by pymodbus: registers of meters and transmitters as numbers, coils of relay boards."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusException

FUNCTIONS: Final = {"holding": 3, "input": 4}
"""Codes of the functions that read registers (Modbus Application Protocol V1.1b3, 6.3 and 6.4)."""


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


class ModbusBus:
    """One serial line with its devices. Every request has a deadline of `timeout` seconds and is not repeated."""

    def __init__(self, port: str, baud: int, parity: str = "N", stop_bits: int = 1, timeout: float = 0.5) -> None:
        self._client = ModbusSerialClient(
            port, baudrate=baud, parity=parity, stopbits=stop_bits, timeout=timeout, retries=0
        )

    def read(self, register: Register) -> float:
        """The register's value. Raises ModbusError with the reason."""
        client = self._client
        ask = client.read_input_registers if register.function == "input" else client.read_holding_registers
        answer = self._ask(lambda: ask(register.address, count=register.words, device_id=register.device))
        if answer.function_code != FUNCTIONS[register.function] or len(answer.registers) != register.words:
            raise ModbusError("wrong_answer")
        return value_of(answer.registers, register)

    def set_coil(self, device: int, coil: int, *, on: bool) -> None:
        """Bring a relay board's output into this state, if it is not in it. Raises ModbusError."""
        answer = self._ask(lambda: self._client.read_coils(coil, count=1, device_id=device))
        if answer.bits[0] is not on:
            self._ask(lambda: self._client.write_coil(coil, on, device_id=device))

    def _ask(self, request: Callable[[], Any]) -> Any:
        try:
            if not self._client.connected and not self._client.connect():
                raise ModbusError("port_not_open")
            answer = request()
        except (ModbusException, OSError) as error:
            self.close()
            raise ModbusError("no_answer") from error
        if answer.isError():
            raise ModbusError("device_refused")
        return answer

    def close(self) -> None:
        """Give the port back."""
        self._client.close()  # type: ignore[no-untyped-call]


def value_of(words: Sequence[int], register: Register) -> float:
    """The number that these 16-bit words mean."""
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
