"""A phone gets a pass with a code, renews it with its key, and leaves; and what becomes of it meanwhile."""

from __future__ import annotations

from contextlib import AbstractContextManager
from time import time
from typing import Any, cast

import pytest
from msgspec import convert
from msgspec.structs import replace

from kiosk.central.api.answers import Refused
from kiosk.central.pass_codes import ALPHABET, as_made
from kiosk.central.passes import By, NotSo
from kiosk.central.passpage import acts
from kiosk.central.passpage.bodies import Proof
from kiosk.central.passpage.challenges import EARLY, HOLDS, Challenges
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.contract.issuing import LONGEST_BOUND
from kiosk.trust.passes import Kind, Pass, peek
from kiosk.trust.status import Status
from tests.keys import public
from tests.passpage.phones import CLERK, DAY, Counter, kind


def said(text: str) -> Pass:
    claims = peek(text)
    assert isinstance(claims, Pass), claims
    return claims


def test_a_code_gives_a_pass_for_this_phone_alone_and_the_audit_says_whose_code_it_was(counter: Counter) -> None:
    held, phone = counter.holder("h-1"), counter.phone()
    answer = phone.enrol(counter.code(held).lower().replace("-", " "))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    claims = said(told["pass"])
    assert (claims.kind, claims.index, claims.holder_key) == (Kind.BOUND, held.index, public(phone.key))
    assert told["holder"] == "h-1"
    assert told["expires"] == claims.expires
    assert abs(claims.expires - time() - LONGEST_BOUND) < 60
    acts = counter.store.acts(EVERYWHERE, about="h-1")
    assert [(each.account, each.what, each.reason) for each in acts[:2]] == [
        ("@phone", "phone bound", "code of li"),
        ("li", "pass code made", ""),
    ]


def test_a_code_is_good_once_and_for_ten_minutes_and_only_the_newest(counter: Counter) -> None:
    held = counter.holder("h-2")
    late, first, second = counter.code(held, time() - 601), counter.code(held), counter.code(held)
    for code in (late, first, "", "AAAAA-AAAAA"):
        assert kind(counter.phone().enrol(code)) == "code", code
    assert counter.phone().enrol(second).status_code == 200
    assert kind(counter.phone().enrol(second)) == "code"


def test_a_phone_renews_for_as_long_as_the_pass_counts_and_is_told_why_not(counter: Counter) -> None:
    held, phone = counter.holder("h-3"), counter.phone()
    assert kind(phone.renew()) == "unknown"
    phone.enrol(counter.code(held))
    again = phone.renew()
    assert said(again.json()["pass"]).index == held.index
    for status, told in ((Status.SUSPENDED, "suspended"), (Status.VALID, ""), (Status.REVOKED, "revoked")):
        counter.passes.set_status([held], status, By("li", "asked"))
        assert kind(phone.renew()) == told
    with pytest.raises(NotSo, match="no longer"):
        counter.code(counter.store.credential(held.index) or held)


def test_a_pass_that_is_over_is_renewed_by_the_union_first(counter: Counter) -> None:
    held, phone = counter.holder("h-4"), counter.phone()
    counter.store.put_facts([(held.index, replace(held.facts, until=time() - 1))])
    assert kind(phone.enrol(counter.code(held))) == "ended"
    counter.passes.renew(held, time() + DAY, CLERK)
    assert phone.enrol(counter.code(held)).status_code == 200


def test_another_phone_takes_its_place_and_the_first_is_told(counter: Counter) -> None:
    held, first, second = counter.holder("h-5"), counter.phone(), counter.phone()
    first.enrol(counter.code(held))
    second.enrol(counter.code(held))
    assert kind(first.renew()) == "elsewhere"
    assert second.renew().status_code == 200


def test_a_phone_that_leaves_is_bound_to_nothing(counter: Counter) -> None:
    held, phone = counter.holder("h-6"), counter.phone()
    phone.enrol(counter.code(held))
    assert phone.leave().status_code == 204
    assert counter.store.phone_of(held.index) is None
    assert kind(phone.renew()) == "elsewhere"
    assert kind(phone.leave()) == "elsewhere"
    assert counter.store.acts(EVERYWHERE, about="h-6")[0].what == "phone left"


def test_a_phone_that_leaves_while_another_takes_its_place_leaves_that_one_alone(counter: Counter) -> None:
    held, old, new = counter.holder("h-9"), counter.phone(), counter.phone()
    old.enrol(counter.code(held))

    class Meanwhile:
        """The store, where somebody enrols just before the transaction begins."""

        def __getattr__(self, name: str) -> Any:
            return getattr(counter.store, name)

        def transaction(self) -> AbstractContextManager[None]:
            assert new.enrol(counter.code(held)).status_code == 200
            return counter.store.transaction()

    asked = counter.asked(convert(old.proof("leave"), Proof), cast(CentralStore, Meanwhile()))
    with pytest.raises(Refused, match="on another phone"):
        acts.leave(asked)
    assert new.renew().status_code == 200


def test_what_nobody_can_use_any_longer_goes(counter: Counter) -> None:
    held = counter.holder("h-7")
    code, challenges, token = counter.code(held), Challenges(counter.store), counter.phone().challenge()
    assert challenges.use(token, time())
    counter.store.purge_pass_codes(time())
    assert not challenges.use(token, time()), "it is good for a minute, so that it was used is known for one"
    counter.store.purge_pass_codes(time() + HOLDS + EARLY + 1)
    assert not challenges.is_good(token, time() + HOLDS + EARLY + 1)
    assert counter.store._engine.all("SELECT * FROM used_challenges") == []
    counter.store.purge_pass_codes(time() + 601)
    assert counter.store.take_pass_code(as_made(code), time()) is None


def test_codes_have_no_letters_that_are_taken_for_others(counter: Counter) -> None:
    code = counter.code(counter.holder("h-8"))
    assert as_made(f" {code.lower()}\n") == code.replace("-", "")
    assert not set("0O1ILBSZU") & set(ALPHABET)
    for typed in ("", code[:-1], code + "A", "漢" * 10, code.replace(code[0], "0")):
        assert as_made(typed) == ""
