"""What the centre asks of whoever wants to be let in by a phone: a code of this minute, and not too often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import msgspec
import pytest
import requests
from msgspec.structs import replace

from kiosk.central import by_phone
from kiosk.central.by_phone import (
    DONE,
    HERE,
    HOLDS,
    MOST_A_DAY,
    MOST_ASKED,
    MOST_AT_STATION,
    NO_ANSWER,
    UNDERWAY,
    NotAsked,
    Waiting,
)
from kiosk.central.passes import DAY, By, Passes, Wanted
from kiosk.central.sent import sent_commands
from kiosk.central.store.people import Credential
from kiosk.central.store.phone_openings import ASKED
from kiosk.cli.doctor.checks import check_phone_code
from kiosk.contract.bodies import Batch, Documents
from kiosk.demo.founding import founded
from kiosk.settings.loading import load
from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.documents import CommandDocument
from kiosk.trust.door_code import DoorCode, half_minute, sign_door_code
from kiosk.trust.passes import PassClass
from tests.keys import private, public
from tests.programs.house import House, until
from tests.programs.office import NOW, Office
from tests.programs.test_central_bounds import DOCUMENTS, bearer, running
from tests.test_screen import view

STATION, OTHER = "37081101", "37081102"
KEY, STRANGER = private(40), private(41)
LI = By("li")
numbers = count(1)


@pytest.fixture
def office(office: Office) -> Office:
    for code, key in ((STATION, KEY), (OTHER, STRANGER)):
        office.store.enrol(code, office.store.make_claim(code, NOW), public(key), NOW)
    office.store.has_phone_door([STATION, OTHER], NOW)
    return office


@pytest.fixture
def held(office: Office) -> Credential:
    wanted = Wanted("h-1", NOW + 28 * DAY, pass_class=PassClass.STEWARD, scope="3708", district="3708")
    return Passes(office.store, office.issuer).issue(wanted, LI).credential


def code(office: Office, station: str = STATION, seed: int = 40, later: float = 0.0) -> str:
    return sign_door_code(DoorCode(station, "main", half_minute(office.now + later)), private(seed))


def ask(office: Office, held: Credential, text: str = "", signed: bytes = b"") -> Waiting:
    signed = signed or str(next(numbers)).encode()
    return by_phone.ask(office.store, office.issuer, text or code(office), held, signed, office.now)


def why(office: Office, held: Credential, text: str = "", signed: bytes = b"") -> str:
    """Why the station is not asked; and it is not."""
    before = office.store.commands(STATION, 1000)
    with pytest.raises(NotAsked) as found:
        ask(office, held, text, signed)
    assert office.store.commands(STATION, 1000) == before
    return found.value.kind


def test_the_command_says_whom_the_station_is_to_judge_and_holds_for_15_seconds(
    office: Office, held: Credential
) -> None:
    ask(office, held)
    [sent] = office.store.commands(STATION, 10)
    said = read_cbor(read_sign1(sent.body).payload)
    wanted = {"verb": "admit", "door": "main", "index": held.index, "pass_class": 2, "scope": "3708"}
    assert {name: said[name] for name in wanted} == wanted
    assert said["expires"] - said["issued_at"] == 15


def test_it_goes_to_a_station_that_names_the_capability_alone(office: Office, held: Credential) -> None:
    ask(office, held)
    published, have = office.store.published(NOW), office.store.versions(STATION) | {"command": 0}
    assert published.newer(STATION, have, NOW) == []
    assert len(published.newer(STATION, have, NOW, admits=True)) == 1
    assert published.newer(STATION, have, NOW + 15, admits=True) == []


def test_a_code_is_good_for_a_minute_and_a_picture_of_it_is_dead_then(office: Office, held: Credential) -> None:
    text = code(office)
    office.now = half_minute(office.now) * 30 + 59.5
    ask(office, held, text)
    office.now += 1
    assert why(office, held, text) == "stale"
    assert why(office, held, code(office, later=60)) == "stale", "nor one of the minute to come"


def test_what_no_station_of_ours_shows_is_no_code(office: Office, held: Credential) -> None:
    text = code(office)
    assert why(office, held, code(office, seed=41)) == "no_code"
    assert why(office, held, text.replace(STATION, OTHER)) == "no_code"
    assert why(office, held, text.replace("main", "inner")) == "no_code"
    assert why(office, held, code(office, station="37081199")) == "no_code"
    assert why(office, held, text[:-1]) == "no_code"
    assert why(office, held, "https://example.org") == "no_code"
    office.store.end_station(STATION, "stolen", "x", NOW)
    assert why(office, held, text) == "no_code", "its key counts no longer"


def test_a_station_that_is_away_or_shows_no_code_is_not_asked(office: Office, held: Credential) -> None:
    office.now += HERE + 1
    assert why(office, held) == "absent"
    office.store.has_phone_door([STATION], office.now)
    ask(office, held)


def test_what_a_phone_has_signed_counts_once(office: Office, held: Credential) -> None:
    ask(office, held, signed=b"one")
    assert why(office, held, signed=b"one") == "used"
    ask(office, held, signed=b"two")


def test_three_times_a_day_a_holder_and_what_was_refused_does_not_count(office: Office, held: Credential) -> None:
    for _ in range(2):
        office.store.ended_opening(ask(office, held).command, "closed")
    for _ in range(MOST_A_DAY):
        office.store.ended_opening(ask(office, held).command, DONE)
    assert why(office, held) == "enough"
    office.now += DAY
    office.store.has_phone_door([STATION], office.now)
    ask(office, held)


def told(office: Office, command: str, seq: int, kind: str, **more: str) -> None:
    """The station tells of a command, in the end."""
    entry = {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": office.now, "quality": "synced", "kind": kind}
    batch = Batch("e" * 16, seq, "b", 1.0, office.now, [entry | {"command": command, **more}])
    office.store.take(STATION, "access", batch, office.now)


def test_what_nobody_answered_counts_only_when_the_station_tells_that_it_opened(
    office: Office, held: Credential
) -> None:
    """Whoever stood before a dead station is still let in by another; a log that comes late is late and no less true."""
    commands = []
    for outcome in (NO_ANSWER, NO_ANSWER, NO_ANSWER, ASKED):
        commands.append(ask(office, held).command)
        office.store.ended_opening(commands[-1], outcome)
    office.now += HOLDS + UNDERWAY
    told(office, commands[0], 1, "command_ended", outcome="expired")
    told(office, commands[1], 2, "command_ended", outcome="done")
    told(office, commands[2], 3, "command_started")
    office.store.ended_opening(ask(office, held).command, DONE)
    assert why(office, held) == "enough", "one was done, of one it is not known, and one is done now"


def test_nobody_asks_for_ever(office: Office, held: Credential) -> None:
    for _ in range(MOST_ASKED):
        office.now += 10
        office.store.has_phone_door([STATION], office.now)
        office.store.ended_opening(ask(office, held).command, "interlocked")
    assert why(office, held) == "often"


def test_a_station_is_not_flooded(office: Office, held: Credential) -> None:
    others = Passes(office.store, office.issuer)
    for number in range(MOST_AT_STATION):
        ask(office, others.issue(Wanted(f"o-{number}", NOW + DAY), LI).credential)
    assert why(office, held) == "often"
    office.now += 61
    ask(office, held)


def test_who_asked_is_forgotten_after_two_days_and_is_in_no_audit(office: Office, held: Credential) -> None:
    head = office.store.audit_head()
    ask(office, held)
    assert office.store.audit_head() == head, "whoever may read the audit would know who was where"
    assert sum(office.store.purge_openings(NOW + DAY)) == 0
    office.now = NOW + 2 * DAY + 60
    assert sum(office.store.purge_openings(office.now)) == 3, "one opening, two stations' displays"
    [sent] = office.store.commands(STATION, 10)
    assert "index" not in read_cbor(read_sign1(sent.body).payload)
    [shown] = sent_commands(office.store, STATION, 0, 10, office.now)
    assert (shown.verb, shown.door, shown.state) == ("admit", "main", "expired")


def test_over_the_wire_an_older_station_never_sees_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both wait; the one that names no such capability is told nothing, and not that it lacks something, either."""
    with running(tmp_path, monkeypatch) as server:
        issuer = founded(tmp_path, server.store)
        known = "&".join(f"{kind}={version}" for kind, version in server.store.versions(STATION).items())

        def asks(capabilities: str, wait: int) -> list[bytes]:
            headers = bearer() | {"Yizhan-Capabilities": capabilities}
            answer = requests.get(f"{server.url}{DOCUMENTS}?{known}&wait={wait}", headers=headers, timeout=30)
            return msgspec.json.decode(answer.content, type=Documents).documents

        with ThreadPoolExecutor(1) as pool:
            today = pool.submit(asks, "conflict, admit", 20)
            until(lambda: server.store.phone_door_heard(STATION) > 0, "the display that the station has")
            issuer.command(CommandDocument(1, "x", STATION, "admit", 0, 0, index=7, pass_class=0), 15)
            [command] = today.result(timeout=30)
        assert read_cbor(read_sign1(command).payload)["verb"] == "admit"
        assert asks("conflict", 0) == []
        assert len(asks("admit", 0)) == 1


@pytest.mark.parametrize(
    ("more", "severity", "told"),
    [
        ({}, "fine", "the display has a code for phones"),
        ({"quality": "holdover"}, "warning", "the time is not synced"),
        ({"faults": {"central": "not reachable"}}, "warning", "cannot be reached"),
        ({"phone_code": ""}, "warning", "the policy allows none"),
    ],
)
def test_the_doctor_says_why_a_display_has_no_code(
    more: dict[str, object], severity: str, told: str, tmp_path: Path
) -> None:
    house = House(tmp_path, '[central]\nurl = "http://127.0.0.1:9"\n[screen]\npass_page = "http://localhost:9"\n')
    settings = load(house.config)
    shown = replace(view(phone_code="x", programs={"sync": True}), **more)
    [found] = check_phone_code(settings, shown)
    assert (found.id, found.severity) == ("screen.phone_code", severity)
    assert told in found.evidence
    assert list(check_phone_code(replace(settings, screen=None), shown)) == []
