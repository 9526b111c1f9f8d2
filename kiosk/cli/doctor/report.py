"""`kiosk report`: what somebody needs who helps from afar, in one file, without keys, codes or whole pseudonyms.

The files of keys are not opened. Of an entry the token, the phone's time and all but the last digits of the credential's index
are left out, of a place all but two decimals; of every text, whatever :mod:`kiosk.redaction` knows as a secret.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import time
import zipfile
from base64 import b32encode
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import click
import msgspec

from kiosk import __version__
from kiosk.cli.common import as_json, ask_station, echo, fail, print_json
from kiosk.cli.doctor.asking import model_of
from kiosk.cli.doctor.doctor import examine, names_of
from kiosk.cli.doctor.titles import title
from kiosk.cli.files import OutFile, whole, why_not, wrong_place
from kiosk.language import _
from kiosk.local import NotReachable
from kiosk.redaction import anonymous
from kiosk.settings import Settings
from kiosk.settings.kept import load_or_kept
from kiosk.settings.reading import salvage
from kiosk.settings.table import BadSettings
from kiosk.settings.text import as_far_as_readable, read_bounded
from kiosk.wire import GetView
from kiosk.wire.views import View
from kiosk.wording.names import Names
from kiosk.wording.words import listed

ENTRIES: Final = 500
JOURNAL_LINES: Final = 500
PATIENCE: Final = 20.0
HIDDEN: Final = {"token", "shown_at", "expires"}
OF_PEOPLE: Final = {"index", "indices", "credential", "credentials", "holder", "holders"}
OF_PLACES: Final = {"latitude", "longitude", "place"}
INTEGER: Final = re.compile(
    r"(?<![\w.])(?:0x([\da-fA-F][\da-fA-F_]*)|0o([0-7][0-7_]*)|0b([01][01_]*)|(\d[\d_]*))(?![\w.])", re.ASCII
)
"""As TOML has it, in base 16, 8, 2 or 10."""

BASES: Final = (16, 8, 2, 10)
MOST_DIGITS: Final = 64
"""Of a number that may be a holder's index; int() refuses some thousands."""

DECIMALS: Final = 2
"""Of a degree: some kilometre."""


