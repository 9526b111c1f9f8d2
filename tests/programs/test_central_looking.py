"""The verbs of `kiosk central` that show what the centre knows, and those that keep its register: in words, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any

import jwt
import pytest
from click.testing import CliRunner

from kiosk.central.register_file import read_register
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import Sighting
from kiosk.cli.main import main
from kiosk.contract.bodies import AUDIENCE, Batch
from kiosk.demo.founding import founded
from kiosk.keyfiles import read_private, write_raw
from kiosk.settings.table import BadSettings
from kiosk.trust.documents import CommandDocument
from kiosk.trust.fingerprint import fingerprint
from kiosk.trust.policy import DoorPolicy, PolicyDocument
from kiosk.trust.status import Status
from tests.keys import private, public

CODE, OTHER, THIRD = "37081101", "37081102", "37090001"
KEY = private(20)
EPOCH = "00112233445566aa"


class Office:
    """A central server's folder with three stations, and its command line, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, time()
        self.store = CentralStore(folder)
        self.issuer = founded(folder, self.store)
        for code in (CODE, OTHER):
            self.store.enrol(code, self.store.make_claim(code, self.now), public(KEY), self.now)
        self.store.add_stations([Registered(THIRD, "Lake", "Lake Road 1")], self.now)

    def said(self, *words: str, code: int = 0) -> str:
        """What a verb says, on both of its outputs."""
        done = CliRunner().invoke(main, ["central", *words, "--data", str(self.folder)])
        assert (done.exit_code, done.exception if code == 0 else None) == (code, None), done.output
        return done.output

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.said(*words, "--json", code=code).splitlines()[-1])

    def take(self, *entries: dict[str, Any], first: int = 1, epoch: str = EPOCH, newest: int = 0) -> None:
        clock = {"boot_id": "b", "boot": 1.0, "quality": "synced"}
        whole = [{"seq": first + place, **clock, "wall": self.now, **each} for place, each in enumerate(entries)]
        self.store.take(CODE, "access", Batch(epoch, first, "b", 1.0, 1.0, whole, newest=newest), time())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "central")
    with closing(office.store):
        yield office


def test_stations_are_shown_with_what_is_known_of_each(office: Office) -> None:
    versions = office.store.versions(CODE)
    office.store.saw([Sighting(CODE, office.now - 1000, "yizhan-kiosk/9.9.9", "10.0.0.7", versions | {"status": 1})])
    office.store.saw([Sighting(OTHER, office.now, "other", "10.0.0.8", versions)])
    office.take({"kind": "fault", "what": "gps", "detail": "silent"})
    first, second, third, total = office.said("stations").splitlines()
    words = fingerprint(CODE, public(KEY), office.issuer.root_public)
    assert re.search(rf"^{CODE} +enrolled +silent for .* min +9\.9\.9 +1 faults +lacks status .*{words}$", first), first
    assert re.search(rf"^{OTHER} +enrolled +.* s ago +other +– ", second), second
    assert re.search(rf"^{THIRD} +added +.*Lake$", third), third
    assert total == "3 stations, 2 enrolled, 1 silent, 1 with faults"
    shown = {each["station"]: each for each in office.json("stations")}
    assert {code: (each["state"], each["silent"], each["faults"], each["lacks"]) for code, each in shown.items()} == {
        CODE: ("enrolled", True, 1, ["status"]),
        OTHER: ("enrolled", False, 0, []),
        THIRD: ("added", False, 0, []),
    }
    assert shown[CODE]["fingerprint"] == words


