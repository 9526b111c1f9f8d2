"""The narrator: hears what the station publishes, tells it in words, and keeps the score."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import Any, Final

from msgspec import Struct, field
from rich.console import Console

from kiosk.demo.link import Link
from kiosk.demo.script import Script
from kiosk.demo.words import appliances, aside, document_name, reason_name, tell
from kiosk.language import _, chosen
from kiosk.trust.reasons import WORDS, Reason
from kiosk.wire import Actuated, Answer, Logged
from kiosk.wire.views import View

CUT_AFTER: Final = "expired"
RESTORE_AFTER: Final = "replayed"
APPLIANCES_EVERY: Final = 9.0
QUEUE_EVERY: Final = 2.5


class Score(Struct):
    """What has happened so far; `latencies` in milliseconds from the picture to the lock."""

    granted: int = 0
    denied: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = []
    most_waiting: int = 0
    drained_in: float | None = None


class Story:
    """Tells one message after the other."""

    def __init__(self, console: Console, script: Script, link: Link) -> None:
        self.score = Score()
        self._console = console
        self._script = script
        self._link = link
        self._began = monotonic()
        self._granted: dict[str, Any] = {}
        self._cut = False
        self._restored_at: float | None = None
        self._told_appliances = self._told_queue = 0.0
        self.view: View | None = None

    @property
    def second(self) -> float:
        """Of the story."""
        return monotonic() - self._began

    @property
    def waiting(self) -> int:
        """Entries that the central server does not hold yet."""
        return sum(each.newest - each.acked for each in self.view.streams.values()) if self.view else 0

    def hear(self, message: Answer) -> None:
        """Tell what a message of the station means."""
        match message:
            case Logged(entry):
                self._entry(entry)
            case Actuated(_, seen, at):
                self._let_in((at - seen) * 1000)
            case View():
                self.view = message
                self._queue()
                self._appliances()
            case _:
                pass

    def tell(self, text: str, style: str = "", mark: str = "") -> None:
        """A line of the story with its second."""
        tell(self._console, self.second, text, style, mark)

    def _entry(self, entry: dict[str, Any]) -> None:
        match entry["kind"]:
            case "granted":
                self.score.granted += 1
                self._granted = entry
            case "denied":
                self._denied(entry)
            case "taken":
                aside(self._console, _("… and walks in; the lock is secured behind the closing door"))
            case "document_applied":
                name, number = document_name(entry["document"]), entry["version"]
                self.tell(
                    _("The station takes the union's signed {document} {number}", document=name, number=number), "dim"
                )
            case "fault" if entry["what"] == "central":
                self.tell(_("The central server is out of reach; the door goes on working"), "yellow")
            case _:
                pass

    def _let_in(self, milliseconds: float) -> None:
        self.score.latencies.append(milliseconds)
        person = self._script.person(self._granted.get("index"), "")
        words = (
            _("{who}, with {what}: let in (offline, {ms:.0f} ms)")
            if self._cut
            else _("{who}, with {what}: let in ({ms:.0f} ms)")
        )
        self.tell(words.format(who=person.name, what=person.shows, ms=milliseconds), "green", "✔")

    def _denied(self, entry: dict[str, Any]) -> None:
        reason = entry["reason"]
        self.score.denied[reason] += 1
        person = self._script.person(entry.get("index"), reason)
        words = _(
            "{who}, with {what}: refused ({reason})", who=person.name, what=person.shows, reason=reason_name(reason)
        )
        self.tell(words, "red", "✘")
        aside(self._console, chosen(WORDS[Reason(reason)]))
        if reason == CUT_AFTER and self._restored_at is None:
            self.cut_network()
        if reason == RESTORE_AFTER:
            self.restore_network()

    def cut_network(self) -> None:
        """Cut the station off from the central server."""
        self._cut = True
        self._link.cut()
        self.tell(_("The network to the central server is cut, on purpose"), "bold yellow", "✂")

    def restore_network(self) -> None:
        """Let it reach the central server again, if it was cut."""
        if self._cut:
            self._cut = False
            self._restored_at = monotonic()
            self._link.restore()
            self.tell(_("The network is back"), "bold yellow", "⇄")

    def _queue(self) -> None:
        waiting = self.waiting
        self.score.most_waiting = max(self.score.most_waiting, waiting)
        if self._restored_at is not None and self.score.drained_in is None and waiting == 0:
            self.score.drained_in = monotonic() - self._restored_at
            words = _("The central server has everything, {seconds:.1f} s after the network came back")
            self.tell(words.format(seconds=self.score.drained_in))
        elif self._cut and waiting and monotonic() - self._told_queue > QUEUE_EVERY:
            self._told_queue = monotonic()
            self.tell(_("Entries that wait on the disk for the central server: {count}", count=waiting), "yellow")

    def _appliances(self) -> None:
        if self.view is None or monotonic() - self._told_appliances < APPLIANCES_EVERY:
            return
        sensors = self.view.sensors
        if any(each.value is None for each in sensors.values()) and self.second < APPLIANCES_EVERY:
            return
        self._told_appliances = monotonic()
        self.tell(appliances(sensors), "cyan")
