"""What people say by phone, over real HTTP and without JavaScript: ratings, cases, receipts, and a door that did not open."""

from __future__ import annotations

import re
from time import time
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.central.cases import Cases, Said
from kiosk.central.codes import check_digit, printed
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import voices
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.case import Answer, Case, Event, Own, State, today
from kiosk.central.voices.limits import BOUNDS, What
from kiosk.central.voices.ratings import Bundle
from kiosk.central.voices.tokens import form_word
from kiosk.core.desk.vocabulary import WHATS
from tests.office.clerks import words
from tests.public.ground import Ground
from tests.test_photos import located

RATED, SAID, DOOR, FLOODED, SHOWN, OTHER = (f"3708110{number}" for number in range(1, 7))
HOSTILE = "<script>alert(1)</script>"
CANARY = "c4n4ry words of somebody else"


@pytest.fixture(scope="module", autouse=True)
def town(ground: Ground) -> None:
    for code in (RATED, SAID, DOOR, FLOODED, SHOWN, OTHER):
        ground.build(code)
    ground.store.add_account("li.ming", "steward", "3708", "", time())


def word(ground: Ground, what: What, ago: float = 10.0) -> str:
    """That of a form which somebody has looked at for a while."""
    return form_word(ground.store.secret_of(today(time()), time()), what, time() - ago)


def post(ground: Ground, path: str, **more: Any) -> requests.Response:
    return requests.post(
        f"{ground.url}{path}", allow_redirects=False, timeout=30, headers={"Accept-Language": "en"}, **more
    )


def say(ground: Ground, code: str, **fields: str) -> requests.Response:
    data = {"word": word(ground, "voice"), "place": "water", "what": "no_water", **fields}
    return post(ground, f"/s/{printed(code)}/say", data=data)


def receipt_in(answer: requests.Response) -> str:
    found = re.search(r'class="receipt">([\d ]+)<', answer.text)
    assert found, answer.text
    return found[1]


def asked(ground: Ground, receipt: str, **more: str) -> requests.Response:
    return post(ground, "/receipt", data={"word": word(ground, "receipt"), "receipt": receipt, **more})


def newest(ground: Ground, code: str) -> Case:
    return ground.store.cases(CaseFilter(prefix=code), EVERYWHERE)[0]


# Ratings.


def counted(ground: Ground, code: str) -> int:
    return sum(
        sum(each.counts)
        for each in ground.store.ratings(EVERYWHERE, "2000-01-01", "2999-12-31")
        if each.station == code
    )


def test_one_touch_counts_once_a_day_and_the_cookie_names_nobody(ground: Ground) -> None:
    page = f"/s/{printed(RATED)}"
    assert ground.get(page).text.count('name="face"') == 4
    cookies = set()
    for number in range(3):
        answer = post(ground, f"{page}/rate", data={"word": word(ground, "rating"), "face": "so_so"})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}/rated")
        cookies.add(answer.cookies["rated"])
        assert counted(ground, RATED) == number + 1
    assert len(cookies) == 1, "all who have rated on a day hold the same"
    again = post(
        ground,
        f"{page}/rate",
        data={"word": word(ground, "rating"), "face": "content"},
        cookies={"rated": cookies.pop()},
    )
    assert again.status_code == 303
    assert counted(ground, RATED) == 3
    assert "once a day" in ground.reads(f"{page}/rated")


@pytest.mark.parametrize(
    ("ago", "face", "why"),
    [
        (0.0, "content", "That was quick"),
        (8000.0, "content", "too long"),
        (10.0, "best", "Choose one"),
        (10.0, "", "Choose one"),
    ],
)
def test_a_rating_that_is_none_is_asked_for_again(ground: Ground, ago: float, face: str, why: str) -> None:
    before = counted(ground, RATED)
    answer = post(ground, f"/s/{RATED}/rate", data={"word": word(ground, "rating", ago), "face": face})
    assert (answer.status_code, why in words(answer)) == (422, True)
    assert answer.text.count('name="face"') == 4
    assert counted(ground, RATED) == before


def test_no_share_is_told_of_a_few_and_never_one_without_what_it_is_of(ground: Ground) -> None:
    page = f"/s/{printed(OTHER)}"
    assert "Nobody has rated" in ground.reads(page)
    first = today(time() - 7 * DAY)
    ground.store.add_ratings(Bundle(OTHER, "desk", first, (900, 0, 0, 0), 0, 1000))
    ground.store.add_ratings(Bundle(OTHER, "phone", first, (20, 9, 0, 0)))
    assert "29 ratings by phone in 13 weeks: too few" in ground.reads(page)
    ground.store.add_ratings(Bundle(OTHER, "phone", first, (0, 0, 0, 11)))
    told = ground.reads(page)
    assert "29 of 40 ratings are satisfied or very satisfied: 72%, and by chance from 57% to 84%" in told
    assert "the door counted no visits" in told
    assert "Nobody checks who rates" in told


# Saying what is wrong.


