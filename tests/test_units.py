"""The units: systemd itself finds nothing wrong with them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.cli.doctor.machine import MOST_WATCHDOG
from kiosk.cli.setup import programs
from kiosk.settings.loading import load
from tests.conftest import ROOT

UNITS = sorted((ROOT / "systemd").rglob("*.service"))
ON_LOOPBACK = ("kiosk-screen", "kiosk-browser", "kiosk-desk", "kiosk-desk-browser")
PROGRAMS = ("kiosk-station", "kiosk-scanner@", "kiosk-sensors", "kiosk-sync", *ON_LOOPBACK)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_analyze_verify_finds_nothing(unit: Path, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze IS ABSENT: install Debian's package systemd")
    text = unit.read_text().replace("/usr/bin/kiosk", sys.executable).replace("Documentation=man:kiosk(1)\n", "")
    copy = tmp_path / unit.name.replace("@.", "@main.")
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False, timeout=60
    )
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if unit.stem.rstrip("@") in line]
    assert complaints == []


def test_there_is_a_unit_for_each_program() -> None:
    assert {unit.stem for unit in UNITS} >= set(PROGRAMS)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_whoever_fails_says_so(unit: Path) -> None:
    says = "OnFailure=kiosk-failed@%N.service\n" in unit.read_text()
    assert says is (unit.stem not in {"kiosk-failed@", "kiosk-central", "kiosk-central-office"}), (
        "the centre has no station to tell it"
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_restarted_for_ever_and_watched(name: str) -> None:
    text = (ROOT / "systemd" / f"{name}.service").read_text()
    for line in ("Restart=always", "StartLimitIntervalSec=0", "Type=notify", "WatchdogSec="):
        assert line in text
    assert ("PrivateNetwork=yes" in text) == (name not in {"kiosk-sync", *ON_LOOPBACK})


A_START = 90
"""Seconds that systemd gives a program to start (DefaultTimeoutStartSec, systemd-system.conf(5))."""


def test_who_sets_a_station_up_waits_for_as_long_as_systemd_may_take_to_start_it_all_anew() -> None:
    """Those after it stop, it stops and takes the locks' power, it starts, then the pages, then their browsers."""
    texts = ((ROOT / "systemd" / f"{name}.service").read_text() for name in PROGRAMS)
    longest = max(int(each) for text in texts for each in re.findall(r"^TimeoutStopSec=(\d+)s$", text, re.MULTILINE))
    assert 3 * longest + 3 * A_START <= programs.PATIENCE


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("kiosk-screen", "InaccessiblePaths=-/var/lib/kiosk "), ("kiosk-desk", "TemporaryFileSystem=/var/lib/kiosk:ro\n")],
)
def test_a_page_speaks_to_this_machine_alone_and_sees_nothing_of_the_station(name: str, hidden: str) -> None:
    text = (ROOT / "systemd" / f"{name}.service").read_text()
    for line in ("IPAddressDeny=any\nIPAddressAllow=localhost\n", hidden):
        assert line in text


def test_the_page_inside_may_read_the_pictures_that_the_station_has_judged_and_nobody_but_the_station_writes_them() -> (
    None
):
    kept = load(ROOT / "config" / "station.toml").pictures
    assert f"\nBindReadOnlyPaths=-{kept}\n" in (ROOT / "systemd" / "kiosk-desk.service").read_text()
    assert f"\nd {kept} 0750 kiosk kiosk -\n" in (ROOT / "systemd" / "kiosk.tmpfiles.conf").read_text()
    for unit in UNITS:
        writes = re.findall(r"^(?:ReadWritePaths|StateDirectory|RuntimeDirectory)=.*", unit.read_text(), re.MULTILINE)
        assert not any("pictures" in line for line in writes), unit


def test_a_browser_sees_its_display_and_its_page_and_nothing_of_the_station() -> None:
    text = (ROOT / "systemd" / "kiosk-browser.service").read_text()
    assert "IPAddressDeny=any\nIPAddressAllow=localhost\n" in text
    assert "InaccessiblePaths=-/var/lib/kiosk -/run/kiosk\n" in text
    assert re.findall(r"^DeviceAllow=(.*)$", text, re.MULTILINE) == ["char-drm rw"], "and hears no key"
    assert "m kiosk-browser kiosk" not in (ROOT / "systemd" / "kiosk.sysusers.conf").read_text()
    recipe = (ROOT / "tools" / "package" / "nfpm.yaml").read_text()
    assert "chromium" not in recipe.partition("suggests:")[0], "a station without a display needs no browser"


