"""The addresses of this machine in the network, for a technician who reads them from the display.

The kernel's usual road to them, netlink, is closed to this program.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from typing import Final

INTERFACES: Final = Path("/sys/class/net")
SIOCGIFADDR: Final = 0x8915
"""netdevice(7): the address of an interface."""

ADDRESS: Final = slice(20, 24)
"""In a struct ifreq: a name of IFNAMSIZ (16) bytes, and a sockaddr_in, whose address is its fifth byte and on."""

MOST: Final = 3


def addresses() -> tuple[str, ...]:
    """IPv4, of the interfaces that have one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, suppress(FileNotFoundError):
        for interface in sorted(INTERFACES.iterdir()):
            with suppress(OSError):
                asked = struct.pack("256s", interface.name.encode())
                found.append(socket.inet_ntoa(ioctl(any_socket, SIOCGIFADDR, asked)[ADDRESS]))
    return tuple(each for each in found if not each.startswith("127."))[:MOST]
