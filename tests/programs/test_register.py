"""The stations' register: who may enrol in whose place, what a stolen one loses, who was heard, and which faults are open."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from time import time
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.central.api import attendance
from kiosk.central.api.board import Board
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore, migrations
from kiosk.central.store.migrations import _steps
from kiosk.central.store.registers import CLAIM_HOLDS, WrongClaim
from kiosk.central.store.sightings import LONGEST_FAULT, MOST_FAULTS, SILENT_AFTER, Sighting
from kiosk.cli.main import main
from kiosk.contract.bodies import Batch
from kiosk.demo.founding import founded
from kiosk.trust.documents import CommandDocument
from tests.keys import private, public
from tests.programs.house import House, until
from tests.programs.test_central_bounds import BATCHES, CODES, DOCUMENTS, KEY, batch, bearer, post, running
from tests.programs.test_central_workers import serving

CODE, OTHER = CODES[0], CODES[1]
OLD, NEW = public(private(31)), public(private(32))
NOW = 1_795_392_000.0
EPOCH = "00112233445566aa"


def verb(folder: Path, *words: str) -> Result:
    """A verb of the central server's, in this process."""
    return CliRunner().invoke(main, ["central", *words, "--data", str(folder)])


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def enrol(store: CentralStore, key: bytes, reason: str = "", code: str = CODE) -> None:
    store.enrol(code, store.make_claim(code, NOW, reason), key, NOW)


def state(store: CentralStore, code: str = CODE) -> str:
    (found,) = store.register(EVERYWHERE, code)
    return found.state


def test_another_key_takes_the_place_of_one_only_by_a_claim_that_says_why(store: CentralStore) -> None:
    enrol(store, OLD)
    claim = store.make_claim(CODE, NOW)
    with pytest.raises(WrongClaim, match="enrolled with another key"):
        store.enrol(CODE, claim, NEW, NOW)
    assert store.station_key(CODE) == OLD
    store.enrol(CODE, claim, OLD, NOW)
    enrol(store, NEW, "the card broke")
    assert store.station_key(CODE) == NEW
    assert [(each.what, each.public_key, each.reason) for each in store.history(CODE)] == [
        ("enrolled", OLD, ""),
        ("enrolled", OLD, ""),
        ("enrolled", NEW, "the card broke"),
    ]


def test_a_stolen_station_loses_everything_and_its_key_enrols_nowhere(
    store: CentralStore, central_folder: Path
) -> None:
    issuer = founded(central_folder, store)
    enrol(store, OLD)
    issuer.command(CommandDocument(1, "x", CODE, "unlock", 0, 0), 10**6)
    claim = store.make_claim(CODE, NOW)
    assert store.end_station(CODE, "stolen", "the housing is empty", NOW) == OLD
    assert (state(store), store.station_key(CODE), store.commands(CODE, 9)) == ("stolen", None, [])
    assert "command" not in store.published(NOW).versions(CODE)
    with pytest.raises(WrongClaim, match="is unknown, used"):
        store.enrol(CODE, claim, NEW, NOW)
    for code in CODES[:2]:
        with pytest.raises(WrongClaim, match="was stolen"):
            enrol(store, OLD, "found again", code)
    enrol(store, NEW, "a new computer")
    assert state(store) == "enrolled"


def test_a_retired_station_whose_card_turns_out_to_be_stolen(store: CentralStore) -> None:
    enrol(store, OLD)
    store.end_station(CODE, "retired", "", NOW)
    assert state(store) == "retired"
    assert store.end_station(CODE, "stolen", "", NOW) is None
    with pytest.raises(WrongClaim, match="was stolen"):
        enrol(store, OLD, "found again")


