"""A campaign's end: what its report says of it, and that days and counts are all that is left when it is closed."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.central.closing import BY_ITSELF, CLOSES_AFTER, StillRuns, close, close_due, unheard
from kiosk.central.gathering import Gathering
from kiosk.central.issuer import Issuer
from kiosk.central.numbers.campaign import reported
from kiosk.central.numbers.campaign_report import MOST_LINES, page
from kiosk.central.reconciling import HOUR, Again, Cut, Why, cuts, given_again
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.campaigns import Handed, HandedDay, StoredCampaign
from kiosk.central.store.sightings import Sighting
from kiosk.central.store.stocks import Stock
from kiosk.central.supplying import known_campaigns
from kiosk.cli.main import main
from kiosk.demo.founding import founded
from kiosk.trust.service import ServiceDocument
from tests.databases import emptied
from tests.keys import private, public
from tests.printing.paper import texts
from tests.programs.test_days import CODES, entry, take
from tests.programs.test_handed_out import TABLES, handed, token
from tests.programs.test_retention import found_anywhere

HERE, THERE, _FAR = CODES
KEY: Final = b"the secret key of one campaign!!"
NOW: Final = int(time.time())
AGE: Final = 7200.0
FIRST: Final = (NOW + 8 * HOUR) // DAY * DAY - 8 * HOUR - 3 * DAY + 10 * HOUR
"""At ten in the morning three days ago, where the stations are: what comes within hours of it is of the same day."""

SAID: Final[dict[str, Any]] = {
    "texts": {"zh": "雨衣", "en": "Raincoat"}, "item": "raincoat", "key": KEY, "per": "once", "classes": (0,),
    "slots": ("slot1",),     "when_stale": "count_only", "ledger_max_age": int(AGE), "without_pass": False,
}  # fmt: skip


class Centre:
    """A central server with a campaign whose document has a key; its clock is set by hand."""

    def __init__(self, folder: Path, store: CentralStore) -> None:
        self.folder, self.store, self.now = folder, store, float(NOW - 4 * DAY)
        self.issuer: Issuer = founded(folder, store, lambda: self.now)

    def begin_anew(self) -> None:
        """With a campaign of which nothing was given yet, some days ago."""
        emptied(self.store, *TABLES, "services", "stations", "register", "seen", "claims")
        self.now = float(NOW - 4 * DAY)
        self.issuer.trust_clock()
        self.publish()

    def publish(self, days: float = 3.0, name: str = "rain", **more: Any) -> None:
        head = ServiceDocument(1, name, "campaign", 0, int(self.now), int(self.now + days * DAY), "3708")
        self.issuer.publish_service(head, SAID | more)

    def sent(self, *entries: dict[str, Any], code: str = HERE, after: float = 0.0) -> None:
        take(self.store, list(entries), FIRST + after, code, "services")
        for _step in Gathering(self.store).gather(self.now):
            pass

    def ended(self) -> StoredCampaign:
        """The campaign, some time after its end."""
        self.now = float(NOW)
        (found,) = known_campaigns(self.store)
        return found

    def verb(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["central", "campaign", *words, "--data", str(self.folder)])


@pytest.fixture(scope="module")
def opened(shared_central_folder: Path) -> Iterator[Centre]:
    with closing(CentralStore(shared_central_folder)) as store:
        yield Centre(shared_central_folder, store)


@pytest.fixture
def centre(opened: Centre) -> Centre:
    opened.begin_anew()
    return opened


def given_at(number: int, person: int, after: float = 0.0, **more: Any) -> dict[str, Any]:
    return handed(number, person, wall=FIRST + after, **more)


# Why something was given twice.


def gift(
    station: str, at: float, received: float, *, log: int = 1, timed: bool = True, person: int = 1, period: str = ""
) -> Handed:
    return Handed("rain", log, int(at), station, period, token(person), "", True, 1, "2026-11-23", at, timed, received)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (gift(HERE, 0, 9000), gift(THERE, 8999, 9000), Why.NOT_HEARD),
        (gift(HERE, 0, 9000), gift(THERE, 9001, 9001), Why.ON_ITS_WAY),
        (gift(HERE, 0, 10), gift(THERE, 10 + AGE, 90000), Why.ON_ITS_WAY),
        (gift(HERE, 0, 10), gift(THERE, 11 + AGE, 90000), Why.NOT_TOLD),
        (gift(HERE, 0, 10), gift(HERE, 90, 100, log=2), Why.OWN_MARKS),
        (gift(HERE, 0, 10, timed=False), gift(THERE, 90, 100), Why.NO_TIME),
        (gift(HERE, 0, 10), gift(THERE, 90, 100, timed=False), Why.NO_TIME),
    ],
)
def test_why_nobody_could_know_is_told_by_the_times_of_the_entries(first: Handed, second: Handed, why: Why) -> None:
    (found,) = given_again([first, second], AGE)
    assert (found.station, found.why) == (second.station, why)


def test_who_had_it_three_times_had_it_twice_too_often_and_others_and_other_days_count_apart() -> None:
    gifts = [gift(HERE, 0, 1), gift(THERE, 5, 6), gift(HERE, 9, 10), gift(HERE, 2, 3, person=2)]
    gifts.append(gift(HERE, 2, 3, period="2026-11-24"))
    assert [each.station for each in given_again(gifts, AGE)] == [THERE, HERE]


def test_cuts_are_whole_hours_and_one_where_they_touch() -> None:
    found = [
        Again(THERE, "", Why.NOT_HEARD, HERE, 100, 5000),
        Again(THERE, "", Why.NOT_HEARD, HERE, 6000, 7300),
        Again(THERE, "", Why.NOT_TOLD, THERE, 90_100, 90_200),
        Again(THERE, "", Why.ON_ITS_WAY),
    ]
    assert cuts(found) == [Cut(HERE, Why.NOT_HEARD, 0, 3 * HOUR), Cut(THERE, Why.NOT_TOLD, 25 * HOUR, 26 * HOUR)]


SECONDS: Final = st.integers(0, 90_000)


@given(st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 3), SECONDS, SECONDS), max_size=9))
def test_all_but_the_first_to_everybody_are_told_whatever_the_lines_did(rows: list[tuple[str, int, int, int]]) -> None:
    gifts = sorted(
        (gift(code, at, at + late, person=person) for code, person, at, late in rows),
        key=lambda each: (each.period, each.token, each.at),
    )
    found = list(given_again(gifts, AGE))
    assert len(found) == len(gifts) - len({each.token for each in gifts})
    assert all(cut.until > cut.since and cut.since % HOUR == cut.until % HOUR == 0 for cut in cuts(found))


# Its end.


def test_a_campaign_that_runs_is_not_closed(centre: Centre) -> None:
    with pytest.raises(StillRuns):
        close(centre.store, centre.issuer, known_campaigns(centre.store)[0], centre.now, "li")


def test_nothing_is_left_of_key_ledger_and_tokens_but_days_and_counts(centre: Centre) -> None:
    store, ledger = centre.store, b"bits of a ledger"
    head = ServiceDocument(1, "rain-ledger", "ledger", 0, int(centre.now), NOW + 9 * int(DAY), "3708")
    centre.issuer.publish_service(head, {"campaign": "rain", "bits": ledger})
    centre.sent(given_at(1, 1), given_at(2, 2, slot="slot1", taken=False), given_at(3, 2, slot="slot1"))
    centre.sent(entry(4, "filled", FIRST, index=7, item="raincoat", count=1))
    take(store, [given_at(4, 77)], FIRST, HERE, "services")
    assert store.set_aside(HERE), "it is of a copied card"
    take(store, [given_at(5, 3)], FIRST, HERE, "services")  # nobody has gathered it yet
    secrets = (KEY, ledger)
    tokens = [token(each) for each in (1, 2, 3, 77)]
    assert all(raw_found(centre.folder, each) for each in secrets)
    assert all(found_anywhere(centre.folder, each) for each in tokens)
    close(store, centre.issuer, centre.ended(), centre.now, "li")
    assert [each for each in tokens if found_anywhere(centre.folder, each)] == []
    assert [each for each in secrets if raw_found(centre.folder, each)] == []
    day = time.strftime("%Y-%m-%d", time.gmtime(FIRST + 8 * 3600))
    assert store.handed_days("rain") == [HandedDay(HERE, day, 3)]
    act, *_before = store.acts(EVERYWHERE, "rain")
    assert (act.account, act.what) == ("li", "campaign closed")


def raw_found(folder: Path, secret: bytes) -> bool:
    if (folder / "central.toml").exists():
        return bool(found_anywhere(folder, secret.hex()))
    return any(secret in path.read_bytes() for path in folder.glob("central.db*"))


def test_stations_are_told_that_its_documents_are_over(centre: Centre) -> None:
    close(centre.store, centre.issuer, centre.ended(), centre.now, "li")
    (left,) = centre.store.services("campaign")
    head, said = read_service(left.body)
    assert (head.withdraws, said) == (True, {})


def test_it_is_closed_by_itself_some_time_after_its_end(centre: Centre) -> None:
    centre.sent(given_at(1, 1))
    ends = centre.ended().ends
    centre.now = ends + CLOSES_AFTER - 1
    centre.issuer.trust_clock()
    assert list(close_due(centre.store, centre.issuer, centre.now)) == []
    centre.now += 1
    assert list(close_due(centre.store, centre.issuer, centre.now)) == [1]
    assert list(close_due(centre.store, centre.issuer, centre.now)) == []
    assert found_anywhere(centre.folder, token(1)) == []
    act, *_before = centre.store.acts(EVERYWHERE, "rain")
    assert act.account == BY_ITSELF


def test_what_was_closed_is_not_opened_again_by_another_document_of_its_id(centre: Centre) -> None:
    close(centre.store, centre.issuer, centre.ended(), centre.now, "li")
    centre.publish()
    (found,) = known_campaigns(centre.store)
    assert found.closed == centre.now


# The verbs.


def two_stations(centre: Centre) -> None:
    """One whose line was cut for five hours gave to somebody who had another one meanwhile."""
    for code in (HERE, THERE):
        centre.store.enrol(code, centre.store.make_claim(code, centre.now), public(private(7)), centre.now)
    centre.store.saw([Sighting(HERE, NOW - 60.0, "1", "")])
    counted: dict[str, Any] = {"index": 471_147, "item": "raincoat", "counted": 7, "expected": 9}
    gave = (given_at(1, 1), given_at(2, 2), handed(3, None, wall=FIRST + 9))
    centre.sent(*gave, entry(4, "counted", FIRST + 60, **counted), after=5 * HOUR)
    centre.sent(given_at(1, 1, 2 * HOUR), given_at(2, 3, slot="slot1", taken=False), code=THERE, after=2 * HOUR)
    centre.ended()


def test_the_report_says_what_was_given_twice_and_who_was_cut_off_when(centre: Centre, tmp_path: Path) -> None:
    two_stations(centre)
    out = centre.verb("report", "rain", "--csv", str(tmp_path / "rain.csv"), "--pdf", str(tmp_path / "rain.pdf"))
    assert out.exit_code == 0, out.output
    assert f"{THERE}" in out.output
    facts = json.loads(centre.verb("report", "rain", "--json").output)
    assert facts["unheard"] == [THERE]
    assert [(each["given"], each["without_pass"], each["again"]) for each in facts["days"]] == [(3, 1, 1)]
    assert [(each["station"], each["not_heard"]) for each in facts["again"]] == [(THERE, 1)]
    assert [each["station"] for each in facts["cuts"]] == [HERE]
    assert [(each["station"], each["count"]) for each in facts["late"]] == [(HERE, 3)]
    assert [(each["expected"], each["counted"], each["difference"]) for each in facts["counts"]] == [(9, 7, -2)]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "rain.csv").read_text("utf-8-sig"))))
    assert [(row["Station"], row["Given to passes"]) for row in rows] == [(HERE, "2"), (THERE, "1"), ("Together", "3")]
    text = " ".join(" ".join(texts((tmp_path / "rain.pdf").read_bytes())).split())
    assert "Raincoat" in text
    assert "the first station was cut off" in text
    for word in (token(1), "471147"):
        assert word not in out.output + json.dumps(facts) + text + (tmp_path / "rain.csv").read_text()


def test_a_report_of_a_province_is_no_book(centre: Centre) -> None:
    centre.sent(given_at(1, 1))
    found = reported(centre.store, centre.ended(), NOW)
    many = [f"37{district:04}{number:06}" for district in range(20) for number in range(60)]
    days = [HandedDay(code, f"2026-11-{day:02}", 5) for code in many for day in (1, 2)]
    text = page(replace(found, days=days, stock=[Stock(code, "raincoat", 3, None, NOW) for code in many]))
    assert text.count("<tr>") < 5 * MOST_LINES
    assert f"By station: the first {MOST_LINES} of {len(many)}" in text
    assert "By district" in text
    assert "12,000" in text, "but the sum is of all"
    assert "By district" not in page(replace(found, days=days[:100]))


def test_a_name_that_a_spreadsheet_takes_for_a_formula_is_text(centre: Centre, tmp_path: Path) -> None:
    two_stations(centre)
    centre.store._engine.run("INSERT INTO register (code, name, address) VALUES (?, ?, '')", (HERE, "=1+1"))
    assert centre.verb("report", "rain", "--csv", str(tmp_path / "rain.csv")).exit_code == 0
    assert "'=1+1" in (tmp_path / "rain.csv").read_text()


def test_closing_asks_once_more_where_stations_have_not_been_heard(centre: Centre) -> None:
    two_stations(centre)
    assert unheard(centre.store, centre.ended()) == [THERE]
    refused = centre.verb("close", "rain")
    assert (refused.exit_code, THERE in refused.output) == (1, True)
    assert "campaign close rain --yes" in refused.output
    assert centre.verb("close", "rain", "--yes").exit_code == 0
    again = centre.verb("close", "rain", "--yes")
    assert (again.exit_code, "was closed" in again.output) == (1, True)
    listed = json.loads(centre.verb("list", "--json").output)
    assert [(each["id"], each["given"], each["closed"] is not None) for each in listed] == [("rain", 3, True)]
    assert "closed" in centre.verb("show", "rain").output


def test_a_verb_without_its_campaign_says_what_to_type(centre: Centre) -> None:
    for verb in ("show", "report", "close"):
        said = centre.verb(verb, "snow")
        assert (said.exit_code, "kiosk central campaign list" in said.output) == (1, True)
    centre.publish(30)
    early = centre.verb("close", "rain")
    assert (early.exit_code, "kiosk central service withdraw rain" in early.output) == (1, True)
    assert "rain" in centre.verb("list").output
