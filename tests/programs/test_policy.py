"""A policy before it is published: read strictly, judged by reason, and shown for whom it changes what."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.central.policy_file import BadPolicy, policy_warnings, read_policy
from kiosk.central.store import CentralStore
from kiosk.cli.main import main
from kiosk.contract.bodies import Batch
from kiosk.demo.founding import founded
from kiosk.trust.policy import DoorPolicy, PolicyDocument
from tests.keys import private, public
from tests.programs.house import House
from tests.programs.test_central_looking import Office as CommandLine

NOW = 1_795_392_000
HEAT = 'name = "heat", begins = 2026-07-20T11:00:00+08:00, ends = 2026-07-27T18:00:00+08:00'

WEEK = ", ".join(['"mon,tue,wed,thu,fri,sat,sun 06:00-22:00"'] * 32)
_PROGRAMME = "[[doors.d{0}.programmes]]\n" + HEAT.replace(", ", "\n") + f"\nhours = [{WEEK}]\n"
LARGE = "".join((f"[doors.d{{0}}]\nhours = [{WEEK}]\n" + _PROGRAMME * 8).format(door) for door in range(32))


def told(tmp_path: Path, text: str) -> str:
    file = tmp_path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadPolicy) as bad:
        read_policy(file)
    return str(bad.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("stale_fro = 5\n", "policy.toml:1: stale_fro: no such setting, did you mean stale_for?"),
        ("[door.main]\n", "policy.toml:1: door: no such setting, did you mean doors?"),
        ("[doors.main]\nalwayz = [1]\n", "policy.toml:2: doors.main.alwayz: no such setting, did you mean always?"),
        (
            f'[doors.main]\nprogrammes = [{{ {HEAT} }}, {{ {HEAT}, admit = "passes" }}]\n',
            "policy.toml:2: doors.main.programmes.2.admit: no such setting, did you mean admits?",
        ),
        (
            '[doors.main]\nalways = ["technican"]\n',
            "policy.toml:2: doors.main.always: no such class: technican, did you mean technician?",
        ),
        ("[doors.main]\nalways = [4]\n", "policy.toml:2: doors.main.always: no such class: 4"),
        ("[doors.main]\nalways = [true]\n", "policy.toml:2: doors.main.always: expected"),
        (
            "fresh_for = 2\nstale_for = 30\n",
            "dead for a day would call its list old, did you mean 2592000?",
        ),
        ("fresh_for = 30\n", "policy.toml:1: fresh_for: must be at least 86400 seconds"),
        ("stale_for = 200000\nrefuse_when_old = true\n", "policy.toml:1: stale_for: must be at least 604800 seconds"),
        ("stale_for = 90000000\n", "policy.toml:1: stale_for: must be at most 34560000 seconds"),
        ("stale_for = 1e400\n", "policy.toml:1: stale_for: expected a whole number"),
        (
            '[doors.main]\nhours = ["mon 03:00-03:01"]\nalways = []\n',
            "policy.toml:2: doors.main.hours: nobody, not even",
        ),
        ("[doors.main]\nhours = []\n", "policy.toml:2: doors.main.hours: hours are empty"),
        ('[doors.main]\nprogrammes = ["heat"]\n', "policy.toml:2: doors.main.programmes.1: must be a table"),
        ('[doors.main]\nprogrammes = [{ name = "x" }]\n', "policy.toml:2: doors.main.programmes.1.begins: is missing"),
        ("doors = 1\n", "policy.toml:1: doors: must be a table"),
        ('station = "37 08"\n', "policy.toml:1: station: "),
        (
            f"[doors.main]\nprogrammes = [{{ {HEAT.replace('2026-07-20', '1926-07-20')} }}]\n",
            "policy.toml:2: doors.main.programmes.1.begins: must not be before 1970",
        ),
        (
            f"[doors.main]\nprogrammes = [{{ {HEAT.replace('heat', '')} }}]\n",
            "policy.toml:2: doors.main.programmes.1.name: expected text, length at least 1",
        ),
        (LARGE, "policy.toml: a document of "),
        ('texts = { zh = "' + "很" * 501 + '" }\n', "policy.toml"),
        ('nearby = "' + "很" * 201 + '"\n', "policy.toml: Expected `str` of length <= 200 - at `$.nearby`"),
        ("nearby = 5\n", "policy.toml:1: nearby: expected"),
        (
            "[nearby]\nzh = 5\n",
            "policy.toml:1: nearby: expected text or a table with a name of your own for each, text",
        ),
        ("a = " + "[" * 3000 + "]" * 3000 + "\n", "policy.toml"),
    ],
)
def test_what_is_misspelt_or_absurd_is_refused_with_its_line_and_reason(tmp_path: Path, text: str, line: str) -> None:
    assert line in told(tmp_path, text)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = "fresh_for = 1\nstale_for = 0\n[doors.main]\nhours = ['never']\nalways = ['all']\n"
    assert len(told(tmp_path, text).splitlines()) == 5


def test_classes_are_named_as_in_the_settings_or_have_numbers(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f'[doors.main]\nalways = ["steward", 1]\nprogrammes = [{{ {HEAT} }}]\n[doors.side]\n')
    policy = read_policy(file)
    assert policy.doors["main"].always == (2, 1)
    assert policy.doors["main"].programmes[0].begins == 1_784_516_400
    assert policy.doors["side"] == DoorPolicy()


@pytest.mark.parametrize("text", ["'on the right'", "{ zh = '右边', en = 'on the right' }"])
def test_the_next_station_is_one_text_or_one_for_each_language(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f"nearby = {text}\n", encoding="utf-8")
    assert read_policy(file).nearby == tomllib.loads(f"x = {text}")["x"]


def test_what_is_hardly_meant_is_warned_of() -> None:
    door = DoorPolicy(("mon 03:00-03:01",), ())
    assert [line.partition(": ")[2] for line in policy_warnings(PolicyDocument(1, 0, doors={"main": door}), NOW)] == [
        "the hours bind technicians and stewards, too",
        "open for less than an hour a week",
    ]


class Office:
    """A central server's folder with some stations, and its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.house, self.file = folder / "central", House(folder), folder / "policy.toml"
        self.store = CentralStore(self.folder)
        self.issuer = founded(self.folder, self.store)
        for code in ("37081101", "37081102", "37090001"):
            self.store.enrol(code, self.store.make_claim(code, NOW), public(private(20)), NOW)
        for number, code in enumerate(("37081101", "37081102")):
            entry = {
                "seq": 1,
                "boot_id": "b",
                "boot": 1.0,
                "wall": 1.0,
                "kind": "locked",
                "door": ("main", "side")[number],
            }
            self.store.take(code, "access", Batch("00112233445566aa", 1, "b", 1.0, 1.0, [entry]), 1.0)

    def policy(self, text: str, *words: str) -> tuple[int, str, str]:
        self.file.write_text(text)
        done = self.house.kiosk("central", "policy", str(self.file), "--data", str(self.folder), *words)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


