"""What `kiosk doctor` asks of readers that decode by themselves: the bytes around the last code, and what they tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from kiosk.cli.doctor.check import Check
from kiosk.language import _
from kiosk.local import Line, NotReachable, boot_time
from kiosk.settings import ScannerTable, Settings
from kiosk.wire import LastReading, TakeReading

ANSWERS_WITHIN: Final = 2.0
NAMES: Final = {0: "NUL", 1: "SOH", 2: "STX", 3: "ETX", 4: "EOT", 9: "TAB", 10: "LF", 13: "CR", 29: "GS", 30: "RS"}
"""Control characters as the manuals of readers call them."""


def check_readers(settings: Settings) -> Iterator[Check]:
    """What each reader sent last; of one that does not run, or does not answer us, the other checks tell."""
    for name, table in settings.scanners.items():
        if table.camera:
            continue
        try:
            line = Line(settings.scanner_socket(name), timeout=ANSWERS_WITHIN)
            try:
                yield _check(name, table, line.ask(TakeReading(), LastReading))
            finally:
                line.close()
        except NotReachable:
            continue


def _check(name: str, table: ScannerTable, read: LastReading) -> Check:
    if not read.size:
        return Check(f"reader.{name}", "fine", _("nothing has been read yet"))
    what, advice = _what(table, read)
    ago = max(0.0, boot_time() - read.at)
    evidence = _("{what}; read {seconds:.0f} s ago: {bytes}", what=what, seconds=ago, bytes=_bytes(read))
    return Check(f"reader.{name}", "wrong" if advice else "fine", evidence, "", advice)


def _what(table: ScannerTable, read: LastReading) -> tuple[str, str]:
    """What is wrong, and what to write or to do; empty when nothing is."""
    hint = json.dumps(read.hint, ensure_ascii=False)  # as it is written into the settings
    match read.wrong:
        case "":
            return _("the last code was one of ours"), ""
        case "layout":
            return _("another layout: the reader types {layout}", layout=hint), f"layout = {hint}"
        case "prefix":
            return _("something stands before the code: {text}", text=hint), f"prefix = {hint}"
        case "suffix":
            return _("something stands behind the code: {text}", text=hint), f"suffix = {hint}"
        case "glued":
            return _("two codes in one"), _("set the reader to end each code with CR, by its manual")
        case "speed":
            advice = _("speed and parity of the reader, by its manual: {baud} baud are set, 8N1", baud=table.baud)
            return _("what came is no text"), advice
        case "damaged":
            return _("characters of the code are missing, or wrong"), _("the cable; a slower speed; another layout")
        case _:
            return _("the last code was none of ours"), ""


def _bytes(read: LastReading) -> str:
    """As they came, in hexadecimal digits and as text; the code itself is a worker's pass, and not here."""
    digits = f"{read.begin.hex(' ').upper()} … {read.end.hex(' ').upper()}"
    return _(
        "{digits}, {size} bytes: {text}", digits=digits, size=read.size, text=f"{_text(read.begin)}…{_text(read.end)}"
    )


def _text(data: bytes) -> str:
    return "".join(f"<{NAMES.get(byte, f'{byte:02X}')}>" if not 0x20 <= byte < 0x7F else chr(byte) for byte in data)
