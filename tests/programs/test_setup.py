"""`kiosk setup` by a file of answers: nothing is asked, nothing is half done, and a station stands there."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kiosk.cli.setup.answers import read_answers
from kiosk.cli.setup.draft import Draft
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.unasked import carry_out
from tests.conftest import ROOT
from tests.keys import claims, signed
from tests.programs.house import LOCK, House, environment
from tests.programs.nmcli import TYPED, fake
from tests.programs.town import CODE, Town

__all__ = ["fake"]
STEPS = ("station", "door", "reader", "sensors", "network", "enrolment", "programs", "trial")
EXAMPLE = ROOT / "config" / "station.toml"


@pytest.fixture
def card(tmp_path: Path) -> House:
    """As the package leaves it."""
    house = House(tmp_path)
    shutil.copy(EXAMPLE, house.config)
    return house


def answers(house: House, more: str = "", code: str = CODE) -> Path:
    path = house.folder / "answers.toml"
    path.write_text(
        f'pins = "simulated"\n[station]\ncode = "{code}"\nname = "中山路驿站"\ndata_dir = "{house.data}"\n'
        f'run_dir = "{house.run}"\n[doors.main]\nlock = {{ pin = 17 }}\ncontact = {{ pin = 27 }}\npulse = 1.0\n{more}'
    )
    return path


def written(house: House) -> dict[str, Any]:
    return tomllib.loads(house.config.read_text(encoding="utf-8"))


def test_a_fresh_card_has_what_it_was_told_and_nothing_of_the_example(card: House) -> None:
    done = card.kiosk("setup", "--answers", str(answers(card)))
    assert done.returncode == 0, done.stderr
    assert written(card)["doors"] == {"main": {"lock": {"pin": 17}, "contact": {"pin": 27}, "pulse": 1.0}}
    assert written(card).keys() == {"pins", "station", "doors"}
    assert "# " in card.config.read_text(), "with comments"
    assert card.kiosk("config", "check").returncode == 0
    assert (card.folder / "station.toml.before-setup").read_bytes() == EXAMPLE.read_bytes()
    assert not (card.folder / "station.toml.setup").exists(), "nothing is left to do"


def test_a_station_that_is_set_up_keeps_every_byte_that_was_not_answered(tmp_path: Path) -> None:
    house = House(tmp_path, "# mine\n[logbook]\nkeep_access_days = 12.0   # as the union wants it\n")
    before = house.config.read_bytes()
    house.config.chmod(0o640)
    file = house.folder / "answers.toml"
    file.write_text('[station]\nname = "新"\n[doors.main]\npulse = 2.0\n')
    done = house.kiosk("setup", "--json", "--answers", str(file))
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["kept"]) == (0, True, str(house.config) + ".before-setup")
    assert Path(told["kept"]).read_bytes() == before
    after = house.config.read_bytes().decode()
    kept = [line for line in after.splitlines(keepends=True) if not line.startswith('name = "新" ')]
    assert "".join(kept) == before.decode().replace("pulse = 1.0", "pulse = 2.0")
    assert len(kept) == len(after.splitlines()) - 1
    assert stat.S_IMODE(house.config.stat().st_mode) == 0o640
    again = json.loads(house.kiosk("setup", "--json", "--answers", str(file)).stdout)
    assert (again["kept"], house.config.read_bytes().decode()) == ("", after), "nothing more to change"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("[enrolmnt]\n", ":11: enrolmnt: no such setting, did you mean enrolment?"),
        ("[network]\nwify = 1\n", ":12: network.wify: no such setting, did you mean wifi?"),
        ('[enrolment]\nurl = "https://c.example"\n', ":11: enrolment.claim: is missing"),
        ("[sensors.a]\nbuss = 1\n", ":11: sensors.a.bus: is missing"),
        ("[doors.side]\nlock = { pin = 17 }\n", ":12: doors.side.lock.pin: pin 17 is already used by doors.main.lock"),
        ("[doors.side]\npulse = 0.5\n", ":12: doors.side.pulse: "),
        ('[enrolment]\nurl = "ftp://c.example"\nclaim = "x"\n', ":12: enrolment.url: must begin with https://"),
        ("[doors.side\n", ":11:12: ] is missing"),
    ],
)
def test_answers_that_are_wrong_are_told_with_their_line_and_nothing_changes(card: House, more: str, told: str) -> None:
    file = answers(card, more)
    done = card.kiosk("setup", "--answers", str(file))
    assert done.returncode == 2
    assert f"{file}" in done.stderr
    assert told in done.stderr
    assert "nothing was changed" in done.stderr
    assert card.config.read_bytes() == EXAMPLE.read_bytes()
    assert sorted(path.name for path in card.folder.iterdir()) == ["answers.toml", "station.toml"]


def test_every_error_at_once_and_as_json(card: House) -> None:
    done = card.kiosk(
        "setup", "--json", "--answers", str(answers(card, "[netwrk]\n[network]\nwify = 1\n[doors.x]\npulze = 1\n"))
    )
    assert len(json.loads(done.stdout)["errors"]) == 3
    assert card.kiosk("setup", "--answers", str(card.folder / "none.toml")).returncode == 2
    assert "terminal" in card.kiosk("setup").stderr


def test_broken_settings_are_not_built_upon(card: House) -> None:
    card.config.write_text("[station\n")
    done = card.kiosk("setup", "--answers", str(answers(card)))
    assert done.returncode == 2
    assert "station.toml:1:9: ] is missing" in done.stderr
    assert "sudo mv" in done.stderr
    assert card.config.read_text() == "[station\n"
    card.config.write_text('[station]\ncode = "37081101"\n[doors.main]\nlock = { pin = 4 }\nexit = { pin = 4 }\n')
    done = card.kiosk("setup", "--answers", str(answers(card)))
    assert (done.returncode, ":5: doors.main.exit.pin: pin 4 is already used" in done.stderr) == (2, True)


def test_programs_that_do_not_start_end_it_and_the_next_call_goes_on_there(
    card: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever sets up many stations by a script must hear of the one that does not run."""
    (card.folder / "run/systemd/system").mkdir(parents=True)
    systemctl = card.folder / "bin/systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(
        '#!/bin/sh\n[ "$1" = enable ] || { echo "Job for kiosk-station.service failed." >&2; exit 1; }\n'
    )
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{systemctl.parent}:{os.environ['PATH']}")
    told = read_answers(answers(card))
    draft = Draft(card.config)
    draft.put(told.settings)
    with pytest.raises(SystemExit) as ended:
        carry_out(draft, told, card.folder)
    said = capsys.readouterr().err
    assert (ended.value.code, "Job for kiosk-station.service failed" in said, "Next: journalctl" in said) == (
        1,
        True,
        True,
    )
    assert Draft(card.config).progress.next is Step.PROGRAMS


