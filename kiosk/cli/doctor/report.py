"""`kiosk report`: what somebody needs who helps from afar, in one file, without keys, codes or whole pseudonyms.

The files of keys are not opened. Of an entry the token, the phone's time and all but the last digits of the credential's index
are left out; of every text, whatever looks like a pass, a claim code or a key.
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
from kiosk.cli.common import as_json, ask_station, fail, print_json
from kiosk.cli.doctor.doctor import examine
from kiosk.language import _
from kiosk.local import NotReachable
from kiosk.settings import Settings
from kiosk.settings.kept import load_or_kept
from kiosk.settings.table import BadSettings
from kiosk.wire import GetView, View

ENTRIES: Final = 500
JOURNAL_LINES: Final = 500
PATIENCE: Final = 20.0
HIDDEN: Final = {"token", "shown_at", "expires"}
SECRETS: Final = re.compile(r"YZ[0-9A-Z]{0,2}:[0-9A-Z $%*+\-./:]{8,}|\b[0-9A-F]{16}\b|[A-Za-z0-9+/]{43}=")
"""Passes and enrolment codes, claim codes, and keys of 32 bytes in Base64."""


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; without it kiosk-report-ID.zip here."
)
@click.option("--qr", is_flag=True, help="Show id and summary as a QR in the terminal, to be photographed.")
@as_json
@click.pass_obj
def report(config: Path, out: Path | None, qr: bool, as_json: bool) -> None:
    """Write what somebody needs who helps from afar, without keys, codes or whole pseudonyms."""
    files = dict(_files(config))
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).digest()
    short = b32encode(digest)[:6].decode()
    path = out or Path(f"kiosk-report-{short}.zip")
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, data in files.items():
                bundle.writestr(name, data)
        path.chmod(0o600)
    except OSError as error:
        fail(
            _(
                "{file} cannot be written: {why}\nNext: kiosk report --out /tmp/report.zip",
                file=path,
                why=error.strerror,
            )
        )
    summary = _summary(short, files["doctor.json"])
    if as_json:
        print_json({"id": short, "file": str(path), "bytes": path.stat().st_size, "files": sorted(files)})
        return
    click.echo(
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


def _summary(short: str, doctor: bytes) -> str:
    """A line to be told on the telephone."""
    wrong = [check["id"] for check in msgspec.json.decode(doctor) if check["severity"] == "wrong"]
    return f"id {short}, kiosk {__version__}; wrong: {', '.join(wrong) or 'nothing'}"


def _files(config: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, redacted. What cannot be read says so instead."""
    yield "doctor.json", redacted(msgspec.json.encode(list(examine(config))).decode())
    yield "system.json", msgspec.json.encode(_system())
    yield "journal.txt", redacted(_journal())
    try:
        yield "station.toml", redacted(config.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        yield "station.toml", str(error).encode()
    try:
        settings, _origin = load_or_kept(config)
    except BadSettings:
        return  # the doctor tells why
    yield "view.json", redacted(_view(settings))
    for stream in ("access", "telemetry"):
        yield f"{stream}.jsonl", b"\n".join(_entries(settings, stream))


def redacted(text: str) -> bytes:
    """Without whatever looks like a secret."""
    return SECRETS.sub("[hidden]", text).encode()


def shortened(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry that names nobody: of a credential's index the last two digits are left."""
    kept = {name: value for name, value in entry.items() if name not in HIDDEN}
    return kept | ({"index": f"..{entry['index'] % 100:02}"} if isinstance(entry.get("index"), int) else {})


def _entries(settings: Settings, stream: Literal["access", "telemetry"]) -> Iterator[bytes]:
    from kiosk.logbook.reader import Reader  # noqa: PLC0415

    try:
        reader = Reader(settings.kept)
    except sqlite3.Error as error:
        yield str(error).encode()
        return
    try:
        for row in islice(reader.backwards(stream), ENTRIES):
            yield redacted(msgspec.json.encode(shortened(row.wire())).decode())
    except sqlite3.Error as error:
        yield str(error).encode()
    finally:
        reader.close()


def _view(settings: Settings) -> str:
    try:
        return msgspec.json.encode(ask_station(settings, GetView(), View)).decode()
    except NotReachable as error:
        return f"the station does not answer: {error}"


def _system() -> dict[str, Any]:
    """The machine, its load and its room, and what a Pi says of its own throttling."""
    usage = shutil.disk_usage("/")
    model = Path("/proc/device-tree/model")
    return {
        "kiosk": __version__,
        "python": platform.python_version(),
        "system": " ".join(os.uname()[::2]),
        "model": model.read_text(errors="replace").strip("\0") if model.exists() else "",
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
