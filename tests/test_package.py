"""The Debian packages: nothing is left out, every library is locked, and each installs, upgrades and goes in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk import __version__
from tests.conftest import ROOT
from tests.films import KINDS
from tools.deb import ONLY_AT_STATIONS, PACKAGES, RELEASES, build, central_needs, documents, install_wheels

NAMES = list(PACKAGES)
UNITS = sorted(path for path in (ROOT / "systemd").rglob("*") if path.is_file())


def recipe(name: str) -> str:
    return (PACKAGES[name].folder / "nfpm.yaml").read_text()


def sources(name: str) -> list[str]:
    return re.findall(r'src: "?([^",]+)"?,', recipe(name))


def locked(name: str) -> dict[str, str]:
    """What its lock says of each library."""
    lock = (PACKAGES[name].folder / "requirements.lock").read_text()
    return {block.partition("==")[0]: block for block in re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_package_takes_is_there(name: str) -> None:
    for source in sources(name):
        assert source.startswith(("${STAGE}/", "../")) or list(ROOT.glob(source)), source
    for script in re.findall(r"tools/package/\S+", recipe(name)):
        subprocess.run(["sh", "-n", str(ROOT / script)], check=True)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_everything_of_systemds_is_in_one_package(path: Path) -> None:
    globs = [source for name in NAMES for source in {*sources(name)} if not source.startswith("${STAGE}")]
    assert sum(path in ROOT.glob(source) for source in globs) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_library_is_locked_and_every_lock_has_its_hash(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for wanted in project if name == "yizhan-kiosk" else central_needs():
        library = re.split(r"[\[<>=]", wanted)[0].lower()
        assert library in locked(name), f"{library} is not locked; type: make lock"
    assert all("--hash=sha256:" in block for block in locked(name).values())


def test_a_station_has_nothing_that_only_the_centre_needs_and_the_centre_nothing_of_a_door() -> None:
    station, central = set(locked("yizhan-kiosk")), set(locked("yizhan-central"))
    assert not {name for name in station if "psycopg" in name}
    assert station >= ONLY_AT_STATIONS
    assert not ONLY_AT_STATIONS & central


def test_every_link_of_a_shipped_page_leads_to_what_is_shipped(tmp_path: Path) -> None:
    documents(tmp_path / "doc")
    pages = [*(tmp_path / "doc").rglob("*.md")]
    assert len(pages) > 20
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def needs(*tools: str) -> None:
    for tool in tools:
        if os.geteuid() or not shutil.which(tool):
            pytest.skip(f"ROOT OR {tool} IS ABSENT: as root, apt-get install mmdebstrap qemu-user-static")


@pytest.fixture(scope="module", params=RELEASES)
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh Debian with the package's file in it, and the same as the next version."""
    folder = tmp_path_factory.mktemp("debian") / "root"
    yield from fresh(lambda: build(request.param, "amd64"), request.param, folder)