def test_somebody_says_what_is_wrong_and_asks_what_became_of_it(ground: Ground) -> None:
    page = f"/s/{printed(SAID)}"
    assert "drinking water" in ground.reads(f"{page}/say")
    assert "no water" in ground.reads(f"{page}/say?place=water")
    answer = say(ground, SAID, text=f"{CANARY} {HOSTILE}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    receipt, case = receipt_in(answer), newest(ground, SAID)
    assert words(asked(ground, receipt)).count("received") == 1
    cases = Cases(ground.store)
    cases.act(case.number, Own("li.ming"), "li.ming", EVERYWHERE, time())
    cases.act(case.number, Answer(Event.DO, "the valve is new"), "li.ming", EVERYWHERE, time())
    told = asked(ground, receipt)
    assert "the valve is new" in told.text
    for others in (CANARY, "li.ming", SAID, "water:", "drinking"):
        assert others not in told.text, "state and answer alone"
    assert "written down" in words(asked(ground, receipt, do="dispute"))
    assert newest(ground, SAID).state is State.DISPUTED
    assert asked(ground, receipt, do="confirm").status_code == 409, "not as it stands now"


def test_what_somebody_wrote_is_public_only_when_a_steward_has_said_so(ground: Ground) -> None:
    page = f"/s/{printed(SHOWN)}"
    data = {"word": word(ground, "voice"), "place": "toilet", "what": "dirty", "text": f"{CANARY} {HOSTILE}"}
    answer = post(ground, f"{page}/say", data=data, files={"photo": ("x.jpg", located())})
    assert answer.status_code == 200
    (remark,) = ground.store.remarks(newest(ground, SHOWN).number)
    photo = f"/said/{remark.number}.jpg"
    assert "toilet: dirty" in ground.reads(page)
    assert CANARY not in ground.get(page).text
    assert ground.get(photo).status_code == 404
    cases = Cases(ground.store)
    for part in ("text", "photo"):
        cases.publish(remark.number, part, "li.ming", EVERYWHERE, time(), public=True)
    shown = ground.get(page)
    assert CANARY in shown.text
    assert HOSTILE not in shown.text
    assert ground.get(photo).content.startswith(b"\xff\xd8")
    assert b"C4N4RY" not in ground.get(photo).content
    cases.publish(remark.number, "photo", "li.ming", EVERYWHERE, time(), public=False)
    assert ground.get(photo).status_code == 404


def test_of_more_photographs_than_there_is_room_for_the_oldest_go_that_nobody_has_published(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, photo = Cases(ground.store), located()
    for what in WHATS["toilet"][:3]:
        cases.say(Said(OTHER, "toilet", what, what, photo), time())
    held = [remark for case in at_toilet(ground) for remark in ground.store.remarks(case.number) if remark.has_photo]
    cases.publish(held[0].number, "photo", "li.ming", EVERYWHERE, time(), public=True)
    kept = sum(remark.has_photo for remark in ground.store._remarks("number > ?", (0,)))
    monkeypatch.setattr(voices, "MOST_PHOTOS", kept)
    before = [remark.number for remark in ground.store._remarks("photo IS NOT NULL", ())]
    cases.say(Said(OTHER, "toilet", WHATS["toilet"][0], "once more", photo), time())
    after = [remark.number for remark in ground.store._remarks("photo IS NOT NULL", ())]
    assert len(after) == kept
    gone = {*before} - {*after}
    assert gone == {min({*before} - {each.number for each in ground.store._remarks("photo_public = 1", ())})}
    assert ground.store.remark(gone.pop()), "what was written stays"


def at_toilet(ground: Ground) -> list[Case]:
    return ground.store.cases(CaseFilter(prefix=OTHER, place="toilet"), EVERYWHERE)


def test_what_is_overdue_stands_first_and_the_answer_with_its_day(ground: Ground) -> None:
    cases, now = Cases(ground.store), time()
    say(ground, SHOWN, place="toilet", what="dirty")
    for place, what, at in (("fridge", "dirty", now - 40 * DAY), ("microwave", "broken", now)):
        say_at = {"place": place, "what": what}
        assert say(ground, SHOWN, **say_at).status_code == 200
        case = newest(ground, SHOWN)
        ground.store.keep_case(replace(case, said=at, due=today(at + 20 * DAY), own_by=today(at + 2 * DAY)))
    cases.act(newest(ground, SHOWN).number, Own("li.ming"), "li.ming", EVERYWHERE, now)
    cases.act(newest(ground, SHOWN).number, Answer(Event.REFUSE, "there will be no other"), "li.ming", EVERYWHERE, now)
    text = ground.reads(f"/s/{SHOWN}")
    assert text.index("fridge: dirty") < text.index("toilet: dirty") < text.index("microwave: broken")
    assert f"will not · {today(now)} there will be no other" in text
    assert "nobody owns it since" in text


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"what": ""}, "Choose one."),
        ({"what": "no_paper"}, "Choose one."),
        ({"text": "x" * 501}, "500 characters at the most."),
        ({"word": "x"}, "too long"),
    ],
)
def test_what_is_wrong_with_a_form_stands_there_and_nothing_is_lost(
    ground: Ground, fields: dict[str, str], why: str
) -> None:
    before = newest(ground, SAID)
    answer = say(ground, SAID, **{"text": "my words"} | fields)
    assert (answer.status_code, why in words(answer)) == (422, True)
    assert fields.get("text", "my words") in answer.text
    assert newest(ground, SAID) == before


