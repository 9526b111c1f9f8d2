"""What is asked on control.sock, and who may ask it: anybody who may open it, technicians, and sync, which is not trusted.

Which account may ask what is decided in :mod:`kiosk.station.accounts`, by the kernel's word.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import wire
from kiosk.core.door import slots
from kiosk.core.door.tables import Claim
from kiosk.core.enrolment import may_enrol
from kiosk.core.entries import Stream
from kiosk.core.events import (
    Asked,
    DoorRequested,
    EnrolmentDone,
    Faulted,
    Lamp,
    LampTried,
    Maintained,
    Offered,
    PartsTried,
    UpdateTold,
    Verb,
)
from kiosk.core.step import judge
from kiosk.keyfiles import ROOT_KEY, STATION_KEY, keep
from kiosk.logbook.jobs import Acked, AckedSurvivors, Flush, NewEpoch
from kiosk.logbook.writer import Writer
from kiosk.settings import Settings
from kiosk.sockets.peer import Peer
from kiosk.station.accounts import barred
from kiosk.station.indoors import Indoors
from kiosk.station.peers import Peers
from kiosk.station.rules import Rules
from kiosk.trust.cose import public_key
from kiosk.trust.fingerprint import fingerprint

DAY: Final = 86_400.0


class Requests:
    """Answers each request."""

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        writer: Writer,
        peers: Peers,
        view: Callable[[], wire.views.View],
        own_key: Callable[[bytes], None],
        take_picture: Callable[[bytes], bool],
    ) -> None:
        """`own_key` takes the station's private key when it is enrolled at the door; `take_picture`: whether it is wanted."""
        self._settings, self._rules, self._writer, self._peers, self._view = settings, rules, writer, peers, view
        self._own_key, self._take_picture = own_key, take_picture
        self.rests: dict[Stream, float] = {}
        """Until which boot time a stream rests, since the server does not know it."""

    def desk_view(self, indoors: Indoors) -> wire.inside.DeskView:
        """What is shown inside now."""
        return indoors.view(self._rules.state, self._rules.now())

    def answer(self, peer: Peer, request: wire.Request) -> wire.Answer | None:
        """The one answer to a request; None where it comes later."""
        match request:
            case wire.GetView() | wire.Subscribe() | wire.Explain():
                return self._anybody(peer, request)
            case (
                wire.Operate()
                | wire.Maintain()
                | wire.TryLamp()
                | wire.Commission()
                | wire.UpdateEnded()
                | wire.GetRecording()
            ):
                return self._technician(peer, request)
            case _:
                return barred(peer, "sync", request) or self._sync(peer, request)

    def _anybody(self, peer: Peer, request: wire.AnybodysRequest) -> wire.Answer:
        match request:
            case wire.GetView():
                return self._view()
            case wire.Subscribe():
                self._peers.subscribers.add(peer)
                return self._view()
            case wire.Explain(text, door):
                return self._explain(text, door)

    def _technician(self, peer: Peer, request: wire.TechniciansRequest) -> wire.Answer:
        """Only for technicians: a program that may ask for the view, such as sync, is none."""
        group = self._settings.station.operators
        if not peer.is_one_of(group):
            return wire.Refused(f"{peer.user} is not in the group {group}")
        match request:
            case wire.Operate():
                return self._operate(peer, request)
            case wire.Maintain(seconds):
                self._rules.queue(Maintained(peer.user, seconds))
                return wire.Done()
            case wire.TryLamp(door, lamp):
                if door not in self._rules.state.entrances:
                    return wire.Refused(f"no such door: {door}")
                self._rules.queue(LampTried(door, Lamp(lamp)))
                return wire.Done()
            case wire.Commission(results):
                self._rules.queue(PartsTried(peer.user, results))
                return wire.Done()
            case wire.UpdateEnded(version, outcome, detail):
                self._rules.queue(UpdateTold(version, outcome, detail))
                return wire.Done()
            case wire.GetRecording():
                if not self._peers.may_have_recording(peer):
                    return wire.Refused("a recording is on its way to somebody already")
                return wire.Recorded(self._rules.recorder.recording())

    def _sync(self, peer: Peer, request: wire.SyncsRequest) -> wire.Answer | None:
        match request:
            case wire.AwaitEnrolment():
                return self._await_enrolment(peer)
            case wire.EnrolmentAnswered():
                return self._enrolled(peer, request)
            case wire.Acknowledge():
                if back := self._peers.heard("sync", peer):
                    self._rules.queue(back)
                self._acknowledge(request)
            case wire.BeginEpoch(epoch, stream, seq):
                self._writer.put(NewEpoch(epoch, stream, seq))
            case wire.Offer() | wire.TakePicture():
                return self._carried(request)
            case wire.GetNonce():
                nonce = secrets.token_hex(16)
                self._rules.queue(Asked(nonce))
                return wire.Nonce(nonce)
            case wire.Central(reached):
                self._rules.queue(Faulted("central", None if reached else "not reachable"))
            case wire.Resting(stream, seconds):
                self.rests[stream] = self._rules.now().boot + seconds
            case wire.Flush():
                self._writer.put(Flush())
            case wire.Trouble("sync.loop", detail):
                self._rules.queue(Faulted("sync.loop", detail))
            case wire.Trouble(what):
                return wire.Refused(f"not a trouble of sync's: {what}")
        return wire.Done()

    def _carried(self, brought: wire.Offer | wire.TakePicture) -> wire.Answer:
        match brought:
            case wire.Offer(document, above):
                self._rules.queue(Offered(document, above))
            case wire.TakePicture(picture):
                if not self._take_picture(picture):
                    return wire.Refused("no service names this picture")
        return wire.Done()

    def _await_enrolment(self, peer: Peer) -> wire.Answer | None:
        """From now on a claim that is shown goes to this peer; also one that was shown lately, while nobody waited."""
        if not self._peers.awaits_claim(peer):
            return wire.Refused("somebody else waits for an enrolment code already")
        claim = self._peers.claim_for(peer)
        return wire.EnrolmentWanted(claim) if claim and may_enrol(self._rules.state, self._rules.now().boot) else None

    def _enrolled(self, peer: Peer, answered: wire.EnrolmentAnswered) -> wire.Answer:
        """Keep the keys and trust the root, if a code was shown lately and nobody is trusted yet."""
        settings = self._settings
        if not (may_enrol(self._rules.state, self._rules.now().boot) and self._peers.was_asked(peer)):
            return wire.Refused("no enrolment is under way: show the code again")
        if public_key(answered.root_key) is None:
            return wire.Refused("the root key is no key")
        public = Ed25519PrivateKey.from_private_bytes(answered.station_key).public_key().public_bytes_raw()
        words = fingerprint(settings.station.code, public, answered.root_key)
        try:
            keep(settings.data, STATION_KEY, answered.station_key)
            keep(settings.data, ROOT_KEY, answered.root_key)
        except OSError as error:
            return wire.Refused(f"{settings.data} cannot be written: {error.strerror}")
        self._own_key(answered.station_key)
        self._rules.queue(EnrolmentDone(answered.root_key, answered.documents, words))
        return wire.Done()

    def _operate(self, peer: Peer, wanted: wire.Operate) -> wire.Answer:
        doors = self._rules.state.doors
        if wanted.door not in doors:
            return wire.Refused(f"no such door: {wanted.door}")
        verb = Verb(wanted.verb)
        if doors[wanted.door].rules.slot and verb not in slots.TAKES:
            return wire.Refused(f"{wanted.door} is a slot: it can be opened, locked down and released")
        if verb in {Verb.OPEN, Verb.HOLD} and Claim.LOCKDOWN in doors[wanted.door].claims:
            return wire.Refused(f"{wanted.door} is locked down; first: kiosk door release {wanted.door}")
        self._rules.queue(DoorRequested(wanted.door, verb, peer.user, wanted.seconds))
        return wire.Done()

    def _explain(self, text: str, door: str) -> wire.Answer:
        state = self._rules.state
        door = door or state.entrances[0]
        if door not in state.entrances:
            return wire.Refused(f"no such door: {door}")
        verdict = judge(state, text, door, self._rules.now())
        claims = msgspec.to_builtins(verdict.claims) if verdict.claims else {}
        return wire.Explained(str(verdict.reason or ""), claims)

    def _acknowledge(self, told: wire.Acknowledge) -> None:
        """Sync says what the server holds; the station believes it of its own epoch and of numbers that there are."""
        refused = {each.seq: each.why for each in told.refused}
        if told.epoch != self._writer.epoch:
            self._writer.put(AckedSurvivors(told.epoch, told.stream, told.seq))
            return
        if told.seq > self._writer.heads[told.stream].newest:
            return
        self.rests.pop(told.stream, None)
        days = self._settings.logbook
        keep = days.keep_telemetry_days if told.stream == "telemetry" else days.keep_access_days
        forget_before = self._rules.state.clock.proven(self._rules.now().boot) - keep * DAY
        self._writer.put(Acked(told.stream, told.seq, forget_before, refused))
