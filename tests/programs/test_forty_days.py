"""Forty days in virtual time: rules, logbook, central server; offline, two key rotations, a revocation and its end, three power
gaps with the clock back at 1970, phones up to four minutes wrong, five thousand holders.

The station's rules run on a real logbook and real cold state, the central server's store and issuer are the real ones; what
carries between them while the station is online is a few lines here, as sync would. The crystal is 50 ppm wrong.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.central.store.keys import StoredKey
from kiosk.contract.bodies import Batch
from kiosk.core import entries as fact
from kiosk.core.clock import Instant, Quality
from kiosk.core.documents import recall, versions
from kiosk.core.entries import Stream
from kiosk.core.events import Asked, Command, Committed, Edge, Event, Keep, KeepFloor, Offered, Record, Scanned, Tick
from kiosk.core.step import due, stamp, step
from kiosk.demo.founding import founded
from kiosk.keyfiles import write_raw
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook
from kiosk.settings import Settings
from kiosk.station.recollection import recollect
from kiosk.station.start import initial_state, restore_documents
from kiosk.trust.keyset import Use, key_id
from kiosk.trust.passes import Kind, Pass, PassClass, make_pass, show_bound
from kiosk.trust.status import Status
from tests.keys import DAY, NOW, STRANGER, public
from tests.programs.town import CODE

HOLDERS = 5000
VISITS_A_DAY = 250
HOUR = 3600.0
DRIFT = 50e-6
KNOWABLE = ("forged", "revoked, and", "of another", "screenshot", "expired a day ago, time known")
"""Beginnings of what a station can know to be invalid."""

ONLINE = ((0.0, 0.2), (20.0, 20.1), (39.0, 39.2))
"""Days within which the station is online."""

POWER_GAPS = (5.3, 12.7, 33.1)
ROTATIONS = (10, 25)
REVOKED_ON, RESTORED_ON = 15.0, 38.0
PHONE_WRONG = 240


class Holder:
    """A worker with a card, a phone that fetches live passes, or a phone whose pass is bound to it."""

    def __init__(self, index: int, choose: random.Random) -> None:
        self.index = index
        self.kind = choose.choice([Kind.CARD, Kind.LIVE, Kind.BOUND])
        self.phone = Ed25519PrivateKey.from_private_bytes(index.to_bytes(32, "big"))
        self.wrong = choose.randint(-PHONE_WRONG, PHONE_WRONG)
        self.text, self.claims = "", Pass(index, PassClass.WORKER, self.kind, 0, 0)
        self.screenshot = ""

    def renew(self, issuer: Issuer, now: float, days: float) -> None:
        """Fetch or print a pass that is issued now."""
        bound = public(self.phone) if self.kind is Kind.BOUND else b""
        expires = int(now + days * DAY)
        wanted = Pass(self.index, PassClass.WORKER, self.kind, int(now), expires, holder_key=bound)
        self.claims, self.text = issuer.issue(wanted)

    def show(self, issuer: Issuer, now: float) -> str:
        """What is held up to the camera now."""
        if self.kind is Kind.LIVE:
            self.renew(issuer, now, 10 / 1440)
        if self.kind is Kind.BOUND:
            self.screenshot = show_bound(self.text, self.phone, round(now + self.wrong))
            return self.screenshot
        return self.text


class World:
    """True time, the central server, and a station that knows less."""

    def __init__(self, folder: Path) -> None:
        self.true = float(NOW)
        self.folder = folder
        self.store = CentralStore(folder / "central")
        self._keys(folder / "central")
        self.issuer = founded(folder / "central", self.store, lambda: self.true)
        table = {"station": {"code": CODE, "data_dir": str(folder)}, "doors": {"main": {"lock": {"pin": 17}}}}
        self.settings = msgspec.convert(table, Settings)
        self.cold = ColdState(folder)
        self.boots = 0
        self.counts: Counter[str] = Counter()
        self.power_on(wall=self.true)

    def _keys(self, folder: Path) -> None:
        """Keys that rotate on the days of ROTATIONS, all of them published 90 days ahead."""
        ends = (*ROTATIONS, 400)
        for use in ("issuer", "document"):
            begin = -100
            for end in ends:
                self._key(folder, use, begin, end + 5)
                begin = end

    def _key(self, folder: Path, use: Use, begin: int, end: int) -> None:
        private = Ed25519PrivateKey.generate()
        raw, name = public(private), f"{use}{begin}.key"
        write_raw(folder / name, private.private_bytes_raw(), 0o600)
        start = NOW + begin * DAY
        self.store.add_key(StoredKey(key_id(raw), use, raw, start, NOW + end * DAY, name))

    @property
    def day(self) -> float:
        return (self.true - NOW) / DAY

    @property
    def boot(self) -> float:
        return (self.true - self.booted) * (1 + DRIFT)

    def instant(self) -> Instant:
        return Instant(self.boot, self.wall_at_boot + self.boot)

    def power_on(self, wall: float) -> None:
        """As the station's program starts: from its files alone."""
        self.boots += 1
        self.booted, self.wall_at_boot = self.true - 10.0, wall
        self.book = Logbook(self.folder, f"boot {self.boots}")
        state = initial_state(self.settings, self.issuer.root_public, self.cold.floor(), self.boot)
        state = restore_documents(state, self.cold.documents(), self.boot)
        found = recollect(self.book.backwards("access"), state.doors, f"boot {self.boots}", self.boot)
        self.state = recall(replace(state, memory=found.memory), found.commanded)
        self.take(Tick())

    def power_gap(self, seconds: float) -> None:
        """No power, then a clock that says 1970."""
        self.book.close()
        self.true += seconds
        self.power_on(wall=0.0)

    def take(self, event: Event) -> list[Command]:
        """Step, and do what the station's program would do with its files."""
        self.state, commands = step(self.state, event, self.instant())
        said = list(commands)
        for command in commands:
            match command:
                case Record(entries, at, ticket):
                    self.book.append([(at, entry) for entry in entries])
                    if ticket:
                        said += self.take(Committed(ticket))
                case Keep(kind, version, body):
                    self.cold.keep(kind, version, body)
                case KeepFloor(floor, lowered):
                    self.cold.keep_floor(floor, lowered=lowered)
        return said

    def wait(self, seconds: float) -> None:
        until = self.true + seconds
        while (at := self.booted + due(self.state, self.boot) / (1 + DRIFT) + 1e-6) < until:
            self.true = max(self.true, at)
            self.take(Tick())
        self.true = until
        self.take(Tick())

    def online(self) -> None:
        """What a round of sync does: documents and the time in, entries out."""
        self.issuer.renew()
        self.take(Asked("nonce"))
        for body in self.store.published(self.true).newer(CODE, versions(self.state), self.true):
            self.take(Offered(body))
        self.take(Offered(self.issuer.time_document("nonce")))
        reader = Reader(self.folder)
        for stream in ("access", "telemetry"):
            self._upload(reader, stream)
        reader.close()

    def _upload(self, reader: Reader, stream: Stream) -> None:
        while rows := reader.batch(stream, reader.heads()[stream].acked, 500, 10**6):
            batch = Batch(reader.epoch, rows[0].seq, "b", self.boot, 0.0, [row.wire() for row in rows])
            acked, _ = self.store.take(CODE, stream, batch, self.true)
            self.book.acknowledge(stream, acked, stamp(self.state, self.instant()).wall - 3 * DAY)

    def outcome(self, text: str) -> str:
        """`open`, or the reason of the refusal."""
        said = self.take(Scanned("main", text, self.boot))
        entries = [each for command in said if isinstance(command, Record) for each in command.entries]
        denied = [each.reason for each in entries if isinstance(each, fact.Denied)]
        granted = any(isinstance(each, fact.Granted) for each in entries)
        assert granted != bool(denied)
        self.take(Edge("main.contact", active=True, at=self.boot))
        self.wait(3)
        self.take(Edge("main.contact", active=False, at=self.boot))
        return denied[0] if denied else "open"