def test_what_waits_at_a_station_is_said_where_it_says_so(office: Office) -> None:
    assert "wait there" not in office.said("stations")
    office.take({"kind": "restarting"}, newest=8)
    assert "7 entries wait there" in office.said("stations").splitlines()[0]
    assert "7 entries wait there" in office.said("status", CODE)
    assert {each["station"]: each["queue"] for each in office.json("stations")} == {CODE: 7, OTHER: None, THIRD: None}
    assert office.json("status", CODE)["queue"] == 7


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (("3708",), [CODE, OTHER]),
        (("--state", "added"), [THIRD]),
        (("--silent",), []),
        (("-n", "1"), [CODE]),
        (("-n", "1", "--after", CODE), [OTHER]),
        (("--after", THIRD), []),
        (("--faulty",), []),
        (("99",), []),
    ],
)
def test_stations_are_chosen_and_paged(words: tuple[str, ...], codes: list[str], office: Office) -> None:
    assert [each["station"] for each in office.json("stations", *words)] == codes


def test_a_page_ends_with_the_command_for_the_next(office: Office) -> None:
    assert (
        office.said("stations", "-n", "2").splitlines()[-1] == f"1 more. Next: kiosk central stations --after {OTHER}"
    )
    told = office.said("stations", "3708", "--state", "enrolled", "-n", "1").splitlines()[-1]
    assert told == f"1 more. Next: kiosk central stations 3708 --state enrolled --after {CODE}"
    assert office.said("stations", "99").strip() == "No such stations. Next: kiosk central station add CODE"


def test_a_folder_without_a_database_is_named_and_none_is_made(tmp_path: Path) -> None:
    for words in (
        ["stations"],
        ["status", CODE],
        ["entries", CODE],
        ["policies", "list"],
        ["claims"],
        ["passes", "--holder", "x", "--reason", "y"],
    ):
        done = CliRunner().invoke(main, ["central", *words, "--data", str(tmp_path / "none")])
        assert (done.exit_code, "Next: kiosk central init --data" in done.output) == (1, True), done.output
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "words", [("status",), ("entries",), ("commands",), ("station", "retire"), ("station", "stolen")]
)
def test_a_station_that_nobody_knows_is_said_with_the_next_command(words: tuple[str, ...], office: Office) -> None:
    told = office.said(*words, "99999999", code=1)
    assert told.strip() == "There is no station 99999999. Next: kiosk central stations"


def test_the_status_of_a_station_has_its_keys_in_words_and_why_they_changed(office: Office) -> None:
    new = public(private(21))
    office.store.enrol(CODE, office.store.make_claim(CODE, office.now, "the card broke"), new, office.now)
    office.take({"kind": "fault", "what": "scanner.front", "detail": "dark\x1b[2J"}, {"kind": "locked", "door": "main"})
    office.store.alarm("quota", "sends more than any station has to tell; it is asked to wait", office.now, CODE)
    office.store.make_claim(CODE, office.now, "again")
    told, found = office.said("status", CODE), office.json("status", CODE)
    for key in (public(KEY), new):
        assert fingerprint(CODE, key, office.issuer.root_public) in told
    assert "the card broke" in told
    assert "\x1b" not in told
    assert (found["doors"], found["streams"], len(found["claims"]), len(found["alarms"])) == (
        ["main"],
        {"access": 2},
        1,
        1,
    )
    assert [each["reason"] for each in found["history"]] == ["", "the card broke"]
    assert "none: its settings hold" in told


# The entries, the commands.


def test_entries_are_told_in_words_the_newest_last(office: Office) -> None:
    office.take({"kind": "started", "version": "1"}, {"kind": "denied", "door": "main", "reason": "expired"})
    office.take({"kind": "locked", "door": "main"}, epoch="00112233445566ab")
    told = office.said("entries", CODE).splitlines()
    assert [line.partition("  ")[2] for line in told] == [
        "the station started, version 1",
        "main: refused: This pass has expired. Please renew it.",
        "main: locked",
    ]
    assert len(office.said("entries", CODE, "-n", "1").splitlines()) == 1
    assert [json.loads(line)["kind"] for line in office.said("entries", CODE, "--json").splitlines()] == [
        "started", "denied", "locked",
    ]  # fmt: skip
    assert [
        json.loads(line)["seq"] for line in office.said("entries", CODE, "--kind", "denied", "--json").splitlines()
    ] == [2]
    assert office.said("entries", CODE, "--kind", "nothing").strip() == "No such entries."
    office.take({"kind": "locked", "door": "old", "wall": office.now - 9000}, first=2, epoch="00112233445566ab")
    assert len(office.said("entries", CODE, "--since", "1h").splitlines()) == 3


