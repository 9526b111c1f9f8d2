"""Test support: a station at which a poll is held, and people who vote there by its sockets, as `kiosk desk` lets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kiosk.core.desk.ballot import Urn
from kiosk.core.events import KeepService
from kiosk.index.answers import Ballot
from kiosk.index.remarks import Remark
from kiosk.index.sealing import seal_answers
from kiosk.index.slips import slip_text
from kiosk.local import Line
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.urn import Damaged, UrnFile
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.service import POLL, ServiceDocument, poll_name
from kiosk.wire import GetNonce, Nonce, Offer, Shown
from kiosk.wire.inside import BallotView, CastBallot, DeskView, GetDesk, Kept, LeaveBallot
from tests.index.polls import Held, heap, held, serial
from tests.keys import DAY, DOCUMENT, NOW, public, time_document
from tests.programs.house import House, Station, until

INSIDE = "[desk]\ndisplay = true\n"


def poll(slips: int = 20, *, station: str = "3708", **changed: object) -> Held:
    """One that is on now, whatever the system's clock says, unless it is changed."""
    on = {"begins": NOW - DAY, "ends": NOW + 300 * DAY, "stations": (station,)}
    return held(heap(*range(slips)), **{**on, **changed})


def signed_poll(held: Held, version: int = 5) -> bytes:
    """As the centre publishes it."""
    head = ServiceDocument(version, poll_name(held.data), POLL, NOW, NOW - DAY, NOW + 350 * DAY)
    return sign_document(head, DOCUMENT, key_id(public(DOCUMENT)), {"poll": held.data})


class VotingHouse(House):
    """A house whose station holds a poll."""

    def __init__(self, folder: Path, held: Held, more: str = INSIDE) -> None:
        super().__init__(folder, more)
        self.held = held
        self.trust()
        file = ServicesFile(self.data)
        name, body = poll_name(held.data), signed_poll(held)
        file.keep([KeepService(name, 5, body), KeepService("", 5, body)])
        file.close()

    @property
    def path(self) -> Path:
        return self.data / f"ballots-{self.held.id.hex()[:16]}.urn"

    def urn(self) -> Urn:
        file = UrnFile(self.data, self.path.name, self.path.stat().st_size // 2)
        return msgspec.msgpack.decode(file.read() or b"", type=Urn)

    def _whole(self) -> Urn | None:
        try:
            return self.urn()
        except Damaged:
            return None

    @contextmanager
    def voting(self) -> Iterator[Voting]:
        with self.station() as station:
            until(self._whole, "the urn")
            voting = Voting(self, station)
            try:
                yield voting
            finally:
                voting.desk.close()


class Voting:
    """What is shown to the desk's reader, and said by its display."""

    def __init__(self, house: VotingHouse, station: Station) -> None:
        self.house, self.station = house, station
        self.desk = Line(house.run / "desk.sock")

    def view(self) -> DeskView:
        return self.desk.ask(GetDesk(), DeskView)

    def show(self, slip: int) -> None:
        """As a display is there, which asks."""
        self.view()
        self.shows(slip_text(serial(slip)))

    def shows(self, text: str) -> None:
        self.station.scanner.send(Shown(text))

    def is_told(self, slip: int, word: str) -> None:
        """Show a slip that opens nothing, for that reason."""
        self.show(slip)
        until(lambda: self.view().told == word, f"slip {slip} to be {word}")

    def opened(self, slip: int) -> BallotView:
        """The ballot that a slip opens."""
        self.show(slip)
        ballot = until(lambda: self.view().ballot, f"the ballot of slip {slip}")
        assert ballot
        return ballot

    def sealed(self, ballot: BallotView, answers: Ballot, remark: Remark = 0) -> CastBallot:
        """What `kiosk desk` makes of answers, and of a remark."""
        inner = seal_answers(bytes.fromhex(ballot.poll), ballot.key, answers)
        return CastBallot(ballot.number, inner, self.house.held.remark(remark))

    def vote(self, slip: int, answers: Ballot, remark: Remark = 0) -> None:
        """From the slip to the thanks."""
        self.desk.ask(self.sealed(self.opened(slip), answers, remark), Kept)

    def leave(self, ballot: BallotView) -> None:
        self.desk.ask(LeaveBallot(ballot.number), Kept)

    def prove_time(self, at: int) -> None:
        """As sync does, with an answer to a nonce."""
        line = Line(self.house.run / "control.sock")
        nonce = line.ask(GetNonce(), Nonce).nonce
        line.send(Offer(time_document(at, nonce)))
        line.receive(10.0)
        line.close()
