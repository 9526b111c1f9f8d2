"""The command line as a technician meets it: the real command, its words and its exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from hardware.codes import read_codes
from kiosk.cli.main import GROUPS, VERBS
from kiosk.demo.founding import found
from kiosk.trust.passes import PREFIX
from tests.keys import NOW, STRANGER, claims, signed
from tests.programs.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.trust()
    return house


def test_help_names_every_verb(house: House) -> None:
    text = house.kiosk("--help").stdout
    assert all(re.search(rf"^  {verb} ", text, re.MULTILINE) for verb in VERBS)


def test_help_groups_the_verbs_the_most_used_first(house: House) -> None:
    text = house.kiosk("--help").stdout
    heads = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert heads == ["Options", *GROUPS]
    assert re.findall(r"^  ([a-z]+)  ", text, re.MULTILINE) == list(VERBS)
    assert text.index("  status ") < text.index("  door ") < text.index("  test ") < text.index("  central ")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("statsu", "status"),
        ("docter", "doctor"),
        ("STATUS", "status"),
        ("logs", "log"),
        ("open", "kiosk door open"),
        ("claim", "kiosk central claim"),
        ("check", "kiosk config check or kiosk central check"),
        ("door opne", "'open'"),
        ("central comand", "'command'"),
        ("config chek", "'check'"),
        ("logbook exprot", "'export'"),
        ("pass expalin", "'explain'"),
        ("sensors raed", "'read'"),
        ("maintenance onn", "'on'"),
        ("status --jsno", "'--json'"),
        ("central serve --prot 1", "'--port'"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_one_that_may_be_meant(house: House, words: str, meant: str) -> None:
    done = house.kiosk(*words.split())
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "id you mean" in done.stderr
    assert meant in done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(house: House, verb: str) -> None:
    done = house.kiosk(verb, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


@pytest.mark.parametrize("verb", ["station", "scanner", "sensors", "sync", "status"])
def test_broken_settings_are_told_whole_and_nothing_starts(house: House, verb: str) -> None:
    house.config.write_text('pinz = 1\n[station]\ncode = "?"\n[doors.main]\nlock = { pin = 77 }\n')
    done = house.kiosk(verb)
    assert done.returncode == 2
    assert len(re.findall(r"station\.toml:\d+: ", done.stderr)) == 3
    assert "did you mean pins?" in done.stderr
    assert "nothing was started" in done.stderr
    assert "Traceback" not in done.stderr
    assert not house.run.exists()


def test_misuse_is_exit_code_2(house: House) -> None:
    for words in (["no-such-verb"], ["door", "hold", "--for", "soon"], ["demo", "--for", "3s"], ["scanner", "x"]):
        done = house.kiosk(*words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), words


def test_status_and_door_without_a_station_are_exit_code_3_and_name_the_next_command(house: House) -> None:
    for words in (["status"], ["door", "open"]):
        done = house.kiosk(*words)
        assert done.returncode == 3
        assert "kiosk doctor" in done.stdout + done.stderr


def test_status_of_a_running_station(house: House) -> None:
    with house.station() as station:
        station.verdict(signed(claims()))
        done = house.kiosk("status")
        assert done.returncode == 0, done.stderr
        for word in ("37081101", "locked", "keyset 1", "opened for card"):
            assert word in done.stdout
        found = json.loads(house.kiosk("status", "--json").stdout)
        assert found["running"]
        assert found["view"]["doors"]["main"]["mode"] == "normal"


def test_a_verb_that_could_do_nothing_says_so(house: House) -> None:
    with house.station():
        assert house.kiosk("door", "lockdown", "--for", "1m").returncode == 0
        done = house.kiosk("door", "open")
        assert (done.returncode, done.stderr.strip()) == (
            1,
            "Refused: main is locked down; first: kiosk door release main",
        )
        assert house.kiosk("door", "open", "cellar").returncode == 1
        assert house.kiosk("door", "release").returncode == 0
        assert house.kiosk("door", "open").returncode == 0


def test_doctor_finds_what_is_wrong_and_names_the_command(house: House) -> None:
    done = house.kiosk("doctor")
    assert done.returncode == 1
    assert "programs.station" in done.stdout
    assert "systemctl restart kiosk-station" in done.stdout
    assert re.search(r"\d+ wrong, \d+ to look at, \d+ checks\.$", done.stdout.strip())
    with house.station():
        found = json.loads(house.kiosk("doctor", "--json").stdout)
        checks = {check["id"]: check for check in found["checks"]}
        assert checks["programs.station"]["severity"] == "fine"
        assert checks["trust.keyset"]["severity"] == "fine"
        assert all(
            check.get("remedy") or check.get("advice") for check in found["checks"] if check["severity"] == "wrong"
        )


def test_doctor_with_broken_settings_names_their_lines(house: House) -> None:
    house.config.write_text("pinz = 1\n")
    done = house.kiosk("doctor")
    assert done.returncode == 1
    assert "station.toml:1: pinz" in done.stdout


def test_config_check(house: House) -> None:
    done = house.kiosk("config", "check")
    assert (done.returncode, "fine" in done.stdout) == (0, True)


def test_config_takes_a_file(house: House) -> None:
    mine = house.folder / "mine.toml"
    mine.write_text(house.config.read_text().replace("37081101", "11112222").replace("pulse = 1.0", "pulse = 2.0"))
    house.config.write_text("pinz = 1")
    assert "station 11112222" in house.kiosk("config", "check", str(mine)).stdout
    assert "doors.main.pulse = 2.0" in house.kiosk("config", "show", "doors.main.pulse", str(mine)).stdout
    assert "11112222" in house.kiosk("config", "show", str(mine)).stdout
    assert "2.0" in house.kiosk("config", "explain", "doors.main.pulse", str(mine)).stdout
    assert house.kiosk("config", "check").returncode == 2
    for words in (("check", "none.toml"), ("show", "none.toml"), ("check", str(house.folder))):
        done = house.kiosk("config", *words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert words[-1] in done.stderr


def test_settings_with_a_byte_order_mark_are_shown(house: House) -> None:
    house.config.write_bytes(house.config.read_text().encode("utf-8-sig"))
    done = house.kiosk("config", "show", "pins")
    assert (done.returncode, done.stdout) == (0, 'pins = "simulated"\n')


@pytest.mark.parametrize("running", [False, True])
def test_explain_says_what_a_pass_holds_and_why_it_would_be_refused(house: House, running: bool) -> None:
    def check() -> None:
        good = house.kiosk("pass", "explain", signed(claims(scope="3708")))
        assert good.returncode == 0, good.stderr
        assert "credential  7" in good.stdout
        assert "It would open this door now." in good.stdout
        for text, reason, words in (
            (signed(claims(scope="9")), "wrong_station", "does not hold at this station"),
            (signed(claims(), STRANGER), "bad_signature", "Nobody's word for it"),
            ("https://example.com", "not_a_pass", "not a station pass"),
            ("YZ1:" + "A" * 10_000, "too_long", "too long"),
            ("", "not_a_pass", "not a station pass"),
        ):
            done = house.kiosk("pass", "explain", text)
            assert done.returncode == 1
            assert f"It would be refused: {reason}" in done.stdout
            assert words in done.stdout
        found = json.loads(house.kiosk("pass", "explain", "--json", "-", stdin=signed(claims()) + "\n").stdout)
        assert found["opens"] is True
        assert found["claims"]["expires"] == NOW + 30 * 86_400
        assert ("not running" in found["caveat"]) is not running

    if running:
        with house.station():
            check()
            assert house.kinds() == ["started"], "an explanation is no visit"
    else:
        check()


def test_explain_works_without_any_station(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.unlink()
    done = house.kiosk("pass", "explain", signed(claims()))
    assert done.returncode == 1
    assert "credential  7" in done.stdout
    assert "unknown_key" in done.stdout
    assert "There is no station here" in done.stderr


def test_a_door_that_is_not_there_is_named(house: House) -> None:
    done = house.kiosk("pass", "explain", "--door", "cellar", "x")
    assert (done.returncode, "there are: main" in done.stderr) == (2, True)


def test_a_printed_pass_can_be_read_from_its_picture(house: House) -> None:
    out = house.folder / "pass.png"
    found(house.folder / "c")
    done = house.kiosk("pass", "make", "--central", str(house.folder / "c"), "--kind", "card", "--out", str(out))
    assert done.returncode == 0, done.stderr
    text = done.stdout.strip()
    assert text.startswith(PREFIX)
    assert read_codes(np.asarray(cv2.imread(str(out), cv2.IMREAD_GRAYSCALE))) == [text]
    shown = house.kiosk("pass", "make", "--central", str(house.folder / "c"), "--kind", "live", "--show")
    assert shown.stdout.count("\n") > 20
    assert "credential 2, live" in shown.stderr


def test_enrolling_at_a_server_that_is_not_there_is_exit_code_3(house: House) -> None:
    done = house.kiosk("enrol", "http://127.0.0.1:1", "ABCDEFGH")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
