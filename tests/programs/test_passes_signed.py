"""Live passes and passes bound to a phone's key: what is signed for whom, and when for nobody any more."""

from __future__ import annotations

import pytest

from kiosk.central.passes import DAY, By, NotSo, Passes, Wanted
from kiosk.central.store.people import Credential
from kiosk.contract.issuing import LONGEST_BOUND, LONGEST_LIVE
from kiosk.trust.passes import Kind, Pass, peek, show_bound
from kiosk.trust.status import Status
from tests.keys import private, public
from tests.programs.office import NOW, Office

UNTIL = NOW + 28 * DAY
LI = By("li")
OLD, NEW = private(31), private(32)


@pytest.fixture
def held(passes: Passes) -> Credential:
    return passes.issue(Wanted("h-1", UNTIL, scope="3708"), LI).credential


def said(text: str) -> Pass:
    claims = peek(text)
    assert isinstance(claims, Pass), claims
    return claims


def test_a_live_pass_keeps_the_index_and_holds_for_minutes(office: Office, passes: Passes, held: Credential) -> None:
    before = office.store.audit_head()
    live = said(passes.live(held, 60, LI).text)
    assert (live.index, live.kind, live.issued_at, live.expires) == (held.index, Kind.LIVE, NOW, NOW + 60)
    assert live.scope == "3708"
    assert said(passes.live(held, 10**9, LI).text).expires == NOW + LONGEST_LIVE
    assert office.store.audit_head() == before, "what opens nothing new is no act"


def test_no_pass_outlives_its_credential_and_none_is_signed_that_no_station_takes(
    office: Office, passes: Passes, held: Credential
) -> None:
    office.now = UNTIL - 30
    assert said(passes.live(held, 60, LI).text).expires == UNTIL
    assert said(passes.bind(held, public(OLD), LONGEST_BOUND, LI).text).expires == UNTIL
    office.now = UNTIL
    for sign in (passes.card, lambda *_: passes.live(held, 60, LI), lambda *_: passes.bind(held, public(OLD), 60, LI)):
        with pytest.raises(NotSo, match="over"):
            sign(held, LI)
    office.now = NOW
    passes.set_status([held], Status.SUSPENDED, By("li", "asked"))
    with pytest.raises(NotSo, match="suspended"):
        passes.live(held, 60, LI)
    passes.set_status([held], Status.REVOKED, By("li", "asked"))
    with pytest.raises(NotSo, match="no longer"):
        passes.bind(held, public(OLD), 60, LI)


def test_a_bound_pass_holds_for_a_week_and_only_with_its_phone(passes: Passes, held: Credential) -> None:
    text = passes.bind(held, public(OLD), 10**9, LI).text
    bound = said(text)
    assert (bound.index, bound.kind, bound.expires) == (held.index, Kind.BOUND, NOW + LONGEST_BOUND)
    assert bound.holder_key == public(OLD)
    assert said(show_bound(text, OLD, NOW)).index == held.index


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"", b"short", bytes(33)])
def test_nothing_is_bound_to_what_is_no_key_or_everybodys(passes: Passes, held: Credential, key: bytes) -> None:
    with pytest.raises(NotSo, match="no Ed25519 key"):
        passes.bind(held, key, 60, LI)


def test_another_phone_takes_the_place_of_the_first_which_can_be_told(
    office: Office, passes: Passes, held: Credential
) -> None:
    passes.bind(held, public(OLD), 60, LI)
    office.now = NOW + 100
    passes.bind(held, public(NEW), 60, By("wang"))
    old, new = office.store.phone_key(public(OLD)), office.store.phone_key(public(NEW))
    assert old is not None
    assert new is not None
    assert (old.voided, new.voided, new.bound_by, new.until) == (NOW + 100, None, "wang", NOW + 160)
    assert office.store.phone_of(held.index) == new
    with pytest.raises(NotSo, match="not the one"):
        passes.renew_bound(held, public(OLD), LI)
    office.now = NOW + 20 * DAY
    assert said(passes.renew_bound(held, public(NEW), LI).text).expires == NOW + 20 * DAY + LONGEST_BOUND
    passes.bind(held, public(OLD), 60, LI)
    back = office.store.phone_key(public(OLD))
    assert back is not None
    assert (back.voided, back.bound_at) == (None, NOW + 20 * DAY)


def test_a_phone_has_one_holder_and_follows_them_to_another_card(passes: Passes, held: Credential) -> None:
    passes.bind(held, public(OLD), 60, LI)
    other = passes.issue(Wanted("h-2", UNTIL), LI).credential
    with pytest.raises(NotSo, match="another holder"):
        passes.bind(other, public(OLD), 60, LI)
    second = passes.replace(held, "", By("li", "lost")).credential
    with pytest.raises(NotSo, match="no longer"):
        passes.renew_bound(held, public(OLD), LI)
    assert said(passes.bind(second, public(OLD), 60, LI).text).index == second.index


def test_phones_and_counts_are_forgotten_after_their_days(office: Office, passes: Passes, held: Credential) -> None:
    passes.bind(held, public(OLD), 60, LI)
    office.store.count_signed("2026-11-23", {("app", "live"): 3})
    office.store.count_signed("2026-11-23", {("app", "live"): 4, ("app", "bound"): 1})
    kept = [("2026-11-23", "app", "bound", 1), ("2026-11-23", "app", "live", 7)]
    for days, phone, counts in ((29, True, kept), (31, False, kept), (402, False, [])):
        list(office.store.purge(NOW + days * DAY))
        assert (office.store.phone_key(public(OLD)) is not None, office.store.signed("")) == (phone, counts), days