def test_a_claim_that_was_withdrawn_or_is_over_is_not_open(store: CentralStore) -> None:
    first, second = store.make_claim(CODE, NOW, "a reason"), store.make_claim(OTHER, NOW + 1)
    assert [(each.station, each.reason) for each in store.open_claims(NOW)] == [(CODE, "a reason"), (OTHER, "")]
    assert store.withdraw_claims(CODE, NOW) == 1
    with pytest.raises(WrongClaim):
        store.enrol(CODE, first, OLD, NOW)
    store.enrol(OTHER, second, OLD, NOW)
    assert store.open_claims(NOW) == []
    store.make_claim(CODE, NOW)
    assert store.open_claims(NOW + CLAIM_HOLDS) == []


class RegisterMachine(RuleBasedStateMachine):
    """Whatever operators and strangers do: no stolen key is any station's, and a key goes only to another with a reason."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.store = CentralStore(Path(self._folder.name))
        self.held: dict[str, int] = {}
        self.stolen: set[int] = set()
        self.claims: dict[str, list[tuple[str, bool]]] = {CODE: [], OTHER: []}

    codes, keys = st.sampled_from([CODE, OTHER]), st.integers(31, 34)

    @rule(code=codes, reason=st.sampled_from(["", "why"]))
    def claim(self, code: str, reason: str) -> None:
        self.claims[code].append((self.store.make_claim(code, NOW, reason), bool(reason)))

    @rule(code=codes, of=codes, key=keys, data=st.data())
    def enrol(self, code: str, of: str, key: int, data: st.DataObject) -> None:
        if not self.claims[of]:
            return
        claim, why = data.draw(st.sampled_from(self.claims[of]))
        may = code == of and key not in self.stolen and (why or self.held.get(code, key) == key)
        try:
            self.store.enrol(code, claim, public(private(key)), NOW)
        except WrongClaim:
            assert not may
        else:
            assert may
            self.held[code] = key
            self.claims[of].remove((claim, why))

    @rule(code=codes, end=st.sampled_from(["retired", "stolen"]))
    def end(self, code: str, end: Any) -> None:
        had = self.store.station_key(code)
        self.store.end_station(code, end, "", NOW)
        self.claims[code] = []
        last = [each.public_key for each in self.store.history(code) if each.public_key]
        if end == "stolen" and last:
            self.stolen |= {key for key in range(31, 35) if public(private(key)) == (had or last[-1])}
        self.held.pop(code, None)

    @invariant()
    def keys_are_those_of_the_model(self) -> None:
        found = {code: key for code, key, _at in self.store.stations()}
        assert found == {code: public(private(key)) for code, key in self.held.items()}

    def teardown(self) -> None:
        self.store.close()
        self._folder.cleanup()


TestRegister = RegisterMachine.TestCase
TestRegister.settings = settings(max_examples=6, stateful_step_count=20, deadline=None)


# Faults.


def told(seq: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": NOW + seq, "kind": kind, **more}


def take(store: CentralStore, *entries: dict[str, Any], code: str = CODE) -> None:
    first = entries[0]["seq"]
    store.take(code, "access", Batch(EPOCH, first, "b", 1.0, 1.0, [*entries]), NOW)


def faults(store: CentralStore) -> list[tuple[str, str, float]]:
    return [(each.what, each.detail, each.since - NOW) for each in store.faults(CODE)]


def test_a_fault_is_open_until_it_is_cleared_or_the_station_begins_anew(store: CentralStore) -> None:
    enrol(store, OLD)
    take(
        store,
        told(1, "fault", what="gps", detail="silent"),
        told(2, "fault", what="clock"),
        told(3, "locked", door="a"),
    )
    take(store, told(4, "fault_cleared", what="gps"), told(5, "fault", what="clock", detail="worse"))
    assert faults(store) == [("clock", "worse", 5)]
    take(store, told(5, "fault", what="clock", detail="worse"), told(6, "fault_cleared", what="nothing"))
    assert (faults(store), store.register(EVERYWHERE, CODE)[0].faults) == ([("clock", "worse", 5)], 1)
    take(store, told(7, "started", version="1"), told(8, "fault", what="new"))
    assert faults(store) == [("new", "", 8)]


def test_an_odd_fault_harms_nothing(store: CentralStore) -> None:
    odds: list[Any] = [None, 5, {}, ["x"], "\0", "x" * 5000, "\ufdd0"]
    for seq, odd in enumerate(odds, 1):
        take(store, told(3 * seq - 2, "fault", what=odd, detail=odd), told(3 * seq - 1, "fault_cleared", what=odd))
        take(store, told(3 * seq, "fault", what="a", detail=f"{seq}"))
        assert [(each.what, each.detail) for each in store.faults(CODE)] == [("a", f"{seq}")]
    take(store, told(3 * len(odds) + 1, "fault", what="b", detail="d" * 5000))
    assert len(store.faults(CODE)[-1].detail) == LONGEST_FAULT


def test_a_station_that_has_faults_without_end_has_no_more_than_are_kept(store: CentralStore) -> None:
    take(store, *(told(seq, "fault", what=f"f{seq}") for seq in range(1, MOST_FAULTS + 20)))
    assert len(store.faults(CODE)) == MOST_FAULTS
    take(store, told(MOST_FAULTS + 20, "fault_cleared", what="f1"), told(MOST_FAULTS + 21, "fault", what="last"))
    assert {"last"} <= {each.what for each in store.faults(CODE)}


def test_a_database_of_before_learns_keys_and_open_faults_from_what_it_has(
    central_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries are taken by the release of before, which has the tables of before."""
    number = next(each for each, _path in _files() if _path.endswith("_register.sql"))
    with monkeypatch.context() as before:
        before.setattr(migrations, "_steps", lambda name: (each for each in _steps(name) if each[0] < number))
        with closing(CentralStore(central_folder)) as store:
            before.setattr(store, "_remember_faults", lambda *_: None)
            store._engine.run("INSERT INTO stations VALUES (?, ?, ?)", (CODE, OLD, NOW))
            store._engine.run(
                "ALTER TABLE logs ADD COLUMN newest BIGINT NOT NULL DEFAULT 0"
            )  # which this release writes
            take(store, told(1, "fault", what="gone"), told(2, "started", version="1"), told(3, "fault", what="a\0"))
            take(store, told(4, "fault", what="b"), told(5, "fault_cleared", what="b"), told(6, "fault", what=7))
            take(store, told(7, "fault", what="c", detail="1"), told(8, "fault", what="c", detail="2"))
            take(store, told(1, "started", version="1"), code=OTHER)
            store._engine.run("ALTER TABLE logs DROP COLUMN newest")
    with closing(CentralStore(central_folder)) as store:
        assert {(what, detail) for what, detail, _since in faults(store)} == {("a\ufffd", ""), ("c", "2")}
        assert [(each.what, each.public_key) for each in store.history(CODE)] == [("enrolled", OLD)]
        assert store.register(EVERYWHERE, CODE)[0].faults == len(faults(store))


