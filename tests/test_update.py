"""Updates: what is taken, what starts, and that a cut at any step leaves a whole version and the way back."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import msgspec
import pytest

from kiosk.central.keys.root import Begun, Root, SignedRelease, make_root
from kiosk.cli.act.update import _take
from kiosk.keyfiles import ROOT_KEY, heal
from kiosk.settings.loading import load
from kiosk.trust.documents import Refusal
from kiosk.trust.release import Release, order, read_release, sign_release
from kiosk.update import versions as module
from kiosk.update.bundle import BadBundle, take, write_bundle
from kiosk.update.health import trouble
from kiosk.update.versions import HOME, PACKAGE, Versions
from kiosk.wire.views import DoorView, TrustView, View
from tests.keys import DOCUMENT, NOW, ROOT, STRANGER, public
from tests.programs.house import House
from tools.deb import LAUNCHER

PLATFORM = "deb12_arm64"


def package(folder: Path, version: str, *, compiled: bool = False) -> Path:
    """A Debian package of nothing but a version."""
    root = folder / f"package-{version}"
    code = root / "usr/lib/yizhan-kiosk/kiosk"
    (root / "DEBIAN").mkdir(parents=True)
    code.mkdir(parents=True)
    (code / "__init__.py").touch()
    (code / "__main__.py").write_text("from kiosk.cli.main import run\n")
    (code / "cli").mkdir()
    (code / "cli" / "main.py").write_text(f"def run(): print('{version}')\n")
    if compiled:
        (code / "__pycache__").mkdir()
        (code / "__pycache__" / "builders.pyc").touch()
    told = f"Package: yizhan-kiosk\nVersion: {version}+deb12\nArchitecture: arm64\nMaintainer: t\nDescription: t\n"
    (root / "DEBIAN" / "control").write_text(told)
    out = folder / f"{version}.deb"
    subprocess.run(["dpkg-deb", "-b", root, out], check=True, capture_output=True)
    return out


def bundle(
    folder: Path, version: str = "0.2.0", key: object = ROOT, *, compiled: bool = False, **changes: object
) -> Path:
    deb = package(folder, version, compiled=compiled)
    release = Release(version, NOW, "all", {PLATFORM: hashlib.sha256(deb.read_bytes()).digest()})
    out = folder / f"{version}.update"
    signed = sign_release(msgspec.structs.replace(release, **changes), key)  # type: ignore[arg-type]
    write_bundle(out, signed, {PLATFORM: deb})
    return out


def taken(folder: Path, file: Path, newest: str = "0.1.0", ring: str = "all") -> Versions:
    kept = Versions(folder / "versions")
    take(file, public(ROOT), ring, PLATFORM, newest, kept)  # type: ignore[arg-type]
    return kept


def launched(versions: Versions, home: Path) -> str:
    """What the package's launcher starts."""
    text = LAUNCHER.replace(str(module.FOLDER), str(versions.folder)).replace(str(HOME), str(home))
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The package's own version, 0.1.0."""
    root = tmp_path / "home"
    subprocess.run(["dpkg-deb", "-x", package(tmp_path, "0.1.0"), root], check=True)
    return root / "usr/lib/yizhan-kiosk"


def test_an_update_is_put_beside_tried_and_kept(tmp_path: Path, home: Path) -> None:
    versions = taken(tmp_path, bundle(tmp_path))
    assert launched(versions, home) == "0.1.0", "put beside, and nothing else"
    versions.try_out("0.2.0")
    assert (launched(versions, home), versions.current, versions.on_trial) == ("0.2.0", "0.2.0", True)
    versions.confirm()
    assert (launched(versions, home), versions.floor, versions.on_trial) == ("0.2.0", "0.2.0", False)
    assert not versions.roll_back(), "what has proved itself stays"
    taken(tmp_path, bundle(tmp_path, "0.10.0"), newest="0.2.0").try_out("0.10.0")
    assert launched(versions, home) == "0.10.0"
    assert versions.roll_back()
    assert launched(versions, home) == "0.2.0"


def test_an_update_that_its_builder_could_not_compile_is_compiled_here_and_starts_as_fast_as_another(
    tmp_path: Path,
) -> None:
    """The programs may write nothing beside it: each start would compile all of it, while the door is away."""
    folder = taken(tmp_path, bundle(tmp_path)).folder / "0.2.0" / "kiosk"
    modules = [folder / "__init__.py", folder / "__main__.py", folder / "cli" / "main.py"]
    compiled = [next((each.parent / "__pycache__").glob(f"{each.stem}.*.pyc")) for each in modules]
    assert str(modules[2]).encode() in compiled[2].read_bytes(), "a traceback finds its lines"
    assert all(each.read_bytes()[4:8] == b"\1\0\0\0" for each in compiled), "whatever time the files have (PEP 552)"


