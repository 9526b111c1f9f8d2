"""The commands of the documents, typed as they stand there: a real station, its central server, and the real program."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Final

import pytest

from kiosk.demo.place import free_port
from kiosk.local import Line, NotGranted
from kiosk.wire import Done, Operate
from tests.conftest import ROOT
from tests.keys import claims, signed
from tests.programs.house import House, environment
from tests.programs.town import CODE, Town
from tests.test_told import TOLD

pytestmark = pytest.mark.slow

NEXT_CODE: Final = "37081102"
"""Of a station that has not enrolled."""

KEYS: Final = ("kiosk root", "kiosk central init", "kiosk central keys install")
ELSEWHERE: Final = {
    **{
        each: "tests/programs/test_root_away.py, test_root_key.py: files go to the root key and back"
        for each in TOLD
        if each.startswith(KEYS)
    },
    **dict.fromkeys(("kiosk", "kiosk central", "kiosk door", "kiosk door ..."), "names the verbs below it"),
    **dict.fromkeys(
        ("kiosk central service", "kiosk central token", "kiosk central check"), "names what has words to it"
    ),
    **dict.fromkeys(
        (each for each in TOLD if each.startswith(("kiosk index", "kiosk central ballots"))),
        "tests/index/test_rehearsal.py: in their order",
    ),
    **dict.fromkeys(
        (each for each in TOLD if each.startswith("kiosk central service publish index.poll")),
        "tests/index/test_rehearsal.py: needs a poll",
    ),
    **dict.fromkeys(
        ("kiosk central client rotate app", "kiosk central client remove app"),
        "tests/issuing/test_verbs.py: in their order",
    ),
    "kiosk central voices show 7": "tests/programs/test_voices.py: needs a case",
    "kiosk watch": "tests/programs/test_technician.py: needs a terminal",
    "kiosk demo": "tests/test_demo.py: the whole story",
    "kiosk demo --keep here": "tests/test_demo.py",
    "kiosk demo --story services": "tests/test_demo.py",
    "kiosk central serve": "tests/programs/town.py: 8420 may be another's here",
    "kiosk central serve --only office": "tests/programs/town.py: 8420 may be another's here",
    "kiosk central serve --only passes": "tests/passpage/test_serving.py: needs an address",
    "kiosk central passes revoke HOLDER --reason TEXT": "tests/programs/test_people.py: needs a holder",
    "kiosk central passes code": "tests/programs/test_people.py: needs a holder",
    "kiosk central serve --port 8420": "tests/programs/test_wire_examples.py",
    "kiosk root release PACKAGE --out FILE": "tests/test_update.py: needs packages of Debian",
    "kiosk root release dist/*.deb --ring early --out 0.2.0.update": "tests/test_update.py",
    **dict.fromkeys(
        (each for each in TOLD if each.startswith("kiosk central release ")),
        "tests/programs/test_releases.py: needs a bundle that the root key signed",
    ),
    "kiosk update FILE": "tests/test_update.py: needs systemd and a package",
    "kiosk update https://...": "tests/test_update.py",
    "kiosk browser": "tests/browser: needs a display",
    "kiosk browser --desk": "tests/browser: needs a display",
    "kiosk desk --alive": "tests/programs/test_desk_page.py: needs a display inside",
    "kiosk scan --why": "tests/programs/test_scan.py: needs a camera",
    "kiosk scanner main --snapshot": "tests/programs/test_technician.py: needs a camera",
    "kiosk test PART": "tests/programs/test_trials.py: asks at a terminal",
    "kiosk test all": "tests/programs/test_trials.py",
    "kiosk test --acceptance": "tests/programs/test_acceptance.py: asks at a terminal",
    "kiosk test --acceptance --out .": "tests/programs/test_acceptance.py",
    "kiosk central token 37089999 --trial --for 1h": "tests/programs/test_wire_examples.py: on a server of its own",
    "kiosk central entries 37089999 --json": "tests/programs/test_wire_examples.py",
    "kiosk central alarms test": "tests/programs/test_duty.py: needs a receiver",
    **dict.fromkeys(
        (each for each in TOLD if each.startswith("kiosk central posters print")),
        "tests/printing/test_posters.py: needs an address for everybody",
    ),
    "kiosk test poster": "tests/printing/test_poster_trial.py: asks at a terminal",
    **dict.fromkeys(
        (each for each in TOLD if each.startswith("kiosk central cards print")),
        "tests/printing/test_cards_verbs.py: needs a file of holders",
    ),
    "kiosk central policies show PREFIX": "tests/programs/test_central_looking.py: needs a policy",
    "kiosk central policies withdraw PREFIX": "tests/programs/test_central_looking.py",
    "kiosk central campaign show ID": "tests/programs/test_campaigns.py: needs a campaign",
    "kiosk central campaign report ID --csv given.csv --pdf report.pdf": "the same",
    "kiosk central campaign close ID": "the same",
    "kiosk central service show ID": "tests/programs/test_service_documents.py: needs a service",
    "kiosk central service withdraw ID": "tests/programs/test_service_documents.py",
    "kiosk central station retire STATION": "tests/programs/test_register.py: takes the desk's station away",
    "kiosk central station stolen CODE --reason TEXT": "tests/programs/test_register.py",
    "kiosk test lock": "tests/programs/test_trials.py",
    "kiosk test lock --door NAME": "tests/programs/test_trials.py",
    "kiosk doctor --fix": "tests/programs/test_doctor.py: asks at a terminal",
}
"""What is not run here, and where it is; all of it is parsed by tests/test_told.py."""

RUN_ON: Final = {"station", "sync", "sensors", "screen", "desk", "scanner", "scanner NAME"}
"""Programs, which run until they are told to end."""

MAY_FIND_FAULT: Final = {"doctor", "alarms", "wrong", "explain", "plot", "--alive"}
"""Verbs with exit code 1 for what they find: a test machine is no Pi, and here is neither a sensor nor a browser."""

RUN: Final = [
    each for each in TOLD if each.startswith("kiosk ") and each not in ELSEWHERE and "kiosk setup" not in each
]
"""`kiosk setup` is in tests/test_setup*.py: it asks at a terminal, or changes the settings."""


class Desk(Town):
    """A folder with all that the documents name, in which somebody types."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.house.config.write_text(self.house.config.read_text() + f'[screen]\ndoor = "main"\nport = {free_port()}\n')
        (folder / "here").symlink_to(folder)
        (folder / "central-data").symlink_to(self.central)
        (folder / "new.toml").write_text(self.house.config.read_text())
        (folder / "policy.toml").write_text("fresh_for = 172800\n")
        (folder / "notice.toml").write_text('id = "water"\nends = 2036-12-01T00:00:00+08:00\ntexts = { zh = "停水" }\n')
        (folder / "holders.csv").write_text("holder,until\nwang-5,2036-06-01\n")
        (folder / "stations.csv").write_text(f"code,name\n{CODE},中山路驿站\n")
        (folder / "day.csv").write_text("08:30,enter,main\n09:00,end,\n")

    def type(self, line: str, config: Path | None = None, **more: str) -> subprocess.Popen[str]:
        """As a shell would have it, with more in its environment."""
        folder = self.house.folder
        env = {**environment(), "KIOSK_CONFIG": str(config or self.house.config), **more}
        env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        with (folder / "typed.out").open("w") as out:
            return subprocess.Popen(
                ["sh", "-c", f"exec {line}"],
                cwd=folder,
                env=env,
                stdout=out,
                stderr=out,
                text=True,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return (self.house.folder / "typed.out").read_text()

    def means(self, command: str) -> str:
        """The command with something in the place of each word in capitals."""
        files = {
            "policy": "policy.toml",
            "publish": "notice.toml",
            "replay": "events.rec",
            "simulate": "day.csv",
            "--out": "keys.request",
            "preview": "policy.toml",
            "dry-run": "policy.toml",
            "FILE": "notice.toml",
            "passes import": "holders.csv",
            "station import": "stations.csv",
        }
        before = command.split()[-3:-1]
        words = {
            "https://central.example.org": f"http://127.0.0.1:{self.port}",
            "URL": f"http://127.0.0.1:{self.port}",
            "STATION": CODE,
            "VERB": "open",
            "NAME": "main",
            "KEY": "doors.main.pulse",
            "INDEX": "1",
            "...": "",
            "FILE...": "pass.png",
            "FILE": files.get(" ".join(before)) or files.get(before[-1], "phone.key"),
        }
        if "central claim" in command and "--reason" not in command:
            words |= {"STATION": NEXT_CODE, CODE: NEXT_CODE}
        elif "enrol" in command or "CLAIM" in command:
            claim = ("central", "claim", CODE, "--reason", "its card was replaced", "--data", str(self.central))
            made = self.house.kiosk(*claim).stdout.strip().splitlines()[-1]
            words |= {"CLAIM": made, "CODE": CODE if "CLAIM" in command else made}
        elif "client rotate" in command:
            self.house.kiosk("central", "client", "add", words["NAME"], "--data", str(self.central))
        elif "present" in command:
            words["CODE"] = self.make_pass("--kind", "bound", "--phone", str(self.house.folder / "phone.key"))
        elif "explain" in command:
            words["CODE"] = signed(claims())
        return " ".join(shlex.quote(words[word]) if word in words else word for word in command.split(" "))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("told"))
    with ExitStack() as stack:
        stack.enter_context(desk.server())
        desk.enrol(desk.port)
        desk.make_pass("--out", str(desk.house.folder / "pass.png"))
        stack.enter_context(desk.house.station())
        for program in ("sync", "screen"):
            stack.enter_context(desk.house.program(program))
        yield desk


