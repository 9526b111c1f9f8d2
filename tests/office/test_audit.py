"""The audit: whatever is changed, taken out, put in or moved is found; and nothing is done without it."""

from __future__ import annotations

import inspect
import re
from contextlib import closing
from pathlib import Path
from time import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central import pass_codes, passes
from kiosk.central.office import inspections, people
from kiosk.central.office.audit_reading import OF_PERSONS
from kiosk.central.passpage import acts, elsewhere
from kiosk.central.printing import registering
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import NOTHING_BEFORE, Act, Acted, Head, chained, first_broken
from kiosk.central.store.engine import Row, StoreFailed
from tests.office.clerks import Office

NAMES = st.text(max_size=8)
ACTED = st.builds(Acted, st.just(0), st.floats(0, 4e9), NAMES, NAMES, NAMES, NAMES, NAMES)


def chain(acts: list[Acted]) -> tuple[list[Row], Head]:
    """As the store writes them."""
    rows: list[Row] = []
    digest = NOTHING_BEFORE
    for number, each in enumerate(acts, 1):
        acted = Acted(number, each.at, each.account, each.what, each.about, each.scope, each.reason)
        digest = chained(digest, acted)
        rows.append((number, each.at, each.account, each.what, each.about, each.scope, each.reason, digest))
    return rows, Head(len(rows), digest)


@st.composite
def tampered(draw: st.DrawFn) -> tuple[list[Row], Head]:
    """A chain of which somebody has changed, taken out, put in or moved one."""
    rows, head = chain(draw(st.lists(ACTED, min_size=2, max_size=6)))
    at, other = draw(st.permutations(range(len(rows))))[:2]
    match draw(st.sampled_from(["change", "remove", "insert", "swap"])):
        case "change":
            column = draw(st.integers(1, 6))
            value = draw(st.floats(0, 4e9) if column == 1 else NAMES)
            changed = (*rows[at][:column], value, *rows[at][column + 1 :])
            return [*rows[:at], changed, *rows[at + 1 :]], head
        case "remove":
            return renumbered([*rows[:at], *rows[at + 1 :]]) if draw(st.booleans()) else rows[:at] + rows[
                at + 1 :
            ], head
        case "insert":
            return renumbered([*rows[:at], rows[other], *rows[at:]]), head
        case _:
            rows[at], rows[other] = rows[other], rows[at]
            return renumbered(rows), head


def renumbered(rows: list[Row]) -> list[Row]:
    return [(number, *row[1:]) for number, row in enumerate(rows, 1)]


@given(st.lists(ACTED, max_size=6))
def test_what_was_written_is_whole(acts: list[Acted]) -> None:
    rows, head = chain(acts)
    assert first_broken(rows, head) is None


@given(tampered())
def test_any_change_is_found(found: tuple[list[Row], Head]) -> None:
    rows, head = found
    whole, _ = chain([Acted(*row[:-1]) for row in rows])
    same = [row[:-1] for row in whole] == [row[:-1] for row in rows] and whole == rows and len(rows) == head.number
    assert (first_broken(rows, head) is None) is same


def test_the_store_writes_such_a_chain_and_lets_nobody_change_it(central_folder: Path) -> None:
    with closing(CentralStore(central_folder)) as store:
        for number in range(3):
            store.acted(Act("li", "unlock", f"3708110{number}", f"3708110{number}", "cold"), 1e9 + number / 3)
        assert store.broken_audit() is None
        assert [each.about for each in store.acts(EVERYWHERE)] == ["37081102", "37081101", "37081100"]
        assert [each.number for each in store.acts(Scope("37081101"))] == [2]
        assert store.has_act(store.audit_head().digest.hex())
        assert not store.has_act("00")
        for statement in ("UPDATE audit SET reason = ''", "DELETE FROM audit WHERE number = 3"):
            with pytest.raises(StoreFailed, match="only grows"):
                store._engine.run(statement)
        drop = {"sqlite": "DROP TRIGGER audit_keeps", "postgresql": "DROP TRIGGER stays ON audit"}
        store._engine.run(drop[store._engine.words.name])
        store._engine.run("DELETE FROM audit WHERE number = 3")
        assert store.broken_audit() == 3


def test_acts_about_people_are_their_issuers_and_addresses_administrators(office: Office) -> None:
    issuer = office.hire("reads.all", "issuer")
    office.store.acted(Act("issuer.one", "pass revoked", "holder-of-a-pass", "", "stolen by wang"), time())
    office.store.acted(Act("issuer.one", "notice published", "notice of spring"), time())
    assert "holder-of-a-pass" in issuer.reads("/audit")
    assert "127.0.0.1" not in issuer.reads("/audit")
    for role in ("viewer", "steward", "technician"):
        page = office.hire(f"reads.{role}", role).reads("/audit")
        assert "notice of spring" in page
        assert f"reads.{role}" in page, "that somebody logged in"
        assert "holder-of-a-pass" not in page
        assert "stolen by wang" not in page
        assert "127.0.0.1" not in page
    assert "127.0.0.1" in office.hire("reads.addresses").reads("/audit")


def test_every_act_of_passes_is_known_to_be_about_a_person() -> None:
    sources = "".join(map(inspect.getsource, (passes, pass_codes, acts, elsewhere, people, registering, inspections)))
    named = set(re.findall(r'"((?:pass|phone|cards?|holders?|index|round) [a-z ]+)"', sources))
    assert named - {"pass code"} == set(OF_PERSONS), "and the guesses of a code, which are no act"


def test_what_was_not_done_was_not_acted(central_folder: Path) -> None:
    with closing(CentralStore(central_folder)) as store:
        with pytest.raises(ZeroDivisionError), store.transaction():
            _done_halfway(store)
        assert store.acts(EVERYWHERE) == []


def _done_halfway(store: CentralStore) -> None:
    store.acted(Act("li", "unlock", "x"), 1.0)
    raise ZeroDivisionError
