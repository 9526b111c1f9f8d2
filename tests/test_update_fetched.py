"""What sync has fetched: the update unit believes none of it, and a cut at any point loses no more than what was fetched."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.cli.act.fetched import MOST_TRIES, judged
from kiosk.cli.act.trying import tell
from kiosk.local import boot_id, boot_time
from kiosk.settings.loading import load
from kiosk.trust.release import Release, sign_release
from kiosk.update import versions as module
from kiosk.update.bundle import MOST_FETCHED, BadBundle, write_bundle
from kiosk.update.spool import ABOUT, BUNDLE, OFFER_HOLDS, Coming, Spool
from kiosk.update.versions import Versions
from tests.keys import ROOT, STRANGER
from tests.programs.house import House, until
from tests.test_update import PLATFORM, bundle
from tests.vm import packed
from tests.vm.packed import REFUSED

NEW = "0.90.0"
"""Newer than whatever runs these tests."""


def offered(bundle: str, size: int, *, whole: bool = False, before: float = 0.0, boot: str = "") -> Coming:
    """As sync writes it: the server offered it so many seconds before now."""
    return Coming(bundle, size, NEW, boot_time() - before, boot or boot_id(), whole=whole)


class Unit:
    """A station's folders, as its update unit finds them."""

    def __init__(self, folder: Path) -> None:
        spool = folder / "spool"
        spool.mkdir()
        for name in (ABOUT, BUNDLE):
            (spool / name).touch()
        self.house = House(folder, f'[updates]\nspool_dir = "{spool}"\n')
        self.house.trust()
        self.spool, self.versions = Spool(spool), Versions(folder / "versions")
        self.settings = load(self.house.config)

    def fetched(self, data: bytes) -> None:
        """Somebody says that all of it is there, and good."""
        self.spool.begin(offered(hashlib.sha256(data).hexdigest(), max(1, len(data)), whole=True))
        self.spool.bundle.write_bytes(data)

    def judged(self) -> Release | None:
        return judged(self.settings, self.versions, PLATFORM)

    def refused(self) -> str:
        """Why it is not taken; nothing of it is left, and the station is told once."""
        for _ in range(2):
            with pytest.raises(BadBundle) as bad:
                self.judged()
            assert not [path for path in self.versions.folder.glob("*") if path.is_dir()]
            assert self.versions.current == ""
        told = self.versions.untold
        assert told
        assert told[1:] == ("refused", bad.value.reason)
        self.versions.told()
        with pytest.raises(BadBundle):
            self.judged()
        assert self.versions.untold is None, "the same is told once"
        return bad.value.reason


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("unit"))


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    return Unit(tmp_path)


def test_what_is_good_lies_beside_the_versions(unit: Unit, tmp_path: Path) -> None:
    assert unit.judged() is None, "nothing was fetched"
    unit.fetched(bundle(tmp_path, NEW).read_bytes())
    release = unit.judged()
    assert release
    assert release.version == NEW
    assert (unit.versions.folder / NEW / "kiosk").is_dir()
    assert unit.versions.untold is None


def test_what_is_not_whole_or_not_newer_is_no_update(unit: Unit, tmp_path: Path) -> None:
    unit.fetched(bundle(tmp_path, "0.1.0").read_bytes())
    assert unit.judged() is None
    data = bundle(tmp_path, NEW).read_bytes()
    unit.spool.begin(offered(hashlib.sha256(data).hexdigest(), len(data)))
    unit.spool.add(data)
    assert unit.judged() is None
    assert unit.versions.untold is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": STRANGER}, "bad_signature"),
        ({"ring": "early"}, "other_ring"),
        ({"packages": {"deb99_arm64": bytes(32)}}, "other_platform"),
        ({"packages": {PLATFORM: bytes(32)}}, "damaged"),
    ],
)
def test_what_was_fetched_is_judged_as_any_bundle(
    changes: dict[str, Any], reason: str, unit: Unit, tmp_path: Path
) -> None:
    unit.fetched(bundle(tmp_path, NEW, **changes).read_bytes())
    assert unit.refused() == reason


@pytest.mark.parametrize(("kind", "reason"), REFUSED.items())
def test_what_the_virtual_machines_station_is_offered_at_night_is_refused_for_the_reason_that_is_told(
    kind: str, reason: str, unit: Unit, tmp_path: Path
) -> None:
    packed.rubbish(tmp_path / "made", ROOT, PLATFORM)
    unit.fetched((tmp_path / "made" / f"{kind}.update").read_bytes())
    assert unit.refused() == reason
    unit.fetched((tmp_path / "made" / "older.update").read_bytes())
    assert unit.judged() is None


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", bytes(100_000), b"\xff" * 5000])
def test_rubbish_is_refused_in_words_and_leaves_nothing(rubbish: bytes, unit: Unit) -> None:
    unit.fetched(rubbish)
    assert unit.refused() == "damaged"


