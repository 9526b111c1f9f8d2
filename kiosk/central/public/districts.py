"""The districts that stations lie in, by the first six digits of their codes, and what people call them. Only computes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

from msgspec import Struct

from kiosk.central.figures import DISTRICT
from kiosk.central.publicly import PublicStation

PART: Final = re.compile(r".*([省市县旗州盟]|(?<![小社园街景校厂库])区)")
"""What an address begins with, down to the last name of a part of the country; a 小区 is a few houses."""


class District(Struct, frozen=True):
    """A district by the first digits of its codes, with its stations in the order of their codes."""

    code: str
    name: str
    stations: tuple[PublicStation, ...]


def districts(stations: Iterable[PublicStation]) -> list[District]:
    """Those that have any, in the order of their codes."""
    found: dict[str, list[PublicStation]] = {}
    for each in stations:
        found.setdefault(each.code[:DISTRICT], []).append(each)
    return [
        District(code, called([each.address for each in of_it]) or code, tuple(of_it))
        for code, of_it in sorted(found.items())
    ]


def called(addresses: Iterable[str]) -> str:
    """What all addresses of a district begin with; empty where they have nothing in common, or nobody has written any."""
    known = sorted(each for each in addresses if each)
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(known[0], known[-1], strict=False)) if known else ()
    part = PART.match("".join(first for first, _last in alike))
    return part[0] if part else ""
