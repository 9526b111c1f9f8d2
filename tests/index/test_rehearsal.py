"""A whole poll on files, from the keys to the report, as a board types it; and what it is told where something is wrong."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kiosk.board.files import SerialsFile, read_file, read_known
from kiosk.cli.main import run
from kiosk.index.answers import Ballot
from kiosk.index.ballots import ballot_file, sealed_text
from kiosk.index.remark_file import remark_file
from kiosk.index.remarks import Remark
from kiosk.index.sealing import seal_answers, seal_ballot, seal_remark
from kiosk.index.slips import slip_text
from tests.printing.paper import outside, pictures, texts

POLL = """\
begins = 2126-12-01T08:00:00+08:00
ends = 2126-12-08T20:00:00+08:00
stations = ["370811"]
quorum = "1/2"
outer_key = "keys/key-A.toml"
inner_key = "keys/key-B.toml"
[title]
zh = "户外劳动者幸福指数"
en = "How content are outdoor workers?"
[[heaps]]
slips = 40
names.zh = "快递员"
names.en = "Couriers"
[[heaps]]
slips = 20
names.zh = "环卫工人"
"""
Type = Callable[..., dict[str, Any]]


class Laptop:
    """Somebody who types at the board's laptop; `--json` is added, and what comes is given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capfd = folder, monkeypatch, capfd
        monkeypatch.chdir(folder)

    def types(self, line: str, typed: str = "", code: int = 0) -> str:
        self._monkeypatch.setattr(sys, "argv", ["kiosk", "index", *line.split()])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        with pytest.raises(SystemExit) as end:
            run()
        out, err = self._capfd.readouterr()
        assert (end.value.code or 0) == code, out + err
        assert "Traceback" not in out + err
        return out + err if code else out

    def gets(self, line: str, typed: str = "", code: int = 0) -> dict[str, Any]:
        said = self.types(line + " --json", typed, code)
        found: dict[str, Any] = json.loads(next(each for each in said.splitlines() if each.startswith("{")))
        return found

    def makes_a_poll(self, text: str = POLL) -> None:
        self.gets("keys --out keys")
        (self.folder / "poll.toml").write_text(text, encoding="utf-8")
        self.gets("poll poll.toml")

    def serials(self) -> list[list[bytes]]:
        file, _digest = read_file(self.folder / "slips.secret", SerialsFile, read_known(self.folder / "index.poll"))
        return [[bytes.fromhex(each) for each in heap] for heap in file.heaps]

    def seals(self, cast: list[tuple[bytes, Ballot]]) -> list[bytes]:
        known = read_known(self.folder / "index.poll")
        return [
            seal_ballot(known.id, known.poll.outer_key, slip, seal_answers(known.id, known.poll.inner_key, ballot))
            for slip, ballot in cast
        ]

    def is_given_remarks(self, said: list[Remark]) -> None:
        known = read_known(self.folder / "index.poll")
        sealed = [seal_remark(known.id, known.poll.inner_key, each) for each in said]
        (self.folder / "remarks.json").write_bytes(remark_file(known.id, sealed))

    def alters(self, name: str, changed: dict[str, Any]) -> None:
        path = self.folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    def gathers(self, sealed: list[bytes]) -> None:
        known = read_known(self.folder / "index.poll")
        (self.folder / "ballots.json").write_bytes(ballot_file(known.id, map(sealed_text, sealed)))


@pytest.fixture
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Laptop:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return Laptop(tmp_path, monkeypatch, capfd)


A = "--share keys/share-A-1.toml --share keys/share-A-3.toml"
B = "--share keys/share-B-2.toml --share keys/share-B-3.toml"


def drawn(chance: Random) -> Ballot:
    answers = chance.choices(range(5), [6, 3, 2, 1, 1], k=7)
    return tuple(answers)  # type: ignore[return-value]


