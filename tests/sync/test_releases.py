"""Sync fetches what the central server offers: at night, in pieces, and on from where it was cut off."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import time

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from kiosk.central.store import CentralStore
from kiosk.cli.main import main
from kiosk.demo.founding import stick_of
from kiosk.keyfiles import STATION_KEY, read_private
from kiosk.local import boot_time
from kiosk.loops import Loops
from kiosk.settings.loading import load
from kiosk.sync import releases
from kiosk.sync.client import Client
from kiosk.sync.link import Link
from kiosk.sync.releases import Releases
from kiosk.trust.release import Release, sign_release
from kiosk.update.spool import ABOUT, BUNDLE, Spool
from tests.keys import STRANGER
from tests.programs.house import until
from tests.programs.test_releases import PLATFORM, bundle
from tests.programs.town import CODE, Town

pytestmark = pytest.mark.slow

ALWAYS = 'hours = ["daily 00:00-24:00"]'
NEVER = 'hours = ["mon 00:00-00:01"]'


class Night(Town):
    """A town whose central server offers releases to its station, one after another."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.spool = Spool(folder / "spool")
        self.spool.bundle.parent.mkdir()
        self.loops: list[Loops] = []
        self.count = 0

    def begin(self, updates: str = ALWAYS) -> None:
        """With these settings, nothing fetched, and nothing offered."""
        for name in (ABOUT, BUNDLE):
            (self.spool.bundle.parent / name).write_bytes(b"")
        more = f'[updates]\nkilobytes_per_second = 100000\nspool_dir = "{self.spool.bundle.parent}"\n{updates}\n'
        self.house.config.write_text(self.house.config.read_text().partition("[updates]")[0] + more)
        with closing(CentralStore(self.central)) as store:
            for each in store.releases():
                store.withdraw_release(each.version, "a reason")

    def offer(self) -> str:
        """The version of a new one."""
        self.count += 1
        version = f"99.0.{self.count}"
        (folder := self.house.folder / version).mkdir()
        file = bundle(folder, self.central, version, 30_000)
        done = CliRunner().invoke(main, ["central", "release", "publish", str(file), "--data", str(self.central)])
        assert done.exit_code == 0, done.output
        with closing(CentralStore(self.central)) as store:
            store.set_ring(1, [CODE])
            store.open_ring(version, 1, time())
        return version

    def loop(self) -> Releases:
        """Sync's, as it starts; the test turns it."""
        settings = load(self.house.config)
        assert settings.central
        link = Link(settings, settings.central)

        def rest() -> None:
            link.loops.stop.wait()

        link.loops.start(releases.NAME, rest)
        self.loops.append(link.loops)
        key = read_private(self.house.data / STATION_KEY)
        return Releases(link, Client(settings.central.url, CODE, key, timeout=5), PLATFORM)