def test_it_says_how_many_stations_it_reaches_and_which_door_no_station_has(office: Office) -> None:
    code, out, err = office.policy('station = "3708"\n[doors.mian]\n')
    assert (code, out, office.store.policies()) == (2, "", [])
    assert "doors.mian: none of the 2 stations has such a door, did you mean main?" in err
    code, out, err = office.policy('station = "3708"\n[doors.main]\n')
    assert (code, "reaches 2 stations" in out) == (0, True)
    assert "doors.main: 1 of 2 stations have no such door" in err
    assert office.policy("[doors.mian]\n", "--yes")[0] == 0
    code, out, _ = office.policy("")
    assert "it reaches 1 stations, and 2 have one of their own" in out
    code, out, err = office.policy('station = "99"\n[doors.main]\n', "--json")
    assert (code, json.loads(out)["reaches"]) == (0, 0)


def test_a_dry_run_shows_for_each_station_what_changes(office: Office) -> None:
    policy = PolicyDocument(1, 0, station="370811", doors={"main": DoorPolicy(("daily 06:00-22:00",))})
    office.issuer.publish_policy(policy)
    office.issuer.publish_policy(PolicyDocument(1, 0, station="37081102"))
    before = office.store.policies()
    text = (
        'station = "370811"\nstale_for = 864000\n[doors.main]\nhours = ["daily 07:00-22:00"]\nalways = ["technician"]\n'
    )
    code, out, _ = office.policy(text, "--dry-run")
    assert (code, office.store.policies()) == (0, before)
    for line in (
        '  doors.main.hours: ["daily 06:00-22:00"] → ["daily 07:00-22:00"]',
        '  doors.main.always: ["technician","steward"] → ["technician"]',
        "  stale_for: 2592000 → 864000",
        "1 stations: 37081102\n  nothing: they have the policy for 37081102",
        "It would reach 1 stations; nothing was published.",
    ):
        assert line in out
    code, out, _ = office.policy(text, "--dry-run", "--json")
    assert {each["station"]: len(each["changes"]) for each in json.loads(out)} == {"37081101": 3, "37081102": 0}
    assert "nothing changes" in office.policy("", "--dry-run")[1]