def arrived(world: World) -> bool:
    """Whether the station holds the newest status list."""
    return versions(world.state)["status"] == world.store.versions()["status"]


def visit(world: World, holder: Holder, revoked: set[int], listed: set[int]) -> None:
    """Somebody with a right to it, or whom a list has revoked."""
    outcome = world.outcome(holder.show(world.issuer, world.true))
    if holder.index not in revoked:
        late = holder.index in listed and outcome == "revoked"
        world.counts["restored, the list not yet there" if late else f"valid: {outcome}"] += 1
    elif holder.index in listed:
        world.counts[f"revoked, and listed here: {outcome}"] += 1
    else:
        world.counts[f"revoked, the list not yet there: {outcome}"] += 1


def attack(world: World, holder: Holder, choose: random.Random) -> None:
    """Somebody without a right to it."""
    known = world.state.clock.quality(world.boot) in {Quality.SYNCED, Quality.HOLDOVER}
    match choose.randrange(4):
        case 0:
            kid = next(key.kid for key in world.state.trust.keyset.keys if key.use == "issuer")
            text = make_pass(replace(holder.claims, kind=Kind.CARD, holder_key=b""), STRANGER, kid)
            forged = world.outcome(text)
            world.counts[f"forged: {forged}"] += 1
        case 1:
            expired, text = world.issuer.issue(
                replace(
                    holder.claims,
                    kind=Kind.CARD,
                    holder_key=b"",
                    issued_at=int(world.true) - 2 * DAY,
                    expires=int(world.true) - DAY,
                )
            )
            assert expired.index == holder.index
            world.counts[f"expired a day ago, time {'known' if known else 'unknown'}: {world.outcome(text)}"] += 1
        case 2 if holder.screenshot:
            world.outcome(holder.show(world.issuer, world.true - 20))
            world.wait(15)
            world.outcome(holder.show(world.issuer, world.true))
            world.wait(15)
            shot = show_bound(holder.text, holder.phone, round(world.true - 60 + holder.wrong))
            world.counts[f"screenshot after its holder: {world.outcome(shot)}"] += 1
        case _:
            elsewhere, text = world.issuer.issue(
                Pass(holder.index, PassClass.WORKER, Kind.CARD, int(world.true), int(world.true) + DAY, scope="4401")
            )
            assert elsewhere.scope == "4401"
            world.counts[f"of another district: {world.outcome(text)}"] += 1