def test_a_sync_that_was_taken_over_can_fill_no_more_than_two_files() -> None:
    sync = (Path(module.__file__).parents[2] / "systemd" / "kiosk-sync.service").read_text()
    assert f"\nLimitFSIZE={MOST_FETCHED >> 20}M\n" in sync
    assert "\nReadWritePaths=-/var/lib/yizhan-kiosk/fetched -/var/lib/yizhan-kiosk/fetched.about\n" in sync


@settings(max_examples=60)
@given(about=st.binary(max_size=200), data=st.binary(max_size=2000))
def test_whatever_stands_in_the_two_files_nothing_of_it_is_taken(about: bytes, data: bytes, common: Unit) -> None:
    common.spool.bundle.with_name(ABOUT).write_bytes(about)
    common.spool.bundle.write_bytes(data)
    assert common.judged() is None
    common.fetched(data)
    with pytest.raises(BadBundle):
        common.judged()


def test_a_release_that_went_back_twice_is_not_tried_again_by_itself(unit: Unit, tmp_path: Path) -> None:
    unit.fetched(bundle(tmp_path, NEW).read_bytes())
    for _ in range(MOST_TRIES):
        assert unit.judged()
        unit.versions.try_out(NEW)
        assert unit.versions.roll_back("away: scanner")
        assert unit.versions.untold == (NEW, "went_back", "away: scanner")
    assert unit.judged() is None
    unit.fetched(bundle(tmp_path, "0.91.0").read_bytes())
    assert unit.judged(), "the next one is"


def test_a_release_that_cannot_be_used_is_not_unpacked_all_night(unit: Unit, tmp_path: Path) -> None:
    """Its settings check fails after it lies beside the versions, or the power goes on the way: that is counted before."""
    unit.fetched(bundle(tmp_path, NEW).read_bytes())
    for _ in range(MOST_TRIES):
        assert unit.judged()
        unit.versions.note(NEW, "refused", "it cannot use the settings")
    assert unit.judged() is None


def test_what_cannot_be_unpacked_rests_and_what_is_not_its_fault_does_not(unit: Unit, tmp_path: Path) -> None:
    deb = tmp_path / "no.deb"
    deb.write_bytes(b"no package")
    release = Release(NEW, 1_795_392_000, "all", {PLATFORM: hashlib.sha256(deb.read_bytes()).digest()})
    out = tmp_path / "no.update"
    write_bundle(out, sign_release(release, ROOT), {PLATFORM: deb})
    unit.fetched(out.read_bytes())
    for _ in range(MOST_TRIES):
        with pytest.raises(BadBundle):
            unit.judged()
    assert unit.judged() is None
    unit.fetched(bundle(tmp_path, "0.91.0", packages={PLATFORM: bytes(32)}).read_bytes())
    for _ in range(MOST_TRIES + 1):
        with pytest.raises(BadBundle):
            unit.judged()
    (good := tmp_path / "good").mkdir()
    unit.fetched(bundle(good, "0.91.0").read_bytes())
    assert unit.judged(), "the server sent rubbish under its name, and now the right thing"


@pytest.mark.parametrize("last", [{"before": OFFER_HOLDS + 1}, {"before": -60.0}, {"boot": "of another boot"}])
def test_what_the_server_has_not_offered_just_now_is_not_installed(
    last: dict[str, Any], unit: Unit, tmp_path: Path
) -> None:
    """Or what was withdrawn in the day would be installed in the night, before sync has asked."""
    data = bundle(tmp_path, NEW).read_bytes()
    unit.fetched(data)
    coming = offered(hashlib.sha256(data).hexdigest(), len(data), whole=True, **last)
    unit.spool.say(coming)
    assert unit.judged() is None
    assert unit.versions.untold is None
    unit.spool.say(offered(coming.bundle, coming.size, whole=True))
    assert unit.judged()


def test_the_station_is_told_even_after_the_way_back_of_a_boot(unit: Unit, tmp_path: Path) -> None:
    unit.fetched(bundle(tmp_path, NEW).read_bytes())
    assert unit.judged()
    unit.versions.try_out(NEW)
    boot = [sys.executable, "-I", module.__file__, str(unit.versions.folder)]
    assert subprocess.run(boot, capture_output=True, check=False).returncode == 3
    tell(unit.settings, unit.versions)
    assert unit.versions.untold == (NEW, "went_back", ""), "nobody answers, so it stays to be told"
    with unit.house.station():
        tell(unit.settings, unit.versions)
        until(lambda: "updated" in unit.house.kinds())
    (entry,) = [each for each in unit.house.entries() if each["kind"] == "updated"]
    assert (entry["version"], entry["outcome"]) == (NEW, "went_back")
    assert unit.versions.untold is None


