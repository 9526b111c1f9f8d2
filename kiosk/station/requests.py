"""What is asked on control.sock, and who may ask it: anybody who may open it, technicians, and sync, which is not trusted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, assert_never

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import wire
from kiosk.core.enrolment import may_enrol
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
    Verb,
)
from kiosk.core.step import judge
from kiosk.core.tables import Claim
from kiosk.fingerprint import fingerprint
from kiosk.keyfiles import ROOT_KEY, STATION_KEY, write_raw
from kiosk.local import Peer
from kiosk.logbook.writer import Acked, AckedSurvivors, Flush

if TYPE_CHECKING:
    from kiosk.station.program import Station

DAY: Final = 86_400.0


class Requests:
    """Answers each request for its station."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def answer(self, peer: Peer, request: wire.Request) -> wire.Answer | None:
        """The one answer to a request; None where it comes later."""
        match request:
            case wire.GetView() | wire.Subscribe() | wire.Explain():
                return self._anybody(peer, request)
            case wire.Operate() | wire.Maintain() | wire.TryLamp() | wire.Commission() | wire.GetRecording():
                return self._technician(peer, request)
            case wire.Acknowledge() | wire.Offer() | wire.GetNonce() | wire.Central() | wire.Flush():
                return self._sync(peer, request)
            case wire.AwaitEnrolment():
                return self._await_enrolment(peer)
            case wire.EnrolmentAnswered():
                return self._enrolled(request)
            case _:
                assert_never(request)

    def _anybody(self, peer: Peer, request: wire.AnybodysRequest) -> wire.Answer:
        match request:
            case wire.GetView():
                return self._station.view()
            case wire.Subscribe():
                self._station.subscribers.add(peer)
                return self._station.view()
            case wire.Explain(text, door):
                return self._explain(text, door)

    def _technician(self, peer: Peer, request: wire.TechniciansRequest) -> wire.Answer:
        """Only for technicians: a program that may ask for the view, such as sync, is none."""
        group = self._station.settings.station.operators
        if not peer.is_one_of(group):
            return wire.Refused(f"{peer.user} is not in the group {group}")
        match request:
            case wire.Operate():
                return self._operate(peer, request)
            case wire.Maintain(seconds):
                self._station.queue(Maintained(peer.user, seconds))
                return wire.Done()
            case wire.TryLamp(door, lamp):
                if door not in self._station.state.doors:
                    return wire.Refused(f"no such door: {door}")
                self._station.queue(LampTried(door, Lamp(lamp)))
                return wire.Done()
            case wire.Commission(results):
                self._station.queue(PartsTried(peer.user, results))
                return wire.Done()
            case wire.GetRecording():
                return wire.Recorded(self._station.recorder.recording())

    def _sync(self, peer: Peer, request: wire.SyncsRequest) -> wire.Answer:
        match request:
            case wire.Acknowledge():
                self._station.heard("sync", peer)
                self._acknowledge(request)
            case wire.Offer(document):
                self._station.queue(Offered(document))
            case wire.GetNonce():
                nonce = secrets.token_hex(16)
                self._station.queue(Asked(nonce))
                return wire.Nonce(nonce)
            case wire.Central(reached):
                self._station.queue(Faulted("central", None if reached else "not reachable"))
            case wire.Flush():
                self._station.writer.put(Flush())
        return wire.Done()

    def _await_enrolment(self, peer: Peer) -> wire.Answer | None:
        """From now on a claim that is shown goes to this peer; also one that was shown lately, while nobody waited."""
        station = self._station
        station.enroller = peer
        claim, station.claim = station.claim, ""
        return wire.EnrolmentWanted(claim) if claim and may_enrol(station.state, station.now().boot) else None

    def _enrolled(self, answered: wire.EnrolmentAnswered) -> wire.Answer:
        """Keep the keys and trust the root, if a code was shown lately and nobody is trusted yet."""
        station, now = self._station, self._station.now()
        if not may_enrol(station.state, now.boot):
            return wire.Refused("no enrolment is under way: show the code again")
        public = Ed25519PrivateKey.from_private_bytes(answered.station_key).public_key().public_bytes_raw()
        words = fingerprint(station.settings.station.code, public, answered.root_key)
        try:
            write_raw(station.settings.data / STATION_KEY, answered.station_key, 0o600)
            write_raw(station.settings.data / ROOT_KEY, answered.root_key, 0o644)
        except OSError as error:
            return wire.Refused(f"{station.settings.data} cannot be written: {error.strerror}")
        station.queue(EnrolmentDone(answered.root_key, answered.documents, words))
        return wire.Done()

    def _operate(self, peer: Peer, wanted: wire.Operate) -> wire.Answer:
        doors = self._station.state.doors
        if wanted.door not in doors:
            return wire.Refused(f"no such door: {wanted.door}")
        verb = Verb(wanted.verb)
        if verb in {Verb.OPEN, Verb.HOLD} and Claim.LOCKDOWN in doors[wanted.door].claims:
            return wire.Refused(f"{wanted.door} is locked down; first: kiosk door release {wanted.door}")
        self._station.queue(DoorRequested(wanted.door, verb, peer.user, wanted.seconds))
        return wire.Done()

    def _explain(self, text: str, door: str) -> wire.Answer:
        state = self._station.state
        door = door or next(iter(state.doors))
        if door not in state.doors:
            return wire.Refused(f"no such door: {door}")
        verdict = judge(state, text, door, self._station.now())
        claims = msgspec.to_builtins(verdict.claims) if verdict.claims else {}
        return wire.Explained(str(verdict.reason or ""), claims)

    def _acknowledge(self, told: wire.Acknowledge) -> None:
        """Sync says what the server holds; the station believes it of its own epoch and of numbers that there are."""
        station = self._station
        refused = {each.seq: each.why for each in told.refused}
        if told.epoch != station.writer.epoch:
            station.writer.put(AckedSurvivors(told.epoch, told.stream, told.seq))
            return
        if told.seq > station.heads[told.stream].newest:
            return
        days = station.settings.logbook
        keep = days.keep_access_days if told.stream == "access" else days.keep_telemetry_days
        forget_before = station.state.clock.wall(station.now()) - keep * DAY
        station.writer.put(Acked(told.stream, told.seq, forget_before, refused))
