"""From the package to a station that opens: installed in a fresh Debian, set up by a file of answers, on simulated pins."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kiosk.demo.place import free_port, stop
from kiosk.demo.walker import Bench
from kiosk.local import Line, boot_time
from kiosk.wire import Logged, Scan, Subscribe
from tests.programs.house import LOCK, until
from tests.test_package import inside, root

__all__ = ["root"]
CODE = "37081142"
CENTRAL = "/var/lib/central"
ANSWERS = f"""\
pins = "simulated"
[station]
code = "{CODE}"
name = "中山路驿站"
[doors.main]
lock = {{ pin = {LOCK} }}
contact = {{ pin = 27 }}
[enrolment]
url = "http://127.0.0.1:PORT"
claim = "CLAIM"
"""


@contextmanager
def program(root: Path, *words: str) -> Iterator[None]:
    """One of the package's programs, in that Debian."""
    with (root / "tmp" / "log").open("ab") as log:
        process = subprocess.Popen(["chroot", str(root), "kiosk", *words], stdout=log, stderr=log)
    try:
        yield
    finally:
        stop(process)


def opens(root: Path, code: str) -> bool:
    """Whether the code opens the door: an entry, and the lock's own pin."""
    run = root / "run" / "kiosk"
    with closing(Line(run / "control.sock")) as news, closing(Bench(run / "pins.sock")) as bench:
        news.send(Subscribe())
        with closing(Line(run / "scan.sock")) as scanner:
            scanner.send(Scan("main", code, boot_time()))
            while not isinstance(told := news.receive(timeout=20.0), Logged) or told.entry["kind"] not in {
                "granted",
                "denied",
            }:
                assert told is not None, "no verdict"
            return told.entry["kind"] == "granted" and bench.wait_for(LOCK, level=True) is not None


@pytest.mark.deb
@pytest.mark.timeout(900)
def test_the_package_and_a_file_of_answers_lead_to_a_station_that_opens(root: Path) -> None:
    assert inside(root, "dpkg -i /tmp/kiosk.deb").endswith("exit code 0")
    assert "not set up yet" in inside(root, "kiosk doctor")
    port = free_port()
    for words in (
        f"central init --data {CENTRAL} --out /tmp/request",
        "root init --out /root/root-key",
        "root sign /tmp/request --root /root/root-key --out /tmp/keyset --yes",
        f"central keys install /tmp/keyset --data {CENTRAL} --yes",
    ):
        assert inside(root, f"kiosk {words}").endswith("exit code 0")
    with program(root, "central", "serve", "--data", CENTRAL, "--port", str(port)):
        until((root / CENTRAL.strip("/")).is_dir, "the central server")
        claim = inside(root, f"kiosk central claim {CODE} --data {CENTRAL}").split()[0]
        text = ANSWERS.replace("PORT", str(port)).replace("CLAIM", claim)
        (root / "tmp" / "answers.toml").write_text(text, encoding="utf-8")
        told = inside(root, "kiosk setup --answers /tmp/answers.toml")
        assert told.endswith("exit code 0"), told
        assert f"station {CODE}" in inside(root, "kiosk config check")
        assert "central.example.org" in (root / "etc/kiosk/station.toml.before-setup").read_text()
        assert "not set up yet" not in inside(root, "kiosk doctor")
        with program(root, "station"):
            code = inside(root, f"kiosk pass make --central {CENTRAL}").splitlines()[0]
            until((root / "run/kiosk/scan.sock").exists, "the station's sockets")
            assert opens(root, code)