def test_what_came_while_somebody_looked_is_told_once(office: Office) -> None:
    from kiosk.central.store.entries import Wanted

    marks = office.store.ends(CODE).get("access", {})
    seen = []
    for number in range(1, 6):
        office.take({"kind": "locked", "door": "main"}, first=number)
        if number % 2:
            seen += [each.entry["seq"] for each in office.store.came(CODE, "access", Wanted(), marks)]
    assert (seen, office.store.came(CODE, "access", Wanted(), marks)) == ([1, 2, 3, 4, 5], [])


def test_what_became_of_each_command_is_shown(office: Office) -> None:
    sent = [
        office.issuer.command(CommandDocument(1, "x", CODE, verb, 0, 0), 300)
        for verb in ("unlock", "report", "release")
    ]
    late = office.issuer.command(CommandDocument(1, "x", CODE, "unlock", 0, 0), 0)
    office.take(
        {"kind": "command_started", "command": sent[0].id, "sequence": sent[0].version, "verb": "unlock"},
        {"kind": "command_ended", "command": sent[0].id, "outcome": "done"},
        {"kind": "command_started", "command": sent[1].id, "sequence": sent[1].version, "verb": "report"},
    )
    states = {each["id"]: each["state"] for each in office.json("commands", CODE)}
    assert states == {sent[0].id: "done", sent[1].id: "taken", sent[2].id: "sent", late.id: "expired"}
    office.store.saw([Sighting(CODE, office.now, "v", "::1", {"command": sent[2].version})])
    assert {each["id"]: each["state"] for each in office.json("commands", CODE)}[sent[2].id] == "taken"
    assert [line.split()[3] for line in office.said("commands", CODE).splitlines()] == [
        *(each.id for each in sent),
        late.id,
    ]
    assert office.said("commands", OTHER).strip() == f"No commands. Next: kiosk central command {OTHER} report"


# Policies, passes, claims.


def test_a_policy_that_is_withdrawn_gives_way_to_the_next_shorter_one_and_then_to_the_settings(office: Office) -> None:
    day = PolicyDocument(1, 0, "37", {"main": DoorPolicy(("daily 06:00-22:00",))})
    office.issuer.publish_policy(day)
    office.issuer.publish_policy(PolicyDocument(1, 0, "3708", fresh_for=100_000))
    assert [(each["prefix"], each["stations"]) for each in office.json("policies", "list")] == [("37", 0), ("3708", 2)]
    assert "fresh_for = 100000" in office.said("policies", "show", "3708").splitlines()
    held = office.store.versions(CODE)["policy"]
    assert office.said("policies", "withdraw", "3708").strip() == "withdrawn; what holds now is the policy for 37"
    assert office.store.versions(CODE)["policy"] > held, "or no station would take it"
    assert office.json("status", CODE)["policy"] == "37"
    assert office.json("policies", "withdraw", "37")["left"] == ""
    assert office.json("policies", "show") == {
        **office.json("policies", "show"), "station": "", "doors": {}, "fresh_for": 172800, "nearby": "",
    }  # fmt: skip
    assert "There is no policy for 37. Next: kiosk central policies list" in office.said(
        "policies", "show", "37", code=1
    )
    assert "There is no policy for 37." in office.said("policies", "withdraw", "37", code=1)


