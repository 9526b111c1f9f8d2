"""The Debian package: nothing is left out of it, every library is locked, and it installs, upgrades and goes in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "tools" / "package"
RECIPE = (PACKAGE / "nfpm.yaml").read_text()
LOCK = (PACKAGE / "requirements.lock").read_text()


def sources() -> Iterator[str]:
    yield from re.findall(r'src: "?([^",]+)"?,', RECIPE)


def test_what_the_package_takes_is_there() -> None:
    for source in sources():
        assert source.startswith("build/deb/") or list(ROOT.glob(source)), source
    for script in re.findall(r"tools/package/\w+", RECIPE):
        subprocess.run(["sh", "-n", str(ROOT / script)], check=True)


@pytest.mark.parametrize("path", sorted((ROOT / "systemd").iterdir()), ids=lambda path: path.name)
def test_nothing_of_systemds_is_left_out(path: Path) -> None:
    assert any(path in ROOT.glob(source) for source in sources() if not source.startswith("build/"))


def test_every_library_is_locked_and_every_lock_has_its_hash() -> None:
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for wanted in [*project["dependencies"], *project["optional-dependencies"]["central"]]:
        name = re.split(r"[<>=]", wanted)[0].lower()
        assert name in locked, f"{name} is not locked; type: make lock"
    blocks = re.split(r"^(?=[a-z0-9-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh Debian with the package's file in it."""
    for tool in ("mmdebstrap", "dpkg-deb"):
        if os.geteuid() or not shutil.which(tool):
            pytest.skip(f"ROOT OR {tool} IS ABSENT: as root, apt-get install mmdebstrap")
    subprocess.run(["make", "deb"], cwd=ROOT, check=True)
    (deb,) = (ROOT / "dist").glob("*.deb")
    release = {"py311": "bookworm", "py313": "trixie"}[deb.stem.rpartition("_")[2]]
    folder = tmp_path_factory.mktemp("debian") / "root"
    words = ["mmdebstrap", "--variant=minbase", "--include=python3,libzbar0,systemd", release, str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    shutil.copy(deb, folder / "tmp" / "kiosk.deb")
    subprocess.run(["mount", "-t", "proc", "proc", str(folder / "proc")], check=True)
    yield folder
    subprocess.run(["umount", str(folder / "proc")], check=True)


def inside(root: Path, command: str) -> str:
    done = subprocess.run(["chroot", str(root), "sh", "-c", command], capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}exit code {done.returncode}"


@pytest.mark.deb
@pytest.mark.timeout(900)
def test_it_installs_upgrades_and_goes_and_takes_nothing_with_it_but_at_a_purge(root: Path) -> None:
    assert inside(root, "dpkg -i /tmp/kiosk.deb").endswith("exit code 0")
    assert "station 37081101" in inside(root, "kiosk config check")
    assert "(kiosk)" in inside(root, "id kiosk-scanner; id kiosk-sync")
    assert "exit code 1" in inside(root, "kiosk doctor"), "it runs, and finds that this is no station"
    bill = json.loads((root / "usr/share/doc/yizhan-kiosk/sbom.cdx.json").read_text())
    assert (bill["bomFormat"], len(bill["components"])) == (
        "CycloneDX",
        len(re.findall(r"^[a-z0-9-]+==", LOCK, re.MULTILINE)),
    )
    inside(root, "echo '# mine' >> /etc/kiosk/station.toml; echo kept > /var/lib/kiosk/kept")
    assert inside(root, "dpkg -i --force-confold /tmp/kiosk.deb").endswith("exit code 0")
    assert "# mine" in inside(root, "tail -1 /etc/kiosk/station.toml")
    assert inside(root, "dpkg -r yizhan-kiosk").endswith("exit code 0")
    assert "kept" in inside(root, "cat /var/lib/kiosk/kept")
    assert not (root / "usr" / "lib" / "yizhan-kiosk").exists()
    assert inside(root, "dpkg -P yizhan-kiosk").endswith("exit code 0")
    assert not (root / "var" / "lib" / "kiosk").exists()
