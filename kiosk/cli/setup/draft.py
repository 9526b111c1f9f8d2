"""The settings as they are to be: checked whole before they replace the file, whose old text is kept."""

from __future__ import annotations

import errno
import os
import tomllib
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.cli.setup.steps import Progress, Step, is_fresh, place_of, progress_of, told_already
from kiosk.language import _
from kiosk.replacing import replacing
from kiosk.settings import Settings
from kiosk.settings.editing import edited, merged, tables_of, without
from kiosk.settings.loading import load, wrong_in
from kiosk.settings.reading import read_toml
from kiosk.settings.table import BadSettings, Wrong
from kiosk.settings.table import Path as Key

MODE: Final = 0o644
STILL_TO_COME: Final = {("station",), ("station", "code"), ("doors",)}
"""What a station must have, and a fresh card has not yet: so long the draft waits beside the file."""


class Draft:
    """The settings, the text of their file, and how far the setup has come. Raises BadSettings, OSError."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.progress = progress_of(config) or Progress(fresh=is_fresh(config))
        gone = not os.path.lexists(config)  # also of a station that works with the last good settings
        self.text = self._begun() if gone or is_fresh(config) else _text_of(config)
        self.values = tables_of(self.text)
        if not os.access(config.parent, os.W_OK):
            raise _unwritable(config.parent)

    def _begun(self) -> str:
        """Where nobody has written settings yet, or they are gone: what was answered so far."""
        draft = self.progress.draft
        return edited(_head(), told_already(self.config), notes()) if draft is None else draft

    @property
    def settings(self) -> Settings | None:
        """The settings, where they are whole already."""
        raw = deepcopy(self.values)
        return None if wrong_in(raw, self.config.parent) else msgspec.convert(raw, Settings)

    def wrong_with(self, new: dict[str, Any]) -> list[Wrong]:
        """What would be wrong with the settings if these values were in them, but for what is still to come."""
        return [each for each in self.wrong_whole(new) if not (each[0] in STILL_TO_COME and each[1] == _("is missing"))]

    def wrong_whole(self, new: dict[str, Any]) -> list[Wrong]:
        """The same, with what is still to come."""
        return wrong_in(deepcopy(merged(self.values, new)), self.config.parent)

    def put(self, new: dict[str, Any]) -> None:
        """Take these values. Raises BadSettings, CannotEdit, and nothing has changed then."""
        if wrong := self.wrong_with(new):
            raise BadSettings([f"{'.'.join(key)}: {what}" for key, what in wrong])
        self._take(edited(self.text, new, notes()))

    def drop(self, table: Key) -> None:
        """Turn a table into comments. Raises BadSettings, CannotEdit, and nothing has changed then."""
        text = without(self.text, table)
        if wrong := wrong_in(tables_of(text), self.config.parent):
            raise BadSettings([f"{'.'.join(key)}: {what}" for key, what in wrong])
        self._take(text)

    def _take(self, text: str) -> None:
        self.text, self.values = text, tables_of(text)
        self._note(msgspec.structs.replace(self.progress, draft=text))
        if self.settings is None:
            return
        if self._on_disk() != text.encode():
            self._keep_old()
            replace_file(self.config, text.encode())
        self._note(msgspec.structs.replace(self.progress, draft=None, wrote=True))

    def passed(self, step: Step, *, done: bool) -> None:
        """A step is behind; behind the last one nothing is left to remember."""
        self._note(self.progress.after(step, done=done))

    def finish(self) -> None:
        """Nothing is left to remember."""
        place_of(self.config).unlink(missing_ok=True)

    def _note(self, progress: Progress) -> None:
        self.progress = progress
        replace_file(place_of(self.config), msgspec.json.encode(progress))

    def _keep_old(self) -> None:
        """The file as it was before this setup, once."""
        old = self._on_disk()
        if old is None or self.progress.wrote:
            return
        names = (f"{self.config.name}.before-setup{'' if number == 1 else f'-{number}'}" for number in count(1))
        place = next(path for name in names if not (path := self.config.with_name(name)).exists())
        replace_file(place, old)
        self.progress = msgspec.structs.replace(self.progress, kept=str(place))

    def _on_disk(self) -> bytes | None:
        return self.config.read_bytes() if self.config.exists() else None


def _unwritable(folder: Path) -> OSError:
    """Why nothing can be written there: no folder, a disk that can only be read, or rights. Raises OSError."""
    read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    number = errno.EROFS if read_only else errno.EACCES
    return OSError(number, os.strerror(number))


def _text_of(config: Path) -> str:
    """As it is, byte for byte, where that is TOML: some editors' line ends are not. Raises BadSettings, OSError."""
    mended, _tables = read_toml(config)
    load(config)
    text = config.read_bytes().decode("utf-8")
    try:
        tables_of(text)
    except tomllib.TOMLDecodeError:
        return mended
    return text


def replace_file(path: Path, data: bytes) -> None:
    """At once or not at all, also through a power cut, with the mode and owner that it had. Raises OSError."""
    old = path.stat() if path.exists() else None
    owner = old or path.parent.stat()
    with replacing(path, MODE) as file:
        os.fchmod(file.fileno(), old.st_mode & 0o777 if old else MODE)
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(data)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _head() -> str:
    lines = [
        _("The settings of this station, as kiosk setup was told them; what you change here it keeps."),
        _(
            "All other settings: kiosk config explain KEY, and the example that came with the package. Pins are BCM numbers."
        ),
    ]
    return "".join(f"# {line}\n" for line in lines) + "\n"


def notes() -> dict[Key, str]:
    """What the file says of what is in it."""
    return {
        ("pins",): _('"gpio": the pins of the Pi; "simulated": pins in memory, for a trial'),
        ("station",): _("Who and where the station is."),
        ("station", "code"): _("the union's code; the scope of a pass is a prefix of it"),
        ("station", "name"): _("what the display says"),
        ("doors", "*"): _("A door; more doors are more such tables."),
        ("doors", "*", "lock"): _("fail_secure: power unlocks (a strike); fail_safe: power locks (a magnet)"),
        ("doors", "*", "contact"): _("the pin's level while the door is open"),
        ("doors", "*", "exit"): _("only watched: the button frees the lock electrically"),
        ("doors", "*", "lamps"): _("an RGB lamp is three"),
        ("fire",): _("The fire release of the building, which frees all doors electrically; only watched."),
        ("tamper",): _("The contact of the housing, active when it is opened."),
        ("scanners", "*"): _("What reads codes in front of a door: camera, engine or keyboard."),
        ("sensors", "*"): _("A value that is watched."),
        ("gps",): _("A GPS receiver, for a station on wheels."),
        ("central",): _("The central server."),
    }
