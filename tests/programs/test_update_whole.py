"""A fetched update from the first look at it to what the station tells, with real programs: a good one, a bad one, and a cut.

In systemd's place is a script that starts the station as the package's launcher does. What it is not: units, their sandboxes
and a boot; those are in tests/test_units.py and in the virtual machine.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk import __version__
from kiosk.local import NotReachable, boot_id, boot_time
from kiosk.trust.release import Release, sign_release
from kiosk.update import versions as module
from kiosk.update.bundle import write_bundle
from kiosk.update.machine import platform_here
from kiosk.update.spool import ABOUT, BUNDLE, Coming, Spool
from kiosk.update.versions import Versions
from tests.conftest import ROOT as TREE
from tests.keys import NOW, ROOT
from tests.programs.house import House, environment, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NEW = "0.90.0"

LAUNCHER = """\
import os, sys
chosen = os.path.realpath({versions!r} + "/current")
sys.path.insert(0, chosen if os.path.isdir(chosen + "/kiosk") else {tree!r})
from kiosk.__main__ import run
run()
"""

SYSTEMCTL = """\
#!/bin/sh
case "$*" in *"restart kiosk-station"*) ;; *) exit 0 ;; esac
old=$(cat {folder}/pid 2>/dev/null)
if [ -n "$old" ]; then kill "$old"; while kill -0 "$old" 2>/dev/null; do sleep 0.05; done; fi
setsid {python} {folder}/launcher.py -c {config} station </dev/null >>{folder}/station.log 2>&1 &
echo $! > {folder}/pid
"""

TAKE = """\
import sys
from pathlib import Path
from kiosk.cli.act.fetched import take_fetched
from kiosk.settings.loading import load
from kiosk.update import health
from kiosk.update.versions import Versions
health.STARTS_WITHIN = float(sys.argv[3])
config = Path(sys.argv[1])
take_fetched(config, load(config), Versions(Path(sys.argv[2])))
"""

WORKS = ""
DIES = "raise SystemExit('a bad release')"
KNOWS_NO_SETTINGS = "import sys\nif 'check' in sys.argv: raise SystemExit('unknown key')\n"
HANGS = "import sys, signal\nif 'check' in sys.argv: signal.pause()\n"
OF_THE_COMMAND_LINE = (KNOWS_NO_SETTINGS, HANGS)


class Machine:
    """A house with the package's version of the programs, and a folder for others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (spool := folder / "spool").mkdir()
        for name in (ABOUT, BUNDLE):
            (spool / name).touch()
        more = f'[updates]\nwatch = 4\nhours = ["daily 00:00-24:00"]\nspool_dir = "{spool}"\n'
        self.house = House(folder / "house", more)
        self.house.trust()
        self.spool, self.versions = Spool(spool), Versions(folder / "versions")
        values = {"folder": folder, "python": sys.executable, "config": self.house.config}
        (folder / "launcher.py").write_text(LAUNCHER.format(versions=str(self.versions.folder), tree=str(TREE)))
        (folder / "bin").mkdir()
        for name, text in {"systemctl": SYSTEMCTL.format(**values), "systemd-run": "#!/bin/sh\n"}.items():
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)

    @property
    def env(self) -> dict[str, str]:
        return {**environment(), "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}

    def restart(self) -> None:
        subprocess.run(["systemctl", "restart", "kiosk-station"], check=True, env=self.env)

    def stop(self) -> None:
        with suppress(OSError, ValueError):
            os.kill(int((self.folder / "pid").read_text()), signal.SIGTERM)

    def runs(self) -> str:
        """The version that answers."""
        with suppress(NotReachable):
            return self.house.view().version
        return ""

    def fetch(self, why: str) -> None:
        """A release of these very programs, in which the station's program begins with `why`."""
        root = self.folder / "package"
        home = root / "usr/lib/yizhan-kiosk"
        for name in ("kiosk", "hardware"):
            shutil.copytree(TREE / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
        init = home / "kiosk/__init__.py"
        paths = [path for path in sys.path if path.endswith("site-packages")]
        libraries = f"import sys\nsys.path += {paths!r}\n"  # a package has them beside the code
        init.write_text(libraries + init.read_text().replace(__version__, NEW))
        place = "kiosk/cli/main.py" if why in OF_THE_COMMAND_LINE else "kiosk/station/program.py"
        (home / place).write_text(
            f"{why}\n" + (home / place).read_text().replace("from __future__ import annotations", "")
        )
        (root / "DEBIAN").mkdir()
        told = f"Package: yizhan-kiosk\nVersion: {NEW}+deb12\nArchitecture: arm64\nMaintainer: t\nDescription: t\n"
        (root / "DEBIAN/control").write_text(told)
        deb, out = self.folder / "new.deb", self.folder / "new.update"
        subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "-b", root, deb], check=True, capture_output=True)
        here = platform_here()
        release = Release(NEW, NOW, "all", {here: hashlib.sha256(deb.read_bytes()).digest()})
        write_bundle(out, sign_release(release, ROOT), {here: deb})
        data = out.read_bytes()
        coming = Coming(hashlib.sha256(data).hexdigest(), len(data), NEW, boot_time(), boot_id())
        self.spool.begin(coming)
        self.spool.add(data)
        assert self.spool.end(coming)

    def unit(self, patience: float = 30.0) -> subprocess.Popen[str]:
        """What the timer starts."""
        words = [sys.executable, "-c", TAKE, str(self.house.config), str(self.versions.folder), str(patience)]
        pipe = subprocess.PIPE
        return subprocess.Popen(words, env=self.env, stdout=pipe, stderr=pipe, text=True, cwd=self.folder)

    def look(self, patience: float = 30.0) -> tuple[int, str]:
        """What became of it, and what it said."""
        unit = self.unit(patience)
        out, wrong = unit.communicate(timeout=120)
        return unit.returncode, out + wrong

    def told(self) -> list[tuple[str, str]]:
        found = [each for each in self.house.entries() if each["kind"] == "updated"]
        return [(each["version"], each["outcome"]) for each in found]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    if (
        sysconfig.get_python_version()
        != subprocess.run(
            ["/usr/bin/python3", "-c", "import sysconfig; print(sysconfig.get_python_version())"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
    ):
        pytest.skip("DEBIAN'S PYTHON IS ANOTHER ONE than that of these libraries")
    machine = Machine(tmp_path)
    machine.restart()
    until(lambda: machine.runs() == __version__, "the station")
    try:
        yield machine
    finally:
        machine.stop()


def test_a_good_release_is_kept_and_told(machine: Machine) -> None:
    machine.fetch(WORKS)
    code, said = machine.look()
    assert code == 0, said
    assert (machine.runs(), machine.versions.floor) == (NEW, NEW)
    until(lambda: machine.told() == [(NEW, "kept")], "the entry")
    assert machine.look()[0] == 0, "and not again"
    assert machine.told() == [(NEW, "kept")]


def test_a_release_whose_station_dies_goes_back_and_is_told(machine: Machine) -> None:
    machine.fetch(DIES)
    code, said = machine.look(5.0)
    assert (code, "went back: the station does not answer" in said) == (1, True), said
    until(lambda: machine.runs() == __version__, "the version before it")
    assert (machine.versions.current, machine.versions.floor) == ("", "")
    until(lambda: machine.told() or (machine.versions.untold and machine.look(5.0) and machine.told()), "the entry")
    assert machine.told()[0] == (NEW, "went_back")


@pytest.mark.parametrize(
    ("why", "told"), [(KNOWS_NO_SETTINGS, "unknown key"), (HANGS, "it has not read them within 8 s")]
)
def test_a_release_that_cannot_read_the_settings_is_never_switched_to(machine: Machine, why: str, told: str) -> None:
    machine.fetch(why)
    code, said = machine.look(8.0)
    assert (code, f"cannot use the settings: {told}" in said) == (1, True), said
    assert (machine.runs(), machine.versions.current) == (__version__, "")
    until(lambda: machine.told() == [(NEW, "refused")], "the entry")


def test_a_cut_while_it_is_watched_goes_back_at_the_boot_and_is_told(machine: Machine) -> None:
    machine.fetch(WORKS)
    unit = machine.unit()
    until(lambda: machine.versions.on_trial and machine.runs() == NEW, "the switch")
    unit.kill()
    unit.communicate()
    machine.stop()
    boot = subprocess.run([sys.executable, "-I", module.__file__, machine.versions.folder], check=False)
    assert boot.returncode == 3
    machine.restart()
    until(lambda: machine.runs() == __version__, "the version before it")
    code, said = machine.look()
    assert code == 0, said
    assert machine.runs() == NEW, "a cut is not its fault: it is tried once more"
    until(lambda: machine.told() == [(NEW, "went_back"), (NEW, "kept")], "both entries")