def test_when_memory_ends_the_browsers_go_first_and_the_station_last() -> None:
    adjusted = {}
    for name in ("kiosk-desk-browser", "kiosk-browser", "kiosk-desk", "kiosk-screen", "kiosk-station"):
        text = (ROOT / "systemd" / f"{name}.service").read_text()
        found = re.search(r"^OOMScoreAdjust=(-?\d+)$", text, re.MULTILINE)
        adjusted[name] = int(found[1]) if found else 0
    assert sorted(adjusted, key=lambda name: adjusted[name], reverse=True) == list(adjusted)
    assert len(set(adjusted.values())) == len(adjusted)
    browsers = (adjusted["kiosk-desk-browser"], adjusted["kiosk-browser"])
    assert adjusted["kiosk-station"] + 1000 < min(browsers), (
        "though the station had all the memory (proc(5), oom_score)"
    )


EXPOSURE = {"kiosk-station": 0.8, "kiosk-browser": 2.0, "kiosk-desk-browser": 2.0, "kiosk-desk": 0.9}
"""At most, by the count of systemd-analyze security; of any other 1.3. What the browser's has more are the namespaces in
which Chromium locks each page: without them the count would be lower, and a page that is taken over would be in no cell."""


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_exposed_no_more_than_it_must_be(unit: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze IS ABSENT: install Debian's package systemd")
    most = EXPOSURE.get(unit.stem, 1.3)
    words = [
        "systemd-analyze",
        "security",
        "--offline=true",
        f"--threshold={round(10 * most)}",
        "--no-pager",
        str(unit),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_locks_lose_their_power_however_the_station_ended() -> None:
    text = (ROOT / "systemd" / "kiosk-station.service").read_text()
    assert "ExecStopPost=-/usr/bin/kiosk station --make-safe" in text


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_program_waits_for_the_network_or_the_time(name: str) -> None:
    text = (ROOT / "systemd" / f"{name}.service").read_text()
    assert "network-online" not in text
    assert "time-sync" not in text


def test_the_pis_own_settings_are_those_that_the_doctor_asks_for() -> None:
    text = (ROOT / "config" / "pi.txt").read_text()
    for line in ("dtparam=strict_gpiod", "dtparam=watchdog=on", "dtoverlay=w1-gpio", "gpio=17=op,dl"):
        assert f"\n{line}\n" in text
    watchdog = (ROOT / "systemd" / "kiosk.watchdog.conf").read_text()
    found = re.search(r"^RuntimeWatchdogSec=(\d+)s$", watchdog, re.MULTILINE)
    assert found
    assert int(found[1]) <= MOST_WATCHDOG


def test_programs_with_readers_and_buses_may_open_every_kind_of_serial_port() -> None:
    for name in ("kiosk-scanner@", "kiosk-sensors"):
        text = (ROOT / "systemd" / f"{name}.service").read_text()
        for kind in ("ttyUSB", "ttyACM", "ttyAMA", "ttyS"):
            assert f"\nDeviceAllow=char-{kind} rw\n" in text


def test_modemmanager_is_kept_from_adapters_and_readers_and_from_no_modem() -> None:
    rules = [line for line in (ROOT / "systemd" / "kiosk.udev.rules").read_text().splitlines() if "ID_MM" in line]
    for rule in rules:
        assert re.fullmatch(r'([A-Z]+(\{\w+\})?[!=]="[^"]+", )+ENV\{ID_MM_DEVICE_IGNORE\}="1"', rule), rule
        assert 'SUBSYSTEM=="tty"' in rule
    drivers, makers = rules[0], "".join(rules[1:])
    assert all(each in drivers for each in ("ftdi_sio", "ch341", "cp210x", "pl2303"))
    assert "1a86" in makers
    assert 'ATTRS{idVendor}=="1546", ATTRS{idProduct}=="01a[0-9]"' in makers, "u-blox makes modems, too"
    modems = {"option", "qcserial", "sierra", "cdc_acm", "12d1", "2c7c", "1e0e", "1199", "1bc7", "2cb7"}
    assert not modems & set(re.findall(r"[\w]+", "".join(rules)))
