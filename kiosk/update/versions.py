"""Versions beside one another, which of them starts, and the way back.

The package's own version in /usr/lib is always there. Updates lie in a folder of their own, each under its number; the link
`current` names the one that starts, and none means the package's. While `trial` exists, `current` has not proved itself:
whoever finds that file at a boot goes back to what it names. Every step is one rename or one removal, flushed before the
next, so that a power cut leaves the state before it or after it.

Only the standard library: `python3 -I versions.py` is the way back, and works when nothing of the new version does.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

HOME = Path("/usr/lib/yizhan-kiosk")
"""Where the package has its own version."""

FOLDER = Path("/var/lib/yizhan-kiosk")
RESTART = (
    "systemctl try-restart 'kiosk-scanner@*' kiosk-sensors kiosk-sync kiosk-screen kiosk-desk; "
    "systemctl restart kiosk-station"
)
"""After a change of versions. The door last, which is away for the shortest time; it is started also if it had failed."""

INCOMING, DOWNLOAD = "incoming", "download"
"""What an update writes before it is a version; a cut leaves it, and the next start of an update removes it."""

NUMBER = re.compile(r"[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}")
PACKAGE = ""
"""The name of the version that the Debian package brings."""

NO_VERSION = "-"
LONGEST_LINE = 200
MOST_REMEMBERED = 20
MOST_TRIES = 2000
"""Bytes of the file that says which versions were tried."""


class Versions:
    """The folder. Every method may be cut off at any point and called again."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._link, self._trial, self._floor = folder / "current", folder / "trial", folder / "floor"
        self._tries, self._outcome, self._told = folder / "tries", folder / "outcome", folder / "told"

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else changes the folder meanwhile; whoever dies lets go of it. The way back does not ask."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    @property
    def current(self) -> str:
        """The version that the next start takes."""
        name = self._link.readlink().name if self._link.is_symlink() else PACKAGE
        return name if name and (self.folder / name / "kiosk").is_dir() else PACKAGE

    @property
    def floor(self) -> str:
        """The newest version that ever proved itself here; empty at first."""
        return _number(self._floor)

    @property
    def on_trial(self) -> bool:
        """Whether the current version has not proved itself yet."""
        return self._trial.exists()

    def incoming(self) -> Path:
        """An empty folder to unpack into, which a cut leaves as rubbish."""
        folder = self.folder / INCOMING
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def clean(self) -> None:
        """Remove what updates have left that were cut off, refused, or went back; nothing is on trial."""
        (self.folder / DOWNLOAD).unlink(missing_ok=True)
        shutil.rmtree(self.folder / INCOMING, ignore_errors=True)
        for path in self._others({self.current}):
            if not NUMBER.fullmatch(path.name) or _order(path.name) > _order(self.floor):
                shutil.rmtree(path, ignore_errors=True)

    def put(self, unpacked: Path, version: str) -> None:
        """Keep a whole version under its number; it lies in `incoming` so far."""
        shutil.rmtree(self.folder / version, ignore_errors=True)
        os.sync()
        unpacked.rename(self.folder / version)
        self._flush()

    def try_out(self, version: str) -> None:
        """From the next start on: that version, on trial."""
        self._write(self._trial, self.current)
        self._point(version)

    def attempted(self, version: str) -> None:
        """It is tried from now on, whatever becomes of it."""
        self._remember([*self._tried(), version])

    def spared(self, version: str) -> None:
        """The last attempt failed for something that is not its fault."""
        tried = self._tried()
        if version in tried:
            tried.reverse()
            tried.remove(version)
            with suppress(OSError):  # then it counts all the same
                self._remember(tried[::-1])

    def _remember(self, tried: list[str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(self._tries, "\n".join(tried[-MOST_REMEMBERED:]))

    def tries(self, version: str) -> int:
        """How often it was tried here."""
        return self._tried().count(version)

    def note(self, version: str, outcome: str, detail: str = "") -> None:
        """Let whoever tells the station find what became of an update, unless it was told that last."""
        line = " ".join(f"{version or NO_VERSION} {outcome} {detail}".split())[:LONGEST_LINE]
        if line != _line(self._told):
            with suppress(OSError, ValueError):  # the way back must not end here
                self.folder.mkdir(parents=True, exist_ok=True)
                self._write(self._outcome, line)

    @property
    def untold(self) -> tuple[str, str, str] | None:
        """What became of the last update, if the station does not know: version, outcome, and why."""
        version, _, rest = _line(self._outcome).partition(" ")
        outcome, _, detail = rest.partition(" ")
        return (version.removeprefix(NO_VERSION), outcome, detail) if outcome else None

    def told(self) -> None:
        """It knows now."""
        self._outcome.replace(self._told)
        self._flush()

    def _tried(self) -> list[str]:
        return [each for each in _text(self._tries, MOST_TRIES).split("\n") if NUMBER.fullmatch(each)]

    def confirm(self) -> bool:
        """The current version has proved itself, if nobody took it back meanwhile; whether it is kept.

        Nothing older is taken from now on. All but it and the last one go.
        """
        with self._deciding():
            if not self.on_trial:
                return False
            version, before = self.current, _number(self._trial)
            self.note(version, "kept")
            self._trial.unlink()  # first: a version that is taken back must be newer than the floor
            self._flush()
            self._write(self._floor, version)
        for path in self._others({version, before}):
            shutil.rmtree(path, ignore_errors=True)
        return True

    def roll_back(self, why: str = "") -> bool:
        """Back to what ran before, where the current version is on trial; whether it was."""
        shutil.rmtree(self.folder / INCOMING, ignore_errors=True)
        with self._deciding():
            return self.on_trial and self._go_back(why)

    @contextmanager
    def _deciding(self) -> Iterator[None]:
        """One after another: a trial that is over for one is so for all. Where nothing can be written the way back goes on."""
        with ExitStack() as held:
            with suppress(OSError):
                fcntl.flock(held.enter_context((self.folder / "deciding").open("w")), fcntl.LOCK_EX)
            yield

    def _go_back(self, why: str) -> bool:
        if self.current != _number(self._trial):  # a cut before the switch tried nothing
            self.note(self.current, "went_back", why)
        before = _number(self._trial)
        self._point(before if (self.folder / before / "kiosk").is_dir() else PACKAGE)
        self._trial.unlink()
        self._flush()
        return True

    def _others(self, kept: set[str]) -> list[Path]:
        """The versions' folders but for these."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return [path for path in found if path.is_dir() and not path.is_symlink() and path.name not in kept]

    def _point(self, version: str) -> None:
        if version == PACKAGE:
            self._link.unlink(missing_ok=True)
        else:
            beside = self.folder / "current.new"
            beside.unlink(missing_ok=True)
            beside.symlink_to(version)
            beside.replace(self._link)
        self._flush()

    def _write(self, path: Path, text: str) -> None:
        beside = path.with_name(path.name + ".new")
        with beside.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        self._flush()

    def _flush(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _number(path: Path) -> str:
    """The version that a file names; empty where it names none, or is gone."""
    text = _line(path)
    return text if NUMBER.fullmatch(text) else PACKAGE


def _line(path: Path) -> str:
    return _text(path, 4 * LONGEST_LINE).strip()


def _text(path: Path, most: int) -> str:
    """The first bytes of a file; nothing where it is gone."""
    try:
        return path.read_bytes()[:most].decode("utf-8", "replace")
    except OSError:
        return ""


def _order(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part]


if __name__ == "__main__":
    if Versions(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER).roll_back():
        print("the update did not prove itself: back to the version before it")  # noqa: T201  into the journal
        sys.exit(3)
