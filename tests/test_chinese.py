"""Whoever works in Chinese is shown Chinese: no verb says a Latin word that is no name, key, path, option, command or unit.

And no verb ends in a traceback where the terminal has not all of Unicode.
"""

from __future__ import annotations

import codecs
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, get_args, get_origin, get_type_hints

import click
import pytest

from kiosk.cli import terminal as readable
from kiosk.cli.aligned import wrapped
from kiosk.cli.main import VERBS
from kiosk.demo.founding import found
from kiosk.settings.words import tables
from tests.keys import STRANGER, claims, signed
from tests.programs.house import House, environment
from tests.programs.terminal import terminal
from tools.messages import one_of, read

CHINESE: Final = "zh_CN.UTF-8"
UNITS: Final = frozenset(["V", "W", "Wh", "°C", "C", "s", "m", "h", "L", "mg", "MB", "kB", "KiB", "MiB", "kΩ"])
NAMES_OF_STANDARDS: Final = """
Ctrl-C Enter QR PNG SVG PDF CSV JSON TOML Markdown PEM Debian systemd Modbus NMEA GPIO GPS USB HTTP HTTPS TLS ISO RFC IP UTF BOM
GBK RGB RS COSE CBOR GM65 DS18B20 RTSP 1-Wire BCM SIM APN NetworkManager nmcli Picamera2 matplotlib libzbar zbar Date URL gzip
Wi-Fi XLSX ModemManager cage Chromium PostgreSQL SQLite CR LF Raspberry Pi kiosk kiosk-data bash zsh eval root A B U q y n
JPEG WebP WGS Ctrl-D SHA-256
"""
PROPER: Final = frozenset(NAMES_OF_STANDARDS.split()) | {"A4", "A5"}
"""Standards, products, programs, accounts, wires and keys that Chinese calls by their Latin names."""

STANDS: Final = re.compile(
    r"""
      `[^`]*`                                   # quoted: what is to be typed
    | \b(?:sudo|kiosk|ls|cat|echo|journalctl|systemctl|curl|ping|tracepath|openssl|ps|ip|pip|fuser|rfkill|cp)
      [ ][!-~][ -~]*                            # a command
    | ^\s*→.*                                   # a remedy
    | \w+://\S* | [\w.*~-]*/[\w./*:~+-]+     # addresses and paths
    | \[[^\]]*\] | \{[^}]*\} | '[^']*' | "[^"]*"  # choices, tables of the settings, what was typed
    | \S+，是不是[ ][\w.-]+                    # what may have been meant
    | 单词：[a-z ]+$                              # six words, which are the same in every language
    | \b[0-9a-f]{8,16}\b | 编号[ ][A-Z2-7]{6}   # keys, epochs, a report's id
    | (?<![\w-])--?[\w-]+                       # options
    | [\w*-]*(?:\.[\w*-]+)+                     # dotted keys, files, versions
    | \b\w+[ ]?[_=@:][ ]?["\w][\w"]*            # keys and what is set to them
    | \b\d[\w-]*                                # numbers with a unit, hexadecimal digits
    | %\(\w+\)s | \w+-\d+\b                     # names in a message, UTF-8
    """,
    re.VERBOSE | re.MULTILINE,
)
"""What may stand in Latin wherever it is."""

WORD: Final = re.compile(r"[A-Za-z][\w-]*")
NOT_WORDS: Final = re.compile(
    r"""\{" | YZ1: | seq, | \d+,[0-9a-f]{8}- | [0-9A-F]{16}$   # JSON, passes, CSV, claims
      | [\d:.]+[ ]{2}[A-Z]\w+ | [ ]+->[ ]                      # the events and commands of a recording
      | \S+[ ]+=[ ] | dpkg-deb:                               # settings; what another program says of its own file
    """,
    re.VERBOSE,
)
"""How lines begin that are for machines."""