def test_what_its_builder_has_compiled_is_not_compiled_again(tmp_path: Path) -> None:
    file = bundle(tmp_path, compiled=True)
    assert [each.name for each in (taken(tmp_path, file).folder / "0.2.0").rglob("*.pyc")] == ["builders.pyc"]


def test_a_trial_is_decided_once_however_two_meet_at_it(tmp_path: Path) -> None:
    """The timer of the way back fires in the very moment in which the update is found to be good."""
    late = Versions(tmp_path / "versions")
    kept = list[bool]()

    class Meeting(Versions):
        def note(self, version: str, outcome: str, detail: str = "") -> None:
            """In the middle of the way back."""
            super().note(version, outcome, detail)
            thread.start()
            thread.join(0.2)

    thread = threading.Thread(target=lambda: kept.append(late.confirm()))
    taken(tmp_path, bundle(tmp_path)).try_out("0.2.0")
    assert Meeting(late.folder).roll_back("a timer")
    thread.join(30)
    assert (kept, late.current, late.floor, late.on_trial) == ([False], "", "", False)
    assert late.untold == ("0.2.0", "went_back", "a timer")


def test_only_what_is_needed_is_kept(tmp_path: Path, home: Path) -> None:
    for version in ("0.2.0", "0.3.0", "0.4.0"):
        versions = taken(tmp_path, bundle(tmp_path, version))
        versions.try_out(version)
        versions.confirm()
    assert sorted(path.name for path in versions.folder.iterdir() if path.is_dir() and not path.is_symlink()) == [
        "0.3.0",
        "0.4.0",
    ]
    assert launched(versions, home) == "0.4.0"


@pytest.mark.parametrize(
    ("changes", "newest", "reason"),
    [
        ({"key": STRANGER}, "0.1.0", Refusal.BAD_SIGNATURE),
        ({"key": DOCUMENT}, "0.1.0", Refusal.BAD_SIGNATURE),
        ({}, "0.2.0", "not_newer"),
        ({}, "0.10.0", "not_newer"),
        ({"ring": "early"}, "0.1.0", "other_ring"),
        ({"packages": {"deb13_arm64": bytes(32)}}, "0.1.0", "other_platform"),
        ({"packages": {PLATFORM: bytes(32)}}, "0.1.0", "damaged"),
    ],
)
def test_what_is_not_taken(changes: dict[str, object], newest: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadBundle) as bad:
        taken(tmp_path, bundle(tmp_path, **changes), newest)  # type: ignore[arg-type]
    assert bad.value.reason == reason
    assert Versions(tmp_path / "versions").current == PACKAGE
    assert not list((tmp_path / "versions").glob("0.*"))


def test_the_ring_early_takes_both(tmp_path: Path) -> None:
    assert (taken(tmp_path, bundle(tmp_path, ring="early"), ring="early").folder / "0.2.0" / "kiosk").is_dir()


def test_a_bundle_with_any_byte_of_its_release_changed_is_not_taken(tmp_path: Path) -> None:
    file = bundle(tmp_path)
    whole = file.read_bytes()
    with tarfile.open(file) as tar:
        member = tar.getmember("release")
    for place in range(member.offset_data, member.offset_data + member.size):
        changed = tmp_path / "changed"
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BadBundle):
            taken(tmp_path, changed)


@pytest.mark.parametrize("data", [b"", b"rubbish", bytes(10240)])
def test_rubbish_is_no_bundle(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "rubbish").write_bytes(data)
    with pytest.raises(BadBundle, match=r"."):
        taken(tmp_path, tmp_path / "rubbish")


def test_two_updates_at_once_are_kept_apart_and_a_dead_one_holds_nobody_up(tmp_path: Path) -> None:
    hold = "import sys; from pathlib import Path; from kiosk.update.versions import Versions\n"
    hold += "with Versions(Path(sys.argv[1])).alone() as alone: print(alone, flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", hold, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"True\n"
    with Versions(tmp_path).alone() as alone:
        assert not alone
    other.kill()
    other.communicate()
    with Versions(tmp_path).alone() as alone:
        assert alone


def test_a_release_is_no_document_and_a_document_no_release() -> None:
    from kiosk.trust.documents import read_document
    from tests.keys import KEYSET, keyset_document

    release = sign_release(Release("1.0.0", NOW, "all", {}), ROOT)
    assert read_document(release, public(ROOT), KEYSET) is Refusal.MALFORMED
    assert read_release(keyset_document(), public(ROOT)) is Refusal.MALFORMED


def test_versions_are_ordered_as_numbers() -> None:
    assert sorted(["0.10.0", "0.9.1", "0.9.10", "1.0.0"], key=order) == ["0.9.1", "0.9.10", "0.10.0", "1.0.0"]