def _files() -> Iterator[tuple[int, str]]:
    folder = Path(migrations.__file__).parent / "sqlite"
    for path in folder.iterdir():
        yield int(path.name.partition("_")[0]), path.name


# Who was heard.


def test_who_was_heard_last_counts_whichever_process_writes_it_and_silence_is_reckoned(store: CentralStore) -> None:
    enrol(store, OLD)
    assert store.register(EVERYWHERE, CODE)[0].silent(NOW + SILENT_AFTER) is False
    assert store.register(EVERYWHERE, CODE)[0].silent(NOW + SILENT_AFTER + 1), "it was never heard"
    store.saw([Sighting(OTHER, NOW, "v1", "::1"), Sighting(CODE, NOW + 9, "v2", "10.0.0.1", {"policy": 3})])
    store.saw([Sighting(CODE, NOW + 8, "v1", "10.0.0.9", {"policy": 2})])
    store.saw([Sighting(CODE, NOW + 10, "v3", "10.0.0.2")])
    (found,) = store.register(EVERYWHERE, CODE)
    assert found.seen == Sighting(CODE, NOW + 10, "v3", "10.0.0.2", {"policy": 3})
    assert [found.silent(NOW + 10 + each) for each in (0, SILENT_AFTER, SILENT_AFTER + 1)] == [False, False, True]
    store.end_station(CODE, "retired", "", NOW)
    assert store.register(EVERYWHERE, CODE)[0].silent(NOW * 2) is False, "nobody expects it to say anything"