def commands() -> Iterator[list[str]]:
    """Every verb and every verb below it, as it is typed."""

    def below(command: click.Command, words: list[str]) -> Iterator[list[str]]:
        yield words
        for name, each in command.commands.items() if isinstance(command, click.Group) else ():
            yield from below(each, [*words, name])

    yield []
    for verb, (where, _line) in VERBS.items():
        module, _, name = where.partition(":")
        yield from below(getattr(importlib.import_module(module), name), [verb])


def values(hint: object) -> Iterator[str]:
    """Those of the closed sets in a kind of setting."""
    if get_origin(hint) is Literal:
        yield from map(str, get_args(hint))
    else:
        for part in get_args(hint):
            yield from values(part)


def keys() -> frozenset[str]:
    """What has a Latin name in the settings and in the files of services, and what may stand there."""
    hints = [hint for table in tables() for hint in get_type_hints(table, include_extras=True).items()]
    allowed = {value for _key, kind in hints for value in values(kind)}
    of_services = {"id", "items", "proof", "least", "most", "zh"}
    return frozenset({"true", "false"} | allowed | {key for key, _kind in hints} | of_services)


KEYS: Final = keys()


def latin(text: str, names: frozenset[str] = frozenset()) -> list[str]:
    """The Latin words in a text that have no business there, each with its line."""
    known = UNITS | PROPER | names
    lines = [line for line in text.splitlines() if not NOT_WORDS.match(line)]
    return [f"{word}: {line}" for line in lines for word in WORD.findall(STANDS.sub(" ", line)) if word not in known]


@pytest.mark.parametrize(
    ("text", "words"), [("门 locked，模式 normal", 2), ("→ sudo reboot", 0), ("4.2 V，main 门", 1)]
)
def test_the_check_itself_sees_a_latin_word(text: str, words: int) -> None:
    assert len(latin(text)) == words


def test_no_message_of_the_catalogue_has_a_latin_word() -> None:
    found = (one_of(each.string) for each in read() if each.id)
    assert [each for text in found for each in latin(re.sub(r"\{\w[^}]*\}", "", text), KEYS)] == []


DRIVER: Final = """
import json, sys
from kiosk.cli.main import run
for words in json.load(sys.stdin):
    print("\\n@@", *words, flush=True)
    sys.argv = ["kiosk", *words]
    try:
        run()
    except SystemExit as end:
        print("\\n@=", end.code or 0, flush=True)
    sys.stderr.flush()
"""
"""Runs many verbs one after the other: most of the time that one takes is its imports."""


def drive(folder: Path, typed: list[list[str]], encoding: str = "utf-8", **variables: str) -> dict[str, str]:
    """What each of the verbs said, on both of its outputs; every one came to its end with an exit code of ours."""
    given = json.dumps(typed).encode()
    env = {**environment(), "LC_ALL": CHINESE, **variables}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=given,
        stdout=-1,
        stderr=subprocess.STDOUT,
        check=False,
        cwd=folder,
        env=env,
    )
    text = done.stdout.decode(encoding)
    assert "Traceback" not in text, text[text.index("Traceback") - 500 :][:3000]
    assert done.returncode == 0, text[-2000:]
    said = dict(part.split("\n", 1) for part in text.split("\n@@ ")[1:])
    assert len(said) == len({" ".join(words) for words in typed})
    return said


def test_every_help_is_chinese(tmp_path: Path) -> None:
    said = drive(tmp_path, [[*words, "--help"] for words in commands()] + [["--version"]])
    texts = [re.sub(r"^  [a-z-]+  ", "", text.split("\n@=")[0], flags=re.MULTILINE) for text in said.values()]
    assert [each for text in texts for each in latin(text)] == [], "but for the verbs in the first column"