def test_a_photograph_that_is_none_is_told(ground: Ground) -> None:
    data = {"word": word(ground, "voice"), "place": "water", "what": "leaking"}
    answer = post(ground, f"/s/{SAID}/say", data=data, files={"photo": ("x.jpg", b"GIF89a")})
    assert (answer.status_code, "no photograph" in words(answer)) == (422, True)


def test_a_body_that_is_too_large_is_not_read_to_its_end(ground: Ground) -> None:
    files = {"photo": ("x.jpg", b"x" * (9 * 1024 * 1024))}
    assert post(ground, f"/s/{SAID}/say", data={"place": "water"}, files=files).status_code == 413
    assert post(ground, f"/s/{SAID}/door", data={"word": "x" * 20_000}).status_code == 413


def test_a_form_of_another_site_is_refused(ground: Ground) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    answer = requests.post(f"{ground.url}/s/{SAID}/door", {"word": word(ground, "door")}, headers=headers, timeout=30)
    assert answer.status_code == 403


# Receipts.


def test_a_wrong_digit_is_told_without_a_look_and_looks_are_bounded(ground: Ground) -> None:
    known = receipt_in(say(ground, OTHER)).replace(" ", "")
    for at in range(13):
        wrong = f"{known[:at]}{(int(known[at]) + 1) % 10}{known[at + 1 :]}"
        answer = asked(ground, wrong)
        assert (answer.status_code, "at least one is wrong" in words(answer)) == (422, True)
    digits = f"{(int(known[:12]) + 1) % 10**12:012}"
    assert asked(ground, digits + check_digit(digits)).status_code == 404


# The door.


@pytest.mark.slow
def test_that_the_door_did_not_open_is_always_answered_alike(ground: Ground) -> None:
    page, entry = f"/s/{printed(DOOR)}/door", {"kind": "denied", "door": "main", "reason": "revoked", "index": 4711}
    assert "Your pass is not asked for" in ground.reads(page)
    first = post(ground, page, data={"word": word(ground, "door")})
    ground.hear(DOOR)
    ground.tell(DOOR, entry, 1)
    flood = [post(ground, page, data={"word": word(ground, "door")}) for _ in range(BOUNDS["door"].station)]
    texts = {re.sub(r"known|Open|Not known whether it is open", "", words(each)) for each in (first, *flood)}
    assert {each.status_code for each in flood} == {200}
    assert len(texts) == 1
    for told in ("revoked", "4711", "silent"):
        assert told not in first.text
    case = newest(ground, DOOR)
    assert (case.what, case.urgent, case.too) == ("did_not_open", True, len(flood)), "each of them is told"
    assert "did not open" not in ground.reads(f"/s/{DOOR}").partition("What was said")[2]


# Abuse.


def test_one_who_floods_a_station_is_stopped_before_the_body_is_read(ground: Ground) -> None:
    taken = [say(ground, FLOODED).status_code for _ in range(BOUNDS["voice"].station)]
    assert taken.count(200) == BOUNDS["voice"].station // 2
    refused = post(ground, f"/s/{FLOODED}/say", data={"place": "x"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1800")
    assert say(ground, OTHER).status_code == 200, "another station is open"


FIELDS = st.dictionaries(
    st.sampled_from(["word", "face", "place", "what", "text", "receipt", "do", "x"]),
    st.one_of(
        st.text(max_size=30), st.sampled_from(["water", "no_water", "content", "dispute", "1234567890128", HOSTILE])
    ),
    max_size=5,
)


@settings(max_examples=20, deadline=None)
@given(FIELDS, st.sampled_from(["rate", "say", "door", "/receipt"]), st.booleans())
def test_whatever_is_sent_nothing_raises_and_nothing_of_others_is_told(
    ground: Ground, fields: dict[str, str], path: str, whole: bool
) -> None:
    kinds: dict[str, What] = {"rate": "rating", "say": "voice", "door": "door", "/receipt": "receipt"}
    data = {key: value.encode("utf-8", "replace") for key, value in fields.items()}
    if whole:
        data["word"] = word(ground, kinds[path]).encode()
    answer = post(ground, path if path[0] == "/" else f"/s/{OTHER}/{path}", data=data)
    assert answer.status_code in {200, 303, 404, 409, 422, 429}
    assert CANARY not in answer.text
    assert "the valve is new" not in answer.text
    assert HOSTILE not in answer.text
    assert "li.ming" not in answer.text
