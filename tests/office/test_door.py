"""Logging in and out of the office: who gets in, as whom, for how long; and what every answer carries."""

from __future__ import annotations

from time import time

import pytest

from kiosk.central.office import asked, login
from kiosk.central.office.cookies import COOKIE, PLAIN_COOKIE
from kiosk.central.office.login import safe
from kiosk.central.store import sessions
from kiosk.central.web.network import network
from tests.office.clerks import KEPT, PASSWORD, Office, words


def test_who_knows_the_password_gets_in_and_out_again(office: Office) -> None:
    clerk = office.hire("li.ming")
    assert "li.ming" in clerk.reads("/audit")
    assert clerk.send("/logout", page="/audit").headers["Location"] == "/office/login"
    assert clerk.get("/audit").headers["Location"] == "/office/login?next=/office/audit"


def test_a_token_that_was_known_before_is_nobodys_afterwards(office: Office) -> None:
    """Session fixation: somebody plants a cookie, and waits until its owner has logged in."""
    clerk = office.stranger()
    clerk.get("/login")
    planted = clerk.session.cookies[PLAIN_COOKIE]
    office.store.add_account("fixed", "viewer", "", "x", time())
    before = office.hire("fixated")
    assert before.session.cookies[PLAIN_COOKIE] != planted
    thief = office.stranger()
    thief.session.cookies.set(PLAIN_COOKIE, planted)
    assert thief.get("/audit").status_code == 303


def test_after_logging_out_the_token_is_nobodys(office: Office) -> None:
    clerk = office.hire("leaver")
    thief = office.stranger()
    thief.session.cookies.set(PLAIN_COOKIE, clerk.session.cookies[PLAIN_COOKIE])
    assert thief.get("/audit").status_code == 200
    clerk.send("/logout", page="/audit")
    assert thief.get("/audit").status_code == 303


def test_nobody_is_told_whether_an_account_exists(office: Office) -> None:
    office.hire("exists")
    office.hire("asleep")
    office.store.disable("asleep", time())
    told = {words(office.stranger().log_in(name, "wrong horse")) for name in ("exists", "asleep", "nobody")}
    assert len(told) == 1
    assert "Name, password or code is wrong." in told.pop()
    assert office.stranger().log_in("asleep").status_code == 403


def test_guesses_are_throttled_alike_for_an_account_that_is_there_and_one_that_is_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "MOST_OF_ACCOUNT", 3)
    monkeypatch.setattr(login, "MOST_OF_ADDRESS", 10**6)
    office.hire("guessed")
    for name in ("guessed", "nobody.either"):
        tries = [office.stranger().log_in(name, "wrong horse").status_code for _ in range(4)]
        assert tries == [403, 403, 403, 429]
    assert office.stranger().log_in("guessed").status_code == 429, "also with the right one"


def test_whose_account_is_guessed_at_gets_in_where_they_have_logged_in_before(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, another = office.hire("locked.out"), office.hire("another.one")
    for clerk in (owner, another):
        assert clerk.send("/logout", "/audit").status_code == 303
    monkeypatch.setattr(login, "MOST_OF_ACCOUNT", 3)
    assert [office.stranger().log_in("locked.out", "x").status_code for _ in range(4)] == [403, 403, 403, 429]
    monkeypatch.setattr(login, "MOST_OF_ADDRESS", 0)
    assert another.log_in("locked.out").status_code == 429, "known, but not for this account"
    assert owner.log_in("locked.out").status_code == 303
    owner.send("/logout", "/audit")
    assert [owner.log_in("locked.out", "x").status_code for _ in range(4)] == [403, 403, 403, 429], (
        "it counts by itself"
    )


def test_who_changes_the_password_is_known_nowhere_any_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = office.hire("robbed")
    office.store.set_password("robbed", KEPT)
    monkeypatch.setattr(login, "MOST_OF_ACCOUNT", 0)
    assert clerk.log_in("robbed").status_code == 429


def test_guesses_are_throttled_by_address_and_a_success_forgives_none_of_them(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or whoever has an account of their own would guess at others' for ever."""
    office.hire("innocent")
    address = "2001:db8:1:2::"
    before = office.store.guesses_of(f"address {network(address)}", time())
    monkeypatch.setattr(login, "MOST_OF_ADDRESS", before + 3)
    stations = iter(range(1, 100))

    def tries(name: str, password: str) -> int:
        """Each from another address of one customer."""
        clerk = office.stranger()
        clerk.session.headers.update({"X-Forwarded-For": f"{address}{next(stations):x}", "X-Forwarded-Proto": "https"})
        page = clerk.get("/login")
        token = page.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
        fields = {"name": name, "password": password, "csrf": asked.csrf(token)}
        sent = clerk.session.post(
            f"{office.url}/office/login",
            fields,
            headers={"Cookie": f"{COOKIE}={token}"},
            allow_redirects=False,
            timeout=30,
        )
        return sent.status_code

    assert [tries(*each) for each in (("nobody.a", "x"), ("innocent", PASSWORD), ("nobody.b", "x"))] == [403, 303, 403]
    assert tries("innocent", PASSWORD) == 303, "nor does it count"
    assert tries("nobody.c", "x") == 403
    assert tries("nobody.d", "x") == 429


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("no address", ""),
    ],
)
def test_what_one_customer_has_counts_as_one(address: str, counts_as: str) -> None:
    assert network(address) == counts_as