def turned(loop: Releases, condition: Callable[[], object], what: str) -> None:
    """Turn it until that is so."""

    def after() -> object:
        loop.turn()
        return condition()

    until(after, what)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "SPREAD", 0.0)
    monkeypatch.setattr(releases, "PIECE", 100_000)
    monkeypatch.setattr(releases, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(releases, "ASK_AGAIN", 0.0)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    town = Night(tmp_path_factory.mktemp("night"))
    with town.server():
        town.enrol(town.port)
        with town.house.station():
            yield town


@pytest.fixture
def night(town: Night) -> Iterator[Night]:
    town.begin()
    yield town
    for each in town.loops:
        each.end()


def test_a_release_is_fetched_and_after_a_cut_on_from_there(night: Night) -> None:
    night.offer()
    first = night.loop()
    turned(first, lambda: night.spool.held >= 200_000, "two pieces")
    coming = night.spool.coming()
    assert coming
    assert not coming.whole
    held = night.spool.bundle.read_bytes()
    second = night.loop()  # as after a power cut
    turned(second, lambda: night.spool.held > len(held), "the next piece")
    assert night.spool.bundle.read_bytes()[: len(held)] == held
    turned(second, lambda: (night.spool.coming() or coming).whole, "all of it")
    assert hashlib.sha256(night.spool.bundle.read_bytes()).hexdigest() == coming.bundle
    night.loop().turn()
    found = night.spool.coming()
    assert found
    assert (found.bundle, found.whole) == (coming.bundle, True), "and not again"
    assert found.at > coming.at, "but it is still offered"


def test_a_server_that_does_not_answer_is_asked_again_in_the_same_hour(night: Night) -> None:
    """A line that is dead just then would cost a quarter of the night."""
    night.offer()
    loop = night.loop()
    answers, loop._client = loop._client, Client("http://127.0.0.1:1", CODE, STRANGER, timeout=5)
    loop.turn()
    assert night.spool.coming() is None
    loop._client = answers
    turned(loop, lambda: night.spool.held, "what is offered")


def test_what_is_withdrawn_in_mid_fetch_is_dropped(night: Night) -> None:
    version = night.offer()
    loop = night.loop()
    turned(loop, lambda: night.spool.held, "a piece")
    with closing(CentralStore(night.central)) as store:
        store.withdraw_release(version, "a reason")
    loop.turn()
    night.loop().turn()
    assert (night.spool.held, night.spool.coming()) == (0, None)


def test_a_newer_one_takes_the_place_of_what_waits(night: Night) -> None:
    night.offer()
    loop = night.loop()
    turned(loop, lambda: (found := night.spool.coming()) and found.whole, "the first")
    before = night.spool.coming()
    night.offer()
    loop = night.loop()
    turned(loop, lambda: (found := night.spool.coming()) != before and found and found.whole, "the second")


def test_what_came_wrong_is_begun_anew_and_not_at_once(night: Night) -> None:
    night.offer()
    loop = night.loop()
    turned(loop, lambda: night.spool.held >= 300_000, "some pieces")
    night.spool.bundle.write_bytes(b"x" * night.spool.held)
    turned(loop, lambda: not night.spool.held, "the end")
    for _ in range(3):
        loop.turn()
        night.loop().turn()  # as after a restart
    found = night.spool.coming()
    assert found
    assert (found.vain, night.spool.held) == (True, 0)
    night.spool.say(replace(found, at=boot_time() - releases.DAY))
    turned(night.loop(), lambda: night.spool.held, "a day later")


def test_no_more_than_a_days_bytes_are_fetched(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "MOST_A_DAY", 150_000)
    night.offer()
    loop = night.loop()
    turned(loop, lambda: night.spool.held >= 150_000, "a day's bytes")
    held = night.spool.held
    for _ in range(3):
        loop.turn()
    assert night.spool.held == held
    monkeypatch.setattr(releases, "DAY", 0.0)
    turned(loop, lambda: night.spool.held > held, "the next day")


@pytest.mark.parametrize(
    "how", ["another key", "another version", "another platform", "for the ring early", "of another size"]
)
def test_nothing_is_fetched_that_the_root_key_has_not_signed_for_this_station(how: str, night: Night) -> None:
    version = night.offer()
    key = read_private(stick_of(night.central) / "root.key") if how != "another key" else STRANGER
    signed = Release(
        "0.8.1" if how == "another version" else version,
        1_795_392_000,
        "early" if how == "for the ring early" else "all",
        {"deb99_arm64" if how == "another platform" else PLATFORM: bytes(32)},
        {PLATFORM: 1000} if how == "of another size" else {},
    )
    with closing(CentralStore(night.central)) as store:
        store._engine.run("UPDATE releases SET signed = ? WHERE version = ?", (sign_release(signed, key), version))
    for _ in range(2):
        night.loop().turn()
    assert (night.spool.coming(), night.spool.held) == (None, 0)


def test_what_does_not_begin_as_it_was_offered_costs_one_piece(night: Night) -> None:
    version = night.offer()
    key = read_private(stick_of(night.central) / "root.key")
    forged = sign_release(Release(version, 1_795_392_000, "all", {PLATFORM: bytes(32)}), key)
    with closing(CentralStore(night.central)) as store:
        store._engine.run("UPDATE releases SET signed = ? WHERE version = ?", (forged, version))
    loop = night.loop()
    turned(loop, lambda: (found := night.spool.coming()) and found.vain, "the first piece")
    assert (loop._fetched, night.spool.held) == (100_000, 0)


@pytest.mark.parametrize("updates", [NEVER, f"{ALWAYS}\nfetch = false", "no files"])
def test_nothing_is_asked_for(updates: str, night: Night) -> None:
    night.begin(ALWAYS if updates == "no files" else updates)
    night.offer()
    if updates == "no files":
        night.spool.bundle.unlink()
    for _ in range(3):
        night.loop().turn()
    assert night.spool.coming() is None


def test_a_spool_that_is_full_is_left_to_the_logbook(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.update import spool

    night.offer()
    monkeypatch.setattr(spool, "MARGIN", 1 << 60)
    loop = night.loop()
    for _ in range(3):
        loop.turn()
    assert night.spool.coming() is None