def test_a_dry_run_writes_nothing_though_a_list_is_due(office: Office) -> None:
    with office.store.transaction():
        office.store.put_document("status", *office.store.documents()["status"], NOW)
    before, files = office.store.documents(), sorted(office.folder.iterdir())
    code, _, err = office.policy("[doors.main]\n", "--dry-run")
    assert (code, office.store.documents(), sorted(office.folder.iterdir())) == (0, before, files), err


def test_a_dry_run_makes_no_central_server_where_there_is_none(office: Office) -> None:
    office.folder = office.folder.parent / "elsewhere"
    code, _, err = office.policy("[doors.main]\n", "--dry-run")
    assert (code, office.folder.exists()) == (1, False)
    assert "Next: " in err


def test_a_file_may_begin_with_a_mark_and_end_its_lines_as_windows_does(office: Office) -> None:
    code, _, err = office.policy("\ufeff[doors.main]\r\nhours = ['daily 06:00-22:00']\r\n", "--dry-run")
    assert code == 0, err


@pytest.mark.parametrize(
    "verb", ["stations", "alarms", "clock", "revoke 1", "claim 37081101", "keys list", "reconcile"]
)
def test_a_damaged_database_is_said_plainly(tmp_path: Path, verb: str) -> None:
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "central.db").write_bytes(b"no database" * 1000)
    done = House(tmp_path).kiosk("central", *verb.split(), "--data", str(tmp_path / "central"))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "the database cannot be used: file is not a database" in done.stderr
    assert "Next: stop the server, put central.db back from a backup" in done.stderr


@pytest.mark.slow
def test_a_locked_database_is_said_plainly(office: Office) -> None:
    holder = sqlite3.connect(office.folder / "central.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    done = office.house.kiosk("central", "revoke", "1", "--data", str(office.folder))
    holder.close()
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "Another program is writing to it. Next: try again" in done.stderr


def test_the_week_of_a_policy_and_what_it_changes_are_shown(tmp_path: Path) -> None:
    office = CommandLine(tmp_path / "central")
    file = tmp_path / "policy.toml"
    with closing(office.store):
        file.write_text('station = "3708"\n[doors.main]\nhours = ["daily 00:00-24:00"]\n')
        office.said("policies", "publish", str(file))
        file.write_text('station = "3708"\n[doors.main]\nhours = ["mon-fri 06:00-22:00"]\nalways = ["technician"]\n')
        shown = preview(file)
        assert shown.count("00:00-06:00 technician; 06:00-22:00 all passes; 22:00-24:00 technician") == 5
        assert shown.count("00:00-24:00 technician\n") == 2
        told = office.said("policies", "dry-run", str(file))
        assert "2 stations, main, worker (0 holders): 168.0 h a week become 80.0 h" in told
        found = office.json("policies", "dry-run", str(file))
        assert [each["effect"]["pass_class"] for each in found["effects"]] == [0, 2, 3]
        assert "the settings of each station hold" in preview(empty(tmp_path))


def preview(file: Path) -> str:
    done = CliRunner().invoke(main, ["central", "policies", "preview", str(file)])
    assert done.exit_code == 0, done.output
    return done.output


def empty(tmp_path: Path) -> Path:
    file = tmp_path / "empty.toml"
    file.write_text("fresh_for = 90000\n")
    return file