HOUSE: Final = """
[sensors.fridge]
bus = "onewire"
unit = "°C"
device = "28-000000000001"
tree = "/nowhere"
label = "冷柜温度"
[sensors.water]
bus = "modbus"
port = "/dev/none"
device = 1
address = 0
unit = "W"
[sensors.leak]
bus = "contact"
pin = 7
[relays.lamp]
bus = "gpio"
pin = 26
label = "照明"
[appliances.fridge]
kind = "fridge"
temperature = "fridge"
label = "冷柜"
[appliances.kettle]
kind = "dispenser"
leak = "leak"
relay = "lamp"
alarms.leak.switch_off = true
alarms.leak.after = 0.1
[scanners.front]
door = "main"
camera = "/dev/video99"
[central]
url = "http://127.0.0.1:9"
[screen]
door = "main"
"""
NAMES: Final = frozenset(
    [
        "main",
        "attic",
        "central-new",
        "central-data",
        "water",
        "leak",
        "kettle",
        "front",
        "nope",
        "nothing",
        "YZ1",
        "x",
        "simulation",
        "heat",
        "zh",
    ]
)


ALIVE: Final = """
status|doctor -v|log -n 100|log --stream telemetry|log --kind nothing|log --since yesterday|log -n x|log --stream none|queue
logbook|logbook verify|logbook refused|logbook export|logbook export --format csv|central copy --to copied
door open|door hold --for 20m|door hold --for soon|door release|door lockdown attic|door nope
maintenance on --for 10m|maintenance off|replay --save seen.rec|replay seen.rec|replay none.rec|replay house.toml
simulate|simulate none.csv|simulate bad.csv|config check|config check none.toml|config check bad.toml
config show station|config show nothing|config explain doors.main.pulse|config explain sensors.t.unit|config explain nothing
config explain doors|sensors read|sensors plot|report --out report.zip|pass explain YZ1:|pass explain rubbish
pass make --kind bound|pass make --days 0|pass present x|scan|scan front|scan nope|scanner front --snapshot|scanner nope
scanner read none.png|test network|test lock|test nope|update|update none.bin|enrol http://127.0.0.1:9 AAAA|enrol x y
completion fish|demo --for 1s|demo --for x|nope|statsu|doctor --fix|watch|station --nope
central account add nope --role nope|central account list|central account role nope --role viewer|central account disable nope
central account enable nope|central account password nope|central audit list|central audit verify
central voices list|central voices list 3708 --overdue|central voices show 7|central voices own 7 nope
central voices answer 7 好了|central voices refuse 7 不行|central voices pass 7 水务 已转
central voices confirm 7|central voices dispute 7
central inspections|central inspections 3708 --overdue
central voices publish 7|central voices rules|central voices rules set 3708 nope|central voices rules drop 3708
central wrong|central wrong 3708|central alarms sent|central alarms test
central station add 37081101|central stations|central claim 37081101|central alarms|central clock|central revoke 7
central command 37081101 open|central command 37081101 restart|central policy none.toml
central policy bad.toml|central reconcile
central retention|central check http://127.0.0.1:9
central rotate|central init --data central-new
central numbers --by place|central numbers 3708 --month 2026-13|central report --month 2026-10 --out none.doc
root init --out sticks/1|root sign central-new/keys.request --root sticks/1 --out new.signed --yes
root log --root sticks/1|root log
central keys install new.signed --data central-new --yes|central keys list|central keys request --out again.request
root release none.deb --out x|root sign none
central serve --port 99999|pass make --class steward
central service publish none.toml|central service publish bad.toml|central service list|central service show heat
central service withdraw heat|central ballots|central ballots 0123
central campaign list|central campaign show 2026|central campaign report 2026 --csv rain.csv|central campaign close 2026
central release publish none.update|central release list|central release show 0.6.0|central release open-ring 0.6.0 1
central release stop 0.6.0 --reason x|central release withdraw 0.6.0 --reason x|central release ring 1 37081101
central sheet import bad.csv|central sheet import bad.csv --only-right|central sheet show 37081101
central sheet export --out s.csv|central sheet photo 37081101 bad.csv|central sheet show 99999999
central sheet publish 37081101|central sheet publish 37081101 --also 3709 --not-also
central station import bad.csv|central station retire 99999999|central claims
central station stolen 37081101|central station stolen 37081101 --reason x|central status 37081101|central claim 37081101
central claims withdraw 37081101|central entries 37081101|central commands 37081101|central passes --holder x
central passes --holder 17 --reason 核对
central passes find|central passes issue 王小明|central passes issue 17|central passes renew 17 --until 99
central passes renew 99|central passes code wang
central passes replace 17 --card 2 --reason 丢失|central passes revoke 17 --reason lost|central passes suspend 17 --reason x
central passes restore 17 --reason x|central passes import bad.csv|central passes import bad.csv --dry-run
central cards print --from bad.csv --out c.pdf|central cards test-sheet --out t.pdf --shift x
central cards answers --out a.pdf|central cards ending|central cards replaced 3708|central posters print 9 --out p.pdf
central policies preview none.toml|central policies preview bad.toml|central policies dry-run bad.toml
central policies list|central policies show|central policies publish none.toml|central policies withdraw
central token 37081101|central token 37089999 --trial
central client add 王|central client list|central client rotate nope|central client remove nope
index keys --out boards|index poll none.toml|index poll bad.toml|index show none.x|index slips none.x none.x|index shred none.x
index cancel none.x|index open-outer none.x none.x --share none.x|index count none.x none.x --share none.x
index remarks none.x none.x --share none.x|index report none.x none.x|index cards --out none.x
door evacuate|central suspend 7|central restore 7|setup|setup --answers none
"""
AWAY: Final = (
    "status|doctor|door open|queue|pass explain YZ1:|scan front|test network|log -n 3|replay --save again.rec|watch"
)
BROKEN: Final = "status|doctor|config check|config show|door open|sensors read|test network|log"


