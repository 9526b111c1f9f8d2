"""QR codes in a grey picture.

zxing-cpp first: it is ten times as fast as zbar and gives no wrong text. pyzbar reads some codes that zxing does not (glare,
damage), so it is asked where the first found nothing and the caller can pay for it.
"""

from __future__ import annotations

import cv2
import zxingcpp
from pyzbar import pyzbar

from hardware.camera import Grey

HALF_ABOVE = 900
"""Pixels of the longer side above which pyzbar gets the picture at half size: a quarter of the cost."""


QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


def read_codes(grey: Grey) -> list[str]:
    """The texts of all QR codes in `grey` (uint8, height x width) that either engine reads."""
    return read_fast(grey) or read_thorough(grey)


def read_fast(grey: Grey) -> list[str]:
    """What zxing-cpp reads, cheap enough for every frame."""
    found = zxingcpp.read_barcodes(grey, formats=QR, text_mode=zxingcpp.TextMode.Plain)
    return [code.text for code in found if code.text]


def read_thorough(grey: Grey) -> list[str]:
    """What pyzbar reads. It raises on a structured-append code in view, which anybody can print: then nothing."""
    if max(grey.shape) > HALF_ABOVE:
        grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
    try:
        found = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
    except ValueError:
        return []
    return [text for text in (_text(code.data) for code in found) if text]


def _text(data: bytes) -> str:
    """The data as ASCII; a pass is nothing else, and zbar re-encodes whatever is not."""
    return data.decode("ascii", errors="replace")
