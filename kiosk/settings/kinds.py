"""What each kind of appliance brings: the alarms that its users would expect, each to be changed in the settings."""

from __future__ import annotations

from typing import Final

import msgspec

from kiosk.settings.appliances import AlarmTable, ApplianceTable

RUNS_EMPTY: Final = AlarmTable(
    "power", above=100.0, hysteresis=20.0, after=900.0, clear_after=60.0, only="closed_and_empty"
)

KINDS: Final[dict[str, dict[str, AlarmTable]]] = {
    "fridge": {
        "too_warm": AlarmTable("temperature", above=8.0, hysteresis=1.0, after=600.0, clear_after=120.0),
        "too_cold": AlarmTable("temperature", below=-1.0, hysteresis=1.0, after=1800.0, clear_after=120.0),
        "door_open": AlarmTable("door", above=0.5, after=180.0, clear_after=0.0),
    },
    "freezer": {
        "too_warm": AlarmTable("temperature", above=-12.0, hysteresis=2.0, after=1800.0, clear_after=120.0),
        "door_open": AlarmTable("door", above=0.5, after=180.0, clear_after=0.0),
    },
    "air_conditioner": {"runs_empty": RUNS_EMPTY},
    "heater": {"runs_empty": RUNS_EMPTY},
    "dispenser": {
        "boil_dry": AlarmTable(
            "temperature", above=103.0, hysteresis=10.0, after=10.0, clear_after=60.0, switch_off=True
        ),
        "filter": AlarmTable("filter", below=5.0, hysteresis=5.0, after=60.0, clear_after=60.0),
        "water": AlarmTable("tds", above=1000.0, hysteresis=50.0, after=600.0, clear_after=600.0),
        "leak": AlarmTable("leak", above=0.5, after=5.0, clear_after=60.0),
    },
    "microwave": {"runs_long": AlarmTable("power", above=200.0, hysteresis=50.0, after=1800.0, clear_after=30.0)},
    "room": {
        "frost": AlarmTable("temperature", below=3.0, hysteresis=1.0, after=600.0, clear_after=300.0),
        "heat": AlarmTable("temperature", above=40.0, hysteresis=2.0, after=600.0, clear_after=300.0),
        "smoke": AlarmTable("smoke", above=0.5, after=5.0, clear_after=60.0),
        "leak": AlarmTable("leak", above=0.5, after=5.0, clear_after=60.0),
    },
    "other": {},
}
"""Above 8 °C food spoils (GB 31605-2020: chilled food at 0 to 8 °C). Water that boils is at 100 °C; a hotter tank is dry.
GB 5749-2022 allows 1000 mg/L of dissolved solids in drinking water."""


def alarms_of(table: ApplianceTable) -> dict[str, AlarmTable]:
    """The alarms of an appliance: its kind's, changed and joined by those of the settings. Some may lack their sensor."""
    usual = KINDS[table.kind]
    return {name: _changed(usual.get(name), table.alarms.get(name)) for name in usual | table.alarms}


def _changed(usual: AlarmTable | None, own: AlarmTable | None) -> AlarmTable:
    if usual is None or own is None:
        return own or usual or AlarmTable()
    told = {key: value for key, value in msgspec.to_builtins(own).items() if value is not None}
    if own.above is not None or own.below is not None:
        told |= {"above": own.above, "below": own.below}
    return msgspec.structs.replace(usual, **told)