@pytest.fixture(autouse=True)
def released(desk: Desk) -> None:
    """Each command meets a door of which nobody wants anything."""
    line = Line(desk.house.run / "control.sock")
    with suppress(NotGranted):
        line.ask(Operate("main", "release"), Done)
    line.close()


@pytest.mark.parametrize("command", [each for each in RUN if each.removeprefix("kiosk ") not in RUN_ON])
def test_it_does_what_it_is_there_for(desk: Desk, command: str) -> None:
    code = desk.type(desk.means(command)).wait(60)
    assert "Traceback" not in desk.said
    assert code in ({0, 1} if MAY_FIND_FAULT & {*command.split()} else {0}), desk.said


@pytest.mark.parametrize("command", [each for each in RUN if each.removeprefix("kiosk ") in RUN_ON])
def test_it_runs_until_it_is_told_to_end(desk: Desk, command: str, tmp_path: Path) -> None:
    """In a station of its own: documents say to stop the unit first."""
    more = f'[screen]\ndoor = "main"\nport = {free_port()}\n[scanners.main]\ndoor = "main"\ncamera = "/dev/none"\n'
    more += f"[desk]\ndisplay = true\nport = {free_port()}\n"
    alone = House(tmp_path, more + f'[central]\nurl = "http://127.0.0.1:{desk.port}"\n')
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        program = desk.type(desk.means(command), alone.config, NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert b"READY=1" in systemd.recv(100), desk.said
        os.killpg(program.pid, signal.SIGINT)  # as Ctrl-C does
        code = program.wait(30)
    assert "Traceback" not in desk.said
    assert code == 0, desk.said


def test_nothing_is_left_out_that_no_document_names() -> None:
    assert set(ELSEWHERE) <= set(TOLD)


SSH = """#!/bin/sh
shift
exec sh -c "$*"
"""
SCP = """#!/bin/sh
exec cp "${1#*:}" "$2"
"""


def test_many_stations_are_looked_at_as_the_page_says(desk: Desk, tmp_path: Path) -> None:
    """The loops as they stand, and ssh's own reading of its file; a shell in place of the way there."""
    page = (ROOT / "docs" / "technician.md").read_text(encoding="utf-8")
    config, loops = re.findall(r"```\w*\n(.*?)```", page.partition("## From one laptop")[2], re.DOTALL)[:2]
    for name, text in (("ssh", SSH), ("scp", SCP)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    env = {**environment(), "KIOSK_CONFIG": str(desk.house.config)}
    env["PATH"] = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(["sh", "-c", loops], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert "exit code" not in done.stdout
    for name in ("kiosk-37081101", "kiosk-37081102"):
        assert json.loads((tmp_path / f"{name}.json").read_text())["running"]
        assert "wrong" in (tmp_path / f"{name}.txt").read_text()
        assert zipfile.is_zipfile(tmp_path / f"{name}.zip")
    if ssh := shutil.which("ssh"):
        (tmp_path / "config").write_text(config)
        words = [ssh, "-G", "-F", str(tmp_path / "config"), "kiosk-37081101"]
        read = subprocess.run(words, capture_output=True, text=True, check=True)
        assert {"user li", "hostname 10.8.0.11", "batchmode yes"} <= set(read.stdout.splitlines())