def test_from_answers_to_a_station_that_opens(tmp_path: Path) -> None:
    town = Town(tmp_path)
    house = town.house
    shutil.copy(EXAMPLE, house.config)
    with town.server():
        claim = house.kiosk("central", "claim", CODE, "--data", str(town.central)).stdout.strip()
        file = answers(house, f'[enrolment]\nurl = "http://127.0.0.1:{town.port}"\nclaim = "{claim}"\n')
        done = house.kiosk("setup", "--json", "--answers", str(file))
        told = json.loads(done.stdout)
        assert done.returncode == 0, done.stderr
        assert len(told["fingerprint"].split()) == 6
        assert told["fingerprint"] in house.kiosk("central", "stations", "--data", str(town.central)).stdout
        with house.station() as station:
            assert station.verdict(town.make_pass()) == "granted"
            assert station.bench.wait_for(LOCK, level=True)
            assert station.verdict(signed(claims())) == "unknown_key"


def test_until_then_doctor_and_status_say_what_comes_next_and_nothing_else(card: House) -> None:
    done = card.kiosk("doctor")
    assert done.returncode == 1
    assert "✘ setup.station" in done.stdout
    assert "not set up yet; next: the station's code and name" in done.stdout
    assert "→ sudo kiosk setup" in done.stdout
    checks = json.loads(card.kiosk("doctor", "--json").stdout)["checks"]
    assert [check["id"] for check in checks] == [f"setup.{step}" for step in STEPS]
    assert [check["severity"] for check in checks] == ["wrong", *["warning"] * 7]
    shown = card.kiosk("status")
    assert (shown.returncode, "not set up yet" in shown.stdout) == (3, True)
    assert json.loads(card.kiosk("status", "--json").stdout)["setup"]["station"] == "next"
    card.config.unlink()
    assert "not set up yet" in card.kiosk("doctor").stdout, "nor where there is no file at all"


def test_a_station_that_somebody_wrote_by_hand_or_that_runs_is_one(card: House, tmp_path: Path) -> None:
    house = House(tmp_path / "hand")
    assert "setup." not in house.kiosk("doctor", "--verbose").stdout
    assert json.loads(house.kiosk("status", "--json").stdout)["setup"] is None
    card.kiosk("setup", "--answers", str(answers(card)))
    assert "setup." not in card.kiosk("doctor", "--verbose").stdout


def network(house: House, password: str, ssid: str = "union") -> Path:
    return answers(house, f"[network]\nwifi = '{ssid}'\npassword = '{password}'\napn = 'cmiot'\n")


def test_the_password_of_a_wifi_is_no_argument(card: House, fake: Path) -> None:
    done = card.kiosk("setup", "--answers", str(network(card, TYPED)))
    assert done.returncode == 0, done.stderr
    said = (fake / "said").read_text()
    assert "connection up id kiosk-union passwd-file /dev/stdin\n" in said
    assert "wifi-sec.key-mgmt wpa-psk" in said
    assert "wifi.hidden" not in said
    assert said.index("up id kiosk-union") < said.index("modify id kiosk-union connection.autoconnect yes")
    assert "connection add type gsm ifname * con-name kiosk-lte apn cmiot\nconnection up kiosk-lte\n" in said
    assert "cret" not in said