@click.command()
@click.option("--out", type=OutFile(), help="The file; without it kiosk-report-ID.zip here.")
@click.option("--qr", is_flag=True, help="Show id and summary as a QR in the terminal, to be photographed.")
@as_json
@click.pass_obj
def report(config: Path, out: Path | None, qr: bool, as_json: bool) -> None:
    """Write what somebody needs who helps from afar, without keys, codes or whole pseudonyms."""
    if not out and (wrong := wrong_place(Path("kiosk-report.zip"))):
        fail(_("This folder: {wrong}\nNext: kiosk report --out /tmp/report.zip", wrong=wrong))
    files = dict(_files(config))
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).digest()
    short = b32encode(digest)[:6].decode()
    path = out or Path(f"kiosk-report-{short}.zip")
    try:
        with whole(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as bundle:
            beside.chmod(0o600)
            for name, data in files.items():
                bundle.writestr(name, data)
    except OSError as error:
        fail(
            _(
                "{file} cannot be written: {why}\nNext: kiosk report --out /tmp/report.zip",
                file=path,
                why=why_not(error),
            )
        )
    summary = _summary(short, files["doctor.json"], names_of(config))
    if as_json:
        print_json({"id": short, "file": str(path), "bytes": path.stat().st_size, "files": sorted(files)})
        return
    echo(
        _(
            "{file} is written ({size} KiB): {files}",
            file=path,
            size=path.stat().st_size // 1024 + 1,
            files=", ".join(sorted(files)),
        )
        + f"\n{summary}"
    )
    if qr:
        import segno  # noqa: PLC0415

        segno.make(summary, error="m", micro=False).terminal(compact=True)


def _summary(short: str, doctor: bytes, names: Names) -> str:
    """A line to be told on the telephone."""
    wrong = [title(check["id"], names) for check in msgspec.json.decode(doctor) if check["severity"] == "wrong"]
    checks = listed(wrong) or _("none")
    return _("id {short}, kiosk {version}; wrong: {checks}", short=short, version=__version__, checks=checks)


def _files(config: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, redacted. What cannot be read says so instead."""
    yield "doctor.json", _json(list(examine(config)))
    yield "system.json", msgspec.json.encode(system())
    yield "journal.txt", redacted(_journal())
    yield "station.toml", _settings_text(config)
    try:
        settings, _origin = load_or_kept(config)
    except BadSettings:
        return  # the doctor tells why
    yield "view.json", _view(settings)
    for stream in ("access", "telemetry"):  # and of services nothing: what people answered mends no station
        yield f"{stream}.jsonl", b"\n".join(_entries(settings, stream))


def redacted(text: str) -> bytes:
    """Without whatever looks like a secret, a person or a place."""
    return anonymous(text).encode(errors="replace")


def shortened(value: Any, of: str = "") -> Any:
    """A value that names nobody: of a credential's index the last two digits are left, of a place two decimals."""
    match value:
        case dict():
            return {name: shortened(each, name) for name, each in value.items() if name not in HIDDEN}
        case list() | tuple():
            return [shortened(each, of) for each in value]
        case int() if of in OF_PEOPLE and not isinstance(value, bool):
            return f"..{value % 100:02}"
        case float() if of in OF_PLACES:
            return round(value, DECIMALS)
        case str():
            return anonymous(value)
        case _:
            return value


def _json(value: object) -> bytes:
    return msgspec.json.encode(shortened(msgspec.to_builtins(value)))


def _settings_text(config: Path) -> bytes:
    """The settings' file as it is written, but for secrets and the holders in it."""
    try:
        text = as_far_as_readable(read_bounded(config))
    except OSError as error:
        return str(error).encode()
    named = set(_holders(salvage(config)))

    def short(found: re.Match[str]) -> str:
        base, digits = next((base, each) for base, each in zip(BASES, found.groups(), strict=True) if each)
        number = int(digits.replace("_", "")[:MOST_DIGITS], base)
        return f'"..{number % 100:02}"' if number in named else found[0]

    return redacted(INTEGER.sub(short, text))


def _holders(raw: dict[str, Any]) -> Iterator[int]:
    for name, value in raw.items():
        if isinstance(value, dict):
            yield from _holders(value)
        elif name == "holders" and isinstance(value, list):
            yield from (each for each in value if isinstance(each, int))


def _entries(settings: Settings, stream: Literal["access", "telemetry"]) -> Iterator[bytes]:
    from kiosk.logbook.reader import Reader  # noqa: PLC0415

    try:
        reader = Reader(settings.kept)
    except sqlite3.Error as error:
        yield str(error).encode()
        return
    try:
        for row in islice(reader.backwards(stream), ENTRIES):
            yield _json(row.wire())
    except sqlite3.Error as error:
        yield str(error).encode()
    finally:
        reader.close()


def _view(settings: Settings) -> bytes:
    try:
        return _json(ask_station(settings, GetView(), View))
    except NotReachable as error:
        return redacted(f"the station does not answer: {error}")


def system() -> dict[str, Any]:
    """The machine, its load and its room, and what a Pi says of its own throttling."""
    usage = shutil.disk_usage("/")
    return {
        "kiosk": __version__,
        "python": platform.python_version(),
        "system": " ".join(os.uname()[::2]),
        "model": model_of(),
        "time": time.time(),
        "up_seconds": time.clock_gettime(time.CLOCK_BOOTTIME),
        "load": os.getloadavg(),
        "disk_free_bytes": usage.free,
        "disk_bytes": usage.total,
        "throttled": _output("vcgencmd", "get_throttled").strip(),
    }


def _journal() -> str:
    return _output(
        "journalctl", "--unit", "kiosk-*", "--lines", str(JOURNAL_LINES), "--no-pager", "--output", "short-iso"
    )


def _output(*command: str) -> str:
    """What a command of the system prints, or why there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    return done.stdout or done.stderr
