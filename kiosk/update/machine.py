"""Which package is for this machine."""

from __future__ import annotations

import platform
from typing import Final

MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def platform_here() -> str:
    """Such as `deb12_arm64`."""
    release = platform.freedesktop_os_release()
    return f"deb{release.get('VERSION_ID', '0')}_{MACHINES.get(platform.machine(), platform.machine())}"