def test_a_policy_for_everywhere_that_is_withdrawn_leaves_the_settings(office: Office) -> None:
    assert office.said("policies", "list").strip() == "No policies: the settings of each station hold."
    office.issuer.publish_policy(PolicyDocument(1, 0, fresh_for=100_000))
    held = office.store.versions(CODE)["policy"]
    assert office.said("policies", "withdraw").strip() == "withdrawn; what holds now are the settings of each station"
    assert office.store.versions(CODE)["policy"] > held


def test_the_credentials_of_a_holder_are_listed(office: Office) -> None:
    indices = [office.store.add_credential(holder) for holder in ("li", "wang", "li")]
    office.store.set_status(indices[2], Status.REVOKED)
    assert "This asks for a reason." in office.said("passes", "--holder", "li", code=2)
    assert office.json("passes", "--holder", "li", "--reason", "the police asks") == [
        {"index": indices[0], "status": "valid"},
        {"index": indices[2], "status": "revoked"},
    ]
    assert "No credentials of that holder. Next: kiosk central passes issue nobody" in office.said(
        "passes", "--holder", "nobody", "--reason", "x"
    )


def test_a_claim_for_an_enrolled_station_says_so_and_asks_for_a_reason(office: Office) -> None:
    told = office.said("claim", CODE, code=2)
    assert fingerprint(CODE, public(KEY), office.issuer.root_public) in told
    assert f"Next: kiosk central claim {CODE} --reason TEXT" in told
    assert "asks for a reason" in office.said("claim", CODE, "--reason", "  ", code=2)
    assert len(office.said("claim", CODE, "--reason", "the card broke").strip()) == 16
    office.said("claim", THIRD)
    assert [(each["station"], each["reason"]) for each in office.json("claims")] == [
        (CODE, "the card broke"),
        (THIRD, ""),
    ]
    assert office.said("claims").splitlines()[0].endswith(": the card broke")
    assert office.json("claims", "withdraw", CODE)["withdrawn"] == 1
    office.said("claims", "withdraw", THIRD)
    assert office.said("claims").strip() == "No open claims."


@pytest.mark.parametrize(("verb", "state"), [("retire", "retired"), ("stolen", "stolen")])
def test_a_station_is_ended_with_a_reason_and_another_in_its_place_has_one(
    verb: str, state: str, office: Office
) -> None:
    assert f"Next: kiosk central station {verb} {CODE} --reason TEXT" in office.said("station", verb, CODE, code=2)
    told = office.said("station", verb, CODE, "--reason", "no longer there")
    assert "every server refuses it from now on" in told
    assert ("the password of its Wi-Fi" in told) is (verb == "stolen")
    assert f"{CODE}: {state}" in office.said("claim", CODE, code=2)
    assert office.json("status", CODE)["history"][-1]["reason"] == "no longer there"
    assert office.json("stations", "--state", state)[0]["station"] == CODE


# The register's file.


def file(tmp_path: Path, data: str | bytes) -> Path:
    path = tmp_path / "stations.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_a_register_is_imported_as_a_spreadsheet_saves_it(office: Office, tmp_path: Path) -> None:
    path = file(tmp_path, '\ufeffname,code,address\r\n"湖边, 东",37090001,湖路\r\n\r\n,37090002,\r\n')
    assert office.json("station", "import", str(path)) == {"ok": True, "stations": 2, "new": 1, "placeless": []}
    found = {each.code: (each.name, each.address) for each in office.store.register(EVERYWHERE)}
    assert (found[THIRD], found["37090002"]) == (("湖边, 东", "湖路"), ("", ""))


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ("", ["1: the first line names the columns"]),
        ("name\nx\n", ["1: the first line names the columns"]),
        ("code,code\n3708,3709\n", ["1: the first line names the columns"]),
        ("code,nmae\n3708,x\n", ["1: nmae: no such column, did you mean name?"]),
        ("code,name\n37 08,x\n3709\n3710,a,b\n3711," + "x" * 201 + '\n3712,"a\nb"\n3713,x\n3713,y\n', [
            "2: 37 08: is no station's code", "3: 1 cells, and not 2", "4: 3 cells, and not 2",
            "5: 3711: a cell has more than 200", "7: 3712: a cell", "9: 3713: is there twice",
        ]),
        ('code\n"3708\n', ["is no CSV"]),
        ("code,name\n3708,湖\n".encode("gbk"), ["GBK"]),
    ],
)  # fmt: skip
def test_every_wrong_line_is_told_and_nothing_is_added(
    data: str | bytes, wrong: list[str], office: Office, tmp_path: Path
) -> None:
    path = file(tmp_path, data)
    with pytest.raises(BadSettings) as bad:
        read_register(path)
    assert [each in line for each, line in zip(wrong, bad.value.errors, strict=True)] == [True] * len(wrong), (
        bad.value.errors
    )
    assert "nothing was added" in office.said("station", "import", str(path), code=2)
    assert len(office.store.register(EVERYWHERE)) == 3


