"""Modbus devices as their manuals describe them: TOML files, ours or the technician's, that fill in a sensor's table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.language import _
from kiosk.settings.appliances import Profile
from kiosk.settings.table import BadSettings, Wrong, did_you_mean

BUILT_IN: Final = Path(__file__).with_name("modbus")
"""config/modbus: a link, so that it is in an installed package too."""

OF_THE_LINE: Final = ("baud", "parity", "stop_bits")
OF_THE_QUANTITY: Final = ("order", "function")

Load = Callable[[Path], Profile]


def known(folder: Path) -> dict[str, Path]:
    """The profiles by name: those in `modbus/` beside the settings' file, which come first, and our own."""
    found = [*sorted(BUILT_IN.glob("*.toml")), *sorted((folder / "modbus").glob("*.toml"))]
    return {path.stem: path for path in found}


def fill(raw: dict[str, Any], folder: Path, load: Load) -> Iterator[Wrong]:
    """Complete the tables of sensors and relays that name a profile; yields what is wrong with them."""
    for group, choice, tables in (("sensors", "read", "read"), ("relays", "write", "write")):
        of_group = raw.get(group)
        for name, table in of_group.items() if isinstance(of_group, dict) else ():
            if isinstance(table, dict) and "profile" in table:
                yield from _fill_one(table, (group, name), choice, known(folder), load, tables)


def _fill_one(
    table: dict[str, Any], at: tuple[str, str], choice: str, profiles: dict[str, Path], load: Load, tables: str
) -> Iterator[Wrong]:
    wanted = str(table["profile"])
    if wanted not in profiles:
        yield (
            (*at, "profile"),
            _("no such profile: one of {names}", names=", ".join(sorted(profiles))) + did_you_mean(wanted, profiles),
        )
        return
    try:
        profile = load(profiles[wanted])
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
