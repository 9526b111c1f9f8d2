"""Devices as their manuals describe them: TOML files, ours or the technician's, that fill in the settings.

Modbus devices fill in a sensor's or a relay's table; a lock board's protocol is one that the settings need not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from kiosk.language import _
from kiosk.settings.appliances import Profile
from kiosk.settings.boards import ReadyProtocol
from kiosk.settings.table import BadSettings, Wrong, did_you_mean

T = TypeVar("T")

BUILT_IN: Final = Path(__file__).with_name("modbus")
"""config/modbus: a link, so that it is in an installed package too."""

PROTOCOLS: Final = Path(__file__).with_name("protocols")
"""config/protocols: likewise, of lock boards."""

OF_THE_LINE: Final = ("baud", "parity", "stop_bits")
OF_THE_QUANTITY: Final = ("order", "function")

Load = Callable[[Path, type[T]], T]


def known(folder: Path, own: Path = BUILT_IN) -> dict[str, Path]:
    """The profiles by name: those in `modbus/` beside the settings' file, which come first, and our own; protocols likewise."""
    found = [*sorted(own.glob("*.toml")), *sorted((folder / own.name).glob("*.toml"))]
    return {path.stem: path for path in found}


def fill(raw: dict[str, Any], folder: Path, load: Load[Any]) -> Iterator[Wrong]:
    """Complete the tables that name a profile, and the protocols by those that boards name; yields what is wrong with them."""
    yield from _fill_protocols(raw, folder, load)
    for group, choice, tables in (("sensors", "read", "read"), ("relays", "write", "write")):
        of_group = raw.get(group)
        for name, table in of_group.items() if isinstance(of_group, dict) else ():
            if isinstance(table, dict) and "profile" in table:
                yield from _fill_one(table, (group, name), choice, known(folder), load, tables)


def _fill_protocols(raw: dict[str, Any], folder: Path, load: Load[Any]) -> Iterator[Wrong]:
    boards, own = raw.get("boards"), raw.setdefault("protocols", {})
    for name, table in boards.items() if isinstance(boards, dict) else ():
        wanted = table.get("protocol") if isinstance(table, dict) else None
        if not (isinstance(wanted, str) and isinstance(own, dict)) or wanted in own:
            continue
        ready = known(folder, PROTOCOLS)
        if wanted not in ready:
            names = {**own, **ready}
            what = _("no such protocol: one of {names}", names=", ".join(sorted(names)))
            yield ("boards", name, "protocol"), what + did_you_mean(wanted, names)
            continue
        try:
            own[wanted] = msgspec.to_builtins(load(ready[wanted], ReadyProtocol).protocol)
        except BadSettings as bad:
            yield from ((("boards", name, "protocol"), error) for error in bad.errors)


def _fill_one(
    table: dict[str, Any],
    at: tuple[str, str],
    choice: str,
    profiles: dict[str, Path],
    load: Load[Any],
    tables: str,
) -> Iterator[Wrong]:
    wanted = str(table["profile"])
    if wanted not in profiles:
        yield (
            (*at, "profile"),
            _("no such profile: one of {names}", names=", ".join(sorted(profiles))) + did_you_mean(wanted, profiles),
        )
        return
    try:
        profile = load(profiles[wanted], Profile)
    except BadSettings as bad:
        yield from (((*at, "profile"), error) for error in bad.errors)
        return
    offered = getattr(profile, tables)
    picked = str(table.get(choice))
    if picked not in offered:
        names = ", ".join(offered) or _("none")
        missing = _("is missing: one of {names}", names=names)
        what = missing if choice not in table else _("is not in the profile: one of {names}", names=names)
        yield (*at, choice), what + did_you_mean(picked, offered)
        return
    told = {key: value for key, value in msgspec.to_builtins(offered[picked]).items() if value is not None}
    line = {key: getattr(profile, key) for key in OF_THE_LINE}
    if tables == "read":
        line |= {key: getattr(profile, key) for key in OF_THE_QUANTITY}
    for key, value in (line | told).items():
        table.setdefault(key, value)
