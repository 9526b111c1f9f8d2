"""Modbus RTU over RS-485, by pymodbus: registers of meters and transmitters as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusException


@dataclass(frozen=True)
class Register:
    """Where a value stands: PDU address, one or two words, and value = raw x scale. Function 03 or 04."""

    device: int
    address: int
    words: Literal[1, 2] = 1
    order: Literal["low_first", "high_first"] = "high_first"
    function: Literal["holding", "input"] = "input"
    scale: float = 1.0
    signed: bool = False


class ModbusError(Exception):
    """No value; the text is a short reason."""


class ModbusBus:
    """One serial line with its devices. Every request has a deadline of `timeout` seconds and is not repeated."""

    def __init__(self, port: str, baud: int, timeout: float = 0.5) -> None:
        self._client = ModbusSerialClient(port, baudrate=baud, timeout=timeout, retries=0)

    def read(self, register: Register) -> float:
        """The register's value. Raises ModbusError with the reason."""
        try:
            if not self._client.connected and not self._client.connect():
                raise ModbusError("port_not_open")
            ask = (
                self._client.read_input_registers
                if register.function == "input"
                else self._client.read_holding_registers
            )
            answer = ask(register.address, count=register.words, device_id=register.device)
        except (ModbusException, OSError) as error:
            self.close()
            raise ModbusError("no_answer") from error
        if answer.isError():
            raise ModbusError("device_refused")
        if len(answer.registers) != register.words:
            raise ModbusError("wrong_answer")
        return value_of(answer.registers, register)

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
    if register.signed and raw >= 1 << (bits - 1):
        raw -= 1 << bits
    return round(raw * register.scale, 6)
