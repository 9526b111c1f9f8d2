"""What is well-formed in the settings but cannot be meant: two users of a pin, names of things that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kiosk.language import _, told
from kiosk.opening import parse_hours
from kiosk.settings import ButtonsTable, DoorTable, Input, ScannerTable, Settings
from kiosk.settings.sense_appliances import appliance_pins, check_appliances
from kiosk.settings.sense_slots import check_slots
from kiosk.settings.table import Path, Wrong, did_you_mean

SOCKET_PATH: Final = 107
"""Bytes that the kernel takes as a socket's path (unix(7))."""

LONGEST_SOCKET: Final = "control.sock"


def check_sense(settings: Settings) -> Iterator[Wrong]:
    """What is well-formed but cannot be meant."""
    if not settings.entrances:
        yield ("doors",), _("at least one door is needed, e.g. [doors.main]")
    used: dict[int, str] = {}
    for at, pin in pins_of(settings):
        if pin in used:
            yield at, _("pin {pin} is already used by {user}", pin=pin, user=used[pin])
        used.setdefault(pin, ".".join(at[:-1]) if at[-1] == "pin" else ".".join(at))
    for name, door in settings.doors.items():
        yield from _check_door(settings, name, door)
    yield from check_slots(settings)
    yield from _check_scanners(settings)
    yield from check_appliances(settings)
    longest = max([LONGEST_SOCKET, *(f"scanner/{name}.sock" for name in settings.scanners)], key=len)
    if len(f"{settings.run}/{longest}".encode()) > SOCKET_PATH:
        yield (
            ("station", "run_dir"),
            _("is too long for a socket: {bytes} bytes with /{longest}", bytes=SOCKET_PATH, longest=longest),
        )
    yield from _check_screen(settings)
    yield from _check_desk(settings)
    yield from _check_central(settings)
    yield from _check_hours(settings.updates.hours, ("updates", "hours"))


def _check_door(settings: Settings, name: str, door: DoorTable) -> Iterator[Wrong]:
    at = ("doors", name)
    if door.alarm_after < door.pre_alarm_after:
        yield (*at, "alarm_after"), _("must not be before pre_alarm_after ({seconds:g})", seconds=door.pre_alarm_after)
    for other in door.interlock:
        if other not in settings.entrances:
            yield (*at, "interlock"), _("no such door") + f": {other}" + did_you_mean(other, settings.entrances)
        elif other == name:
            yield (*at, "interlock"), _("names the door itself")
    yield from _check_hours(door.hours, (*at, "hours"))
    for title, programme in door.programmes.items():
        yield from _check_hours(programme.hours, (*at, "programmes", title, "hours"))
        for key, moment in (("begins", programme.begins), ("ends", programme.ends)):
            if moment.tzinfo is not None:
                yield (
                    (*at, "programmes", title, key),
                    _("must be local time, without an offset, e.g. 2026-07-01T08:00:00"),
                )
        if programme.begins.replace(tzinfo=None) >= programme.ends.replace(tzinfo=None):
            yield (*at, "programmes", title, "ends"), _("must be after begins")


def _check_hours(hours: tuple[str, ...] | None, at: Path) -> Iterator[Wrong]:
    if hours == ():
        yield at, _('is empty: leave it out for day and night, or write e.g. ["mon-fri 06:00-22:00"]')
    for text in hours or ():
        try:
            parse_hours(text)
        except ValueError as error:
            yield at, told(str(error))


def _check_scanners(settings: Settings) -> Iterator[Wrong]:
    for name, scanner in settings.scanners.items():
        yield from _check_place(settings, name, scanner)
        if sum(each is not None for each in (scanner.camera, scanner.engine, scanner.keyboard)) != 1:
            yield ("scanners", name), _("needs one of camera, engine, keyboard")
        if scanner.mode == "trigger" and scanner.model == "lines" and not scanner.trigger:
            yield ("scanners", name, "trigger"), _("is missing: the bytes that start a reading, e.g. 16 54 0D")
        if scanner.camera and not re.fullmatch(r"csi:\d|(?!csi:).*", scanner.camera):
            yield ("scanners", name, "camera"), _("must be csi: and the number of the camera, e.g. csi:0")


def _check_place(settings: Settings, name: str, scanner: ScannerTable) -> Iterator[Wrong]:
    """Whether it is before a door or at the desk. Inside there is no camera: rest rooms are for resting."""
    at = ("scanners", name)
    if scanner.desk:
        if scanner.door is not None:
            yield (*at, "door"), _("is for a reader before a door; this one is at the desk")
        if scanner.camera is not None:
            yield (*at, "camera"), _("there must be no camera inside: use engine or keyboard")
        if settings.desk is None:
            yield (*at, "desk"), _("needs the table [desk]")
    elif scanner.door is None:
        yield (*at, "door"), _("is missing: the door before which it reads")
    elif scanner.door in settings.slots:
        yield (*at, "door"), _("is a slot, which no code opens")
    elif scanner.door not in settings.doors:
        yield (*at, "door"), _("no such door") + did_you_mean(scanner.door, settings.entrances)


def _check_screen(settings: Settings) -> Iterator[Wrong]:
    screen = settings.screen
    if screen is None:
        return
    if screen.door not in settings.entrances:
        yield ("screen", "door"), _("no such door") + did_you_mean(screen.door, settings.entrances)
    if screen.pass_page is not None:
        from kiosk.settings.urls import wrong_server  # noqa: PLC0415

        if wrong := wrong_server(screen.pass_page):
            yield ("screen", "pass_page"), wrong
        elif settings.central is None:
            yield ("screen", "pass_page"), _("needs the table [central]: the command to open comes from there")


def _check_desk(settings: Settings) -> Iterator[Wrong]:
    """Two pages, two ports; and one way to answer."""
    desk, screen = settings.desk, settings.screen
    if desk is not None and desk.display and screen is not None and desk.port == screen.port:
        yield ("desk", "port"), _("is that of [screen], too")
    if desk is not None and desk.cards and desk.keyboard:
        yield ("desk", "keyboard"), _("is for a display that is touched; with cards = true nobody can choose to type")


def _check_central(settings: Settings) -> Iterator[Wrong]:
    if settings.central is not None:
        from kiosk.settings.urls import wrong_server  # noqa: PLC0415  a technician's `status` does not wait for urllib

        if wrong := wrong_server(settings.central.url):
            yield ("central", "url"), wrong


def pins_of(settings: Settings) -> Iterator[tuple[Path, int]]:
    """Every pin that the settings use, with its key."""
    for name, own in (("fire", settings.fire), ("tamper", settings.tamper)):
        if own:
            yield (name, "pin"), own.pin
    for name, door in settings.doors.items():
        at = ("doors", name)
        if door.lock:
            yield (*at, "lock", "pin"), door.lock.pin
        if door.lock and door.lock.bolt:
            yield (*at, "lock", "bolt", "pin"), door.lock.bolt.pin
        for what, found in (("contact", door.contact), ("exit", door.exit)):
            if found:
                yield (*at, what, "pin"), found.pin
        for lamp in ("red", "green", "blue", "buzzer"):
            pin = getattr(door.lamps, lamp)
            if pin is not None:
                yield (*at, "lamps", lamp), pin
    for answer, button in desk_buttons(settings).items():
        yield ("desk", "buttons", answer, "pin"), button.pin
    yield from appliance_pins(settings)


def desk_buttons(settings: Settings) -> dict[str, Input]:
    """The buttons inside, by the answer that each gives."""
    buttons = settings.desk and settings.desk.buttons
    return {answer: getattr(buttons, answer) for answer in ButtonsTable.__struct_fields__} if buttons else {}