@pytest.mark.parametrize("paper", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_whole_rehearsal(laptop: Laptop, paper: bool) -> None:
    """With `paper` also what is printed: fonts with Chinese take seconds to be embedded."""
    laptop.makes_a_poll()
    poll = laptop.gets("show index.poll")
    assert poll["id"] == hashlib.sha256((laptop.folder / "index.poll").read_bytes()).hexdigest()
    if paper:
        assert laptop.gets("slips index.poll slips.secret")["words"] == poll["words"]
        laptop.types("shred slips.pdf")
    couriers, cleaners = laptop.serials()
    chance = Random(11)
    voters = [*couriers[:30], *cleaners[:15]]
    cast = [(slip, drawn(chance)) for slip in voters]
    twice = (cleaners[15], drawn(chance))
    late = (couriers[39], drawn(chance))  # somebody casts a leftover before it is cancelled
    invented = (b"i" * 16, drawn(chance))
    sealed = laptop.seals([*cast, twice, (twice[0], (3,) * 7), late, invented])
    laptop.gathers([*sealed, sealed[0]])
    leftovers = couriers[30:]
    said = laptop.gets("cancel index.poll", "".join(f"{slip_text(each)}\r\n" for each in leftovers))
    assert (said["cancelled"], said["odd"]) == (10, 0)

    laptop.types("shred slips.secret")
    assert not [*laptop.folder.glob("slips.*")]
    opening = laptop.gets(f"open-outer index.poll ballots.json --cancelled cancelled.json {A}")["opening"]
    assert opening == {
        "came": 49, "unreadable": 0, "unknown": 1, "cancelled": 1, "repeated": 2, "repeated_slips": 1, "again": 0,
        "copied": 0, "passed": 45,
    }  # fmt: skip
    assert slip_text(voters[0]) not in (laptop.folder / "passed.json").read_text()
    counted = laptop.gets(f"count index.poll passed.json {B}")
    assert counted["result"]["valid"]
    assert (counted["result"]["counted"], counted["result"]["slips"], counted["result"]["turnout"]) == (45, 50, "90.00")
    for at, dimension in enumerate(counted["result"]["outcome"]["dimensions"]):
        tally = Counter(ballot[at] for _slip, ballot in cast)
        assert dimension["counts"] == [tally[answer] for answer in range(5)]

    laptop.gets(
        f"open-outer index.poll ballots.json --cancelled cancelled.json {A} --out again.json".replace("A-3", "A-2")
    )
    again = laptop.gets("count index.poll again.json --out again-result.json " + B.replace("B-2", "B-1"))
    assert again["sha256"] == counted["sha256"], "other custodians come to the same files"
    if paper:
        is_on_paper(laptop, counted)


def is_on_paper(laptop: Laptop, counted: dict[str, Any]) -> None:
    from kiosk.board.plots import COLOURS

    (laptop.folder / "remarks.txt").write_text("更多的饮水机\n\n老张说：工资低\n", encoding="utf-8")
    laptop.types("report index.poll result.json --remarks remarks.txt", code=2)
    (laptop.folder / "long.txt").write_text(f"短\n{'长' * 503}\n", encoding="utf-8")
    assert "long.txt:2: has 503" in laptop.types(
        "report index.poll result.json --remarks long.txt --remarks-read", code=2
    )
    laptop.gets("report index.poll result.json --remarks remarks.txt --remarks-read")
    made = (laptop.folder / "report.pdf").read_bytes()
    pages = "".join(texts(made))
    index = counted["result"]["outcome"]["index"]
    for word in (
        index,
        counted["result"]["words"],
        counted["sha256"],
        "有效",
        "VALID",
        "快递员",
        "Couriers",
        "更多的饮水机",
    ):
        assert word in pages, word
    assert outside(made, 20) == []
    blue = tuple(int(COLOURS[0][at : at + 2], 16) for at in (5, 3, 1))
    drawn = [int((page == blue).all(axis=2).sum()) > 1000 for page in pictures(made, 60)]
    assert drawn[0], "what was answered is drawn"
    assert drawn.count(True) == 2, "in each language once"
    assert json.loads((laptop.folder / "report.json").read_text())["outcome"]["index"] == index


REMARKS = """
[[remarks]]
zh = "工资拖欠"
en = "Wages paid late"
[[remarks]]
zh = "没有休息日"
"""


def test_remarks_are_a_text_for_one_person_before_they_are_anything_else(laptop: Laptop) -> None:
    laptop.makes_a_poll(POLL + REMARKS)
    assert laptop.gets("show index.poll")["remarks"] == [
        {"zh": "工资拖欠", "en": "Wages paid late"},
        {"zh": "没有休息日"},
    ]
    assert "Prepared remark 1: Wages paid late" in laptop.types("show index.poll")
    laptop.is_given_remarks([1, 1, 2, "更多的饮水机", "  老张说：\n工资低 ", *[0] * 10])
    assert "key B" in laptop.types(f"remarks index.poll remarks.json {A}", code=2)
    said = laptop.types(f"remarks index.poll remarks.json {B}")
    for words in (
        "15 sealed remarks came",
        "10 say nothing",
        "3 are prepared ones, 2 somebody's own words",
        "rewrites it",
    ):
        assert words in said
    assert "老张" not in said
    text = laptop.folder / "remarks.txt"
    assert stat.S_IMODE(text.stat().st_mode) == 0o600
    assert text.read_text(encoding="utf-8").splitlines() == [
        "2 times: Wages paid late", "1 times: 没有休息日", "“更多的饮水机”", "“老张说： 工资低”",
    ]  # fmt: skip
    assert "is there already" in laptop.types(f"remarks index.poll remarks.json {B}", code=2), "also what was rewritten"
    for wrong in ("ballots.json", "index.poll", "nowhere.json"):
        assert wrong in laptop.types(f"remarks index.poll {wrong} {B} --out other.txt", code=2)


def test_of_fewer_than_ten_remarks_nothing_is_opened(laptop: Laptop) -> None:
    laptop.makes_a_poll(POLL + REMARKS)
    laptop.is_given_remarks(["a b"] * 9)
    assert "fewer than ten" in laptop.types(f"remarks index.poll remarks.json {B}", code=1)
    assert not (laptop.folder / "remarks.txt").exists()


def test_secrets_are_for_their_owner_alone_and_nothing_is_written_over(laptop: Laptop) -> None:
    laptop.makes_a_poll()
    for name in ("slips.secret", "keys/share-A-1.toml", "keys/share-B-3.toml"):
        assert stat.S_IMODE((laptop.folder / name).stat().st_mode) == 0o600
    before = {path: path.read_bytes() for path in laptop.folder.rglob("*") if path.is_file()}
    for line in (
        "keys --out keys",
        "keys --only B --out keys",
        "poll poll.toml",
        "poll poll.toml --out x --serials slips.secret",
    ):
        assert "is there already" in laptop.types(line, code=2)
    assert "one name" in laptop.types("poll poll.toml --out x --serials ./x", code=2)
    assert before == {path: path.read_bytes() for path in laptop.folder.rglob("*") if path.is_file()}
    whole = {text for path in before for text in [path.read_bytes()] if b"private" in text and path.suffix != ".toml"}
    assert whole == set()


def test_a_lost_share_a_wrong_holder_and_a_damaged_file_are_each_a_sentence(laptop: Laptop) -> None:
    laptop.makes_a_poll()
    slips = laptop.serials()[0]
    laptop.gathers(laptop.seals([(slip, (0,) * 7) for slip in slips]))
    one = "--share keys/share-A-1.toml"
    assert "Two of the three shares" in laptop.types(f"open-outer index.poll ballots.json {one}", code=1)
    assert "Two of the three shares" in laptop.types(f"open-outer index.poll ballots.json {one} {one}", code=1)
    assert "one of key B" in laptop.types(f"open-outer index.poll ballots.json {B}", code=2)
    assert "key A" in laptop.types(f"count index.poll ballots.json {A}", code=2)
    laptop.gets(f"open-outer index.poll ballots.json {one} --share keys/share-A-2.toml")
    assert "another kind of file" in laptop.types(f"count index.poll ballots.json {B}", code=2)
    for name in ("index.poll", "ballots.json", "passed.json", "keys/share-A-1.toml"):
        path = laptop.folder / name
        whole = path.read_bytes()
        for damaged in (whole[: len(whole) // 2], b"", whole.replace(b"a", b"b"), bytes(100)):
            path.write_bytes(damaged)
            line = (
                f"count index.poll passed.json {B}"
                if name == "passed.json"
                else f"open-outer index.poll ballots.json {A}"
            )
            assert name in laptop.types(line, code=2)
        path.write_bytes(whole)
    laptop.gets(f"count index.poll passed.json {B}")


def test_a_file_that_somebody_has_made_up_is_refused_and_never_an_exception(laptop: Laptop) -> None:
    laptop.makes_a_poll()
    laptop.gathers(laptop.seals([(slip, (0,) * 7) for slip in laptop.serials()[0]]))
    laptop.gets(f"open-outer index.poll ballots.json {A}")
    laptop.gets(f"count index.poll passed.json {B}")
    inner = json.loads((laptop.folder / "passed.json").read_text())["heaps"][0]
    passed: list[dict[str, Any]] = [
        {"heaps": [inner]}, {"heaps": [[], inner]}, {"heaps": [[*inner[1:], inner[1]], []]}, {"heaps": [inner[1:], inner[1:2]]},
        {"heaps": [[*inner[1:], inner[1] + "\n"], []]}, {"cancelled_slips": [1, 0]}, {"cancelled_slips": []},
    ]  # fmt: skip
    for changed in passed:
        laptop.alters("passed.json", changed)
        assert "passed.json is damaged" in laptop.types(f"count index.poll passed.json {B}", code=2)
        laptop.gets(f"open-outer index.poll ballots.json {A}")
    outcome = json.loads((laptop.folder / "result.json").read_text())["outcome"]
    first, *others = outcome["dimensions"]
    for odd in (
        {"key": "happiness"},
        {"counts": [0] * 5},
        {"counts": [20, -1, 0, 0, 0]},
        {"counts": [1]},
        {"score": "many"},
    ):
        laptop.alters("result.json", {"outcome": {**outcome, "dimensions": [first | odd, *others]}})
        assert "result.json is damaged" in laptop.types("report index.poll result.json", code=2)
    results: list[dict[str, Any]] = [
        {"title": {}}, {"outcome": {**outcome, "dimensions": []}}, {"poll": "0" * 64}, {"turnout": "-1.00"},
    ]  # fmt: skip
    for changed in results:
        laptop.alters("result.json", changed)
        laptop.types("report index.poll result.json", code=2)
        laptop.gets(f"count index.poll passed.json {B}")


def test_files_of_another_poll_are_refused_and_its_words_said(laptop: Laptop) -> None:
    laptop.makes_a_poll()
    laptop.gathers(laptop.seals([(slip, (0,) * 7) for slip in laptop.serials()[0]]))
    laptop.gets(f"open-outer index.poll ballots.json {A}")
    words = laptop.gets("poll poll.toml --out other.poll --serials other.secret")["words"]
    for line in (
        f"open-outer other.poll ballots.json {A}",
        f"count other.poll passed.json {B}",
        "slips other.poll slips.secret",
    ):
        said = laptop.types(line, code=2)
        assert "is of another poll" in said
        assert words in said


def test_what_is_held_before_the_reader_and_is_no_leftover_is_told(laptop: Laptop) -> None:
    laptop.makes_a_poll()
    first, second = laptop.serials()[0][:2]
    typed = f"{slip_text(first)}\n{slip_text(first)}\nYZ1:ABC\n\n{slip_text(b'o' * 16)}\n{'x' * 9000}\n"
    said = laptop.types("cancel index.poll", typed, code=1)
    for words in ("Cancelled: 1", "cancelled before", "no slip", "another poll", "1 slips of 60"):
        assert words in said
    assert laptop.gets("cancel index.poll", slip_text(second).lower() + "\n")["cancelled"] == 2, "Caps Lock"


def test_two_readers_that_cancel_into_one_file_lose_no_slip(laptop: Laptop) -> None:
    laptop.makes_a_poll()
    first, second, third = map(slip_text, laptop.serials()[0][:3])
    verb = [str(Path(sys.executable).parent / "kiosk"), "index", "cancel", "index.poll"]
    with subprocess.Popen(verb, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1) as other:
        assert other.stdin
        assert other.stderr
        other.stdin.write(first + "\n")
        assert "Cancelled: 1" in other.stderr.readline()
        assert laptop.gets("cancel index.poll", second + "\n")["cancelled"] == 2
        other.stdin.write(third + "\n")
        assert "Cancelled: 3" in other.stderr.readline()
        other.stdin.close()
    assert len(json.loads((laptop.folder / "cancelled.json").read_text())["cancelled"]) == 3


def test_what_cannot_be_shredded_leaves_all_as_it_was(laptop: Laptop) -> None:
    (laptop.folder / "folder").mkdir()
    os.mkfifo(laptop.folder / "pipe")
    (laptop.folder / "kept").write_bytes(b"x" * 3_000_000)
    for odd in ("folder", "pipe", "none", "/dev/full"):
        assert odd in laptop.types(f"shred kept {odd}", code=2)
    assert (laptop.folder / "kept").read_bytes() == b"x" * 3_000_000
    (laptop.folder / "also").hardlink_to(laptop.folder / "kept")
    laptop.types("shred kept kept")
    assert not (laptop.folder / "kept").exists()
    left = (laptop.folder / "also").read_bytes()
    assert (len(left), b"x" * 9 in left) == (3_000_000, False), (
        "what lies on the disk is written over, not only its name"
    )


def test_without_the_libraries_of_paper_everything_else_works(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fpdf", "matplotlib", "jinja2", "weasyprint", "psycopg", "argon2"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in [each for each in sys.modules if each.startswith(("kiosk.board", "kiosk.printing"))]:
        monkeypatch.delitem(sys.modules, name)
    laptop.makes_a_poll()
    assert "pip install 'yizhan-kiosk[index]'" in laptop.types("slips index.poll slips.secret", code=1)
    shutil.copy(laptop.folder / "slips.secret", laptop.folder / "kept")
    laptop.gathers(laptop.seals([(slip, (0,) * 7) for slip in laptop.serials()[0]]))
    laptop.gets(f"open-outer index.poll ballots.json {A}")
    laptop.gets(f"count index.poll passed.json {B}")
    assert "yizhan-kiosk[index]" in laptop.types("report index.poll result.json", code=1)
