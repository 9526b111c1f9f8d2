"""A serial QR engine (GM65 and relatives) in continuous mode: each code comes as a line."""

from __future__ import annotations

from hardware.serial_line import SerialLine


def read_code(line: SerialLine, timeout: float) -> str | None:
    """The next code's text, or None. Only the line end is taken off: Base45 text may end in a space."""
    data = line.read_line(timeout)
    return None if not data else data.decode("ascii", errors="replace")
