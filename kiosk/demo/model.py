"""A day in a station as its sensors see it: compressors and their duty cycles, visitors, a power cut, a sensor that dies.

Simple physics, the same every time for one seed. Not modelled: radiation, the weather beyond a day's warmth, ageing.
"""

from __future__ import annotations

import math
import random
from typing import Final

from msgspec import Struct

DAY: Final = 86_400.0
HOUR: Final = 3600.0
MINUTE: Final = 60.0
STEP: Final = 1.0
"""Seconds of one step of the physics."""

POWER_CUT: Final = (2.2 * HOUR, 2.7 * HOUR)
DEAD_SENSOR: Final = (15.0 * HOUR, 15.5 * HOUR)
"""When the fridge's thermometer gives nothing."""

OPENS, CLOSES = 6.0 * HOUR, 22.0 * HOUR
STAY: Final = 15 * MINUTE
"""Seconds that a visitor stays at the most."""

COMPRESSOR, HEATER, COOLER, STANDBY = 110.0, 1500.0, 1180.0, 3.0
"""Watts."""


class Values(Struct):
    """What there is to be measured at one moment: degrees Celsius, watts, percent, litres, mg/L; contacts are 0 or 1."""

    fridge: float = 4.0
    fridge_power: float = STANDBY
    fridge_door: float = 0.0
    room: float = 27.0
    humidity: float = 60.0
    air_conditioner: float = STANDBY
    water: float = 92.0
    water_power: float = STANDBY
    litres: float = 0.0
    tds: float = 41.0
    filter: float = 80.0
    presence: float = 0.0
    leak: float = 0.0
    smoke: float = 0.0


class Model:
    """The room. `advance` lets time pass; `read` measures, with each sensor's noise and resolution."""

    def __init__(self, second: float = 0.0, seed: int = 2026) -> None:
        """It begins at that second of the day."""
        self.second = second
        self._random = random.Random(seed)  # noqa: S311  a day that is the same every time
        self._true = Values()
        self._visits = sorted(self._random.uniform(OPENS, CLOSES - STAY) for _ in range(60))
        self._inside: dict[float, float] = {
            visit: visit + self._random.uniform(2 * MINUTE, STAY) for visit in self._visits
        }
        self._cooling = self._heating = self._compressing = False
        self.cooler_on = True
        """Whether the relay of the air conditioner lets it run."""

    def has_mains(self) -> bool:
        """Whether the mains is there."""
        return not POWER_CUT[0] <= self.second % DAY < POWER_CUT[1]

    def arrivals(self) -> list[float]:
        """The seconds of the day at which somebody comes."""
        return list(self._visits)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        left = seconds
        while left > 0:
            step = min(STEP, left)
            self._step(step)
            self.second += step
            left -= step

    def read(self) -> dict[str, float]:
        """Every value as its sensor tells it."""
        true, chance = self._true, self._random
        return {
            "fridge": round((true.fridge + chance.gauss(0, 0.03)) * 16) / 16,
            "fridge_power": round(max(0.0, true.fridge_power + chance.gauss(0, 0.4)), 1),
            "fridge_door": true.fridge_door,
            "room": round(true.room + chance.gauss(0, 0.05), 1),
            "humidity": round(true.humidity + chance.gauss(0, 0.3), 1),
            "air_conditioner": round(max(0.0, true.air_conditioner + chance.gauss(0, 4.0)), 1),
            "water": round(true.water + chance.gauss(0, 0.1), 1),
            "water_power": round(max(0.0, true.water_power + chance.gauss(0, 4.0)), 1),
            "litres": round(true.litres, 2),
            "tds": round(true.tds + chance.gauss(0, 0.5)),
            "filter": round(true.filter, 1),
            "presence": true.presence,
            "leak": true.leak,
            "smoke": true.smoke,
        }

    def dead(self, name: str) -> bool:
        """Whether that sensor gives nothing at this moment."""
        return name == "fridge" and DEAD_SENSOR[0] <= self.second % DAY < DEAD_SENSOR[1]

    def _step(self, seconds: float) -> None:
        now, true = self.second % DAY, self._true
        people = [since for since, until in self._inside.items() if since <= now < until]
        true.presence = float(bool(people))
        true.fridge_door = float(any(30 <= now - since < 45 for since in people))
        drawing = any(60 <= now - since < 75 for since in people)
        outside = 29.0 + 5.0 * math.sin(2 * math.pi * (now - 9 * HOUR) / DAY)
        self._switch()
        true.fridge += seconds * (-0.0055 * self._compressing + (24 - true.fridge) * 0.00013 + 0.012 * true.fridge_door)
        true.room += seconds * ((outside - true.room) / 5400 + 0.0002 * len(people) - 0.0028 * self._cooling)
        true.humidity = 60 - 8 * self._cooling * 0.5 - 4 * math.sin(2 * math.pi * (now - 9 * HOUR) / DAY)
        true.water += seconds * (0.035 * self._heating - 0.0018 - 0.12 * drawing)
        true.litres += seconds * 0.03 * drawing
        true.filter -= seconds * 0.002 * drawing
        true.fridge_power = COMPRESSOR if self._compressing else STANDBY * self.has_mains()
        true.air_conditioner = COOLER if self._cooling else STANDBY * self.has_mains()
        true.water_power = HEATER if self._heating else STANDBY * self.has_mains()

    def _switch(self) -> None:
        """The appliances' own thermostats."""
        true, served = self._true, self.has_mains()
        self._compressing = served and true.fridge > (2.5 if self._compressing else 5.5)
        self._cooling = served and self.cooler_on and true.room > (25.5 if self._cooling else 27.0)
        self._heating = served and true.water < (95.0 if self._heating else 88.0)
