"""`kiosk test --acceptance`: the first board of a kind, with a multimeter. docs/pi.md says how each step is done.

The program compares what was measured, and asks for what only a person sees. The file names the board and its system, and no
station, so that anybody can send it in.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from kiosk import __version__
from kiosk.cli.common import answers_within, asked, json_line, say, style
from kiosk.cli.doctor.check import Check
from kiosk.cli.trial.report import at_second, write_files
from kiosk.cli.trial.results import PASSED, SKIPPED, Tried, failed, go_through
from kiosk.cli.trial.trials import Trials, try_camera, try_code, try_exit, try_lamps, try_lock
from kiosk.language import _
from kiosk.redaction import hidden
from kiosk.settings import LockTable
from kiosk.update import health
from kiosk.wire import Operate
from kiosk.wording.sentences import result_words

LOW, HIGH = 0.4, 2.6
"""Volts: an output at low has no more, one at high no less (Raspberry Pi documentation, voltage specifications, BCM2711)."""

SUPPLY: Final = (4.75, 5.25)
"""Volts: 5 V and a twentieth; a Pi complains below 4.63 (Raspberry Pi documentation, power supply)."""

OF_THE_BOARD: Final = ("machine", "pins", "serial", "onewire")
"""The groups of the doctor's checks that tell of a board, and of nobody's station."""


def steps(trials: Trials, checks: list[Check]) -> Iterator[tuple[str, Callable[[], str]]]:
    """The steps of docs/pi.md by their names, in their order."""
    yield "board", lambda: _checked(checks, "machine.board")
    yield "release", lambda: _checked(checks, "pins.strict_gpiod")
    yield "supply", _supply
    yield "power_on", lambda: _power_on(trials)
    yield "secured", lambda: _secured(trials)
    yield "released", lambda: _released(trials)
    yield "killed", lambda: _killed(trials)
    yield "lock", lambda: try_lock(trials)
    yield "exit", lambda: try_exit(trials)
    yield "lamps", lambda: try_lamps(trials)
    yield "reader", lambda: try_camera(trials)
    yield "pass", lambda: try_code(trials)
    yield "cuts", lambda: trials.saw(_("Three power cuts while passes were shown: does kiosk log have every opening"))
    yield "watchdog", lambda: trials.saw(_("A kernel that was crashed on purpose: was it back by itself"))
    yield "warm", lambda: _checked(checks, "machine.temperature")


def titles() -> dict[str, str]:
    """What each step is about."""
    return {
        "board": _("which board it is"),
        "release": _("the pins' driver lets go"),
        "supply": _("5 V, everything connected"),
        "power_on": _("the lock's pin from power-on on"),
        "secured": _("the lock's pin, secured"),
        "released": _("the lock's pin, released"),
        "killed": _("the lock's pin after a crash"),
        "lock": _("the lock"),
        "exit": _("the exit button"),
        "lamps": _("the lamps"),
        "reader": _("the reader"),
        "pass": _("a pass"),
        "cuts": _("power cuts"),
        "watchdog": _("the watchdog"),
        "warm": _("the processor's heat"),
    }


def accepted(trials: Trials, config: Path) -> Tried:
    """Go through all steps; what came of them."""
    from kiosk.cli.doctor.doctor import examine  # noqa: PLC0415

    say(_("With a multimeter, black at ground. docs/pi.md says how each step is done; - skips a measurement."))
    checks = list(examine(config))
    return go_through({name: partial(_step, name, step) for name, step in steps(trials, checks)})


def _step(name: str, step: Callable[[], str]) -> str:
    say("\n" + style(titles()[name], bold=True))
    result = step()
    say(f"  {result_words(result)}")
    return result


def write_acceptance(trials: Trials, tried: Tried, config: Path, out: Path, by: str) -> list[Path]:
    """The file, which holds nothing of the station."""
    from kiosk.cli.doctor.doctor import examine  # noqa: PLC0415
    from kiosk.cli.doctor.report import system  # noqa: PLC0415

    now = time.time()
    found: dict[str, Any] = {
        "version": __version__,
        "at": now,
        "by": by,
        "passed": tried.passed,
        "pins": trials.settings.pins,
        "system": system(),
        "steps": tried.results,
        "checks": [check for check in examine(config) if check.group in OF_THE_BOARD],
    }
    return write_files(out, {f"acceptance-{at_second(now, trials.settings)}.json": hidden(json_line(found))})


def _checked(checks: list[Check], name: str) -> str:
    """What the doctor says of it; skipped where this machine is not asked."""
    for check in checks:
        if check.id == name:
            say(f"  {check.evidence}")
            return PASSED if check.severity == "fine" else failed(check.evidence)
    return SKIPPED


def _supply() -> str:
    return between(_volts(_("Position 2 against position 6")), *SUPPLY)


def _power_on(trials: Trials) -> str:
    """The relay has no power before the station is there, whatever the wiring; seen at the start before this one."""
    question = _("The furthest from rest that the lock's pin came, from plugging in to the first lamp")
    return level(_volts(question), high=_powered(trials, powered=False))


def _secured(trials: Trials) -> str:
    return level(_volts(_("The lock's pin now")), high=_powered(trials, powered=_fail_safe(trials)))


def _released(trials: Trials) -> str:
    say(_("The lock will be released for a minute."))
    if not trials.agreed(_("Is nobody leaning on the door")):
        return SKIPPED
    trials.ask(Operate(trials.door, "hold", 60.0))
    try:
        return level(_volts(_("The lock's pin now")), high=_powered(trials, powered=not _fail_safe(trials)))
    finally:
        trials.ask(Operate(trials.door, "release"))


def _killed(trials: Trials) -> str:
    """The relay has no power after a crash: what the kernel or the program that systemd starts then has done.

    Held released, since nobody types the second command within a pulse, and a lock that is locked already shows nothing. A
    magnet has its power again as soon as the station is there, which is before two seconds on one board and after on another.
    """
    say(_("In another terminal: kiosk door hold --for 1m; then: sudo systemctl kill -s KILL kiosk-station"))
    fail_safe = _fail_safe(trials)
    later = _("The lock's pin twenty seconds later") if fail_safe else _("The lock's pin two seconds later")
    volts = _volts(later)
    say(_("Waiting until the station answers."))
    answers_within(trials.settings, health.STARTS_WITHIN)
    return level(volts, high=_powered(trials, powered=fail_safe))


def _fail_safe(trials: Trials) -> bool:
    return _lock(trials).wiring == "fail_safe"


def _powered(trials: Trials, *, powered: bool) -> bool:
    """Whether the pin is high while the relay has power, or none."""
    return _lock(trials).active_high == powered


def _lock(trials: Trials) -> LockTable:
    lock = trials.settings.doors[trials.door].lock
    assert lock is not None  # noqa: S101  the settings want one of every door that is no slot
    return lock


def level(volts: float | None, *, high: bool) -> str:
    """Whether an output's voltage is that of its level."""
    return between(volts, HIGH, 3.6) if high else between(volts, -0.1, LOW)


def between(volts: float | None, least: float, most: float) -> str:
    """Whether what was measured lies there; a measurement that was left out is skipped."""
    if volts is None:
        return SKIPPED
    if least <= volts <= most:
        return PASSED
    return failed(_("{volts:g} V, and not {least:g} to {most:g}", volts=volts, least=least, most=most))


def _volts(question: str) -> float | None:
    while (text := asked(_("{question}, in volts", question=question)).strip().replace(",", ".")) != "-":
        try:
            volts = float(text)
        except ValueError:
            volts = math.nan
        if math.isfinite(volts):
            return volts
        say(_("A number, such as 3.28, or - without a multimeter."))
    return None