def test_a_page_that_loads_itself_anew_does_not_prolong_a_session(office: Office) -> None:
    clerk = office.hire("away.for.lunch")
    token = clerk.session.cookies[PLAIN_COOKIE]

    def seen() -> float:
        found = office.store._engine.one("SELECT seen FROM sessions WHERE digest = ?", (sessions.digest(token),))
        assert found
        return float(found[0])

    before = time() - 600
    office.store._engine.run("UPDATE sessions SET seen = ? WHERE digest = ?", (before, sessions.digest(token)))
    refresh = clerk.get("/?place=3708&by-itself=1").headers["Refresh"]
    assert refresh == "30; url=?place=3708&by-itself=1"
    clerk.get("/stations", headers={"X-By-Itself": "1"})
    assert seen() == before
    clerk.get("/")
    assert seen() > before


@pytest.mark.parametrize("bound", ["IDLE", "LONGEST"])
def test_a_session_ends(office: Office, bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = office.hire(f"ends.{bound.lower()}")
    monkeypatch.setattr(sessions, bound, -1.0)
    assert clerk.get("/audit").status_code == 303


def test_a_role_that_is_lost_while_a_page_is_open_is_lost_at_the_next_request(office: Office) -> None:
    clerk = office.hire("demoted")
    token = clerk.csrf("/accounts")
    office.store.set_role("demoted", "viewer", "")
    assert clerk.post("/accounts", csrf=token, name="friend").status_code == 403
    office.store.disable("demoted", time())
    assert clerk.get("/audit").status_code == 303


def test_who_sends_something_after_the_session_is_told_that_it_was_not_done(office: Office) -> None:
    """Or somebody logs in again, and believes that the door was unlocked."""
    clerk = office.hire("too.late")
    token = clerk.csrf("/accounts")
    clerk.send("/logout", "/audit")
    sent = clerk.post("/accounts", csrf=token, name="friend", role="viewer", password="x" * 12, reason="x")
    assert sent.status_code == 303
    told = clerk.reads(sent.headers["Location"].removeprefix("/office"))
    assert "what you sent was not done" in told
    assert "what you sent was not done" not in clerk.reads("/login")


def test_who_mistypes_the_password_need_not_type_the_name_again(office: Office) -> None:
    told = office.stranger().log_in('mistyped"', "wrong horse").text
    assert 'name="name" value="mistyped&#34;"' in told
    assert "wrong horse" not in told


def test_a_form_without_the_word_of_the_page_does_nothing(office: Office) -> None:
    clerk, other = office.hire("victim"), office.hire("attacker")
    fields = {"name": "planted", "role": "administrator", "scope": "", "password": "x" * 12, "reason": "x"}
    for csrf in ("", other.csrf("/accounts"), "é"):
        assert clerk.post("/accounts", csrf=csrf, **fields).status_code == 403
    assert "planted" not in clerk.reads("/accounts")
    assert office.stranger().post("/login", name="victim", password="x").status_code == 403


def test_what_every_page_carries(office: Office) -> None:
    answer = office.hire("looker").get("/audit")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in answer.text


def test_the_cookie_is_a_hosts_own_over_https(office: Office) -> None:
    """As nginx passes it on."""
    cookie = office.stranger().get("/login", headers={"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
    assert cookie.startswith("__Host-yizhan=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_over_plain_http_only_this_machine_is_served(office: Office) -> None:
    answer = office.stranger().get("/login", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 403
    assert "HTTPS" in answer.text


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/office/", "/office//evil.example",
     "/office\\@evil", "/officer", "", "/office/a\r\nX: y"],
)  # fmt: skip
def test_after_logging_in_nobody_is_sent_to_another_host(office: Office, wanted: str) -> None:
    assert safe(wanted) == "/"
    assert safe("/office/stations?state=enrolled&page=2") == "/stations?state=enrolled&page=2"
    name = f"sent{abs(hash(wanted))}"
    office.hire(name)
    assert office.stranger().log_in(name, next=wanted).headers["Location"] == "/office/"


def test_the_language_is_the_browsers_until_somebody_chooses(office: Office) -> None:
    clerk = office.stranger()
    assert "Log in" in clerk.get("/login").text
    assert "登录" in clerk.get("/login", headers={"Accept-Language": "zh-CN,en;q=0.5"}).text
    assert clerk.get("/language/zh?next=/office/login").headers["Location"] == "/office/login"
    assert "登录" in clerk.get("/login").text
    assert clerk.get("/language/xx").status_code == 404


@pytest.mark.parametrize("body", [b"\xff=%ff", b"a&" * 500, b"csrf=" + b"x" * 100_000, b""])
def test_what_is_no_form_gets_an_answer(office: Office, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = office.stranger().session.post(f"{office.url}/office/login", body, headers=headers, timeout=30)
    assert answer.status_code in {400, 403, 413}


def test_there_is_no_page_of_another_name(office: Office) -> None:
    answer = office.stranger().get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
