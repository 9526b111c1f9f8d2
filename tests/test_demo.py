"""The demo is the whole road; its own summary is checked here, how it is told, and what it leaves behind."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import time

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from kiosk.central.issuer import Issuer
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.voices import CaseFilter
from kiosk.cli.trial.demo import tell_summary
from kiosk.demo import province
from kiosk.demo.founding import founded
from kiosk.demo.link import Link
from kiosk.demo.morning import Seen, Tour
from kiosk.demo.offered import stays, stop_file
from kiosk.demo.province import OPERATOR
from kiosk.demo.run import MUST_REFUSE, STATION, Summary
from kiosk.demo.script import Script, write_script
from kiosk.demo.story import Story
from kiosk.demo.words import Pages, point_out
from kiosk.settings.loading import load
from kiosk.wire import Actuated, Logged
from kiosk.wire.views import SensorView, StreamView, TrustView, View
from tests.programs.house import House, environment, until

INSIDE = ("touches satisfied", "the water is cold", "Hot water is back", "opens a round", "The round is done")
"""In this order, each after the one before is kept."""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_demo_opens_refuses_loses_the_network_and_has_every_entry_once(tmp_path: Path) -> None:
    done = House(tmp_path).kiosk("demo", "--for", "45s", "--keep", str(tmp_path / "kept"), "--json", timeout=200)
    summary = json.loads(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, summary
    assert summary["failures"] == []
    assert summary["entries_local"] == summary["entries_central"] > 20
    assert summary["duplicates"] == summary["missing"] == 0
    assert summary["granted"] == 3
    assert summary["denied"].keys() == {"bad_signature", "expired", "revoked", "replayed"}
    assert summary["most_waiting"] > 3
    assert summary["drained_after_s"] is not None
    for words in ("let in", "(offline", "refused", "The network is back", "fridge", "logbook.db", *INSIDE):
        assert words in done.stderr
    kept = [each for each in (tmp_path / "kept").rglob("*") if each.is_file()]
    assert sum(each.stat().st_size for each in kept) < 20_000_000, "and no film"
    with closing(CentralStore(tmp_path / "kept" / "central")) as store:
        told = {code for code in province.codes() if store.numbers(code)}
        assert told == {code for code in province.codes() if code[:6] != province.CUT_OFF}
        assert {code for code in told if store.faults(code)} <= set(province.TROUBLES)
        assert [each.place for each in store.cases(CaseFilter(prefix=STATION), EVERYWHERE)] == ["water"]
        assert len(store.cases(CaseFilter(open=True), EVERYWHERE)) == 4


SERVED = (
    "a medicine kept cold",
    "no names",
    "the contact says taken",
    "had one already",
    "one-time link",
    "used",
    "drives",
)


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_the_story_of_services_plays_every_scene_to_its_end(tmp_path: Path) -> None:
    done = House(tmp_path).kiosk("demo", "--story", "services", "--json", timeout=150)
    summary = json.loads(done.stdout.strip().splitlines()[-1])
    assert (done.returncode, summary["failures"]) == (0, []), done.stderr
    assert summary["entries_local"] == summary["entries_central"] > 10
    told = [done.stderr.find(words) for words in SERVED]
    assert sorted(told) == told, "in this order"
    assert min(told) > 0


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_cleanly_with_a_summary_and_no_program_left(tmp_path: Path) -> None:
    keep, told = tmp_path / "demo", tmp_path / "told.txt"
    with told.open("w") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "kiosk", "demo", "--keep", str(keep)], stdout=out, env=environment()
        )
        try:
            until(lambda: "let in" in told.read_text(), "the first visitor", patience=60)
            demo.send_signal(signal.SIGINT)
            assert demo.wait(20) == 0
        finally:
            demo.kill()
            demo.wait()
    assert "missing / twice" in told.read_text()
    assert "0 / 0" in told.read_text()
    assert left(tmp_path) == []


def left(folder: Path) -> list[Path]:
    """The processes that still have to do with that folder."""
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if os.fsencode(folder) in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@contextmanager
def begun(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A demo in a terminal of its own, when its first program runs; and the terminal's other end."""
    near, far = pty.openpty()
    command = ["setsid", "--ctty", sys.executable, "-X", "faulthandler", "-m", "kiosk", "demo", *words]
    env = {**environment(), "TMPDIR": str(folder)}
    demo = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, env=env)
    os.close(far)
    try:
        until(lambda: any(b"demo.tied" in _read(each) for each in left(folder)), "its first program", patience=60)
        yield demo, near
    finally:
        if demo.poll() is None:
            sys.stderr.write(_stacks(demo, near))
        with suppress(OSError):
            os.close(near)


def _stacks(demo: subprocess.Popen[bytes], near: int) -> str:
    """End a demo that does not end, and let it say where it was."""
    demo.send_signal(signal.SIGABRT)
    os.set_blocking(near, False)
    with suppress(OSError, subprocess.TimeoutExpired):
        demo.wait(5)
        return os.read(near, 65536).decode(errors="replace")
    demo.kill()
    demo.wait()
    return "it does not say"


def test_a_terminal_that_closes_takes_the_demo_along_with_all_that_it_began(tmp_path: Path) -> None:
    with begun(tmp_path) as (demo, near):
        os.close(near)
        assert demo.wait(30) in {128 + signal.SIGHUP, 1}, "1: it wrote once more before it was told"
        until(lambda: not left(tmp_path), "the end of its programs")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_whoever_ends_the_demo_ends_its_programs(number: signal.Signals, tmp_path: Path) -> None:
    with begun(tmp_path) as (demo, _near):
        demo.send_signal(number)
        demo.wait(30)
        until(lambda: not left(tmp_path), "the end of its programs")


