"""The story of services, scene by scene: each does something, waits for what must come of it, and tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic, time
from typing import Any, Final

from kiosk.demo.hands import Hands
from kiosk.demo.offered import EXAM, PROBIOTICS, RAINCOAT, RAINCOATS, Cast
from kiosk.demo.offered import MEDICINE as MEDICINE_SLOT
from kiosk.language import _
from kiosk.local import NotReachable
from kiosk.wire.inside import (
    Consult,
    DeskMessage,
    Fill,
    GiveOne,
    LeaveConsult,
    LeaveRound,
    OpenCampaign,
    SupplyView,
    Take,
)

PATIENCE: Final = 15.0
"""Seconds that something may take."""

PUPILS: Final = 3

Scene = Callable[[], Iterator[str]]


class NotSo(Exception):
    """What must come of it did not; the text says what."""


class Scenes:
    """Plays one scene after the other; `failures` is what did not come in time."""

    def __init__(self, station: str, hands: Hands, cast: Cast) -> None:
        self._station, self._hands, self._cast = station, hands, cast
        self.failures: list[str] = []
        self._entries: list[dict[str, Any]] = []
        scenes: Sequence[Scene] = (self._fills, self._exam, self._raincoat, self._doctor, self._medicine)
        self._left = [each() for each in scenes]

    @property
    def over(self) -> bool:
        """Whether all of them were played."""
        return not self._left

    def heard(self, entry: dict[str, Any]) -> None:
        """The station has made this entry."""
        self._entries.append(entry)

    def at(self, _second: float) -> Iterator[str]:
        """What has been done by now, in words."""
        if self.over:
            return
        try:
            words = next(self._left[0], None)
        except (NotSo, NotReachable) as error:
            self.failures.append(str(error))
            words = None
        if words is None:
            self._left.pop(0)
            self._entries.clear()
        elif words:
            yield words

    # What there is to wait for.

    def _until(self, so: Callable[[], object], what: str) -> Iterator[str]:
        """Raises NotSo."""
        ends = monotonic() + PATIENCE
        while not so():
            if monotonic() > ends:
                raise NotSo(what)
            yield ""

    def _entry(self, kind: str, **said: object) -> Iterator[str]:
        """Until the station has made one that says this."""
        wanted = {"kind": kind, **said}
        return self._until(lambda: any(wanted.items() <= each.items() for each in self._entries), f"{wanted}")

    def _touches(self, message: DeskMessage) -> None:
        """Raises NotSo."""
        if why := self._hands.touch(message):
            raise NotSo(f"{type(message).__name__}: {why}")

    def _supply(self, campaign: str) -> SupplyView | None:
        return next((each for each in self._hands.view.supplies if each.campaign == campaign), None)

    def _is(self, campaign: str, state: str) -> Iterator[str]:
        def so() -> bool:
            found = self._supply(campaign)
            return found is not None and found.state == state

        return self._until(so, f"{campaign}: {state}")

    # The scenes.

    def _fills(self) -> Iterator[str]:
        yield from self._is(RAINCOAT, "show_pass")
        self._hands.show(self._cast.steward)
        yield from self._until(lambda: self._hands.view.handing, "handing")
        self._touches(Fill("raincoat", 5, RAINCOATS))
        self._touches(Fill(PROBIOTICS, 2, MEDICINE_SLOT))
        yield from self._entry("filled", item=PROBIOTICS)
        yield _("A steward fills two slots: raincoats, and a medicine kept cold")

    def _exam(self) -> Iterator[str]:
        self._touches(OpenCampaign(EXAM, count=PUPILS))
        yield _("Exam week: the steward opens the water, three bottles, for everybody")
        for _pupil in range(PUPILS):
            self._touches(GiveOne(EXAM))
        yield from self._is(EXAM, "closed")
        yield _("Three pupils take one without a pass; a count is kept, no names")
        self._touches(LeaveRound())

    def _raincoat(self) -> Iterator[str]:
        self._hands.show(self._cast.worker)
        yield from self._is(RAINCOAT, "yours")
        self._touches(Take(RAINCOAT))
        yield from self._entry("handed_out", campaign=RAINCOAT, taken=True)
        yield _("Li shows a pass inside and takes a raincoat; the contact says taken")
        self._hands.show(self._cast.worker)
        yield from self._is(RAINCOAT, "had")
        yield _("Li shows it again: had one already, and no slot opens")

    def _doctor(self) -> Iterator[str]:
        yield from self._until(lambda: self._hands.view.doctor, "doctor")
        self._touches(Consult())
        yield from self._until(lambda: (found := self._hands.view.doctor) and found.link, "link")
        yield _("Li wants a doctor: a one-time link for a phone, and 120 beside it")
        self._touches(LeaveConsult())

    def _medicine(self) -> Iterator[str]:
        release = self._cast.release(self._station, time())
        self._hands.show(release)
        yield _("A hospital has released the medicine for Li: its code, then Li's pass")
        self._hands.show(self._cast.worker)
        yield from self._entry("released", outcome="opened")
        yield from self._entry("taken", door=MEDICINE_SLOT)
        yield _("The slot was kept cold and opens; its contact says taken")
        self._hands.show(release)
        yield from self._until(lambda: self._hands.view.told == "release_used", "release_used")
        yield _("The same code again: used")
