"""QR codes in a grey picture.

Two engines: zxing-cpp, which is ten times as fast as zbar and gives no wrong text, and pyzbar, which reads some codes that the
other does not (glare, damage). What neither reads as it is, is looked at again in other lights: thresholded, enlarged, and,
where zxing saw a symbol but could not read it, cut out, straightened and evened. The order is by what an attempt reads for
what it costs, as measured on real photographs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from hardware import zbar

pyzbar: Final = zbar.reader()

Grey = NDArray[np.uint8]
"""A grey picture: uint8, shape (height, width)."""

Quad = NDArray[np.float32]
"""Four corners of a symbol, (x, y) each, clockwise from its top left."""

Light = Callable[[Grey], Grey]
"""A picture in another light."""

GLANCE: Final = "zxing"
QR: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
NO_PASS: Final = {zxingcpp.BarcodeFormat.MicroQRCode, zxingcpp.BarcodeFormat.RMQRCode}
"""Found along with QR codes; their few check bits let noise pass for a code of some digits."""
LOCAL, GLOBAL = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
LARGEST: Final = 2048
"""Pixels of the longer side: a larger picture is scaled down, so that none costs more than a bound."""

ENLARGED: Final = 1600
"""Pixels of the longer side up to which a picture is enlarged: more costs memory, and a large picture needs it less."""

PATCH: Final = 360
"""Pixels of a straightened symbol's side: 5 and more for each module up to version 10."""

QUIET: Final = 0.12
"""Share of a symbol's side that is taken along around it."""

MOST_PATCHES: Final = 3
HALF_ABOVE: Final = 900
"""Pixels of the longer side above which pyzbar gets a picture at half size: a quarter of the cost."""


@dataclass(frozen=True)
class Glance:
    """What a quick look at a frame gives: texts, and where symbols stand that could not be read."""

    texts: list[str]
    unread: list[Quad]


@dataclass(frozen=True)
class Attempt:
    """A costlier way to look: `read` gives the texts."""

    name: str
    read: Callable[[Grey], list[str]]


def read_codes(grey: Grey) -> list[str]:
    """The texts of all QR codes in `grey` that any attempt reads; the first attempt that reads one ends the search."""
    return read_and_tell(grey)[0]


def read_and_tell(grey: Grey) -> tuple[list[str], str]:
    """The same, and the name of what read them; empty when nothing did."""
    grey = bounded(grey)
    if texts := glance(grey).texts:
        return texts, GLANCE
    return next(((found, attempt.name) for attempt in ATTEMPTS if (found := attempt.read(grey))), ([], ""))


def glance(grey: Grey) -> Glance:
    """What zxing-cpp reads at once, cheap enough for every frame."""
    found = _zxing(grey)
    return Glance(
        _texts(found) or _straightened(grey, found, as_it_is), [_quad(code) for code in found if not code.valid]
    )


def read_symbols(grey: Grey) -> list[str]:
    """What zxing-cpp reads in a picture that was made for it."""
    return _texts(_zxing(grey))


def looked_at(name: str, light: Light, then: Light | None = None) -> Attempt:
    """zxing-cpp on the picture in that light; symbols that it sees and cannot read, straightened and in the light `then`."""

    def read(grey: Grey) -> list[str]:
        lit = light(grey)
        found = _zxing(lit)
        if texts := _texts(found):
            return texts
        return _straightened(grey, found, then, lit.shape[0] / grey.shape[0]) if then else []

    return Attempt(name, read)


def as_it_is(grey: Grey) -> Grey:
    """The picture itself."""
    return grey


def threshold(block: int, darker: int = 5) -> Light:
    """Black where a pixel is `darker` than the mean of the `block` pixels square around it."""
    mean, binary = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
    return lambda grey: _grey(cv2.adaptiveThreshold(grey, 255, mean, binary, block, darker))


def enlarged(factor: float) -> Light:
    """The picture with more pixels for each module, up to ENLARGED pixels."""

    def light(grey: Grey) -> Grey:
        most = max(1.0, min(factor, ENLARGED / max(grey.shape)))
        return _grey(cv2.resize(grey, None, fx=most, fy=most, interpolation=cv2.INTER_CUBIC))

    return light