# Tokens.


def test_a_token_is_the_stations_whose_key_is_given_or_of_one_for_trials(office: Office, tmp_path: Path) -> None:
    assert "name a copy with --key" in office.said("token", CODE, code=2)
    write_raw(tmp_path / "station.key", KEY.private_bytes_raw(), 0o600)
    given = office.said("token", CODE, "--key", str(tmp_path / "station.key")).strip()
    assert jwt.decode(given, KEY.public_key(), ["EdDSA"], audience=AUDIENCE)["sub"] == CODE
    made = office.said("token", THIRD, "--trial", "--for", "1h").strip()
    again = office.said("token", THIRD).strip()
    key = read_private(office.folder / f"trial-{THIRD}.key")
    for text, lasts in ((made, 3600), (again, 600)):
        claims = jwt.decode(text, key.public_key(), ["EdDSA"], audience=AUDIENCE)
        assert (claims["sub"], claims["exp"] - claims["iat"]) == (THIRD, lasts)
    assert office.store.history(THIRD)[-1].reason == "trial"


@pytest.mark.parametrize("spoil", [
    lambda office: office.store.end_station(THIRD, "retired", "", 1.0),
    lambda office: office.store.enrol(THIRD, office.store.make_claim(THIRD, office.now), public(KEY), office.now),
])  # fmt: skip
def test_only_a_code_that_never_was_a_stations_is_for_trials(spoil: Callable[[Office], Any], office: Office) -> None:
    spoil(office)
    assert "only a code that never was a station's is for trials" in office.said("token", THIRD, "--trial", code=1)
    assert not (office.folder / f"trial-{THIRD}.key").exists()
    assert "is for trials" in office.said("token", "99999999", "--trial", code=1)


@pytest.mark.parametrize(
    ("data", "why"), [(None, "No such file"), (b"rubbish", "holds no key"), (private(21), "is not the key")]
)
def test_a_key_that_is_none_or_anothers_is_said(data: Any, why: str, office: Office, tmp_path: Path) -> None:
    path = tmp_path / "key"
    if isinstance(data, bytes):
        path.write_bytes(data)
    elif data:
        write_raw(path, data.private_bytes_raw(), 0o600)
    assert why in office.said("token", CODE, "--key", str(path), code=1 if why == "is not the key" else 2)


# A province.


def test_the_register_of_a_province_is_shown_whole(central_folder: Path) -> None:
    with closing(CentralStore(central_folder)) as store:
        codes = [f"3708{number:04}" for number in range(4540)]
        with store.transaction():
            store._engine.run_each(
                "INSERT INTO stations VALUES (?, ?, ?)", [(code, public(KEY), 1.0) for code in codes]
            )
        store.add_stations([Registered(code, "a name") for code in codes], 1.0)
        store.saw([Sighting(code, 1.0, "v", "::1", {"policy": 1}) for code in codes])
        assert len(store.register(EVERYWHERE)) == 4540
