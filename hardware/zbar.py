"""Which libzbar pyzbar gets: the package's own, which only reads pictures, and in a checkout the system's."""

from __future__ import annotations

import ctypes
import ctypes.util
from importlib import import_module
from pathlib import Path
from typing import Any, Final

SHIPPED: Final = Path(__file__).parents[1] / "libzbar.so.0"
"""Made by tools/zbar.py. Debian's libzbar0 brings X11, and by what it recommends ghostscript: a hundred packages."""


def found() -> str | None:
    """The library's file, or what the linker calls it; None where there is none."""
    return str(SHIPPED) if SHIPPED.exists() else ctypes.util.find_library("zbar")


def reader() -> Any:
    """The module pyzbar. Raises ImportError without a library."""
    if SHIPPED.exists():
        loader: Any = import_module("pyzbar.zbar_library")
        loader.load = lambda: (ctypes.CDLL(str(SHIPPED)), [])
    return import_module("pyzbar.pyzbar")
