"""A campaign at three stations whose links are cut at random: nobody has two of one station, and nobody more than can be known.

The rules of doors and supplies, the documents as they are signed and read, and the centre's own ledgers; all in virtual time.
Not modelled: what falls between a slot's contact and the disk, which the rules' own tests cut at each point.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import Final, get_args

import pytest
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.keys.root import Root
from kiosk.central.ledgers import Ledgers
from kiosk.central.service_kinds import as_said
from kiosk.central.store import CentralStore
from kiosk.central.store.campaigns import Handed
from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.entitled import judged
from kiosk.core.desk.handing import Heard, Setting, Shown, Slot, Supplies, SupplyEvent, Take
from kiosk.core.desk.supplies import step
from kiosk.core.events import Committed, Offered, Record, SlotGranted, Tick
from kiosk.demo.founding import founded, stick_of
from kiosk.station.supplied import known, setting_of
from kiosk.trust.documents import read_document
from kiosk.trust.keyset import NO_KEYS, Keyset
from kiosk.trust.ledger import known_until
from kiosk.trust.passes import PassClass
from kiosk.trust.service import CAMPAIGN, LEDGER, Campaign, ServiceDocument, WhenStale
from kiosk.trust.tokens import token
from tests.core.bench import Bench
from tests.keys import DAY, NOW

CODES: Final = ("37081101", "37081102", "37082801")
PEOPLE: Final = 1200
VISITS: Final = 3400
"""For each way of doing without a ledger: 10,200 in all."""

MINUTE: Final = 60.0
NAME, SLOT = "raincoat", "left"
KEY: Final = bytes(range(32))
INDEX_OF: Final = {token(KEY, index): index for index in range(PEOPLE)}


class Had(Struct, frozen=True):
    """Somebody had one there."""

    index: int
    code: str


class Centre:
    """What has arrived, and the documents that say so."""

    def __init__(self, folder: Path, when_stale: WhenStale) -> None:
        self.now, self.came = float(NOW), dict[Had, float]()
        self.store = CentralStore(folder)
        issuer = founded(folder, self.store, lambda: self.now)
        self._ledgers = Ledgers(self.store, issuer)
        self.store.add_credentials([f"holder {each}" for each in range(PEOPLE)])
        campaign = Campaign({"zh": "雨衣"}, NAME, KEY, slots=(SLOT,), when_stale=when_stale, ledger_max_age=1800)
        issuer.publish_service(ServiceDocument(1, NAME, CAMPAIGN, 0, NOW - DAY, NOW + 60 * DAY), as_said(campaign))
        root = Root(stick_of(folder)).public
        keyset = read_document(self.store.documents()["keyset"][1], root, NO_KEYS)
        assert isinstance(keyset, Keyset)
        self.keyset = keyset
        self.documents = dict[str, bytes]()
        self._seq, self._looked_at = 0, 0.0

    def take(self, code: str, entry: fact.HandedOut) -> None:
        """As it is kept of an entry that has come."""
        known = ("2026-11-23", self.now, True, self.now)
        who = (code, entry.period, entry.token, entry.slot)
        self._seq += 1
        self.store.hand_out(Handed(NAME, CODES.index(code), self._seq, *who, entry.taken, 1, *known))
        if entry.taken:
            self.came.setdefault(Had(INDEX_OF[entry.token], code), self.now)

    def look(self, now: float) -> None:
        """Ledgers are made of what is new."""
        self.now = now
        if now < self._looked_at + MINUTE:
            return
        self._looked_at = now
        if sum(self._ledgers.look(now)) or not self.documents:
            found = [*self.store.services(CAMPAIGN), *self.store.services(LEDGER)]
            self.documents = {each.id: each.body for each in sorted(found, key=lambda each: each.version)}


class Post:
    """A station: its rules, its supplies, its disk, and a link that is up or not."""

    def __init__(self, code: str, keyset: Keyset) -> None:
        self.code, self.bench = code, Bench(keyset)
        trust = replace(self.bench.state.trust, station=code)
        self.bench.state = replace(self.bench.state, trust=trust)
        self.supplies = Supplies(ready=True)
        self.up, self.unsent, self.disk = True, list[fact.HandedOut](), list[fact.HandedOut]()
        self.opened: list[str] = []
        self._carried, self._known = dict[str, bytes](), known(self.bench.state.services)

    def at(self, boot: float) -> None:
        self.bench.boot = boot
        if self.up:
            clock = Clock(NOW + boot, boot, hi=NOW + boot, hi_at=boot, raised=True)
            self.bench.state = replace(self.bench.state, clock=clock)

    @property
    def setting(self) -> Setting:
        now = Instant(self.bench.boot, NOW + self.bench.boot)
        return replace(setting_of(self.bench.state, self._known, {}, now, keeps=True), slots={SLOT: Slot()})

    def talk(self, centre: Centre, chance: random.Random) -> None:
        """As far as the link lets it: each answer may be the last one."""
        while self.up and self.unsent and chance.random() > 0.05:
            centre.take(self.code, self.unsent.pop(0))
        for name, document in centre.documents.items():
            if self.up and self._carried.get(name) != document and chance.random() > 0.05:
                self._carried[name] = document
                self.bench.take(Offered(document))
                self._known = known(self.bench.state.services)

    def take(self, event: SupplyEvent) -> None:
        """The disk answers at once; a slot that opens is in `opened`."""
        self.supplies, commands = step(self.supplies, event, self.setting)
        for each in commands:
            if isinstance(each, Record):
                handed = [entry for entry in each.entries if isinstance(entry, fact.HandedOut)]
                self.disk += handed
                self.unsent += handed
                self.take(Committed(each.ticket))
            elif isinstance(each, SlotGranted):
                self.opened.append(each.slot)

    def cut(self) -> None:
        """The power goes; what is on the disk is what there was."""
        marks = defaultdict[str, set[str]](set)
        for each in self.disk:
            if each.taken:
                marks[each.period].add(each.token)
        kept = {NAME: {period: frozenset(tokens) for period, tokens in marks.items()}}
        self.supplies = Supplies(kept, ready=True)


class Town:
    """The three, and everybody who comes."""

    def __init__(self, folder: Path, when_stale: WhenStale, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  the same each time
        self.when_stale = when_stale
        self.centre = Centre(folder, when_stale)
        self.posts = [Post(code, self.centre.keyset) for code in CODES]
        self.had: list[Had] = []
        self.boot = 10.0

    def home_of(self, index: int) -> str:
        """A third of them has a pass of one station alone."""
        return CODES[index // 3 % 3] if index % 3 == 0 else ""

    def visit(self) -> None:
        """Some time later somebody comes somewhere; and links are cut, or mended."""
        self.pass_time(self.chance.uniform(3.0, 25.0))
        for post in self.posts:
            if self.chance.random() < (0.004 if post.up else 0.0025):
                post.up = not post.up
        index, post = self.chance.randrange(PEOPLE), self.chance.choice(self.posts)
        self.come(post, index)

    def pass_time(self, seconds: float) -> None:
        self.boot += seconds
        self.centre.look(NOW + self.boot)
        for post in self.posts:
            post.at(self.boot)
            post.talk(self.centre, self.chance)
            post.take(Tick())

    def come(self, post: Post, index: int) -> str:
        """Show a pass, and take one where that is offered; what the display said."""
        post.take(Shown(index, PassClass.WORKER, self.home_of(index)))
        setting = post.setting
        word = judged(post.supplies, NAME, setting)[0] if NAME in setting.running else ""
        post.take(Take(NAME))
        if not post.opened:
            return word
        post.opened.clear()
        self.follows(post, index, setting)
        what = self.chance.random()
        if what < 0.1:
            post.take(Heard((fact.NotTaken(SLOT),)))
            self.pass_time(2.0)
        elif what < 0.15:
            post.cut()
        else:
            self.had.append(Had(index, post.code))
            post.take(Heard((fact.Taken(SLOT),)))
        return word

    def follows(self, post: Post, index: int, setting: Setting) -> None:
        """Whatever is given was not known to be the second, or the campaign says that this does not matter."""
        before = [each for each in self.had if each.index == index]
        assert post.code not in {each.code for each in before}, "two of one station"
        running = setting.running[NAME]
        until = known_until(running.ledgers)
        assert all(self.centre.came.get(each, math.inf) > until for each in before), "its ledger said so"
        if NOW + self.boot > until + running.campaign.ledger_max_age:
            home = self.home_of(index) == post.code
            assert self.when_stale == "count_only" or (self.when_stale == "home_only" and home), "it knew too little"

    def mended(self) -> None:
        """Every link is up for good: the centre knows all of it, and no station gives anybody another."""
        for post in self.posts:
            post.up = True
        while any(post.unsent for post in self.posts):
            self.pass_time(MINUTE)
        for _more in range(20):
            self.pass_time(MINUTE)
        assert Counter(self.centre.came.keys()) == Counter(self.had), "each once, and nothing that was not given"
        for had in self.chance.sample(self.had, 60):
            for post in self.posts:
                self.pass_time(1.0)
                own = had.code == post.code or Had(had.index, post.code) in self.centre.came
                assert self.come(post, had.index) == ("had" if own else "elsewhere")

    @property
    def twice(self) -> int:
        """Given to people who had one already."""
        return len(self.had) - len({each.index for each in self.had})


@pytest.mark.slow
@pytest.mark.parametrize("when_stale", get_args(WhenStale))
def test_with_links_that_are_cut_nobody_has_two_of_one_station_nor_what_a_ledger_knows(
    when_stale: WhenStale, tmp_path: Path
) -> None:
    town = Town(tmp_path / "central", when_stale, seed=26)
    with closing(town.centre.store):
        for _visit in range(VISITS):
            town.visit()
        assert len(town.had) > PEOPLE / 2
        assert town.twice > 0, "or nothing was tried"
        town.mended()
