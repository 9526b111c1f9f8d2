"""A phone's pass by a login elsewhere, against a real provider over HTTP (tests/provider.py)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from time import time
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from kiosk.central.passes import By, Wanted
from kiosk.central.passpage.assets import BACK, HERE, assets
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.place import SETTINGS
from kiosk.demo.place import free_port
from kiosk.trust.passes import PassClass
from kiosk.trust.status import Status
from tests.passpage.phones import CLERK, DAY, Counter, Phone, kind, open_counter
from tests.provider import issuer, known, proven

__all__ = ["issuer"]

LOGIN = """
[pass_login]
issuer = "{issuer}"
client_id = "yizhan-pass"
secret_file = "pass.secret"
claim = "member"
"""


def opened(folder: Path, issuer: str) -> Iterator[Counter]:
    folder.mkdir(exist_ok=True)
    (folder / "pass.secret").write_text("secret\n")
    with open_counter(folder, LOGIN.format(issuer=issuer)) as found:
        yield found


@pytest.fixture(scope="module")
def counter(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    yield from opened(tmp_path_factory.mktemp("passes") / "central-data", issuer)


class Gone(Phone):
    """A phone whose holder is away at the provider; `token`: what it has kept meanwhile."""

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter.origin, {})
        self.token = secrets.token_urlsafe(24)

    def away(self) -> str:
        answer = self.ask("login", {"token": self.token})
        assert answer.ok, answer.text
        return str(answer.json()["address"])

    def logged_in(self, sub: str) -> dict[str, str]:
        """As the page reads it out of the address to which the provider sends the browser."""
        came = urlsplit(proven(self.away(), sub))
        assert f"{came.scheme}://{came.netloc}{came.path}" == self.origin + BACK
        return dict(parse_qsl(came.query))

    def back(self, answer: dict[str, str]) -> requests.Response:
        return self.ask("back", {**self.proof("back"), "token": self.token, **answer})


def come(counter: Counter, sub: str) -> requests.Response:
    """Somebody gets their pass onto a new phone."""
    phone = Gone(counter)
    return phone.back(phone.logged_in(sub))


def test_who_is_proven_elsewhere_has_the_pass_of_that_pseudonym(counter: Counter, issuer: str) -> None:
    held = counter.holder("m-1")
    known(issuer, "u-1", member="m-1")
    phone = Gone(counter)
    answer = phone.back(phone.logged_in("u-1"))
    assert answer.json()["holder"] == "m-1"
    found = counter.store.phone_of(held.index)
    assert found is not None
    assert phone.renew().ok
    done = [(each.account, each.what) for each in counter.store.acts(EVERYWHERE, about="m-1")]
    assert ("@phone", "holder login bound") in done
    assert ("@phone", "phone bound") in done


def test_a_holder_is_bound_to_who_somebody_is_and_not_to_what_is_said_of_them(counter: Counter, issuer: str) -> None:
    counter.holder("m-2")
    known(issuer, "u-2", member="m-2")
    assert come(counter, "u-2").ok
    known(issuer, "u-3", member="m-2")
    assert kind(come(counter, "u-3")) == "nobody", "a pseudonym that was given on"
    known(issuer, "u-2", member="something else")
    assert come(counter, "u-2").json()["holder"] == "m-2"
    assert counter.store.forget_login("m-2")
    assert come(counter, "u-3").json()["holder"] == "m-2"


@pytest.mark.parametrize("member", ["nobody", "'; DROP TABLE holder_logins", "王", 7, None, ""])
def test_who_is_no_holder_is_told_so(counter: Counter, issuer: str, member: object) -> None:
    known(issuer, "u-4", **({} if member is None else {"member": member}))
    assert kind(come(counter, "u-4")) == "nobody"


def test_passes_of_the_staff_come_by_no_login(counter: Counter, issuer: str) -> None:
    counter.passes.issue(Wanted("t-1", time() + DAY, pass_class=PassClass.TECHNICIAN), By("li", "the new one"))
    known(issuer, "u-5", member="t-1")
    assert kind(come(counter, "u-5")) == "nobody"


@pytest.mark.parametrize(("status", "why"), [(Status.SUSPENDED, "suspended"), (Status.REVOKED, "revoked")])
def test_what_no_station_takes_is_told(counter: Counter, issuer: str, status: Status, why: str) -> None:
    held = counter.holder(f"m-{why}")
    counter.passes.set_status([held], status, CLERK)
    known(issuer, f"u-{why}", member=f"m-{why}")
    assert kind(come(counter, f"u-{why}")) == why


def test_what_comes_back_is_for_the_phone_that_went_and_counts_once(counter: Counter, issuer: str) -> None:
    """Login CSRF: somebody lets another's phone use their own answer, or takes another's out of an address."""
    counter.holder("m-6")
    known(issuer, "u-6", member="m-6")
    phone, other = Gone(counter), Gone(counter)
    answer = phone.logged_in("u-6")
    assert kind(other.back(answer)) == "login"
    other.away()
    assert kind(other.back({**answer, "state": dict(parse_qsl(urlsplit(other.away()).query))["state"]})) == "login"
    again = phone.logged_in("u-6")
    assert phone.back(again).ok
    assert kind(phone.back(again)) == "login"


@pytest.mark.parametrize("answer", [{"state": "", "code": ""}, {"state": "x" * 64, "code": "x"}])
def test_what_is_no_answer_is_refused(counter: Counter, answer: dict[str, str]) -> None:
    assert kind(Gone(counter).back(answer)) == "login"


def test_whoever_comes_back_holds_the_key(counter: Counter, issuer: str) -> None:
    counter.holder("m-7")
    known(issuer, "u-7", member="m-7")
    phone = Gone(counter)
    answer = phone.logged_in("u-7")
    stolen = {**phone.proof("back"), "public_key": Gone(counter).proof("back")["public_key"]}
    assert kind(phone.ask("back", {**stolen, "token": phone.token, **answer})) == "proof"
    assert phone.back(answer).ok, "nothing was used up"


def test_only_the_page_itself_sends_anybody_away(counter: Counter) -> None:
    evil = counter.phone(Origin="https://evil.example")
    assert evil.ask("login", {"token": "A" * 32}).status_code == 403


def test_the_page_offers_it_where_it_is_set(counter: Counter, tmp_path: Path) -> None:
    for path in (HERE, f"{BACK}?state=x&code=y"):
        assert 'data-login="yes"' in requests.get(counter.origin + path, timeout=30).text
    with open_counter(tmp_path / "without") as other:
        assert 'data-login="no"' in requests.get(other.origin + HERE, timeout=30).text
        assert other.phone().ask("login", {"token": "A" * 32}).status_code == 404
    with_it, without = ({name for name, each in assets(login=login).items() if each.stays} for login in (True, False))
    assert not with_it & without, "a phone that has kept the page notices"


def test_a_provider_that_is_away_is_told_and_a_code_still_serves(tmp_path: Path) -> None:
    for other in opened(tmp_path / "central-data", f"http://localhost:{free_port()}"):
        assert kind(other.phone().ask("login", {"token": "A" * 32})) == "login"
        assert other.phone().enrol(other.code(other.holder("m-8"))).ok


def test_a_login_without_a_page_or_over_plain_http_is_refused_with_the_settings(tmp_path: Path) -> None:
    for said, why in (
        (LOGIN.format(issuer="https://login.example.org"), "toml:2: pass_login: there is no page"),
        (LOGIN.format(issuer="http://login.example.org"), "only https"),
    ):
        (tmp_path / SETTINGS).write_text(said)
        with pytest.raises(StoreFailed, match=why):
            CentralStore(tmp_path)