def test_a_running_server_writes_down_whom_it_heard(central_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "WRITE_EVERY", 0.0)
    monkeypatch.setattr(attendance, "LOOK_EVERY", 0.02)
    with running(central_folder, monkeypatch) as server:
        headers = bearer() | {"User-Agent": "yizhan-kiosk/9.8.7 \xe9" + "x" * 100}
        url = server.url + DOCUMENTS
        assert requests.get(url, params={"policy": "3"}, headers=headers, timeout=30).status_code == 200
        assert requests.get(url.replace(CODE, OTHER), headers=bearer(), timeout=30).status_code == 403
        until(lambda: server.store.register(EVERYWHERE, CODE)[0].seen, "the sighting")
        (found,) = server.store.register(EVERYWHERE, CODE)
        assert found.seen is not None
        assert (found.seen.version, found.seen.address) == (("yizhan-kiosk/9.8.7 " + "x" * 100)[:64], "127.0.0.1")
        assert found.seen.documents == {"keyset": 0, "status": 0, "policy": 3, "command": 0}
        assert post(server, batch(1)).status_code == 200
        until(lambda: server.store.register(EVERYWHERE, CODE)[0].seen != found.seen, "the batch's sighting")
        assert server.store.register(EVERYWHERE, CODE)[0].seen.documents == found.seen.documents  # type: ignore[union-attr]
        assert server.store.register(EVERYWHERE, OTHER)[0].seen is None, "whoever has no right to speak was not heard"


def test_what_was_heard_waits_for_a_database_that_is_away_and_is_written_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, monkeypatch) as server:
        assert post(server, batch(1)).status_code == 200
        assert server.store.register(EVERYWHERE, CODE)[0].seen is None, "it is written once a minute"
    with closing(CentralStore(tmp_path)) as store:
        assert store.register(EVERYWHERE, CODE)[0].seen is not None


@pytest.mark.slow
def test_a_stolen_station_is_refused_by_every_process_at_once(central_folder: Path, tmp_path: Path) -> None:
    """Also where it waits for documents."""
    with closing(CentralStore(central_folder)) as store:
        founded(central_folder, store)
        enrol(store, public(KEY))
        with serving(central_folder, House(tmp_path), 2) as (url, _process):
            headers = bearer()

            def status() -> int:
                return requests.get(url + DOCUMENTS, headers=headers, timeout=30).status_code

            assert [status() for _ in range(12)] == [200] * 12, "its token is known to both"
            store.end_station(CODE, "stolen", "gone", time())
            until(lambda: [status() for _ in range(12)] == [401] * 12, "both refuse it")


def test_a_stolen_stations_wait_for_documents_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits, news = Event(), Board.news

    def noted(board: Board, *args: Any) -> Awaitable[bool]:
        waits.set()
        return news(board, *args)

    monkeypatch.setattr(Board, "news", noted)
    with running(tmp_path, monkeypatch) as server, ThreadPoolExecutor() as pool:
        held = server.store.published().versions(CODE)
        query = {"wait": "60", **{kind: str(version) for kind, version in held.items()}}
        wait = pool.submit(requests.get, server.url + DOCUMENTS, params=query, headers=bearer(), timeout=50)
        assert waits.wait(20)
        server.store.end_station(CODE, "stolen", "gone", time())
        assert wait.result(20).json()["documents"] == []
        assert requests.post(server.url + BATCHES, data=b"{}", headers=bearer(), timeout=30).status_code == 401
