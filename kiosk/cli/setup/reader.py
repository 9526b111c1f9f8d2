"""The third step: what reads codes, and what it sees."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from kiosk.cli.common import echo
from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import agreed, answer, begins, choice, found, missed
from kiosk.foreign import visible
from kiosk.language import _

KINDS: Final = {
    "camera": "dev/v4l/by-path/*-video-index0",
    "engine": "dev/serial/by-path/*",
    "keyboard": "dev/input/by-path/*-event-kbd",
}
"""Names by the plug that a device is in, which do not follow the order in which the kernel finds things."""

FIRST_PICTURE: Final = 10.0
A_CODE: Final = 30.0
WIDE: Final = 96
"""Characters that a picture may be wide."""


class Offer(Struct, frozen=True):
    """A device that may be the reader."""

    kind: str
    device: str

    @property
    def words(self) -> str:
        """For the list."""
        names = {"camera": _("camera"), "engine": _("serial reader"), "keyboard": _("reader that types")}
        return f"{names[self.kind]}  {self.device}"


def offers(root: Path) -> list[Offer]:
    """What is plugged in, cameras first."""
    return [
        Offer(kind, "/" + str(path.relative_to(root)))
        for kind, pattern in KINDS.items()
        for path in sorted(root.glob(pattern))
    ]


def ask_reader(desk: Desk) -> None:
    """Choose one, and look through it."""
    begins(
        Step.READER,
        _(
            "What reads the passes before the door: a camera, a serial reader of codes, or a USB reader that types. Nothing "
            "that it sees is kept."
        ),
    )
    there = offers(desk.root)
    if not there:
        missed(
            _("No camera and no reader is plugged in."),
            "lsusb",
            _("a camera on the ribbon cable: csi:0; a serial or USB reader: its plug"),
        )
    while True:
        offer = _chosen(desk, there)
        if _sees(offer) and desk.put({"scanners": {_name(desk): {"door": desk.door, offer.kind: offer.device}}}):
            return


def _name(desk: Desk) -> str:
    """The scanner of the door: the one that there is, or one with the door's name."""
    tables = desk.draft.values.get("scanners", {})
    return next((name for name, table in tables.items() if table.get("door") == desk.door), desk.door)


def _chosen(desk: Desk, there: list[Offer]) -> Offer:
    """One of those that are there, or what is typed. A scanner that is set already keeps its kind."""
    table = desk.draft.values.get("scanners", {}).get(_name(desk), {})
    old = next((Offer(kind, table[kind]) for kind in KINDS if table.get(kind)), None)
    there = [each for each in there if old is None or each.kind == old.kind]
    listed = [*([old] if old and old not in there else []), *there]
    words = [*(each.words for each in listed), _("another one: type its path")]
    picked = choice(_("Which one"), words, 0 if listed else None)
    if picked < len(listed):
        return listed[picked]
    device = answer(_("Path, csi:0 or rtsp://..."), None)
    return Offer(old.kind if old else kind_of(device), device)


def kind_of(device: str) -> str:
    """What a path that somebody typed is."""
    if device.startswith("/dev/input/"):
        return "keyboard"
    return "engine" if device.startswith(("/dev/serial/", "/dev/tty")) else "camera"


def _sees(offer: Offer) -> bool:
    """Whether it is the right one, as whoever stands there sees."""
    if offer.kind == "camera":
        return _picture(offer.device)
    echo(_("Hold any code before it, within half a minute."))
    if text := _read(offer):
        found(_("It was read: {start}... ({count} characters)", start=text[:4], count=len(text)))
        return True
    missed(_("Nothing was read."), _("is it on, is it the right plug?"), _("docs/camera.md"))
    return agreed(_("Take it all the same"), default=False)


def _read(offer: Offer) -> str:
    """What the reader sends within half a minute; empty when that is nothing."""
    from hardware.border import ODD  # noqa: PLC0415
    from hardware.keyboard import Keyboard  # noqa: PLC0415
    from hardware.qr_engine import Engine, EngineTrouble  # noqa: PLC0415
    from hardware.serial_line import SerialLine  # noqa: PLC0415

    deadline = time.monotonic() + A_CODE
    try:
        opened: Any = SerialLine(offer.device, 9600) if offer.kind == "engine" else Keyboard(offer.device)
        with opened as device:
            reader = Engine(device, "continuous", b"") if offer.kind == "engine" else device
            while time.monotonic() < deadline:
                if text := reader.read(timeout=1.0):
                    return str(text)
    except (*ODD, EngineTrouble) as error:
        missed(visible(f"{offer.device}: {error}"))
    return ""


def _picture(device: str) -> bool:
    """Show what the camera sees, say what is wrong with it, and read a code."""
    from hardware.camera import Camera, CameraSource  # noqa: PLC0415
    from hardware.sight import Sight  # noqa: PLC0415

    with closing(Camera(CameraSource(device, pause=0.0))) as camera:
        frame = camera.newest(0.0, FIRST_PICTURE)
        if frame is None:
            missed(visible(_("No picture: {why}", why=camera.trouble)), _("docs/camera.md"))
            return agreed(_("Take it all the same"), default=False)
        _show(frame.grey)
        if trouble := Sight().judge(frame.grey, frame.at):
            missed(visible(trouble), _("docs/camera.md"))
        if not agreed(_("Is that what is before the door"), default=None):
            return False
        echo(_("Hold any QR code where workers will hold theirs, within half a minute."))
        if text := _looks(camera):
            found(_("It was read: {start}... ({count} characters)", start=text[:4], count=len(text)))
            return True
        missed(_("No code was read."), _("more light, less distance, a clean pane: docs/camera.md"))
        return agreed(_("Take it all the same"), default=False)


def _looks(camera: Any) -> str:
    """The first code in the pictures of half a minute."""
    from hardware.looking import Looking  # noqa: PLC0415

    looking, seen, deadline = Looking(), 0.0, time.monotonic() + A_CODE
    while time.monotonic() < deadline:
        frame = camera.newest(seen, 1.0)
        if frame is not None:
            seen = frame.at
            if texts := looking.look(frame.grey):
                return str(texts[0])
    return ""


def _show(grey: Any) -> None:
    """A picture in the terminal."""
    import shutil  # noqa: PLC0415

    import cv2  # noqa: PLC0415

    from kiosk.cli.trial.scanner import rows  # noqa: PLC0415
    from kiosk.wire import Snapshot  # noqa: PLC0415

    height, width = grey.shape
    wide = min(WIDE, shutil.get_terminal_size().columns)
    high = max(2, round(height / width * wide))
    small = cv2.resize(grey, (wide, high), interpolation=cv2.INTER_AREA)
    for row in rows(Snapshot(wide, high, small.tobytes(), "")):
        echo(row)
