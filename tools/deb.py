"""Builds the Debian packages into dist/: `make deb`, or for one `make deb PACKAGE=yizhan-kiosk RELEASE=trixie ARCH=arm64`.

The libraries come from a package's lock, each file by its hash, and lie with our own code in a folder of /usr/lib; they are
no part of the system's Python. They are wheels, so that a package for another processor needs nothing of that processor.
Compiled by the Python of that release where there is one here, and otherwise when the package is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from itertools import product
from pathlib import Path
from string import Template
from typing import Final

from msgspec import Struct
from packaging.markers import Marker

from kiosk import __version__
from tools import zbar
from tools.running import ROOT, run

BUILD: Final = ROOT / "build" / "deb"
SCRIPTS: Final = ROOT / "tools" / "package"
LIB: Final = Path("/usr/lib")
LAUNCHER: Final = """\
#!/usr/bin/python3 -I
import os
import sys

chosen = os.path.realpath("/var/lib/yizhan-kiosk/current")  # an update; see kiosk/update/versions.py
if not os.path.isdir(chosen + "/kiosk"):
    chosen = "/usr/lib/yizhan-kiosk"
sys.path.insert(0, chosen)
from kiosk.__main__ import run

run()
"""


CENTRAL_LAUNCHER: Final = """\
#!/usr/bin/python3 -I
import sys

sys.path.insert(0, "/usr/lib/yizhan-central")
from kiosk.__main__ import run

run()
"""


class Package(Struct, frozen=True):
    """Its folder with recipe, lock and scripts; its launcher; and whether it reads pictures of codes."""

    folder: Path
    launcher: str
    reads_codes: bool


STATION: Final = "yizhan-kiosk"
PACKAGES: Final = {
    STATION: Package(SCRIPTS, LAUNCHER, reads_codes=True),
    "yizhan-central": Package(SCRIPTS / "central", CENTRAL_LAUNCHER, reads_codes=False),
}
ONLY_AT_STATIONS: Final = {
    "gpiod", "gpiozero", "numpy", "opencv-python-headless", "pymodbus", "pynmea2", "pyserial", "pyzbar", "sqlite-utils",
    "zxing-cpp",
}  # fmt: skip


class Release(Struct, frozen=True):
    """A Debian: its number, the minor version of its Python 3, and that of its C library 2."""

    number: int
    python: int
    glibc: int


RELEASES: Final = {"bookworm": Release(12, 11, 36), "trixie": Release(13, 13, 41)}
MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}


def main() -> None:
    """Build what is asked for; without options all of them."""
    options = argparse.ArgumentParser(description="Build the Debian packages into dist/.")
    options.add_argument("--package", choices=PACKAGES, action="append")
    options.add_argument("--release", choices=RELEASES, action="append")
    options.add_argument("--arch", choices=MACHINES, action="append")
    options.add_argument("--central-needs", action="store_true", help="print what central/requirements.lock is made of")
    wanted = options.parse_args()
    if wanted.central_needs:
        print("\n".join(central_needs()))
        return
    for package, release, arch in product(
        wanted.package or PACKAGES, wanted.release or RELEASES, wanted.arch or MACHINES
    ):
        build(release, arch, package)


def central_needs() -> list[str]:
    """What the central server needs of what the project names, with its bounds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    common = [each for each in project["dependencies"] if re.split(r"[<>=\[ ]", each)[0] not in ONLY_AT_STATIONS]
    return [*common, *project["optional-dependencies"]["central"]]


@cache
def build(release: str, arch: str, name: str = STATION) -> Path:
    """Stage everything for one release and processor, and pack it; once in a process, since it takes minutes."""
    package, debian, stage = PACKAGES[name], RELEASES[release], BUILD / f"{name}-{release}-{arch}"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    _libraries(stage, package.folder / "requirements.lock", debian, arch)
    (stage / "kiosk").write_text(package.launcher)
    python = [sys.executable, "-m"]
    run(*python, "tools.manuals", str(stage / "man"))
    for shell, file in (("bash", "kiosk.bash"), ("zsh", "_kiosk")):
        (stage / file).write_text(run(*python, "kiosk", "completion", shell))
    tools = Path(sys.executable).parent
    bill = ["--of", "JSON", "--output-reproducible", "-o", str(stage / "sbom.cdx.json")]
    run(str(tools / "cyclonedx-py"), "requirements", *bill, str(stage / "lock"))
    if package.reads_codes:
        _library_of_codes(stage, debian, arch)
    documents(stage / "doc")
    how = _compile(stage, LIB / name, debian)
    values = {
        "STAGE": str(stage.relative_to(ROOT)),
        "ARCH": arch,
        "VERSION": f"{__version__}+deb{debian.number}",
        "PYTHON": f"3.{debian.python}",
        "NEXT_PYTHON": f"3.{debian.python + 1}",
    }
    (stage / "nfpm.yaml").write_text(Template((package.folder / "nfpm.yaml").read_text()).substitute(values))
    deb = ROOT / "dist" / f"{name}_{values['VERSION']}_{arch}.deb"
    deb.parent.mkdir(exist_ok=True)
    run(str(tools / "nfpm"), "package", "-f", str(stage / "nfpm.yaml"), "-p", "deb", "-t", str(deb))
    installed = sum(path.stat().st_size for path in (stage / "lib").rglob("*") if path.is_file())
    megabytes = f"{deb.stat().st_size / 1e6:.1f} MB, {installed / 1e6:.1f} MB installed"
    print(f"{deb.relative_to(ROOT)}: {megabytes}, {how}", flush=True)
    return deb


