"""Pictures of a day: curves with their limits, alarms, gaps and visitors. In the terminal by blocks, else by matplotlib."""

from __future__ import annotations

from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, Final

from kiosk.logbook.curves import Curve, Day
from kiosk.settings import Settings
from kiosk.settings.appliances import ON_OFF
from kiosk.settings.kinds import alarms_of

HOURS: Final = 24
COLUMNS: Final = 96
"""A quarter of an hour each."""

BARS: Final = "▁▂▃▄▅▆▇█"
DAY: Final = 86_400.0
WIDTH, HEIGHT, DOTS = 12.0, 1.5, 110
"""Inches, inches for each unit, dots an inch."""


def in_blocks(day: Day, begins: float) -> list[tuple[str, str, str]]:
    """For each sensor its name, its day in a line of blocks, and its least and greatest value."""
    lines = [(name, _blocks(curve, begins), _span(curve)) for name, curve in sorted(day.curves.items()) if curve.pieces]
    comes = [0] * COLUMNS
    for at in day.entries:
        comes[_column(at, begins)] += 1
    if day.entries:
        most = max(comes)
        lines.append(("entries", "".join(BARS[7 * each // most] if each else " " for each in comes), f"{sum(comes)}"))
    alarms = dict.fromkeys(name for _, name, _ in day.alarms)
    return lines + [(alarm, _alarm(day, alarm, begins), "alarm") for alarm in alarms]


def _column(at: float, begins: float) -> int:
    return min(COLUMNS - 1, max(0, int((at - begins) / DAY * COLUMNS)))


def _blocks(curve: Curve, begins: float) -> str:
    values = [value for piece in curve.pieces for _, value in piece]
    low, span = min(values), (max(values) - min(values)) or 1.0
    moments = (begins + (column + 0.5) * DAY / COLUMNS for column in range(COLUMNS))
    found = (curve.at(moment) for moment in moments)
    return "".join(" " if value is None else BARS[min(7, int(8 * (value - low) / span))] for value in found)


def _span(curve: Curve) -> str:
    values = [value for piece in curve.pieces for _, value in piece]
    return "" if curve.unit == ON_OFF else f"{min(values):.4g} … {max(values):.4g} {curve.unit}"


def _alarm(day: Day, alarm: str, begins: float) -> str:
    line, since = [" "] * COLUMNS, 0
    raised_at: int | None = None
    for at, name, raised in day.alarms:
        if name != alarm:
            continue
        since = _column(at, begins)
        if raised:
            raised_at = since
        else:
            line[raised_at or 0 : since + 1] = "!" * (since + 1 - (raised_at or 0))
            raised_at = None
    if raised_at is not None:
        line[raised_at:] = "!" * (COLUMNS - raised_at)
    return "".join(line)


def draw(day: Day, begins: float, settings: Settings, out: Path) -> None:
    """Write the picture. Raises OSError, and ModuleNotFoundError without matplotlib."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    drawn = [name for name, curve in sorted(day.curves.items()) if curve.pieces and curve.unit != ON_OFF]
    rows = len(drawn) + 1
    figure, axes = plt.subplots(rows, 1, sharex=True, figsize=(WIDTH, HEIGHT * rows), dpi=DOTS, squeeze=False)
    limits = _limits(settings)
    for number, name in enumerate(drawn):
        _draw_curve(axes[number, 0], day.curves[name], begins, name, f"C{number}", limits.get(name, []))
    _draw_events(axes[-1, 0], day, begins)
    figure.suptitle(f"{settings.station.code}  {_date(begins, settings)}", x=0.01, ha="left")
    figure.tight_layout()
    figure.savefig(out)
    plt.close(figure)


def _date(begins: float, settings: Settings) -> str:
    from datetime import datetime  # noqa: PLC0415

    return str(datetime.fromtimestamp(begins, timezone(timedelta(hours=settings.station.utc_offset))).date())


def _hours(at: float, begins: float) -> float:
    return (at - begins) / 3600


def _draw_curve(axis: Any, curve: Curve, begins: float, name: str, colour: str, limits: list[float]) -> None:
    """The lines between the corners that the logbook holds, the limits of the alarms, and why there are gaps."""
    for piece in curve.pieces:
        axis.plot([_hours(at, begins) for at, _ in piece], [value for _, value in piece], colour, linewidth=1.0)
    for limit in limits:
        axis.axhline(limit, color="C3", linewidth=0.8, linestyle="--")
    for at, reason in curve.gaps:
        axis.annotate(reason, (_hours(at, begins), 0.04), xycoords=("data", "axes fraction"), fontsize=7, color="C3")
    axis.set_title(name.replace("_", " "), fontsize=9, loc="left")
    axis.set_ylabel(curve.unit)
    axis.grid(alpha=0.25)


def _draw_events(axis: Any, day: Day, begins: float) -> None:
    """A row for each: who came in, as strokes; contacts, alarms and saving, as bars while they were on."""
    axis.eventplot(
        [_hours(at, begins) for at in day.entries], lineoffsets=0, linelengths=0.8, colors="C2", linewidths=0.8
    )
    rows = ["entries"]
    for name, curve in sorted(day.curves.items()):
        if curve.unit == ON_OFF:
            _bars(axis, len(rows), [(at, bool(value)) for piece in curve.pieces for at, value in piece], begins, "C7")
            rows.append(name.replace("_", " "))
    for name in dict.fromkeys(name for _, name, _ in day.alarms):
        _bars(axis, len(rows), [(at, raised) for at, each, raised in day.alarms if each == name], begins, "C3")
        rows.append(name)
    if day.saving:
        _bars(axis, len(rows), [(at, phase == "off") for at, phase in day.saving], begins, "C0")
        rows.append("saving")
    axis.set_yticks(range(len(rows)), rows, fontsize=8)
    axis.invert_yaxis()
    axis.set_xlim(0, HOURS)
    axis.set_xticks(range(0, HOURS + 1, 2))
    axis.set_xlabel("hour")
    axis.grid(alpha=0.25, axis="x")


def _bars(axis: Any, row: int, edges: list[tuple[float, bool]], begins: float, colour: str) -> None:
    since: float | None = None
    for at, on in [*edges, (begins + DAY, False)]:
        hour = _hours(at, begins)
        if on:
            since = hour if since is None else since
        elif since is not None:
            axis.broken_barh([(since, max(0.05, hour - since))], (row - 0.4, 0.8), color=colour)
            since = None


def _limits(settings: Settings) -> dict[str, list[float]]:
    """For each sensor the values at which an alarm is raised, but for contacts."""
    found: dict[str, list[float]] = {}
    for table in settings.appliances.values():
        for alarm in alarms_of(table).values():
            sensor = getattr(table, alarm.of) if alarm.of and alarm.enabled else None
            limit = alarm.above if alarm.above is not None else alarm.below
            if sensor and limit is not None and settings.sensors[sensor].unit != ON_OFF:
                found.setdefault(sensor, []).append(limit)
    return found
