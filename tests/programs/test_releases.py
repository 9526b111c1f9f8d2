"""Releases at the centre: who publishes one, which ring is offered it, when it stops by itself, and how its bundle goes out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any

import msgspec
import pytest
import requests
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.api import pieces
from kiosk.central.api import releases as api
from kiosk.central.api.releases import Bandwidth
from kiosk.central.jobs import ROLL_OUT_EVERY, RollingOut
from kiosk.central.rings import (
    ENOUGH,
    GONE_AFTER,
    LAST,
    LEAST_WRONG,
    Bearing,
    NotOpened,
    Opening,
    Rollout,
    Told,
    by_ring,
    healths,
    living,
    may_open,
    offered,
    ring_of,
    ripe,
    too_wide,
    why_stop,
)
from kiosk.central.scope import EVERYWHERE
from kiosk.central.shelf import SHELF
from kiosk.central.store import CentralStore
from kiosk.central.store.releases import STOPPED, Bundle, Released
from kiosk.central.store.sightings import Sighting
from kiosk.cli.main import main
from kiosk.contract.bodies import CAPABILITIES, Batch, OfferedRelease
from kiosk.demo.founding import founded, stick_of
from kiosk.keyfiles import read_private
from kiosk.trust.release import Release, Ring, read_release, sign_release
from kiosk.update.bundle import IN_A_BUNDLE, write_bundle
from kiosk.update.members import members
from tests.keys import public
from tests.programs.test_central_bounds import CODES, KEY, Running, bearer, entry, running

NOW = 1_795_392_000.0
HOUR = 3600.0
RINGS = {1: ["37081101"], 2: ["3708"]}
AUDIENCES: tuple[Ring, Ring] = ("early", "all")
NEW, PLATFORM, OTHER = "0.6.0", "deb12_arm64", "deb13_amd64"

# The rings, as values.


def test_a_station_is_in_the_innermost_ring_that_names_it() -> None:
    assert [ring_of(code, RINGS) for code in CODES] == [1, 2, 3]
    assert ring_of("37081101", {}) == LAST
    half = [ring_of(f"{code}", {2: ["50%"]}) for code in range(10000, 11000)]
    assert 400 < half.count(2) < 600
    tenth = {code for code in range(10000, 11000) if ring_of(f"{code}", {2: ["10%"]}) == 2}
    assert tenth <= {code for code in range(10000, 11000) if ring_of(f"{code}", {2: ["20%"]}) == 2}


def test_the_inner_rings_have_no_more_than_half_so_that_nobody_opens_everybodys_alone() -> None:
    codes = [f"{code}" for code in range(37081100, 37081200)]
    assert too_wide(codes, {1: ["3708110"], 2: ["3708111", "3708112", "3708113", "3708114"]}) == 0
    assert too_wide(codes, {1: ["3708115"], 2: ["3708110", "3708111", "3708112", "3708113", "3708114"]}) == 60
    assert too_wide(codes, {2: ["3"]}) == 100
    assert too_wide(codes[:20], {2: ["3"]}) == 0, "so few are watched"


STATIONS = [f"{code}" for code in range(37081100, 37081112)]
bearings = st.builds(
    Bearing,
    st.sampled_from(STATIONS),
    st.sampled_from(["0.5.0", NEW, "0.7.0", ""]),
    st.floats(NOW - 4 * HOUR, NOW),
    st.dictionaries(st.sampled_from(["logbook", "central"]), st.floats(NOW - 4 * HOUR, NOW)),
    st.none()
    | st.builds(
        Told,
        st.sampled_from(["0.5.0", NEW]),
        st.sampled_from(["kept", "went_back", "refused"]),
        st.just(""),
        st.floats(NOW - 4 * HOUR, NOW),
    ),
)
fleets = st.lists(bearings, unique_by=lambda each: each.code, max_size=len(STATIONS))
rings = st.dictionaries(st.sampled_from([1, 2]), st.lists(st.sampled_from([*STATIONS, "370811", "40%"]), max_size=3))
rollouts = st.builds(
    Rollout,
    st.just(NEW),
    st.sampled_from(["early", "all"]),
    st.sampled_from([0.0, HOUR]),
    st.sampled_from(["", "stopped"]),
    st.integers(0, LAST).flatmap(
        lambda outermost: st.tuples(
            *[st.builds(Opening, st.just(ring), st.floats(NOW - 3 * HOUR, NOW)) for ring in range(1, outermost + 1)]
        )
    ),
)


@given(rollouts, fleets, rings)
def test_no_ring_opens_while_one_does_badly_and_only_the_next_one_does(
    rollout: Rollout, fleet: list[Bearing], members: dict[int, list[str]]
) -> None:
    health = healths(rollout, by_ring(fleet, members), NOW - GONE_AFTER)
    opens = ripe(rollout, health, NOW)
    if opens:
        assert not why_stop(health)
        assert opens == rollout.ring + 1 <= (1 if rollout.audience == "early" else LAST)
        assert not rollout.stopped
        assert health[-1].running >= ENOUGH * health[-1].stations
    for ring in range(LAST + 2):
        try:
            may_open(rollout, health, ring)
        except NotOpened:
            continue
        assert ring <= LAST
        if ring == rollout.ring:
            assert rollout.stopped, "somebody lets it go on"
        else:
            assert ring == rollout.ring + 1
            assert not why_stop(health)


@given(st.lists(rollouts, max_size=3), rings, st.sampled_from(STATIONS))
def test_nothing_is_offered_outside_its_ring_or_when_it_is_stopped(
    found: list[Rollout], members: dict[int, list[str]], code: str
) -> None:
    version = offered(code, found, members)
    has = [each for each in found if not each.stopped and each.ring >= ring_of(code, members)]
    assert bool(version) == bool(has)
    assert living(found) <= {each.version for each in found if each.ring and not each.stopped}


@pytest.mark.parametrize(
    ("bearing", "why"),
    [
        (Bearing("37081101", NEW, NOW), ""),
        (Bearing("37081101", "0.7.0", NOW), ""),
        (Bearing("37081101", "0.5.0", NOW), ""),
        (Bearing("37081101", "0.5.0", NOW, told=Told(NEW, "went_back", "", NOW)), "went_back"),
        (Bearing("37081101", "0.5.0", NOW, told=Told(NEW, "refused", "", NOW)), "refused"),
        (Bearing("37081101", "0.5.0", NOW, told=Told("0.5.0", "went_back", "", NOW)), ""),
        (Bearing("37081101", NEW, NOW, told=Told(NEW, "went_back", "", NOW)), ""),
        (Bearing("37081101", "0.5.0", NOW - 1.5 * HOUR), "silent"),
        (Bearing("37081101", "0.5.0", NOW - 3 * HOUR), ""),
        (Bearing("37081101", NEW, NOW, {"logbook": NOW}), "faults"),
        (Bearing("37081101", NEW, NOW, {"central": NOW}), ""),
        (Bearing("37081101", NEW, NOW, {"logbook": NOW - HOUR}, Told(NEW, "kept", "", NOW)), ""),
        (Bearing("37081101", "0.5.0", NOW, {"logbook": NOW}), ""),
    ],
)
def test_what_counts_against_a_release(bearing: Bearing, why: str) -> None:
    rollout = Rollout(NEW, "all", 0.0, "", (Opening(1, NOW - 2 * HOUR),))
    (health,) = healths(rollout, by_ring([bearing], RINGS), NOW - GONE_AFTER)
    assert health.wrong == ({"37081101": why} if why else {})
    assert bool(why_stop([health])) == bool(why)


TOLD_BEFORE = Told(NEW, "went_back", "", NOW - 3 * HOUR)


@pytest.mark.parametrize("told", [TOLD_BEFORE, Told(NEW, "kept", "", NOW - 3 * HOUR)])
def test_what_a_station_told_before_its_ring_was_opened_counts_neither_for_a_release_nor_against_it(told: Told) -> None:
    rollout = Rollout(NEW, "all", 0.0, "", (Opening(1, NOW - 2 * HOUR),))
    old = Bearing("37081101", "0.5.0", NOW, told=told)
    new = Bearing("37081101", NEW, NOW, {"logbook": NOW - 2.5 * HOUR}, told)
    for each in (old, new):
        assert healths(rollout, by_ring([each], RINGS), NOW - GONE_AFTER)[0].wrong == {}


@given(
    st.sampled_from([2, 3]),
    st.integers(0, 40),
    st.lists(st.sampled_from(["went_back", "refused", "silent"]), max_size=LEAST_WRONG - 1),
    st.integers(LEAST_WRONG, 40),
)
def test_beyond_the_first_ring_a_few_that_are_silent_or_lie_stop_nothing(
    ring: int, running: int, wrongs: list[str], others: int
) -> None:
    opening = Opening(ring, NOW - 2 * HOUR)
    fleet = [Bearing(f"1{each}", NEW, NOW) for each in range(running)]
    fleet += [Bearing(f"2{each}", "0.5.0", NOW) for each in range(others)]
    for number, why in enumerate(wrongs):
        told = None if why == "silent" else Told(NEW, why, "", NOW)
        fleet.append(Bearing(f"3{number}", "0.5.0", NOW if told else NOW - 1.5 * HOUR, told=told))
    (health,) = healths(Rollout(NEW, "all", 0.0, "", (opening,)), {ring: fleet}, NOW - GONE_AFTER)
    assert len(health.wrong) == len(wrongs)
    assert not why_stop([health])


def test_silence_is_measured_by_all_of_a_ring_while_few_have_tried() -> None:
    """One in a hundred is always silent, and in the first night nobody else has tried yet."""
    rollout = Rollout(NEW, "all", 0.0, "", (Opening(3, NOW - 2 * HOUR),))
    fleet = [Bearing(f"{code}", "0.5.0", NOW) for code in range(100)]
    silent = [Bearing(f"9{code}", "0.5.0", NOW - 1.5 * HOUR) for code in range(12)]
    assert not why_stop(healths(rollout, by_ring([*fleet, *silent[:10]], {}), NOW - GONE_AFTER))
    assert why_stop(healths(rollout, by_ring([*fleet, *silent], {}), NOW - GONE_AFTER))
    gone = [Bearing(f"9{code}", NEW, NOW - 1.5 * HOUR) for code in range(3)]
    assert why_stop(healths(rollout, by_ring([*fleet, *gone], {}), NOW - GONE_AFTER)), "these ran it"


def test_one_in_ten_may_be_worse_off_for_another_reason() -> None:
    fleet = [Bearing(f"{code}", NEW, NOW) for code in range(41000000, 41000027)]
    rollout = Rollout(NEW, "all", 0.0, "", (Opening(3, NOW - HOUR),))
    went_back = [Bearing(each, "0.5.0", NOW, told=Told(NEW, "went_back", "", NOW)) for each in STATIONS[:4]]
    assert not why_stop(healths(rollout, by_ring([*fleet, *went_back[:3]], {}), NOW - GONE_AFTER))
    assert why_stop(healths(rollout, by_ring([*fleet, *went_back], {}), NOW - GONE_AFTER)).startswith("ring 3: 4 of 31")


# The store, on both databases.


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        for code in CODES:
            store.enrol(code, store.make_claim(code, NOW), public(KEY), NOW)
        for ring, members in RINGS.items():
            store.set_ring(ring, members)
        yield store


def publish(store: CentralStore, version: str = NEW, quiet: float = 0.0) -> None:
    bundle = Bundle(hashlib.sha256(version.encode()).hexdigest(), version, PLATFORM, 9)
    assert store.publish_release(Released(version, "all", b"signed", NOW, quiet, "", ""), [bundle])


def has(store: CentralStore) -> list[str]:
    """Which version each station is offered."""
    found = [store.offer(code) for code in CODES]
    return [each[0].version if each else "" for each in found]


def tell(store: CentralStore, seq: int = 1, code: str = CODES[0], at: float = NOW, **body: Any) -> None:
    told = entry(seq) | {"kind": "updated"} | body
    store.take(code, "access", Batch("00112233445566aa", seq, "b", 1.0, 1.0, [told]), at)


def test_a_release_is_offered_ring_by_ring_and_not_when_it_is_stopped(store: CentralStore) -> None:
    publish(store)
    assert has(store) == ["", "", ""]
    with pytest.raises(NotOpened, match="the next is ring 1"):
        store.open_ring(NEW, 2, NOW)
    store.open_ring(NEW, 1, NOW)
    assert has(store) == [NEW, "", ""]
    store.open_ring(NEW, 2, NOW)
    assert has(store) == [NEW, NEW, ""]
    publish(store, "0.7.0")
    store.open_ring("0.7.0", 1, NOW)
    assert has(store) == ["0.7.0", NEW, ""]
    assert store.stop_release(NEW, "a reason")
    assert has(store) == ["0.7.0", "", ""]
    store.open_ring(NEW, 2, NOW)
    store.open_ring(NEW, 3, NOW)
    assert has(store) == ["0.7.0", NEW, NEW]
    assert store.withdraw_release("0.7.0", "a reason")
    with pytest.raises(NotOpened, match="withdrawn"):
        store.open_ring("0.7.0", 2, NOW)
    assert has(store) == [NEW, NEW, NEW]
    assert not store.publish_release(Released(NEW, "all", b"", NOW, 0.0, "", ""), [])


def test_what_was_signed_for_the_ring_early_is_for_it_alone_until_it_is_signed_again(store: CentralStore) -> None:
    early, everybody = (Released(NEW, each, each.encode(), NOW, 0.0, "", "") for each in AUDIENCES)
    assert store.publish_release(early, [Bundle("0" * 64, NEW, PLATFORM, 9)])
    store.open_ring(NEW, 1, NOW)
    with pytest.raises(NotOpened, match="for the ring early alone"):
        store.open_ring(NEW, 2, NOW)
    assert store.publish_release(everybody, [Bundle("1" * 64, NEW, PLATFORM, 9)])
    assert not store.publish_release(everybody, [Bundle("2" * 64, NEW, PLATFORM, 9)])
    store.open_ring(NEW, 2, NOW)
    assert has(store) == [NEW, NEW, ""]
    assert [each.id for each in store.bundles(NEW)] == ["1" * 64]


def test_it_stops_by_itself_raises_an_alarm_and_goes_on_when_somebody_says_so(store: CentralStore) -> None:
    publish(store)
    store.open_ring(NEW, 1, NOW)
    tell(store, version=NEW, outcome="went_back", detail="away: scanner")
    store.roll_out(NOW, NOW)
    assert has(store) == ["", "", ""]
    assert [each.what for each in store.alarms()] == [STOPPED]
    with pytest.raises(NotOpened, match=r"37081101 \(went_back\)"):
        store.open_ring(NEW, 2, NOW)
    store.open_ring(NEW, 1, NOW + 1)
    assert (has(store), store.alarms()) == ([NEW, "", ""], [])
    store.roll_out(NOW + 1, NOW)
    assert has(store) == [NEW, "", ""], "what was wrong before counts no longer"
    tell(store, 2, at=NOW + 2, version=NEW, outcome="went_back")
    store.roll_out(NOW + 2, NOW)
    assert has(store) == ["", "", ""]


def test_the_next_ring_opens_by_itself_after_a_quiet_time_and_never_without_one(store: CentralStore) -> None:
    publish(store, quiet=HOUR)
    store.open_ring(NEW, 1, NOW)
    store.roll_out(NOW + 2 * HOUR, NOW + 2 * HOUR)
    assert store.release(NEW).rollout.ring == 1, "nobody runs it"  # type: ignore[union-attr]
    store.saw([Sighting(CODES[0], NOW + 1, f"yizhan-kiosk/{NEW}", "")])
    store.roll_out(NOW + HOUR - 1, NOW)
    assert store.release(NEW).rollout.ring == 1, "not yet"  # type: ignore[union-attr]
    store.roll_out(NOW + HOUR, NOW)
    publish(store, "0.7.0")
    store.open_ring("0.7.0", 1, NOW)
    store.saw([Sighting(CODES[0], NOW + 2, "yizhan-kiosk/0.7.0", "")])
    store.roll_out(NOW + HOUR, NOW)
    assert [each.rollout.ring for each in store.releases()] == [1, 2]
    assert [(each.account, each.what) for each in store.acts(EVERYWHERE)] == [("@server", "ring opened")]


def test_what_a_newer_release_has_followed_everywhere_is_left_alone(store: CentralStore) -> None:
    for version in (NEW, "0.7.0"):
        publish(store, version)
        for ring in (1, 2, 3):
            store.open_ring(version, ring, NOW)
    tell(store, version=NEW, outcome="went_back")
    store.roll_out(NOW, NOW)
    assert [each.stopped for each in store.releases()] == ["", ""]


def test_nobody_is_silent_to_a_server_that_heard_nobody(store: CentralStore) -> None:
    publish(store)
    store.open_ring(NEW, 1, NOW)
    store.saw([Sighting(CODES[0], NOW + 1, "yizhan-kiosk/0.5.0", "")])
    clock = [NOW + 9 * HOUR]
    job = RollingOut(store, lambda: clock[0])
    job.turn()
    assert has(store)[0] == NEW, "the server was off"
    while clock[0] < NOW + 9 * HOUR + GONE_AFTER + 2 * ROLL_OUT_EVERY:
        clock[0] += ROLL_OUT_EVERY
        job.turn()
    assert store.release(NEW).stopped == "ring 1: 1 of 1 stations are worse off: 37081101 (silent)"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": 7, "outcome": "kept"},
        {"version": "0.6.0", "outcome": ["kept"]},
        {"version": "0.6.0", "outcome": "splendid"},
        {"version": "0.6.0\u0000", "outcome": "kept"},
        {"version": "0.6.0", "outcome": "kept", "detail": {}},
    ],
)
def test_a_station_may_tell_anything(body: dict[str, Any], store: CentralStore) -> None:
    tell(store, **body)
    assert store.bearings(EVERYWHERE)[0].told is None
    tell(store, 2, version=NEW, outcome="refused", detail="x" * 900)
    found = store.bearings(EVERYWHERE)[0].told
    assert found
    assert (found.outcome, len(found.detail)) == ("refused", 200)


# The verbs and the wire.


def bundle(folder: Path, central: Path, version: str = NEW, size: int = 3000) -> Path:
    """A bundle for two platforms, signed by the root key of that central server."""
    packages = {each: folder / f"{each}.deb" for each in (PLATFORM, OTHER)}
    for name, path in packages.items():
        path.write_bytes(name.encode() * size)
    digests = {name: hashlib.sha256(path.read_bytes()).digest() for name, path in packages.items()}
    sizes = {name: path.stat().st_size for name, path in packages.items()}
    out = folder / f"{version}.update"
    key = read_private(stick_of(central) / "root.key")
    write_bundle(out, sign_release(Release(version, int(NOW), "all", digests, sizes), key), packages)
    return out


def verb(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["central", "release", *words, "--data", str(folder)])


def test_the_verbs(tmp_path: Path) -> None:
    folder = tmp_path / "central-data"
    folder.mkdir()
    with closing(CentralStore(folder)) as store:
        founded(folder, store)
        for code in CODES:
            store.enrol(code, store.make_claim(code, time()), public(KEY), time())
    file = bundle(tmp_path, folder)
    assert "No releases" in verb(folder, "list").output
    for each in ("1", "2"):
        assert verb(folder, "publish", str(file)).exit_code == 0, each
    assert len(list((folder / SHELF).iterdir())) == 2
    file.write_bytes(file.read_bytes()[:-20_000])
    cut = verb(folder, "publish", str(file))
    assert (cut.exit_code, "damaged" in cut.output) == (2, True)
    assert len(list((folder / SHELF).iterdir())) == 2, "nothing is left of it"
    assert verb(folder, "ring", "1", "37081101").output == "ring 1: 37081101\nring 2: nobody\nring 3: all others\n"
    assert verb(folder, "ring", "2", "0%").exit_code == 2
    assert "the next is ring 1" in verb(folder, "open-ring", NEW, "3").output
    assert "1 stations fetch it" in verb(folder, "open-ring", NEW, "1").output
    assert "ring 1: 0 of 1 stations run it" in verb(folder, "show", NEW).output
    assert verb(folder, "stop", NEW).exit_code == 2, "without a reason"
    assert verb(folder, "stop", NEW, "--reason", "a door sticks").exit_code == 0
    assert "stopped: a door sticks" in verb(folder, "list").output
    assert verb(folder, "withdraw", NEW, "--reason", "a door sticks").exit_code == 0
    assert "withdrawn: a door sticks" in verb(folder, "show", NEW).output
    assert verb(folder, "show", "9.9.9").exit_code == 1
    strange = tmp_path / "strange"
    strange.mkdir()
    with closing(CentralStore(tmp_path / "other")) as other:
        founded(tmp_path / "other", other)
    refused = verb(folder, "publish", str(bundle(strange, tmp_path / "other")))
    assert (refused.exit_code, "bad_signature" in refused.output) == (2, True)


def test_a_bundle_that_nobody_is_offered_again_lies_on_the_shelf_for_a_day(tmp_path: Path) -> None:
    folder = tmp_path / "central-data"
    with closing(CentralStore(folder)) as store:
        founded(folder, store)
    for version in ("0.6.0", "0.7.0"):
        assert verb(folder, "publish", str(bundle(tmp_path, folder, version))).exit_code == 0
    assert verb(folder, "withdraw", "0.6.0", "--reason", "a door sticks").exit_code == 0
    (folder / SHELF / "tmp1/parts").mkdir(parents=True)  # of a server that was killed meanwhile
    newest = bundle(tmp_path, folder, "0.8.0")
    assert verb(folder, "publish", str(newest)).exit_code == 0
    assert len(list((folder / SHELF).iterdir())) == 7, "somebody may be publishing it"
    for each in (folder / SHELF).iterdir():
        os.utime(each, (NOW, NOW))
    assert verb(folder, "publish", str(newest)).exit_code == 0
    left = {each.name for each in (folder / SHELF).iterdir()}
    with closing(CentralStore(folder)) as store:
        assert left == {each.id for version in ("0.7.0", "0.8.0") for each in store.bundles(version)}


def offer(server: Running, code: str = CODES[0], **more: Any) -> requests.Response:
    return get(server, f"/v1/stations/{code}/release?platform={PLATFORM}&version=0.5.0", code, **more)


def get(server: Running, path: str, code: str = CODES[0], **headers: str) -> requests.Response:
    return requests.get(
        server.url + path, headers={**bearer(sub=code), CAPABILITIES: "conflict, release", **headers}, timeout=30
    )


def test_a_station_gets_its_release_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path / "central-data", monkeypatch) as server:
        folder = tmp_path / "central-data"
        file = bundle(tmp_path, folder)
        assert verb(folder, "publish", str(file)).exit_code == 0
        assert offer(server).status_code == 204, "no ring is open"
        server.store.set_ring(1, [CODES[0]])
        server.store.open_ring(NEW, 1, time())
        found = msgspec.json.decode(offer(server).content, type=OfferedRelease)
        root = read_private(stick_of(folder) / "root.key")
        release = read_release(found.manifest, public(root))
        assert isinstance(release, Release)
        for nothing in (
            offer(server, CODES[1]),
            offer(server, **{CAPABILITIES: "conflict"}),
            get(server, f"/v1/stations/{CODES[0]}/release?platform={PLATFORM}&version={NEW}"),
            get(server, f"/v1/stations/{CODES[0]}/release?platform=deb99_arm64&version=0.5.0"),
        ):
            assert (nothing.status_code, nothing.content) == (204, b"")
        assert get(server, f"/v1/stations/{CODES[0]}/release?version=x").status_code == 400
        path = f"/v1/stations/{CODES[0]}/releases/{found.bundle}/bundle"
        whole = get(server, path)
        assert hashlib.sha256(whole.content).hexdigest() == found.bundle
        assert len(whole.content) == found.size
        monkeypatch.setattr(pieces, "MOST_PIECE", 10_000)
        data = b""
        while len(data) < found.size:
            piece = get(server, path, Range=f"bytes={len(data)}-99999999", **{"If-Range": whole.headers["ETag"]})
            assert piece.status_code == 206
            assert piece.headers["Content-Range"].startswith(f"bytes {len(data)}-")
            data += piece.content
        assert data == whole.content
        (tmp_path / "part").write_bytes(data)
        with (tmp_path / "part").open("rb") as part:
            assert [each.name for each in members(part, IN_A_BUNDLE)] == ["release", PLATFORM], "of its platform alone"
        beyond = get(server, path, Range=f"bytes={found.size}-{found.size + 9}")
        assert (beyond.status_code, beyond.json()["title"]) == (416, "No such piece")
        assert get(server, path, Range="bytes=0-9", **{"If-Range": '"other"'}).status_code == 200
        other = path.replace(CODES[0], CODES[1])
        assert get(server, other, CODES[1]).status_code == 404, "outside its ring"
        assert get(server, path.replace(found.bundle, "../../central.db")).status_code in {403, 404}
        assert requests.get(server.url + path, timeout=30).status_code == 401
        server.store.stop_release(NEW, "a reason")
        assert get(server, path).status_code == 404


def test_bundles_go_out_no_faster_than_the_line_bears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "RATE", 100)
    bandwidth = Bandwidth()
    sent, now = 0, 0.0
    while now < 60:
        if not bandwidth.take(250, now):
            sent += 250
        now += 0.1
    assert 60 * 100 <= sent <= 60 * 100 + 250