def set_all(world: World, indices: set[int], status: Status) -> None:
    for index in indices:
        world.store.set_status(index, status)
    world.issuer.publish_status()


def live(world: World, holders: list[Holder], lost: set[int], choose: random.Random) -> None:
    """The forty days; `lost` are the credentials that are revoked for some of them."""
    gaps, revoked, listed = list(POWER_GAPS), set[int](), set[int]()
    while world.day < 40:
        if any(begin <= world.day < end for begin, end in ONLINE):
            world.online()
            listed = revoked if arrived(world) else listed
        if gaps and world.day >= gaps[0]:
            gaps.pop(0)
            world.power_gap(choose.uniform(60, 20 * HOUR))
        if REVOKED_ON <= world.day < RESTORED_ON and not revoked:
            set_all(world, lost, Status.REVOKED)
            revoked = lost
        if world.day >= RESTORED_ON and revoked:
            set_all(world, lost, Status.VALID)
            revoked = set()
        holder = choose.choice(holders) if choose.random() < 0.9 else holders[choose.choice(sorted(lost)) - 1]
        if choose.random() < 0.8:
            visit(world, holder, revoked, listed)
        else:
            attack(world, holder, choose)
        world.wait(choose.uniform(100, 2 * DAY / VISITS_A_DAY - 100))
    world.online()


def everything_arrived_once(world: World) -> bool:
    numbers = [(stream, seq) for _, stream, seq in world.store.numbers(CODE)]
    reader = Reader(world.folder)
    newest = reader.heads()["access"].newest
    reader.close()
    once = len(numbers) == len(set(numbers)) and world.store.duplicates() == 0
    return once and max(seq for stream, seq in numbers if stream == "access") == newest


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_forty_days(tmp_path: Path) -> None:
    (tmp_path / "central").mkdir()
    world, choose = World(tmp_path), random.Random(40)  # noqa: S311
    holders = [Holder(world.store.add_credential(f"holder {number}"), choose) for number in range(HOLDERS)]
    world.issuer.publish_status()
    for holder in holders:
        holder.renew(world.issuer, world.true - DAY, 90)
    live(world, holders, set(choose.sample(range(1, HOLDERS + 1), HOLDERS // 50)), choose)
    counts, quality = world.counts, world.state.clock.quality(world.boot)
    table = "\n".join(f"  {count:>6}  {what}" for what, count in sorted(counts.items()))
    print(f"\nForty days, {HOLDERS} holders, {world.boots} boots, clock {quality}:\n{table}")
    valid_refused = {what: n for what, n in counts.items() if what.startswith("valid: ") and what != "valid: open"}
    known_let_in = {what: n for what, n in counts.items() if what.startswith(KNOWABLE) and what.endswith(": open")}
    assert (valid_refused, known_let_in) == ({}, {})
    assert counts["valid: open"] > 5000
    assert counts["revoked, the list not yet there: open"] > 0, "nobody could know"
    assert counts["revoked, and listed here: revoked"] > 0
    assert everything_arrived_once(world)
    world.book.close()
    world.cold.close()
    world.store.close()