def typed(house: House, lines: str) -> list[list[str]]:
    return [
        ["-c", str(house.config), *words.split()] for line in lines.split("\n") if line for words in line.split("|")
    ]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A station at which something has happened, and is still happening."""
    house = House(tmp_path_factory.mktemp("chinese"), HOUSE)
    house.trust()
    (house.folder / "bad.toml").write_text('fresh_for = 3\n[doors.main]\nhours = ["x"]\nalways = ["wrker"]\n')
    (house.folder / "bad.csv").write_text("8,fridge,4\n")
    found(house.folder / "central-data")
    (house.folder / "sticks").mkdir()
    with house.station() as station:
        assert station.verdict(signed(claims(5))) == "granted"
        assert station.verdict(signed(claims(6), STRANGER)) == "bad_signature"
        station.bench.drive(7, level=False)
        station.next("switched")
        yield house


def said_in_chinese(house: House, lines: str) -> None:
    said = drive(house.folder, typed(house, lines))
    wrong = []
    for words, text in said.items():
        verb = words.partition("station.toml ")[2]
        wrong += [
            f"{verb} -> {each}" for each in latin(plain(text), NAMES | KEYS if verb.startswith("config") else NAMES)
        ]
    assert wrong == []


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m|^@=.*", "", text, flags=re.MULTILINE)


def test_what_a_technician_types_most_is_chinese(lived: House) -> None:
    said_in_chinese(lived, "status|doctor -v|log|queue|door hold|sensors read|nope")


def test_no_verb_is_forgotten() -> None:
    programs = [["scanner", "run"], ["sync"], ["screen"], ["desk"], ["browser"]]
    tried = [words.split() for line in ALIVE.split("\n") for words in line.split("|")]
    missed = [verb for verb in commands() if not any(words[: len(verb)] == verb for words in tried)]
    assert missed == programs, "which run until they are told to stop"


@pytest.mark.slow
def test_every_verb_is_chinese(lived: House) -> None:
    said_in_chinese(lived, ALIVE)


@pytest.mark.slow
def test_watch_is_chinese(lived: House) -> None:
    with terminal(lived, "watch", LC_ALL=CHINESE) as shown:
        text = shown.sees("Ctrl-C")
    assert latin(re.sub(r"\x1b\[[\d;?]*[A-Za-z]", " ", text), NAMES) == []


@pytest.mark.slow
def test_a_station_that_is_away_or_has_broken_settings_is_told_of_in_chinese(tmp_path: Path) -> None:
    house = House(tmp_path, HOUSE)
    with house.station():
        pass
    said_in_chinese(house, AWAY)
    house.config.write_text(house.config.read_text(encoding="utf-8") + "[doors.attic]\nlocck = 3\n", encoding="utf-8")
    said_in_chinese(house, BROKEN)


TERMINALS: Final = ((CHINESE, "gbk"), (CHINESE, "latin-1"), ("C.UTF-8", "ascii"))
MORE_TERMINALS: Final = (
    (CHINESE, "gb2312"),
    (CHINESE, "ascii"),
    ("C.UTF-8", "gbk"),
    ("C.UTF-8", "gb2312"),
    ("C.UTF-8", "latin-1"),
)


@pytest.mark.parametrize(
    ("locale", "encoding"),
    [
        *(pytest.param(*each, marks=pytest.mark.slow) for each in TERMINALS),
        *(pytest.param(*each, marks=pytest.mark.soak) for each in MORE_TERMINALS),
    ],
)
def test_no_verb_ends_in_a_traceback_where_characters_are_missing(encoding: str, locale: str, lived: House) -> None:
    helps = [[*words, "--help"] for words in commands()]
    said = drive(lived.folder, [*typed(lived, ALIVE), *helps], encoding, PYTHONIOENCODING=encoding, LC_ALL=locale)
    chinese = locale == CHINESE and encoding.startswith("gb")
    (status,) = [text for words, text in said.items() if words.endswith(" status")]
    assert ("驿站" in status) is encoding.startswith("gb"), "a name that cannot be shown is its characters' numbers"
    assert ("最近的记录" in status) is chinese, "Chinese is for terminals that have it"
    json.loads(next(text for words, text in said.items() if words.endswith("logbook export")).splitlines()[0])


@pytest.fixture(scope="module")
def gbk_locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a real locale with GBK."""
    if not shutil.which("localedef") or not Path("/usr/share/i18n/locales/zh_CN").exists():
        pytest.skip("localedef or the sources of zh_CN are missing: apt-get install locales")
    folder = tmp_path_factory.mktemp("locales")
    subprocess.run(
        ["localedef", "-i", "zh_CN", "-f", "GBK", str(folder / "zh_CN.gbk")], check=False, capture_output=True
    )
    return folder