STEPS = """\
import sys
from pathlib import Path
from kiosk.update.versions import Versions
versions = Versions(Path(sys.argv[1]))
versions.put(versions.folder / "incoming" / "root", "0.3.0")
versions.try_out("0.3.0")
print("on trial", flush=True)
versions.confirm()
print("confirmed", flush=True)
"""


@pytest.mark.parametrize("call", ["rename", "unlink", "symlink", "fsync"])
def test_a_cut_at_any_step_leaves_a_whole_version_and_the_way_back(call: str, tmp_path: Path, home: Path) -> None:
    """SIGKILL at the k-th call of each kind, for each k until it gets through; then what every boot does."""
    if shutil.which("strace") is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    point, told = 1, ""
    while "confirmed" not in told:
        folder = tmp_path / str(point)
        folder.mkdir()
        versions = taken(folder, bundle(folder))
        versions.try_out("0.2.0")
        versions.confirm()
        shutil.copytree(home, versions.incoming() / "root")
        main = versions.folder / "incoming/root/kiosk/cli/main.py"
        main.write_text("def run(): print('0.3.0')\n")
        calls = f"/^{call}(at2?)?$"
        words = ["strace", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={point}"]
        work = [sys.executable, "-c", STEPS, str(versions.folder)]
        told = subprocess.run([*words, *work], capture_output=True, text=True, check=False).stdout
        subprocess.run([sys.executable, "-I", module.__file__, str(versions.folder)], capture_output=True, check=False)
        started = launched(versions, home)
        assert started == versions.current
        assert not versions.on_trial, "decided by the boot"
        assert not (versions.folder / "incoming").exists()
        if "confirmed" in told:
            assert (started, versions.floor) == ("0.3.0", "0.3.0")
        else:
            assert started in {"0.2.0", "0.3.0"}
            assert started == "0.3.0" or versions.floor == "0.2.0", (
                "what runs not must not keep itself from being taken again"
            )
        point += 1
    assert point > 2, "it was cut at least once"


def view(version: str = "0.2.0", **changes: object) -> View:
    seen = View(
        "37081101", version, "e", "b", 0.0, "synced", {}, TrustView(None, "fresh", 0.0),
        {"main": DoorView("controlled", "locked", "closed", "none")}, {}, {}, {"scanner": True, "sync": False}, {},
    )  # fmt: skip
    return msgspec.structs.replace(seen, **changes)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (view(), ""),
        (None, "does not answer"),
        (view("0.1.0"), "version 0.1.0 answers"),
        (view(programs={"scanner": False, "sync": True}), "away: scanner"),
        (view(faults={"logbook": "disk full"}), "logbook: disk full"),
        (view(faults={"central": "not reachable"}), ""),
        (view(doors={}), "doors that are gone: main"),
    ],
)
def test_a_version_is_good_when_nothing_is_worse_than_before(now: View | None, told: str) -> None:
    found = trouble(view("0.1.0"), now, "0.2.0")
    assert told in found
    assert bool(found) == bool(told)


def test_a_station_that_was_dead_before_need_only_answer() -> None:
    assert trouble(None, view(faults={"logbook": "disk full"}), "0.2.0") == ""


def test_a_bundle_is_taken_with_the_root_key_that_signed_it(tmp_path: Path) -> None:
    house, folder, out = House(tmp_path / "house"), tmp_path / "root", tmp_path / "0.2.0.update"
    key = make_root(folder, 1_795_392_000)
    where = ("--out", str(out), "--root", str(folder), "--json")
    made = house.kiosk("root", "release", str(package(tmp_path, "0.2.0")), "--ring", "all", *where)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["platforms"] == [PLATFORM]
    assert [type(each) for each in Root(folder).log] == [Begun, SignedRelease]
    assert take(out, key.public, "all", PLATFORM, "0.1.0", Versions(tmp_path / "versions")).version == "0.2.0"
    other = package(tmp_path, "0.3.0")
    mixed = house.kiosk("root", "release", str(tmp_path / "0.2.0.deb"), str(other), *where)
    assert (mixed.returncode, mixed.stderr) == (2, "more than one version: 0.2.0, 0.3.0\n")
    none = house.kiosk("root", "release", str(house.config), *where)
    assert none.returncode == 2
    assert "Traceback" not in none.stderr


def test_an_update_that_cannot_be_is_told_plainly(tmp_path: Path) -> None:
    done = House(tmp_path).kiosk("update", str(tmp_path / "none.update"))
    assert done.returncode in {1, 2}
    assert "Next: " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_update_takes_the_root_key_from_its_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = House(tmp_path)
    house.trust()
    heal(house.data, ROOT_KEY)
    (house.data / ROOT_KEY).write_bytes(b"")
    with pytest.raises(SystemExit):
        _take(load(house.config), str(tmp_path / "nowhere"), Versions(tmp_path / "versions"))
    assert "nowhere cannot be read" in capsys.readouterr().err
