"""Marks of who has had one here: how they come together, and when they go."""

from __future__ import annotations

from msgspec.structs import replace

from kiosk.core.desk.handing import FORGOTTEN_AFTER, PERIODS_KEPT, Forget, Marks, Setting, Supplies


def with_mark(marks: Marks, campaign: str, period: str, mark: str) -> Marks:
    """The same with this one; what has no token has no mark."""
    return merged(marks, {campaign: {period: frozenset({mark})}}) if mark else marks


def merged(marks: Marks, more: Marks) -> Marks:
    """All of both."""
    found = dict(marks)
    for campaign, periods in more.items():
        known = found.get(campaign, {})
        found[campaign] = {**known, **{at: known.get(at, frozenset()) | tokens for at, tokens in periods.items()}}
    return found


def count_of(marks: Marks) -> int:
    """How many there are."""
    return sum(len(tokens) for periods in marks.values() for tokens in periods.values())


def forgetting(supplies: Supplies, setting: Setting) -> tuple[Supplies, tuple[Forget, ...]]:
    """Without the marks of campaigns that are provably over, or withdrawn, and of days that are long past.

    A campaign that is not known any longer may only be on its way anew, after its file was damaged: that takes a while.
    """
    now = setting.now.boot
    missing = [name for name in supplies.marks if name not in setting.known] if setting.certain else []
    absent = {name: supplies.absent.get(name, now) for name in missing if name not in setting.over}
    gone = {name for name in supplies.marks if name in setting.over}
    gone |= {name for name, at in absent.items() if now >= at + FORGOTTEN_AFTER}
    kept = {name: periods for name, periods in supplies.marks.items() if name not in gone}
    past = {(name, at) for name, periods in kept.items() for at in sorted(periods)[:-PERIODS_KEPT]}
    if not gone and not past:
        return supplies if absent == supplies.absent else replace(supplies, absent=absent), ()
    marks = {
        name: {at: each for at, each in periods.items() if (name, at) not in past} for name, periods in kept.items()
    }
    absent = {name: at for name, at in absent.items() if name not in gone}
    forget = (*map(Forget, sorted(gone)), *(Forget(*each) for each in sorted(past)))
    return replace(supplies, marks=marks, absent=absent), forget