@pytest.mark.slow
def test_no_verb_ends_in_a_traceback_in_the_locale_gbk(gbk_locale: Path, lived: House) -> None:
    """There files and programs are read as GBK, too, where nobody says otherwise."""
    variables = {"LC_ALL": "zh_CN.gbk", "LOCPATH": str(gbk_locale)}
    ask = [sys.executable, "-c", "import locale; print(locale.getpreferredencoding())"]
    assert subprocess.check_output(ask, env={**environment(), **variables}).strip().upper() == b"GBK"
    said = drive(lived.folder, typed(lived, ALIVE), "gbk", **variables)
    assert "驿站" in next(text for words, text in said.items() if words.endswith(" status"))


def test_what_a_terminal_cannot_show_is_replaced_by_something_that_can_be_read() -> None:
    codecs.register_error(readable.READABLE, readable._readable)
    assert "✔ 4.5 °C … 驿".encode("latin-1", readable.READABLE) == b"+ 4.5 \xb0C ... \\u9a7f"
    assert "▁█é✘→".encode("ascii", readable.READABLE) == b"18ex->"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", readable.READABLE)


def test_a_line_of_help_is_no_wider_than_the_terminal_and_keeps_words_whole() -> None:
    text = "用 kiosk central claim 给出的一次性注册码，把本站注册到网址处的中心服务器。"
    for width in range(12, 60):
        lines = wrapped(text, width)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all("kiosk" in line for line in lines if "kio" in line)
        assert not any(line.startswith(("，", "。")) for line in lines)
        assert all(first and second for first, second in pairwise(lines))
