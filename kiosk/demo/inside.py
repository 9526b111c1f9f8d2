"""Whoever is inside: touches the page as a browser does when those at the door have come, and shows a steward's pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, Final

import requests

from kiosk.demo.told import ROUND
from kiosk.language import _
from kiosk.local import Line, NotReachable
from kiosk.settings import Settings
from kiosk.wire import Shown
from kiosk.wire.inside import DeskView, GetDesk

BEGINS: Final = 31.0
"""Seconds of the story; those at the door come before."""

EVERY: Final = 1.5
ANSWERS_WITHIN: Final = 2.0
FOUND: Final = {"clean": "yes", "water": "yes", "plasters": "2030-06"}
SATISFIED: Final = 1
COLD: Final = "not_hot"
KEPT: Final = 204


class Inside:
    """Does one thing after another; what does not succeed is tried again."""

    def __init__(self, settings: Settings, steward: str) -> None:
        self._socket, self._scan = settings.run / "desk.sock", settings.run / "scan.sock"
        self._origin = f"http://127.0.0.1:{settings.desk.port if settings.desk else 0}"
        self._steward = steward
        self._next = BEGINS
        self._left: list[Callable[[], str]] = [self._rates, self._complains, self._reads, self._shows, self._rounds]

    @property
    def over(self) -> bool:
        """Never: those at the door go on."""
        return False

    def at(self, second: float) -> Iterator[str]:
        """What has been done by that second of the story, in words."""
        if not self._left or second < self._next:
            return
        self._next = second + EVERY
        with suppress(requests.RequestException, NotReachable):
            if told := self._left[0]():
                self._left.pop(0)
                yield told

    def _rates(self) -> str:
        if not self._touch("touched", answer=SATISFIED):
            return ""
        return _("Inside, Li touches satisfied: kept, and told on a Monday among others")

    def _complains(self) -> str:
        if not self._touch("said", place="water", what=COLD):
            return ""
        return _("Inside, Wang says that the water is cold: kept, without name or time")

    def _reads(self) -> str:
        """What became of it when it was said before."""
        words = [text for each in self._view().answers if each.what == COLD for text in each.words.values()]
        return _("The display answers who said that last week: {words}", words=words[0]) if words else ""

    def _shows(self) -> str:
        with closing(Line(self._scan)) as line:
            line.send(Shown(self._steward))
        return _("A steward's pass at the desk opens a round, and no door")

    def _rounds(self) -> str:
        opened = self._view().round
        if opened is None or not self._touch("round", results=FOUND, version=opened.version):
            return ""
        proven = sum(each.proof is not None for each in ROUND.items)
        return _(
            "The round is done: things looked at {count}, of them by a sensor {proven}", count=len(FOUND), proven=proven
        )

    def _view(self) -> DeskView:
        with closing(Line(self._socket)) as line:
            return line.ask(GetDesk(), DeskView)

    def _touch(self, path: str, **said: Any) -> bool:
        """Whether it is on the station's disk."""
        page = requests.get(self._origin, timeout=ANSWERS_WITHIN).text
        token = re.findall(r'data-token="([^"]+)"', page)[0]
        url, body = f"{self._origin}/{path}", {"token": token, **said}
        answer = requests.post(url, json=body, headers={"Origin": self._origin}, timeout=ANSWERS_WITHIN)
        return answer.status_code == KEPT