def test_a_wrong_password_of_a_wifi_is_told_and_leaves_nothing(card: House, fake: Path) -> None:
    done = card.kiosk("setup", "--answers", str(network(card, "wrong")))
    assert (done.returncode, "Secrets were required" in done.stderr, "journalctl" in done.stderr) == (3, True, False)
    assert "network" not in json.loads((card.folder / "station.toml.setup").read_text())["done"]
    assert (fake / "profiles").read_text() == "", "nor does NetworkManager try it at every boot"


def test_settings_that_are_gone_are_written_anew(tmp_path: Path) -> None:
    """A station goes on with the last good ones: it is no fresh card, and there is nothing to mend or to move away."""
    house = House(tmp_path)
    with house.station():
        pass
    told = house.config.read_text(encoding="utf-8")
    house.config.unlink()
    (tmp_path / "answers.toml").write_text(told, encoding="utf-8")
    done = house.kiosk("setup", "--answers", str(tmp_path / "answers.toml"))
    assert done.returncode == 0, done.stderr
    assert tomllib.loads(house.config.read_text(encoding="utf-8")) == tomllib.loads(told)


def in_chinese(*command: str) -> str:
    env = {**environment(), "LC_ALL": "zh_CN.UTF-8"}
    return subprocess.run(
        command, text=True, cwd=ROOT, env=env, check=False, stdout=-1, stderr=subprocess.STDOUT
    ).stdout


@pytest.mark.usefixtures("fake")
def test_what_nmcli_says_is_told_in_chinese(card: House) -> None:
    assert "网络：错误：连接失败：密码不对" in in_chinese(
        *card._command("setup", "--answers", str(network(card, "wrong")))
    )


@pytest.mark.parametrize(
    ("wired", "told"),
    [(True, "✔ 网线 eth0：已连接 eth0\n  ✘ Wi-Fi wlan0：未连接\nTrue"), (False, "✘ Wi-Fi wlan0：未连接\nFalse")],
)
def test_each_network_device_is_told_in_words(fake: Path, *, wired: bool, told: str) -> None:
    """A cable that something else than NetworkManager has connected is connected, too."""
    if wired:
        (fake / "wired").touch()
    ask = "from kiosk.cli.setup import network; print(network._told())"
    assert in_chinese(sys.executable, "-c", ask).strip() == told


def test_a_wifi_that_is_not_heard_may_be_hidden_and_one_of_wpa3_alone_is_joined_as_such(
    card: House, fake: Path
) -> None:
    card.kiosk("setup", "--answers", str(network(card, TYPED, "quiet")))
    card.kiosk("setup", "--answers", str(network(card, TYPED, "new")))
    added = [each for each in (fake / "said").read_text().splitlines() if "add type wifi" in each]
    assert ["wifi.hidden yes" in each for each in added] == [True, False]
    assert ["key-mgmt sae" in each for each in added] == [False, True]


def test_what_the_setup_wrote_itself_was_not_there_before(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "station.toml")
    draft.put({"pins": "simulated", "station": {"code": CODE, "data_dir": str(tmp_path)}})
    draft.put({"doors": {"main": {"lock": {"pin": 17}}}})
    Draft(tmp_path / "station.toml").put({"doors": {"main": {"lock": {"pin": 18}}}})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["station.toml", "station.toml.setup"]


def test_two_technicians_are_not_at_it_at_once(card: House) -> None:
    folder = os.open(card.folder, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        done = card.kiosk("setup", "--answers", str(answers(card)))
    finally:
        os.close(folder)
    assert (done.returncode, "Somebody else is setting this station up" in done.stderr) == (1, True)
    assert card.config.read_bytes() == EXAMPLE.read_bytes()
    assert card.kiosk("setup", "--answers", str(answers(card))).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts a folder that can only be read")
def test_a_disk_that_can_only_be_read_is_told_as_such(card: House) -> None:
    path = answers(card)
    mount = f"mount --bind {card.folder} {card.folder} && mount -o remount,bind,ro {card.folder}"
    command = f"{sys.executable} -m kiosk -c {card.config} setup --answers {path}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{mount} && {command}"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be written: the disk can only be read\nNext: sudo mount -o remount,rw /\n" in done.stderr


def test_the_file_in_the_technicians_page_is_one(card: House) -> None:
    page = (ROOT / "docs" / "technician.md").read_text(encoding="utf-8")
    file = card.folder / "answers.toml"
    file.write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[-1], encoding="utf-8")
    draft = Draft(card.config)
    told = read_answers(file)
    assert told.errors(draft.wrong_whole(told.settings)) == []
    assert (told.network is None, told.enrolment is None) == (False, False)