PASSWORD = "abcdefghijkl"
LANGUAGES = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LC_ALL", LANGUAGES[request.param])
    monkeypatch.setenv("TERM", "xterm")
    return str(request.param)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    folder = tmp_path_factory.mktemp("central")
    store = CentralStore(folder)
    yield founded(folder, store)
    store.close()


def told(script: Script, width: int, folder: Path) -> list[str]:
    """The whole story in a terminal of that width, as the station would have it told."""
    out = io.StringIO()
    console = Console(file=out, width=width)
    House(
        folder,
        '[central]\nurl = "http://127.0.0.1:43210"\n[screen]\nport = 43211\n[desk]\ndisplay = true\nport = 43213\n',
    )
    office = "http://127.0.0.1:43212/office/"
    pages = Pages(office, PASSWORD, "http://localhost:45678/pass", "34567-89234", "http://127.0.0.1:43212/s/370811015")
    point_out(console, load(folder / "station.toml"), Path("/tmp/kiosk-abcdefgh"), pages)  # noqa: S108  it is only told
    with closing(Link(("127.0.0.1", 1))) as link:
        story = Story(console, script, link)
        for document in ("keyset", "service"):
            story.hear(Logged({"kind": "document_applied", "document": document, "version": 1}))
        for scene in script.scenes:
            story.hear(VIEW)
            if scene.expected:
                story.hear(Logged({"kind": "denied", "reason": scene.expected, "index": scene.index}))
            else:
                story.hear(Logged({"kind": "granted", "index": scene.index}))
                story.hear(Actuated("main", 1.0, 1.0473))
                story.hear(Logged({"kind": "taken"}))
            story.hear(Logged({"kind": "fault", "what": "central"}))
        story.restore_network()
        story.hear(replace(VIEW, streams={}))
    tell_summary(console, SUMMARY, complete=True)
    return out.getvalue().splitlines()


VIEW = View(
    "37081101", "1", "0" * 16, "boot", 0.0, "synced", {}, TrustView(None, "missing", 0.0), {},
    {"humidity": SensorView(60.3, "%"), **{name: SensorView(25.63, "°C") for name in ("fridge", "room", "water")}},
    {"access": StreamView(120, 7)}, {}, {},
)  # fmt: skip
SUMMARY = Summary(
    ok=True, seconds=40.0, entries_local=37, entries_central=37, missing=0, duplicates=0, granted=3,
    denied=dict.fromkeys(MUST_REFUSE, 1), picture_to_lock_ms={"p50": 148.4, "p95": 170.8, "n": 3}, most_waiting=14,
    drained_after_s=3.6, failures=[],
)  # fmt: skip


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_longer_than_the_terminal_and_at_80_each_sentence_has_one(
    width: int, issuer: Issuer, tmp_path: Path
) -> None:
    lines = told(write_script(issuer), width, tmp_path)
    assert [line for line in lines if cell_len(line.rstrip()) > width and "PATH=" not in line] == []
    if width >= 80:
        script = write_script(issuer)
        assert len(lines) == len(told(script, 1000, tmp_path)), "nothing is wrapped"


def test_where_kiosk_is_not_in_the_path_the_demo_says_how_it_comes_there(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(sys.executable).parent
    line = f"  PATH=$PATH:{folder}"
    monkeypatch.setenv("PATH", "/usr/sbin")
    assert line in told(write_script(issuer), 80, tmp_path), "in a fresh clone"
    monkeypatch.setenv("PATH", f"/usr/sbin:{folder}")
    assert line not in told(write_script(issuer), 80, tmp_path)


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tour, list[Seen]]:
    folder, ways = tmp_path_factory.mktemp("bus"), stays(time())
    House(folder, '[gps]\nport = "/dev/null"\n')
    tour = Tour(load(folder / "station.toml"), ways, [stop_file(folder, STATION, each) for each in ways])
    return tour, tour.driven()


def test_a_buss_morning_is_what_the_rules_make_of_its_stops_and_its_way(
    language: str, tour: tuple[Tour, list[Seen]]
) -> None:
    bus, seen = tour
    stands = [("yard", "arrived"), ("", "drives"), ("yard", "left"), ("market", "arrived"), ("", "drives")]
    assert [(each.stop, each.what) for each in seen] == [*stands, ("market", "left")]
    words = [bus.in_words(each) for each in seen]
    assert (
        words[0]
        == {
            "en": "07:00 it stands: Sanitation yard; passes of 370811 count there",
            "zh": "07:00 停下了：环卫所；370811 的通行码在那里有效",
        }[language]
    )
    assert bool(re.search("[a-z]", "".join(words))) == (language == "en")


def test_the_story_is_told_in_chinese(language: str, issuer: Issuer, tmp_path: Path) -> None:
    text = "\n".join(told(write_script(issuer), 80, tmp_path))
    latin = set(
        re.findall(r"[A-Za-z]{2,}", re.sub(r"kiosk -c .*? (status|doctor)|https?://\S+|\S+/\S+|SQLite", "", text))
    )
    if language == "zh":
        assert latin <= {"cd", OPERATOR, PASSWORD}
        assert "快递员小李出示手机上的动态通行码：放行（47 毫秒）" in text
    else:
        assert not re.search("[\u4e00-\u9fff]", text)
        assert "Li, a courier, with a live pass on a phone: let in (47 ms)" in text