def fresh(built: Callable[[], Path], release: str, folder: Path) -> Iterator[Path]:
    needs("mmdebstrap", "dpkg-deb")
    deb = built()
    words = ["mmdebstrap", "--variant=minbase", "--include=python3,systemd", release, str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    shutil.copy(deb, folder / "tmp" / "kiosk.deb")
    subprocess.run(["dpkg-deb", "-R", deb, folder / "tmp" / "next"], check=True)
    control = folder / "tmp" / "next" / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("Version: ", "Version: 9."))
    subprocess.run(["dpkg-deb", "-Znone", "-b", folder / "tmp" / "next", folder / "tmp" / "next.deb"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", str(folder / "proc")], check=True)
    yield folder
    subprocess.run(["umount", str(folder / "proc")], check=True)


def inside(root: Path, command: str) -> str:
    done = subprocess.run(["chroot", str(root), "sh", "-c", command], capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}exit code {done.returncode}"


BASES = ("nothing", "systemd", "systemd python3")
"""What is there beside dpkg and apt. A Debian that boots has systemd; the last is the one of which 101 packages were told."""

OURS = "./tmp/kiosk.deb"


def brought(root: Path, *packages: str) -> tuple[int, float]:
    """How many packages apt would bring beside those that are named, and MB on the disk, as it reckons.

    It asks, and is refused, unless it brings nothing more: then it installs them, so that is asked last.
    """
    told = inside(root, f"apt-get install --assume-no {' '.join(packages)}")
    new = re.search(r"(\d+) newly installed", told)
    size = re.search(r"([\d.,]+) ([kM])B of additional disk space", told)
    assert new, told
    assert size, told
    return int(new[1]) - len(packages), float(size[1].replace(",", "")) / {"k": 1000, "M": 1}[size[2]]


@pytest.mark.deb
@pytest.mark.timeout(900)
@pytest.mark.parametrize("release", RELEASES)
def test_apt_brings_little_with_it(release: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the same with Debian's libzbar0, which it once depended on."""
    needs("mmdebstrap", "dpkg-deb")
    root, found = tmp_path / "root", []
    words = ["mmdebstrap", "--variant=minbase", "--skip=cleanup/apt/lists", release, str(root)]
    subprocess.run(words, check=True, capture_output=True)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    shutil.copy(build(release, "amd64"), root / "tmp" / "kiosk.deb")
    for base in BASES:
        if base != "nothing":
            told = inside(root, f"DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {base}")
            assert told.endswith("exit code 0"), told
        (more, larger), (packages, size) = brought(root, OURS, "libzbar0"), brought(root, OURS)
        found.append((packages, larger - size))
        with capsys.disabled():
            line = f"{release}, on {base}: {packages} packages beside ours, {size:.0f} MB"
            sys.stdout.write(f"\n{line}; with libzbar0 {more + 1}, {larger:.0f} MB")
    assert found[-1][0] == 0
    assert all(packages < 50 and saved > 60 for packages, saved in found)


@pytest.mark.deb
@pytest.mark.timeout(900)
def test_it_installs_upgrades_downgrades_and_goes_and_takes_nothing_with_it_but_at_a_purge(root: Path) -> None:
    told = inside(root, "dpkg -i /tmp/kiosk.deb")
    assert told.endswith("exit code 0")
    assert "next: sudo kiosk setup" in told
    assert "station 37081101" in inside(root, "kiosk config check")
    assert "(kiosk)" in inside(root, "id kiosk-scanner; id kiosk-sync")
    assert "exit code 1" in inside(root, "kiosk doctor"), "it runs, and finds that this is no station"
    assert list((root / "usr/lib/yizhan-kiosk/kiosk/__pycache__").iterdir()), "compiled, then or now"
    bill = json.loads((root / "usr/share/doc/yizhan-kiosk/sbom.cdx.json").read_text())
    names = {component["name"] for component in bill["components"]}
    assert (bill["bomFormat"], {"opencv-python-headless", "numpy", "cryptography", "zbar"} - names) == (
        "CycloneDX",
        set(),
    )
    assert "zbar b'PASS' /usr/lib/yizhan-kiosk/libzbar.so.0" in inside(root, f"python3 -I -c '{READS}'")
    assert (root / "usr/share/doc/yizhan-kiosk/docs/technician.md").exists()
    first_boot(root)
    inside(root, "echo '# mine' >> /etc/kiosk/station.toml; echo kept > /var/lib/kiosk/kept")
    for file, version in (("next", "9.0.1.0"), ("kiosk", __version__)):
        told = inside(root, f"dpkg -i --force-confold /tmp/{file}.deb")
        assert told.endswith("exit code 0")
        assert "next:" not in told, "that is for the first time"
        assert version in inside(root, "dpkg-query -W yizhan-kiosk")
        assert "# mine" in inside(root, "tail -1 /etc/kiosk/station.toml; cat /var/lib/kiosk/kept")
        assert "station 37081199" in inside(root, "kiosk config check")
    assert inside(root, "dpkg -r yizhan-kiosk").endswith("exit code 0")
    assert "kept" in inside(root, "cat /var/lib/kiosk/kept")
    assert not (root / "usr" / "lib" / "yizhan-kiosk").exists()
    assert inside(root, "dpkg -P yizhan-kiosk").endswith("exit code 0")
    assert not (root / "var" / "lib" / "kiosk").exists()


@pytest.fixture(params=RELEASES)
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A fresh Debian with the central server's package in it, and the same as the next version."""
    yield from fresh(lambda: build(request.param, "amd64", "yizhan-central"), request.param, tmp_path / "root")


@pytest.mark.deb
@pytest.mark.timeout(900)
def test_the_central_server_installs_upgrades_and_goes_and_a_purge_leaves_its_database(centre: Path) -> None:
    told = inside(centre, "dpkg -i /tmp/kiosk.deb")
    assert told.endswith("exit code 0"), told
    assert "next: sudo -u kiosk-central kiosk central init" in told
    assert "640 root kiosk-central" in inside(centre, "stat -c '%a %U %G' /etc/kiosk-central/central.toml")
    assert "700 kiosk-central" in inside(centre, "stat -c '%a %U' /var/lib/kiosk-central")
    assert "keys.request: a request" in inside(centre, AS_CENTRAL.format("init"))
    assert "No keyset is installed yet" in inside(centre, AS_CENTRAL.format("serve")), "nothing is made in silence"
    assert "psycopg" in inside(centre, "ls /usr/lib/yizhan-central")
    inside(centre, "echo '# mine' >> /etc/kiosk-central/central.toml")
    told = inside(centre, "dpkg -i --force-confold /tmp/next.deb")
    assert told.endswith("exit code 0"), told
    assert "next:" not in told, "that is for the first time"
    assert "# mine" in inside(centre, "tail -1 /var/lib/kiosk-central/central.toml")
    assert inside(centre, "dpkg -r yizhan-central").endswith("exit code 0")
    assert not (centre / "usr" / "lib" / "yizhan-central").exists()
    told = inside(centre, "dpkg -P yizhan-central")
    assert "kept: /var/lib/kiosk-central" in told
    assert told.endswith("exit code 0")
    assert not (centre / "etc" / "kiosk-central").exists()
    left = {path.name for path in (centre / "var" / "lib" / "kiosk-central").iterdir()}
    assert "central.db" in left
    assert not left & {"central.toml", "jobs.lock"}


AS_CENTRAL = (
    "setpriv --reuid kiosk-central --regid kiosk-central --clear-groups kiosk central {} --data /var/lib/kiosk-central"
)

READS = """\
import sys
sys.path.insert(0, "/usr/lib/yizhan-kiosk")
import numpy, zxingcpp
from hardware import codes, zbar
code = zxingcpp.create_barcode("PASS", zxingcpp.BarcodeFormat.QRCode)
picture = numpy.asarray(zxingcpp.write_barcode_to_image(code, scale=4))
print("zbar", codes.pyzbar.decode(numpy.pad(picture, 40, constant_values=255))[0].data, zbar.found())
"""


def first_boot(root: Path) -> None:
    """As cloud-init runs it, twice; broken settings are told and not taken."""
    boot, enabled = root / "boot" / "firmware", root / "etc" / "systemd" / "system" / "multi-user.target.wants"
    boot.mkdir(parents=True)
    (boot / "config.txt").write_text("dtparam=i2c_arm=on\n")
    (root / "etc" / "fstab").write_text("PARTUUID=1 / ext4 defaults 0 1\n/var/swap none swap sw 0 0\n")
    station = (ROOT / "config" / "station.toml").read_text().replace("37081101", "37081199")
    (boot / "station.toml").write_text(station.replace("pulse =", "plse =", 1) + "[oops]\n")
    told = inside(root, "sh /usr/share/yizhan-kiosk/first-boot")
    assert "oops: no such setting" in told
    assert "exit code 2" in told
    (boot / "station.toml").write_text(station)
    for _ in range(2):
        told = inside(root, "sh /usr/share/yizhan-kiosk/first-boot")
        assert told.endswith("exit code 0"), told
        assert "station 37081199" in inside(root, "kiosk config check")
        assert (boot / "config.txt").read_text() == "dtparam=i2c_arm=on\n\n[all]\ninclude kiosk.txt\n"
        assert "dtparam=strict_gpiod" in (boot / "kiosk.txt").read_text()
        assert "swap" not in (root / "etc" / "fstab").read_text()
        names = {path.name for path in enabled.iterdir()}
        assert {"kiosk-station.service", "kiosk-sensors.service", "kiosk-sync.service"} <= names
        assert any(name.startswith("kiosk-scanner@") for name in names)


FILMS = "tests/hardware/test_films.py::test_it_is_read_within_a_second"
ON_ARM = [
    *(f"tests/trust/test_{name}.py" for name in ("passes", "documents", "vectors")),
    *(f"tests/logbook/test_{name}.py" for name in ("store", "writer")),
    *(f"{FILMS}[{kind}-1]" for kind in list(KINDS)[:6]),
]
"""The verifier, the logbook, the decoder: what says nothing of time."""


@pytest.mark.deb
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("release", RELEASES)
def test_decoder_verifier_and_logbook_on_the_pis_own_processor(release: str, tmp_path: Path) -> None:
    """The package's libraries for arm64 in an arm64 Debian; each instruction is emulated, so that time says nothing."""
    needs("mmdebstrap", "dpkg-deb", "qemu-aarch64-static")
    deb, root = build(release, "arm64"), tmp_path / "root"
    depends = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], capture_output=True, text=True, check=True).stdout
    names = {*re.findall(r"[a-z][a-z0-9+-]+", depends), "base-files"}  # which has the link /lib
    include = f"--include={','.join(sorted(names))}"
    words = ["mmdebstrap", "--arch=arm64", "--variant=extract", include, release, str(root)]
    subprocess.run(words, check=True, capture_output=True)
    subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
    debian = RELEASES[release]
    install_wheels(root / "opt" / "tests", debian, "arm64", "pytest>=9,<10", "hypothesis>=6,<7", "pytest-timeout>=2,<3")
    python = ["qemu-aarch64-static", "-L", str(root), str(root / "usr" / "bin" / f"python3.{debian.python}")]
    quiet = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OPENBLAS_NUM_THREADS": "1"}
    path = f"/usr/lib/yizhan-kiosk:/opt/tests:{ROOT}"  # of the checkout the tests alone
    env = {**os.environ, **quiet, "PYTHONSAFEPATH": "1", "PYTHONPATH": path}
    machine = subprocess.run(
        [*python, "-c", "import os; print(os.uname().machine)"], capture_output=True, env=env, check=True
    )
    assert machine.stdout == b"aarch64\n"
    pytest_there = ["-m", "pytest", "-q", "-p", "pytest_timeout", "-p", "no:cacheprovider", "-o", "timeout=600"]
    done = subprocess.run(
        [*python, *pytest_there, "-o", "pythonpath=", "-m", "not slow", *ON_ARM],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout.splitlines()[-1]