def halved(grey: Grey) -> Grey:
    """The picture at half size, which takes noise and moire away."""
    return _grey(cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)) if min(grey.shape) > 1 else grey


def evened(grey: Grey) -> Grey:
    """Contrast made equal in tiles: against glare, shade and dim screens."""
    return _grey(cv2.createCLAHE(3.0, (8, 8)).apply(grey))


def sharpened(grey: Grey) -> Grey:
    """Edges raised: against defocus."""
    return _grey(cv2.addWeighted(grey, 2.5, cv2.GaussianBlur(grey, (0, 0), 3), -1.5, 0))


def _straightened(grey: Grey, found: list[zxingcpp.Barcode], light: Light, scale: float = 1.0) -> list[str]:
    """The texts of the symbols that were seen and not read, each cut out of `grey` and straightened, in that light.

    `scale`: how much larger the picture was in which they were found.
    """
    unread = [_quad(code) / scale for code in found if not code.valid][:MOST_PATCHES]
    return _texts([code for quad in unread for code in _zxing(light(straightened(grey, quad)))])


def straightened(grey: Grey, quad: Quad) -> Grey:
    """The symbol at `quad` as a square of PATCH pixels with some of what is around it."""
    middle = quad.mean(axis=0)
    source = ((quad - middle) * (1 + 2 * QUIET) + middle).astype("float32")
    square = np.array([[0, 0], [PATCH, 0], [PATCH, PATCH], [0, PATCH]], "float32")
    matrix = cv2.getPerspectiveTransform(source, square)
    replicate = cv2.BORDER_REPLICATE
    return _grey(cv2.warpPerspective(grey, matrix, (PATCH, PATCH), flags=cv2.INTER_CUBIC, borderMode=replicate))


def bounded(grey: Grey) -> Grey:
    """The picture, scaled down if it is larger than LARGEST."""
    scale = LARGEST / max(grey.shape)
    return grey if scale >= 1 else _grey(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _zxing(grey: Grey, binarizer: zxingcpp.Binarizer = LOCAL) -> list[zxingcpp.Barcode]:
    """All symbols, also those whose text could not be read."""
    plain = zxingcpp.TextMode.Plain
    found = zxingcpp.read_barcodes(grey, formats=QR, text_mode=plain, binarizer=binarizer, return_errors=True)
    return [code for code in found if code.format not in NO_PASS]


def _texts(found: list[zxingcpp.Barcode]) -> list[str]:
    return list(dict.fromkeys(code.text for code in found if code.valid and code.text))


def _quad(code: zxingcpp.Barcode) -> Quad:
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return np.array([[corner.x, corner.y] for corner in corners], "float32")


def _pyzbar(grey: Grey) -> list[str]:
    """What pyzbar reads. It raises on a structured-append code in view, which anybody can print: then nothing."""
    try:
        found = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
    except ValueError:
        return []
    return [text for text in (_text(code.data) for code in found) if text]


def _text(data: bytes) -> str:
    """The data as text; empty when it is none, since zbar re-encodes whatever is not ASCII and a guess is a wrong text."""
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        return ""


def _global(grey: Grey) -> list[str]:
    return _texts(_zxing(grey, GLOBAL))


def _zbar_halved(grey: Grey) -> list[str]:
    return _pyzbar(halved(grey))


def _zbar_thresholded(grey: Grey) -> list[str]:
    return _pyzbar(threshold(25)(halved(grey) if max(grey.shape) > HALF_ABOVE else grey))


def _grey(picture: object) -> Grey:
    found: Grey = np.asarray(picture, dtype="uint8")
    return found


ATTEMPTS: Final[tuple[Attempt, ...]] = (
    Attempt("zxing, one threshold for all", _global),
    looked_at("zxing, threshold 25", threshold(25), then=evened),
    looked_at("zxing, enlarged", enlarged(1.5), then=threshold(51, 0)),
    Attempt("zbar, half size", _zbar_halved),
    looked_at("zxing, threshold 201", threshold(201)),
    looked_at("zxing, evened and enlarged", lambda grey: enlarged(2.0)(evened(grey))),
    looked_at("zxing, threshold 15", threshold(15), then=sharpened),
    Attempt("zbar, threshold 25", _zbar_thresholded),
)
"""What to try when a glance read nothing, in order. Each costs little against the sum of all."""
