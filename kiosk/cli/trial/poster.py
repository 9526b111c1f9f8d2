"""`kiosk test poster`: the station's poster, read back by its own reader."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kiosk.cli.common import ask_station, say
from kiosk.cli.trial.results import PASSED, SKIPPED, failed
from kiosk.language import _
from kiosk.local import Line, NotGranted, NotReachable, boot_time
from kiosk.wire import GetView, LastReading, Maintain, Snapshot, TakeReading, TakeSnapshot
from kiosk.wire.views import View

if TYPE_CHECKING:
    from kiosk.cli.trial.trials import Trials

PATIENCE: Final = 30.0
LOOK_EVERY: Final = 0.3
ADDRESS: Final = re.compile(r"/s/([0-9]{1,12})/?", re.ASCII)
"""What an address on a poster ends with."""


def try_poster(trials: Trials) -> str:
    """What stands on the poster is this station's code, with its check digit."""
    from kiosk.central.codes import is_public  # noqa: PLC0415

    code, scanner = trials.settings.station.code, _scanner(trials)
    if not is_public(code) or scanner is None:
        return SKIPPED
    if not trials.agreed(_("Is the station's poster at hand")):
        return SKIPPED
    since = boot_time()  # whoever is asked may be quick
    say(_("Hold the poster's code before the reader, within half a minute."))
    try:
        found = next(_read(trials, scanner, since), None)
    except (NotGranted, NotReachable) as error:
        return failed(error)
    if found is None:
        return failed(_("no poster was read: light, distance, docs/camera.md"))
    return judged(found, code)


def judged(digits: str, code: str) -> str:
    """What comes of these digits of a poster's address."""
    from kiosk.central.codes import WrongCode, parsed, printed  # noqa: PLC0415

    say(_("It says {digits}.", digits=digits))
    if digits == printed(code):
        return PASSED
    try:
        other = parsed(digits)
    except WrongCode as error:
        return failed(error)
    if other != code:
        return failed(_("it is the poster of station {other}, and this is {code}", other=other, code=code))
    return failed(_("its check digit is missing: {digits}", digits=digits))


def _scanner(trials: Trials) -> str | None:
    """The first reader of that door."""
    return next((name for name, table in trials.settings.scanners.items() if table.door == trials.door), None)


def _read(trials: Trials, scanner: str, since: float) -> Iterator[str]:
    """The digits of each poster's address that is read, until nobody waits any more."""
    until = time.monotonic() + PATIENCE
    camera = bool(trials.settings.scanners[scanner].camera)
    if camera:
        _arm(trials)
    while time.monotonic() < until:
        for text in _seen(trials, scanner, since, camera=camera):
            if found := ADDRESS.search(text):
                yield found[1]
        time.sleep(LOOK_EVERY)


def _arm(trials: Trials) -> None:
    """Whoever looks through the camera does it under maintenance; a longer one that is armed already goes on."""
    if ask_station(trials.settings, GetView(), View).maintenance <= 0:
        trials.ask(Maintain(2 * PATIENCE))


def _seen(trials: Trials, scanner: str, since: float, *, camera: bool) -> tuple[str, ...]:
    line = Line(trials.settings.scanner_socket(scanner))
    try:
        if camera:
            return line.ask(TakeSnapshot(16), Snapshot).texts
        read = line.ask(TakeReading(), LastReading)
        return (read.hint,) if read.at >= since else ()
    finally:
        line.close()
