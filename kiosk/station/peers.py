"""Who is connected to the station: its programs, subscribers to its view, and a sync that waits for an enrolment code."""

from __future__ import annotations

from kiosk import wire
from kiosk.core.events import Faulted
from kiosk.sockets.peer import Peer


class Peers:
    """Knows each peer by what it is here for. Of the station's thread alone."""

    def __init__(self, *, desk: bool = False) -> None:
        """`desk`: whether there is a display inside."""
        names = ("scanner", "sensors", "sync", *(("desk",) if desk else ()))
        self.programs: dict[str, set[Peer]] = {name: set() for name in names}
        self.subscribers: set[Peer] = set()
        self._enroller: Peer | None = None
        self._asked: Peer | None = None
        self._claim = ""
        self._recording: Peer | None = None

    def present(self) -> dict[str, bool]:
        """Which programs are there."""
        return {name: bool(peers) for name, peers in self.programs.items()}

    def heard(self, program: str, peer: Peer) -> Faulted | None:
        """A program of this name speaks through this peer; it was away if there is an event."""
        back = None if self.programs[program] else Faulted(program, None)
        self.programs[program].add(peer)
        return back

    def gone(self, peer: Peer) -> list[Faulted]:
        """This peer has gone, and with it these programs."""
        self.subscribers.discard(peer)
        self._enroller = None if peer is self._enroller else self._enroller
        self._asked = None if peer is self._asked else self._asked
        self._recording = None if peer is self._recording else self._recording
        lost = [Faulted(program, "has gone") for program, peers in self.programs.items() if peers == {peer}]
        for peers in self.programs.values():
            peers.discard(peer)
        return lost

    def tell(self, program: str, message: wire.base.Message) -> None:
        """To each peer of a program."""
        for peer in list(self.programs.get(program, ())):
            peer.send(message)

    def may_have_recording(self, peer: Peer) -> bool:
        """One at a time: it is the one answer that is long."""
        if self._recording not in {None, peer} and self._recording.unsent:
            return False
        self._recording = peer
        return not peer.unsent

    def publish(self, message: wire.base.Message) -> None:
        """To each subscriber."""
        for peer in list(self.subscribers):
            peer.send(message)

    def show_claim(self, claim: str) -> None:
        """An enrolment code was shown at the door: for the peer that waits for one, now or later."""
        self._claim = claim
        if self._enroller is not None and (claim := self.claim_for(self._enroller)):
            self._enroller.send(wire.EnrolmentWanted(claim))

    def awaits_claim(self, peer: Peer) -> bool:
        """From now on a claim that is shown goes to this peer, if no other waits for it: nobody takes it from who was first."""
        self._enroller = self._enroller or peer
        return self._enroller is peer

    def claim_for(self, peer: Peer) -> str:
        """The claim that was shown and that nobody has got yet, or empty; whoever gets it is the one to answer."""
        self._asked = peer if self._claim else self._asked
        claim, self._claim = self._claim, ""
        return claim

    def was_asked(self, peer: Peer) -> bool:
        """Whether this is the peer that got the claim."""
        return self._asked is peer
