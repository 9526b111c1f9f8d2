"""The steps from a fresh card to the first opened door, and how far somebody has come: kept beside the settings."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from kiosk.language import _
from kiosk.settings import Station
from kiosk.settings.kept import load_or_kept
from kiosk.settings.reading import read_toml, salvage
from kiosk.settings.table import BadSettings
from kiosk.settings.text import read_bounded

EXAMPLE: Final = Path(__file__).with_name("example.toml")
"""config/station.toml: a link, so that it is in an installed package too."""

NOT_TOLD: Final = ("station", "pins")
"""What of the example may differ, and nobody has said yet what this station has."""


class Step(StrEnum):
    """In the order in which they are taken."""

    STATION = "station"
    DOOR = "door"
    READER = "reader"
    SENSORS = "sensors"
    NETWORK = "network"
    ENROLMENT = "enrolment"
    PROGRAMS = "programs"
    TRIAL = "trial"


def title(step: Step) -> str:
    """What a step is about, for people."""
    return {
        Step.STATION: _("the station's code and name"),
        Step.DOOR: _("the door's pins: lock, contact, exit button, lamps"),
        Step.READER: _("the camera, or another reader of codes"),
        Step.SENSORS: _("sensors on the buses"),
        Step.NETWORK: _("the network: cable, Wi-Fi or LTE"),
        Step.ENROLMENT: _("the enrolment at the central server"),
        Step.PROGRAMS: _("the start of the programs"),
        Step.TRIAL: _("the commissioning: kiosk test all"),
    }[step]


Stands = Literal["done", "skipped", "next", "later"]


class Progress(Struct, frozen=True):
    """How far somebody has come. `fresh`: began on a card that nobody had set up; `draft`: settings that are not whole yet.

    `wrote`: what lies there is this setup's; `kept`: where the settings lie that were there before.
    """

    fresh: bool = False
    done: tuple[Step, ...] = ()
    skipped: tuple[Step, ...] = ()
    draft: str | None = None
    wrote: bool = False
    kept: str = ""

    def after(self, step: Step, *, done: bool) -> Progress:
        """With this step behind."""
        others = {"done": tuple(each for each in self.done if each is not step)}
        others["skipped"] = tuple(each for each in self.skipped if each is not step)
        name = "done" if done else "skipped"
        return msgspec.structs.replace(self, **{**others, name: (*others[name], step)})

    @property
    def next(self) -> Step | None:
        """The first step that was neither done nor skipped."""
        return next((step for step in Step if step not in {*self.done, *self.skipped}), None)

    def stands(self) -> dict[Step, Stands]:
        """How each step stands."""
        return {step: self._stands(step) for step in Step}

    def _stands(self, step: Step) -> Stands:
        if step is self.next:
            return "next"
        return "done" if step in self.done else "skipped" if step in self.skipped else "later"


def place_of(config: Path) -> Path:
    """The file beside the settings that keeps the progress; it goes with the last step."""
    return config.with_name(f"{config.name}.setup")


def progress_of(config: Path) -> Progress | None:
    """What is kept; None where no setup is under way, or nobody may look."""
    try:
        return msgspec.json.decode(read_bounded(place_of(config)), type=Progress)
    except (OSError, ValueError):
        return None


def not_set_up(config: Path) -> dict[Step, Stands] | None:
    """How each step stands on a card that is not set up yet; None on a station."""
    progress = progress_of(config)
    if progress is None and is_fresh(config):
        progress = Progress(fresh=True)
    return progress.stands() if progress is not None and progress.fresh and progress.next else None


def is_fresh(config: Path) -> bool:
    """Whether nobody has said yet what this station has: no settings, or the package's example, and not enrolled."""
    if not os.path.lexists(config):
        return not _is_kept(config) and not _enrolled({})
    try:
        _text, raw = read_toml(config)
        return not _enrolled(raw) and _told(raw) == _told(read_toml(EXAMPLE)[1])
    except BadSettings:
        return False


def _told(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in NOT_TOLD}


def _is_kept(config: Path) -> bool:
    try:
        load_or_kept(config)
    except BadSettings:
        return False
    return True


def _enrolled(raw: dict[str, Any]) -> bool:
    from kiosk.keyfiles import COPY, ROOT_KEY  # noqa: PLC0415  it brings cryptography, which `status` need not wait for

    station = raw.get("station")
    told = station.get("data_dir") if isinstance(station, dict) else None
    folder = Path(str(told or next(f.default for f in msgspec.structs.fields(Station) if f.name == "data_dir")))
    return any(os.path.exists(folder / name) for name in (ROOT_KEY, ROOT_KEY + COPY))  # noqa: PTH110  never raises


def told_already(config: Path) -> dict[str, Any]:
    """What of the example somebody has changed already."""
    raw, example = salvage(config), salvage(EXAMPLE)
    station = {key: each for key, each in raw.get("station", {}).items() if example["station"].get(key) != each}
    pins = {} if raw.get("pins", example["pins"]) == example["pins"] else {"pins": raw["pins"]}
    return pins | ({"station": station} if station else {})
