"""`python -m kiosk.demo.tied PARENT MODULE WORDS...`: a module as a child that ends when PARENT does, also by kill -9."""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""prctl(2). It goes by the parent's thread: whoever starts one must be the thread that lasts."""


def main() -> None:
    """Ask the kernel for SIGTERM, and go on as that module; a parent that went in the meantime was too quick for it."""
    parent, module = int(sys.argv.pop(1)), sys.argv.pop(1)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