def _libraries(stage: Path, lock: Path, debian: Release, arch: str) -> None:
    """What the lock names for this Python and processor, and our own code, as plain files."""
    (stage / "lock").write_text(lock_for(lock.read_text(), debian, MACHINES[arch]))
    install_wheels(stage / "lib", debian, arch, "--no-deps", "--require-hashes", "-r", str(stage / "lock"))
    for name in ("kiosk", "hardware"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, stage / "lib" / name, ignore=skip, symlinks=False)
    for unused in ("bin", "pip", "setuptools", "_distutils_hack", "distutils-precedence.pth"):
        path = stage / "lib" / unused
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def documents(folder: Path) -> None:
    """The pages, and what they lead to, as they lie beside one another here."""
    for name in ("docs", "config"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "systemd").mkdir()
    for path in (*ROOT.glob("*.md"), ROOT / "LICENSE", *(ROOT / "systemd").glob("*.conf")):
        shutil.copy(path, folder / path.relative_to(ROOT))


def _library_of_codes(stage: Path, debian: Release, arch: str) -> None:
    """What pyzbar reads with, in its list of components and with its licence."""
    zbar.compiled(stage / "lib" / "libzbar.so.0", MACHINES[arch], debian.glibc)
    shutil.copy(zbar.source() / "debian" / "copyright", stage / "libzbar.copyright")
    bill = json.loads((stage / "sbom.cdx.json").read_text())
    purl = f"pkg:deb/debian/zbar@{zbar.version()}?arch=source"
    component = {"type": "library", "bom-ref": purl, "name": "zbar", "version": zbar.version(), "purl": purl}
    bill["components"].append(component)
    (stage / "sbom.cdx.json").write_text(json.dumps(bill, indent=2))


def install_wheels(folder: Path, debian: Release, arch: str, *what: str) -> None:
    """Unpack wheels for that Python and processor into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
    platforms = [f"--platform=manylinux_2_{minor}_{MACHINES[arch]}" for minor in range(debian.glibc, 4, -1)]
    platforms.append(f"--platform=manylinux2014_{MACHINES[arch]}")
    there = ["--implementation=cp", f"--python-version=3.{debian.python}", "--ignore-requires-python", *platforms]
    run(*pip, "--target", str(folder), *there, "--only-binary=:all:", *what)


def lock_for(lock: str, debian: Release, machine: str) -> str:
    """The lock's lines that count there; pip would ask the Python that it runs on, and so it does for what a wheel requires."""
    there = {
        "python_version": f"3.{debian.python}",
        "python_full_version": f"3.{debian.python}.2",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": machine,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
    kept = []
    for block in re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]:
        first, _, rest = block.partition("\n")
        name, _, marker = first.rstrip("\\ ").partition(" ; ")
        if not marker or Marker(marker).evaluate(there):
            kept.append(f"{name} \\\n{rest}")
    return "".join(kept)


def _compile(stage: Path, home: Path, debian: Release) -> str:
    """Compile all modules, where the release's Python is here; what postinst does otherwise."""
    python = sys.executable if sys.version_info[1] == debian.python else shutil.which(f"python3.{debian.python}")
    lib = str(stage / "lib")
    # unchecked: a file's time may differ on the station, and nobody edits what a package has installed
    words = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", lib, "-p", str(home), lib]
    chosen = {**os.environ, "PYENV_VERSION": f"3.{debian.python}"}  # where `python3.13` is pyenv's own
    if python and subprocess.run([python, *words], capture_output=True, check=False, env=chosen).returncode == 0:
        return "compiled"
    return "compiled when it is installed"


if __name__ == "__main__":
    main()
