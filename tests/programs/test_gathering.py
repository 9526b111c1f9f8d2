"""Revocations gather: one list says what several changed, whichever of the server's processes publishes it, and in time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.central.issuer import GATHERS
from kiosk.central.jobs import LOOK_EVERY, Jobs
from kiosk.central.refusals import KeyLost
from kiosk.central.store import CentralStore
from kiosk.demo.founding import founded
from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.status import Status, StatusList, unpack
from tests.keys import private
from tests.programs.house import House, until
from tests.programs.office import NOW, Office
from tests.programs.publisher import Publisher
from tests.programs.test_central_workers import all_of, serving

HOLDERS = 6


@pytest.fixture
def office(office: Office) -> Office:
    for number in range(HOLDERS):
        office.store.add_credential(f"holder {number}")
    return office


def listed(store: CentralStore) -> dict[int, Status]:
    """What the newest published list says of those who do not count."""
    document = read_cbor(read_sign1(store.documents()["status"][1]).payload)
    found = StatusList(1, 0, unpack(document["lst"]) or b"")
    return {index: Status(found[index]) for index in range(1, HOLDERS + 1) if found[index]}


def test_what_changes_within_ten_seconds_is_one_list(office: Office) -> None:
    first = office.versions()["status"]
    for index in (1, 2, 3):
        office.issuer.set_status(index, Status.REVOKED)
        assert not office.issuer.publish_gathered()
        office.now += 2
    assert (office.versions()["status"], listed(office.store)) == (first, {})
    office.now = NOW + GATHERS
    assert office.issuer.publish_gathered()
    assert listed(office.store) == office.store.statuses()[0] == dict.fromkeys((1, 2, 3), Status.REVOKED)
    assert not office.issuer.publish_gathered(0.0), "nothing has changed since"


def test_a_clock_that_was_set_back_holds_no_revocation_back(office: Office) -> None:
    office.issuer.set_status(1, Status.SUSPENDED)
    office.now -= 200
    assert office.issuer.publish_gathered()
    assert listed(office.store) == {1: Status.SUSPENDED}


def test_whatever_publishes_the_list_takes_what_has_gathered_along(office: Office) -> None:
    office.issuer.set_status(1, Status.REVOKED)
    office.issuer.publish_status()
    office.now += 2 * GATHERS
    assert not office.issuer.publish_gathered()


def test_a_command_does_not_wait_for_what_gathers(office: Office) -> None:
    office.issuer.set_status(1, Status.REVOKED)
    assert office.command() == office.versions()["command"]


def test_what_could_not_be_published_is_told_once_and_published_as_soon_as_it_can_be(office: Office) -> None:
    told: list[Exception] = []
    jobs = Jobs(office.store, office.open(), told.append)
    jobs.turn(0.0)
    office.issuer.set_status(1, Status.REVOKED)
    office.now += 2 * GATHERS
    key = next(
        each for each in office.folder.glob("document-*.key") if each.name == office.issuer._current("document").file
    )
    right = key.read_bytes()
    key.write_text(private(9).private_bytes_raw().hex())
    for turn in range(1, 60):
        jobs.turn(float(turn))
    assert [type(each) for each in told] == [KeyLost]
    key.write_bytes(right)
    jobs.turn(100.0)
    assert listed(office.store) == {1: Status.REVOKED}


def test_one_process_runs_the_jobs_and_another_follows_when_it_is_killed(office: Office) -> None:
    one, other = Publisher(office.folder), Publisher(office.folder)
    with closing(one), closing(other):
        assert one.does(office.now, "turn")
        for turn in range(5):
            assert not other.does(office.now + turn * LOOK_EVERY, "turn")
        one.does(office.now, "set", 1, Status.REVOKED)
        one.close()
        until(lambda: other.does(office.now + 2 * GATHERS, "turn"), "the second process's turn", 5.0)
        assert other.does(office.now + 3 * GATHERS, "turn"), "it may have had no turn yet when the lock became its own"
    assert listed(office.store) == {1: Status.REVOKED}


def watched(office: Office) -> Callable[[], list[tuple[int, float]]]:
    """Version and time of each list that anybody puts into the database from now on, as its own trigger notes them."""
    engine, row = office.store._engine, "INSERT INTO lists VALUES (new.version, new.published);"
    note = f"BEGIN {row} END"
    engine.run("CREATE TABLE lists (version BIGINT, published DOUBLE PRECISION)")
    if engine.words.name == "postgresql":
        engine.run(f"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {row} RETURN NULL; END'")
        note = "EXECUTE FUNCTION note()"
    engine.run(f"CREATE TRIGGER noted AFTER UPDATE ON documents FOR EACH ROW WHEN (new.kind = 'status') {note}")
    return lambda: engine.all("SELECT version, published FROM lists")


CHANGES = st.tuples(st.just("set"), st.integers(1, HOLDERS), st.sampled_from([0, 1, 2]))
PUBLISHES = st.tuples(st.just("publish"))
ACTS = st.one_of(CHANGES, CHANGES, PUBLISHES, PUBLISHES, st.tuples(st.just("turn")), st.tuples(st.just("kill")))
ROUNDS = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 3.0, 9.0, 30.0]), ACTS, ACTS), min_size=1, max_size=8)


@pytest.mark.slow
def test_whatever_two_processes_do_no_number_has_two_lists_and_each_change_is_published_in_time(
    office: Office,
) -> None:
    """Both act at the same moment; either may be killed in the middle of what it does."""
    lists = watched(office)
    pair = [Publisher(office.folder), Publisher(office.folder)]

    def act(which: int, words: tuple[Any, ...]) -> None:
        if words == ("kill",):
            pair[which].begin(office.now, "turn")
            pair[which].close()
            pair[which] = Publisher(office.folder)
            words = ("turn",)
        pair[which].begin(office.now, *words)

    @settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(ROUNDS)
    def hold(rounds: list[tuple[float, tuple[Any, ...], tuple[Any, ...]]]) -> None:
        for seconds, *acts in [*rounds, (GATHERS, ("turn",), ("turn",)), (LOOK_EVERY, ("turn",), ("turn",))]:
            office.now += seconds
            for which, words in enumerate(acts):
                act(which, words)
            for each in pair:
                each.end()
        assert listed(office.store) == office.store.statuses()[0]
        found = lists()
        assert [version for version, _at in found] == sorted({version for version, _at in found})

    try:
        hold()
    finally:
        for each in pair:
            each.close()
    assert len(lists()) > 5, "they have published"


@pytest.mark.slow
@pytest.mark.parametrize("served", [True, False])
def test_a_verb_leaves_the_list_to_the_server_that_runs_or_publishes_it_itself(
    served: bool, central_folder: Path, tmp_path: Path
) -> None:
    house, words = House(tmp_path / "house"), ("central", "revoke", "1", "--data", str(central_folder))
    told = "the server publishes the status list within 10 s" if served else "is published"
    with closing(CentralStore(central_folder)) as store, ExitStack() as stack:
        founded(central_folder, store)
        store.add_credential("holder")
        if served:
            all_of(stack.enter_context(serving(central_folder, house, 2))[1], 2)
        assert told in house.kiosk(*words).stdout
        until(lambda: listed(store) == {1: Status.REVOKED}, "the list", 12.0)