STEPS = """\
import sys, hashlib
from pathlib import Path
from kiosk.local import boot_id, boot_time
from kiosk.update.spool import Coming, Spool
spool, data = Spool(Path(sys.argv[1])), Path(sys.argv[2]).read_bytes()
coming = Coming(hashlib.sha256(data).hexdigest(), len(data), "0.90.0", boot_time(), boot_id())
before = spool.coming()
if before is None or before.vain or before.bundle != coming.bundle:
    spool.begin(coming)
while spool.held < len(data):
    spool.add(data[spool.held : spool.held + len(data) // 3 + 1])
print("whole" if spool.end(coming) else "not", flush=True)
"""


@pytest.mark.parametrize("call", ["fsync", "write", "ftruncate"])
def test_fetching_is_cut_at_any_point_and_goes_on(call: str, unit: Unit, tmp_path: Path) -> None:
    """SIGKILL at the k-th call, for each k until it gets through; what is called whole is so, and the next goes on."""
    if shutil.which("strace") is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    file = bundle(tmp_path, NEW)
    point, told = 1, ""
    while "whole" not in told:
        words = ["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}"]
        work = [sys.executable, "-c", STEPS, str(unit.spool.bundle.parent), str(file)]
        told = subprocess.run([*words, *work], capture_output=True, text=True, check=False).stdout
        coming = unit.spool.coming()
        assert coming is None or not coming.whole or unit.spool.is_whole(coming)
        assert (unit.judged() is None) or (coming and coming.whole)
        point += 1
    assert point > 2, "it was cut at least once"
    done = subprocess.run(work, capture_output=True, text=True, check=True).stdout
    assert done == "whole\n"


TRIED = """\
import sys
from pathlib import Path
from kiosk.cli.act.fetched import judged
from kiosk.settings.loading import load
from kiosk.update.versions import Versions
versions = Versions(Path(sys.argv[2]))
release = judged(load(Path(sys.argv[1])), versions, sys.argv[3])
versions.try_out(release.version)
print("on trial", flush=True)
versions.confirm()
print("confirmed", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", ["rename", "unlink", "symlink", "fsync"])
def test_a_cut_in_any_phase_of_a_fetched_update_leaves_a_whole_version_and_its_outcome(
    call: str, tmp_path: Path
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    data, point, told = bundle(tmp_path, NEW).read_bytes(), 1, ""
    while "confirmed" not in told:
        (folder := tmp_path / f"{point}").mkdir()
        unit = Unit(folder)
        unit.fetched(data)
        kill = ["strace", "-f", "-o", "/dev/null", "-e", f"trace=/^{call}(at2?)?$"]
        kill += ["-e", f"inject=/^{call}(at2?)?$:signal=KILL:when={point}"]
        work = [sys.executable, "-c", TRIED, str(unit.house.config), str(unit.versions.folder), PLATFORM]
        told = subprocess.run([*kill, *work], capture_output=True, text=True, check=False).stdout
        boot = [sys.executable, "-I", module.__file__, str(unit.versions.folder)]
        subprocess.run(boot, capture_output=True, check=False)
        assert not unit.versions.on_trial, "decided by the boot"
        runs, untold = unit.versions.current, unit.versions.untold
        assert runs in {"", NEW}
        if untold:
            assert untold == (NEW, "kept" if runs == NEW else "went_back", "")
        if "confirmed" in told:
            assert (runs, untold) == (NEW, (NEW, "kept", ""))
        point += 1
    assert point > 2, "it was cut at least once"


def test_the_verb_says_what_it_needs(unit: Unit) -> None:
    for words in (("update",), ("update", "x", "--fetched")):
        done = unit.house.kiosk(*words)
        assert (done.returncode, "SOURCE or --fetched" in done.stderr) == (2, True)


def test_a_size_beyond_what_may_be_fetched_is_none(unit: Unit) -> None:
    (unit.spool.bundle.with_name(ABOUT)).write_bytes(
        msgspec.json.encode({"bundle": "0" * 64, "size": MOST_FETCHED + 1, "whole": True})
    )
    assert unit.spool.coming() is None
    assert unit.judged() is None


def test_the_unit_that_looks_has_no_network_and_no_more_than_half_of_a_processor() -> None:
    folder = Path(module.__file__).parents[2] / "systemd"
    unit = (folder / "kiosk-update-fetched.service").read_text()
    for line in ("CPUQuota=50%", "PrivateNetwork=yes", "CapabilityBoundingSet=", "ProtectSystem=strict"):
        assert f"\n{line}\n" in unit
    assert "\nOnCalendar=*:0/15\n" in (folder / "kiosk-update-fetched.timer").read_text()
    recipe = (folder.parent / "tools/package/nfpm.yaml").read_text()
    assert "timers.target.wants/kiosk-update-fetched.timer" in recipe
