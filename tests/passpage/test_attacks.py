"""What others try: to guess, to repeat, to ask from another page, to see who is there, to take a pass over."""

from __future__ import annotations

import asyncio
import base64
from time import time

import pytest
import requests
from msgspec import convert
from msgspec.structs import replace
from starlette.requests import Request

from kiosk.central.api.answers import Refused
from kiosk.central.passpage import acts
from kiosk.central.passpage.acts import MOST_OF_ADDRESS
from kiosk.central.passpage.assets import assets
from kiosk.central.passpage.bodies import MOST, Held, Proof
from kiosk.central.passpage.challenges import EARLY, HOLDS, Challenges
from kiosk.central.passpage.gate import HEADERS, ONE_PHONES, Gate
from kiosk.central.throttle import Rate, Throttle
from tests.keys import private, public
from tests.passpage.phones import Counter, Phone, kind

HERE = "pass code 127.0.0.1"


@pytest.fixture
def enrolled(counter: Counter, request: pytest.FixtureRequest) -> Phone:
    forget(counter, HERE)
    phone = counter.phone()
    name = f"a-{abs(hash(request.node.name))}"
    assert phone.enrol(counter.code(counter.holder(name))).status_code == 200
    return phone


def forget(counter: Counter, *whose: str) -> None:
    counter.store._engine.run_each("DELETE FROM guesses WHERE who = ?", [(who,) for who in whose])


def guessed(counter: Counter, who: str, times: int) -> None:
    counter.store._engine.put("guesses", ("who", "at"), [(who, time())] * times)


def test_nobody_guesses_a_code_and_the_right_one_has_to_wait_then(counter: Counter) -> None:
    code, phone = counter.code(counter.holder("guessed")), counter.phone()
    guessed(counter, HERE, MOST_OF_ADDRESS - 1)
    assert kind(phone.enrol("AAAAA-AAAAA")) == "code"
    assert kind(phone.enrol(code)) == "often"
    assert kind(counter.phone().enrol(code)) == "often", "another key is no other address"
    forget(counter, HERE)
    assert phone.enrol(code).status_code == 200


def test_who_has_no_code_shuts_nobody_out_of_enrolling(counter: Counter) -> None:
    """What is not signed and no code counts nowhere, nor does a right one."""
    forget(counter, HERE)
    phone = counter.phone()
    for _ in range(3):
        assert kind(phone.ask("enrol", {**phone.proof("renew"), "code": "AAAAA-AAAAA"})) == "proof"
    assert phone.enrol(counter.code(counter.holder("let in"))).status_code == 200
    assert counter.store.guesses_of(HERE, time()) == 0


def test_so_many_wrong_codes_from_everywhere_are_an_alarm_and_keep_no_right_one_out(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "ALARMING", 50)
    forget(counter, HERE, "pass code")
    code = counter.code(counter.holder("from everywhere"))
    guessed(counter, "pass code", 50)
    assert kind(counter.phone().enrol("AAAAA-AAAAA")) == "code"
    assert "pass_codes_guessed" in {each.what for each in counter.store.alarms()}
    assert counter.phone().enrol(code).status_code == 200
    forget(counter, "pass code")


def test_one_phone_that_asks_without_end_keeps_no_other_of_its_address_out(counter: Counter, enrolled: Phone) -> None:
    """Thousands stand behind one address of a mobile network; each is judged by its key."""
    keys, now = Throttle(ONE_PHONES), time()
    asked = replace(counter.asked(None), keys=keys)
    while not keys.wait(public(enrolled.key).hex(), now):
        pass

    def renew(phone: Phone) -> Held:
        return acts.renew(replace(asked, body=convert(phone.proof("renew"), Proof)))

    with pytest.raises(Refused, match="from this phone"):
        renew(enrolled)
    other = counter.phone()
    assert other.enrol(counter.code(counter.holder("behind the same"))).status_code == 200
    assert renew(other).holder == "behind the same"


def test_what_comes_from_another_page_takes_nobodys_place(counter: Counter) -> None:
    gate = Gate(counter.store, counter.issuer, counter.origin)
    stranger = {"type": "http", "client": ("127.0.0.1", 1), "headers": []}
    challenge = next(each for each in acts.QUESTIONS if each.name == "challenge")
    with pytest.raises(Refused, match="only the page itself"):
        asyncio.run(gate.answer(challenge, Request(stranger)))
    assert not gate._strangers._left


def test_a_challenge_counts_once_for_a_minute_for_one_question_and_one_key(counter: Counter, enrolled: Phone) -> None:
    proof = enrolled.proof("renew")
    assert enrolled.ask("renew", proof).status_code == 200
    assert kind(enrolled.ask("renew", proof)) == "proof", "heard on the road and said again"
    assert kind(enrolled.ask("renew", enrolled.proof("leave"))) == "proof", "signed for another question"
    assert kind(enrolled.ask("renew", enrolled.proof("renew", challenge="A" * 32))) == "proof", "made up"
    made = Challenges(counter.store).make
    for at, why in ((time() - HOLDS - 1, "too late"), (time() + EARLY + 9, "of a time that has not come")):
        assert kind(enrolled.ask("renew", enrolled.proof("renew", challenge=made(at)))) == "proof", why
    other = made(time())
    for place in (0, 5, 31):
        forged = other[:place] + ("A" if other[place] != "A" else "E") + other[place + 1 :]
        assert kind(enrolled.ask("renew", enrolled.proof("renew", challenge=forged))) == "proof", f"changed at {place}"
    stolen = {**enrolled.proof("renew", key=private(77)), "public_key": proof["public_key"]}
    assert kind(enrolled.ask("renew", stolen)) == "proof", "whoever knows the public half has not the other"


