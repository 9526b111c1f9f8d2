"""Each kind of a service in TOML: the examples of docs/services.md, what is wrong with others, and what they look like."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from kiosk.central.gathering import remember
from kiosk.central.scope import EVERYWHERE
from kiosk.central.service_file import FILES, read_service_file, service_warnings
from kiosk.central.service_kinds import as_said
from kiosk.central.service_preview import preview_of
from kiosk.central.sheets import Sheet as Kept
from kiosk.central.store import CentralStore
from kiosk.central.store.registers import Registered
from kiosk.cli.main import main as kiosk
from kiosk.core.held import MOST_OF_A_KIND
from kiosk.demo.founding import founded
from kiosk.settings.table import BadSettings
from kiosk.trust.service import KINDS, MOST_OF_A_PICTURE, Event, ServiceDocument, body_in
from tests.conftest import ROOT

NOW = 1_795_392_000
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(page: str) -> dict[str, str]:
    """The files on the page, by kind."""
    blocks = BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    return {found[1]: block for block in blocks if (found := re.search(r'^kind = "(\w+)"', block, re.MULTILINE))}


EXAMPLES = examples("services.md")


def photograph(path: Path, side: int = 900) -> None:
    """Noise, which makes the largest files."""
    Image.frombytes("RGB", (side, side), random.Random(5).randbytes(3 * side * side)).save(path, "JPEG")  # noqa: S311


def written(folder: Path, text: str) -> Path:
    file = folder / "service.toml"
    file.write_text(text, encoding="utf-8")
    return file


def told(folder: Path, text: str) -> str:
    with pytest.raises(BadSettings) as bad:
        read_service_file(written(folder, text), NOW)
    return str(bad.value).replace(f"{folder}/", "")


def test_the_page_has_an_example_of_each_kind_in_both_languages() -> None:
    assert EXAMPLES.keys() == FILES.keys() == KINDS - {"poll", "ledger"}, "which the election board and the centre make"
    assert examples("services.zh-CN.md").keys() == FILES.keys()


@pytest.mark.parametrize("page", ["services.md", "services.zh-CN.md"])
@pytest.mark.parametrize("kind", FILES)
def test_each_example_is_a_service_that_a_station_reads(tmp_path: Path, kind: str, page: str) -> None:
    photograph(tmp_path / "poster.jpg", 300)
    found = read_service_file(written(tmp_path, examples(page)[kind]), NOW)
    head = ServiceDocument(1, found.head.id, kind, NOW, found.head.begins, found.head.ends)
    assert body_in(head, as_said(found.body)) == found.body
    lines = preview_of(found.head, found.body)
    assert all(any(line.startswith(f"  {language}  ") for line in lines) for language in ("zh", "en")), lines


CHANGES = [
    ("question", "id = ", 'id = "station"\n# ', "id: is the question that always stands; take another id"),
    ("event", "starts = ", "starts = 2099-01-01T00:00:00+08:00\n# ", "starts: it starts after the display has stopped"),
    ("event", "starts = ", "starts = 2026-12-05T19:00:00\n# ", "starts: 2026-12-05T19:00:00 has no offset"),
    ("event", "poster.jpg", "postr.jpg", "picture: cannot be read: No such file"),
    ("event", "poster.jpg", "service.toml", "picture: is no JPEG, PNG or WebP"),
    ("answers", '"water"', '"watter"', "cases.1.place: watter: must be one of door, air_conditioner, water,"),
    ("answers", '"water"', '"watter"', "did you mean water?"),
    ("answers", '"not_hot"', '"not_hott"', "cases.1.what: not_hott: must be one of no_water, not_hot"),
    ("answers", '"done"', '"dne"', "cases.1.state: dne: must be one of received,"),
    ("answers", "since = ", 'since = "today"\n# ', "cases.1.since: "),
    ("checklist", 'key = "clean"', 'key = "Clean"', "items.1.key: must be at most 32 small letters"),
    ("checklist", 'key = "medicine"', 'key = "clean"', "items.3.key: is that of another item, too"),
    ("checklist", "most = 8.0", "mst = 8.0", "items.2.proof.mst: no such setting, did you mean most?"),
    ("checklist", ", most = 8.0", "", "items.2.proof: needs least, most, or both"),
    ("checklist", 'kind = "month"', 'kind = "moth"', "items.3.kind: must be one of yes_no, month, did you mean month?"),
    ("checklist", "every = ", "every = 0\n# ", "every: must be 1 to 366 days"),
    ("checklist", "[[items]]", "[[itmes]]", "itmes: no such setting, did you mean items?"),
    ("sheet", '"fridge"', '"frige"', "facilities: frige: must be one of air_conditioner,"),
    ("sheet", "latitude = 35.41", "latitude = 116.6", "place: is no place in China"),
    ("campaign", 'item = "', 'item = "Rain ', "item: Rain raincoat: must be at most 32 small letters"),
    ("campaign", "raincoats-2026", "raincoats-for-everybody", "id: has more than 20 characters"),
    ("campaign", 'per = "once"', 'per = "wek"', "per: must be one of once, day, week, did you mean week?"),
    (
        "campaign",
        '"worker"',
        '"workers"',
        "classes: must be one of worker, technician, steward, visitor, did you mean worker?",
    ),
    ("campaign", '["worker"]', "[]", "classes: must be 1 to 4, and not 0"),
    ("campaign", "slot_2", "slot_1", "slots: slot_1 is there twice"),
    ("campaign", "slot_2", "slot 2", "slots: slot 2: must be at most 32 small letters"),
    ("campaign", "item = ", "without_pass = true\nitem = ", "slots: no slot opens without a pass"),
    ("campaign", "= 7200", "= 60", "ledger_max_age: must be 300 to 2678400 seconds"),
    ("campaign", "item = ", 'key = "00"\nitem = ', "key: no such setting"),
    ("campaign", "ends = 2036", "ends = 2025", "ends: it ends before it begins"),
    ("stop", '"37081190"', '""', "station: must be the code of the station on wheels"),
    ("stop", "latitude = 36.65", "latitude = 117.12", "latitude: is no place in China"),
    ("stop", "radius = 100 ", "radius = 5 ", "radius: must be 10 to 10000 metres"),
    ("stop", '"370102"', '"37-01"', "prefix: must be 1 to 12 digits or letters"),
    ("stop", "radius", "raduis", "raduis: no such setting, did you mean radius?"),
    ("doctor", "https:", "http:", "url: must begin with https:// and have {token} once"),
    ("doctor", "{token}", "", "url: must begin with https:// and have {token} once"),
    ("doctor", '"0537-12320"', '"nurse"', "call: is no telephone number"),
    ("doctor", "mon-fri", "mon-fry", "hours: "),
    ("doctor", "d75a", "D75a", "keys.1.public: is no public key"),
    (
        "doctor",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "00" * 32,
        "keys.1.public: is no public",
    ),
    ("doctor", '["ibuprofen", "oral_rehydration"]', "[]", "keys.1.items: must be 1 to 64, and not 0"),
    ("doctor", '"oral_rehydration"', '"ibuprofen"', "keys.1.items: ibuprofen is there twice"),
    ("sheet", 'also = ["', 'also = ["37-08", "', "also: 37-08: must be 1 to 12 digits or letters"),
]


@pytest.mark.parametrize(("kind", "old", "new", "line"), CHANGES, ids=[f"{each[0]} {each[2]}" for each in CHANGES])
def test_what_is_misspelt_or_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, kind: str, old: str, new: str, line: str
) -> None:
    photograph(tmp_path / "poster.jpg", 50)
    text = EXAMPLES[kind].replace(old, new, 1)
    assert text != EXAMPLES[kind]
    said = told(tmp_path, text)
    assert line in said
    assert re.match(r"service\.toml:\d+: ", said), said


def test_a_kind_that_cannot_be_written_is_told_with_those_that_can(tmp_path: Path) -> None:
    assert "kind: must be one of notice, question" in told(tmp_path, 'kind = "notise"\n')
    assert "did you mean notice?" in told(tmp_path, 'kind = "notise"\n')
    assert "kind: must be one of" in told(tmp_path, "kind = 7\n")
    assert "kind: nobody writes a ledger" in told(tmp_path, 'kind = "ledger"\n')


def test_what_lacks_chinese_and_what_nobody_here_can_know_is_warned_of(tmp_path: Path) -> None:
    text = EXAMPLES["checklist"].replace('zh = "药品', 'ug = "药品')
    said = [*service_warnings(read_service_file(written(tmp_path, text), NOW))]
    assert said[0] == "items.3.texts: there is none in Chinese (zh)"
    assert said[1].startswith("items.2.proof: it is not known here which stations have a sensor fridge")


@pytest.mark.parametrize("kind", ["pipe", "folder", "nothing"])
def test_a_picture_that_is_no_file_is_told_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    make = {"pipe": os.mkfifo, "folder": os.mkdir}.get(kind)
    if make:
        make(tmp_path / "poster.jpg")
    assert "picture: cannot be read" in told(tmp_path, EXAMPLES["event"])


def test_a_picture_is_made_anew_and_small_enough_whatever_it_was(tmp_path: Path) -> None:
    photograph(tmp_path / "poster.jpg")
    assert (tmp_path / "poster.jpg").stat().st_size > MOST_OF_A_PICTURE
    found = read_service_file(written(tmp_path, EXAMPLES["event"]), NOW)
    assert isinstance(found.body, Event)
    assert found.body.picture
    assert (found.body.picture.size, found.body.picture.sha256) == (
        len(found.picture),
        hashlib.sha256(found.picture).hexdigest(),
    )
    assert found.body.picture.size <= MOST_OF_A_PICTURE
    with Image.open(io.BytesIO(found.picture)) as image:
        assert image.format == "JPEG"


class Union:
    """A folder of the central server, and its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "central"
        self.store = CentralStore(self.data)
        self.issuer = founded(self.data, self.store)

    def run(self, *words: str, verb: str = "service") -> tuple[int, str, str]:
        done = CliRunner().invoke(kiosk, ["central", verb, *words, "--data", str(self.data)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Union]:
    union = Union(tmp_path_factory.mktemp("union"))
    yield union
    union.store.close()


def test_each_is_published_listed_shown_and_withdrawn_and_a_picture_goes_with_its_event(union: Union) -> None:
    photograph(union.folder / "poster.jpg", 60)
    for text in EXAMPLES.values():
        code, out, err = union.run("publish", str(written(union.folder, text)))
        assert (code, "is published as number" in out) == (0, True), (out, err)
    listed = json.loads(union.run("list", "--json")[1])
    assert {each["kind"] for each in listed} == FILES.keys()
    shown = {each["kind"]: json.loads(union.run("show", each["id"], "--json")[1])["says"] for each in listed}
    sha256 = shown["event"]["picture"]["sha256"]
    assert hashlib.sha256(union.store.picture(sha256, "37081101", NOW) or b"").hexdigest() == sha256
    assert union.store.picture(sha256, "44010001", NOW) is None, "no event of that station names it"
    assert union.store.picture("0" * 64, "37081101", NOW) is None
    event = next(each["id"] for each in listed if each["kind"] == "event")
    assert "kB" in union.run("show", event)[1]
    assert union.run("withdraw", event)[0] == 0
    assert union.store.picture(sha256, "37081101", union.issuer.now()) is None
    union.issuer.renew()
    assert union.store._engine.all("SELECT * FROM pictures") == []


def test_the_registers_sheet_is_signed_and_its_further_prefixes_stay_until_they_are_changed(union: Union) -> None:
    line = Registered("37081101", "经十路驿站", "经十路 1 号", "35.41", "116.60")
    union.store.add_stations([line], NOW)
    union.store.put_sheets({line.code: Kept(name_en="Jingshi Road", facilities=("fridge",))}, "@x", NOW)
    says: dict[str, object] = {"texts": {"zh": "经十路驿站", "en": "Jingshi Road"}, "facilities": ["fridge"]}
    says["place"] = {"latitude": 35.41, "longitude": 116.6}
    for words, also in (
        (("--not-also",), []),
        (("--also", "370812", "--also", "3709"), ["370812", "3709"]),
        ((), ["370812", "3709"]),
        (("--also", "3710"), ["3710"]),
        (("--not-also",), []),
    ):
        code, out, err = union.run("publish", line.code, *words, verb="sheet")
        assert code == 0, err
        assert ("are good there, too" in out) == bool(also)
        shown = json.loads(union.run("show", "sheet-37081101", "--json")[1])
        assert (shown["says"], shown["scope"]) == ({**says, "also": also}, line.code)
    assert union.run("publish", "99999999", verb="sheet")[0] == 1
    acts = [act.what for act in union.store.acts(EVERYWHERE)]
    assert acts.count("sheet published") == 5


def test_a_question_that_asks_something_else_under_its_id_is_warned_of(union: Union) -> None:
    def published(text: str) -> str:
        code, _out, err = union.run("publish", str(written(union.folder, text)))
        assert code == 0
        remember(union.store)
        return err

    text = EXAMPLES["question"].replace('id = "', 'id = "again-')
    assert published(text) == published(text + 'ug = "?"\n') == ""
    assert "asked something else so far" in published(re.sub('zh = ".*"', 'zh = "另一个？"', text))


def test_where_something_else_has_the_sheets_id_it_is_said(union: Union) -> None:
    union.store.add_stations([Registered("37081102", "站", "", "", "")], NOW)
    union.issuer.publish_service(
        ServiceDocument(1, "sheet-37081102", "notice", 0, 0, 2**39, "3708"), {"texts": {"zh": "?"}}
    )
    code, _out, err = union.run("publish", "37081102", verb="sheet")
    assert code == 2
    assert "sheet-37081102 is a notice for 3708: publish this one under another id" in err


def test_one_more_than_a_station_can_hold_is_refused_whatever_its_kind(union: Union) -> None:
    text = EXAMPLES["question"]
    for number in range(MOST_OF_A_KIND):
        head = ServiceDocument(1, f"q{number}", "question", 0, 0, 2**39, "3708")
        union.issuer.publish_service(head, {"texts": {"zh": "?"}})
    code, _, err = union.run("publish", str(written(union.folder, text.replace('id = "', 'id = "x'))))
    assert (code, "would hold more services than it can" in err) == (2, True)