def test_whoever_has_no_pass_and_no_code_makes_the_server_write_nothing(counter: Counter, enrolled: Phone) -> None:
    """Anybody can make keys, and a write is a wait for the disk that stations share."""
    enrolled.challenge()  # the secret is there
    before = written(counter)
    stranger = counter.phone()
    assert stranger.challenge() != stranger.challenge()
    for what in ("renew", "leave"):
        assert kind(stranger.ask(what, stranger.proof(what))) == "unknown"
        assert kind(stranger.ask(what, stranger.proof("enrol"))) == "proof"
    assert kind(stranger.ask("enrol", {**stranger.proof("renew"), "code": "AAAAA-AAAAA"})) == "proof"
    assert written(counter) == before
    assert enrolled.renew().ok
    assert written(counter) != before


def written(counter: Counter) -> list[int]:
    """How many rows each table has that a phone's question may write into."""
    tables = ("used_challenges", "pass_challenges", "guesses", "phone_keys", "audit")
    return [counter.store._engine.all(f"SELECT count(*) FROM {table}")[0][0] for table in tables]


def test_a_wrong_proof_uses_no_code_up(counter: Counter) -> None:
    code, phone = counter.code(counter.holder("kept")), counter.phone()
    assert kind(phone.ask("enrol", {**phone.proof("renew"), "code": code})) == "proof"
    assert phone.enrol(code).status_code == 200


@pytest.mark.parametrize("low", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32])
def test_a_key_under_which_everybody_can_sign_is_none(counter: Counter, low: bytes) -> None:
    phone = counter.phone()
    body = {
        **phone.proof("renew"),
        "public_key": base64.b64encode(low).decode(),
        "signature": base64.b64encode(bytes(64)).decode(),
    }
    assert kind(phone.ask("renew", body)) == "proof"


def test_nobody_learns_who_is_there(counter: Counter, enrolled: Phone) -> None:
    """Whoever does not hold the key hears the same of every key; what a code is for is told to nobody who has it not."""
    stranger = counter.phone()
    answers = [
        stranger.ask("renew", {**stranger.proof("renew"), "public_key": base64.b64encode(public(each.key)).decode()})
        for each in (enrolled, counter.phone())
    ]
    assert len({(each.status_code, each.text) for each in answers}) == 1
    for path in (
        "/pass/v1/renew",
        "/pass/v1/holders",
        "/office/",
        "/v1/enrol",
        "/healthz",
        "/metrics",
        "/pass/../office/",
    ):
        assert requests.get(counter.origin + path, timeout=30).status_code in {404, 405}, path


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_only_the_page_itself_may_ask(counter: Counter, header: dict[str, str]) -> None:
    assert counter.phone(**header).ask("challenge").status_code == 403


def test_a_form_of_another_page_is_no_question(counter: Counter) -> None:
    phone = counter.phone()
    for sent in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = phone.ask("challenge", headers={"Content-Type": sent})
        assert answer.status_code == 415, sent
    assert phone.session.get(f"{counter.origin}/pass/v1/challenge", timeout=30).status_code == 405


def test_there_are_no_cookies_so_none_can_be_stolen(enrolled: Phone) -> None:
    enrolled.renew()
    assert not enrolled.session.cookies
    stolen = enrolled.ask("renew", {}, cookies={"__Host-yizhan": "x"})
    assert stolen.status_code == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"more": 1}', b"\xff", b"[" * 4000, b'{"challenge": 1}', b'"' + b"x" * MOST + b'"'],
)
def test_what_is_no_question_is_told_so(counter: Counter, body: bytes) -> None:
    phone = counter.phone()
    for what in ("challenge", "enrol", "renew", "leave"):
        sent = phone.session.post(
            f"{counter.origin}/pass/v1/{what}", body, headers={"Content-Type": "application/json"}, timeout=30
        )
        assert sent.status_code == (413 if len(body) > MOST else 400), (what, body[:20])
        assert sent.headers["Content-Type"] == "application/problem+json"
        assert sent.json()["detail"]


def test_every_answer_forbids_frames_and_other_pages(counter: Counter) -> None:
    phone = counter.phone()
    paths = ["/", *assets(), "/nothing", "/pass/v1/enrol"]
    answers = [phone.session.get(counter.origin + path, timeout=30, allow_redirects=False) for path in paths]
    for answer in [*answers, phone.ask("challenge"), phone.ask("enrol")]:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.url
        assert "Access-Control-Allow-Origin" not in answer.headers
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not {"'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", "*"} & set(policy.replace(";", " ").split())


def test_the_page_is_under_its_host_alone_and_nothing_else_is(counter: Counter) -> None:
    assert requests.get(f"{counter.office}/pass", timeout=30).status_code == 404
    assert requests.get(f"{counter.office}/office/login", timeout=30).status_code == 200
    assert requests.get(f"{counter.origin}/office/login", timeout=30).status_code == 404
    page = requests.get(f"{counter.origin}/", timeout=30)
    assert page.url == f"{counter.origin}/pass"
    assert "<script>" not in page.text
    assert "style=" not in page.text


def test_an_address_that_asks_without_end_waits_and_no_other_does() -> None:
    throttle = Throttle(Rate(600, 10))
    assert {throttle.wait("192.0.2.1", 0.0) for _ in range(600)} == {0.0}
    assert 0 < throttle.wait("192.0.2.1", 0.0) <= 1 / 10
    assert throttle.wait("192.0.2.2", 0.0) == 0.0
    assert throttle.wait("192.0.2.1", 1 / 10) == 0.0
