"""A marked answer, remark and slip: searched in every byte that a station writes or says, and in whatever the centre keeps."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time

import pytest
import requests
from msgspec.structs import replace

from kiosk.central.gathering import Gathering
from kiosk.central.store import CentralStore
from kiosk.core.clock import Quality
from kiosk.core.desk.ballot import entries_of, urn_of
from kiosk.core.entries import Stamp
from kiosk.core.replay import read_recording
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from kiosk.index.sealing import open_answers, open_ballot, open_remark
from kiosk.index.slips import digest_of, slip_text
from kiosk.local import Line
from kiosk.logbook.store import Logbook
from kiosk.logbook.urn import UrnFile
from kiosk.wire import GetRecording, Recorded
from kiosk.wire.inside import DeskView, GetDesk
from tests.databases import cluster, programs
from tests.index.polls import INNER_KEY, OUTER_KEY, PREPARED, serial
from tests.keys import DAY, NOW
from tests.logbook.test_power import strace
from tests.programs.house import PATIENCE, until
from tests.programs.test_days import CODES, take
from tests.programs.town import Town
from tests.programs.votes import VotingHouse, poll

MARKED = 7
ANSWERS = (3, 1, 4, 2, 0, 4, 3)
SLIP = serial(MARKED)
OF_THE_SLIP = {SLIP, SLIP.hex().encode(), base64.b64encode(SLIP)[:20], slip_text(SLIP).encode()[4:]}
REMARK = "marked 工资 zx93 remark"
OF_THE_REMARK = {REMARK.encode(), b"zx93", json.dumps(REMARK)[1:-1].encode(), base64.b64encode(REMARK.encode())[:20]}
OF_THE_ANSWERS = {bytes(ANSWERS), *(sep.join(map(str, ANSWERS)).encode() for sep in ("", ",", ", ", " "))}
OF_ALL = OF_THE_SLIP | OF_THE_ANSWERS | OF_THE_REMARK

pytestmark = pytest.mark.slow


def said(log: Path) -> Iterator[tuple[str, bytes]]:
    """Each call of a strace with what it wrote, sent or read, also where another thread's call stands in between."""
    for line in log.read_text(encoding="ascii", errors="replace").splitlines():
        if call := re.search(r"(\w+)\(([^\"]*)|<\.\.\. (\w+) resumed>", line):
            for data in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', line):
                yield f"{call[1] or call[3]} {call[2] or ''}", bytes.fromhex(data.replace("\\x", ""))


def holds(data: bytes, marks: set[bytes]) -> bool:
    return any(mark in data for mark in marks)


def test_no_byte_of_station_or_centre_holds_an_answer_a_remark_or_a_slip(tmp_path: Path) -> None:
    port = free_port()
    house = VotingHouse(
        tmp_path / "house", poll(remarks=PREPARED), f"[desk]\ndisplay = true\nkeyboard = true\nport = {port}\n"
    )
    log = tmp_path / "strace.log"
    calls = "write,writev,pwrite64,pwritev,recvfrom,recvmsg,sendto,sendmsg,sendmmsg"
    under = (strace(), "-D", "-f", "-yy", "-xx", "-s", "100000", "-e", f"trace={calls}", "-o", str(log))
    with house.program("desk"), house.program("station", under=under) as process:
        vote(house, port)
        process.terminate()
        process.wait(PATIENCE)
    until(lambda: re.search(rb"\b%d +\+\+\+ exited" % process.pid, log.read_bytes()), "strace to end")
    assert (house.folder / "station.log").exists()
    assert open_ballot(house.held.id, OUTER_KEY, house.urn().sealed[0]), "there is something to be found"
    assert open_remark(house.held.id, INNER_KEY, house.urn().remarks[0]) == REMARK, "likewise"
    files = [path for path in (tmp_path / "house").rglob("*") if path.is_file()]
    assert len(files) > 8
    found = {path.name for path in files if holds(path.read_bytes(), OF_ALL)}
    assert found == set()
    shown = {where for where, data in said(log) if holds(data, OF_THE_SLIP)}
    assert {where.split()[0] for where in shown} == {"recvfrom"}, "from the scanner, and told to nobody"
    assert not [where for where, data in said(log) if holds(data, OF_THE_ANSWERS | OF_THE_REMARK)]


def test_what_is_read_counts_whole_or_after_another_threads_call_and_what_is_sent_in_parts(tmp_path: Path) -> None:
    log = tmp_path / "strace.log"
    log.write_text(
        '7 recvfrom(5<UNIX-STREAM:[1->2]>, "\\x61\\x62", 65536, 0, NULL, NULL) = 2\n'
        "8 recvfrom(5<UNIX-STREAM:[1->2]>,  <unfinished ...>\n"
        '8 <... recvfrom resumed>"\\x63", 65536, 0, NULL, NULL) = 1\n'
        '7 sendmsg(6<UNIX-STREAM:[3->4]>, {msg_iov=[{iov_base="\\x64", iov_len=1}, {iov_base="\\x65"}]}, 0) = 2\n'
    )
    assert [(where.split()[0], data) for where, data in said(log)] == [
        ("recvfrom", b"ab"),
        ("recvfrom", b"c"),
        ("sendmsg", b"d"),
        ("sendmsg", b"e"),
    ]


@pytest.fixture
def card(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """The image of a card, and where its file system is mounted, until the test takes that away."""
    image, mounted = tmp_path / "card.img", tmp_path / "card"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    mounted.mkdir()
    subprocess.run([shutil.which("mkfs.ext4") or "/sbin/mkfs.ext4", "-q", str(image)], check=True)
    found = subprocess.run(
        ["mount", "-o", "loop", str(image), str(mounted)], check=False, capture_output=True, text=True
    )
    if found.returncode:
        pytest.skip(f"NO LOOP DEVICE HERE: no free block is searched ({found.stderr.strip()})")
    yield image, mounted
    subprocess.run(["umount", str(mounted)], check=False, capture_output=True)


def test_no_block_of_the_card_holds_any_of_them_also_none_that_is_free(card: tuple[Path, Path]) -> None:
    image, mounted = card
    port = free_port()
    house = VotingHouse(
        mounted / "house", poll(remarks=PREPARED), f"[desk]\ndisplay = true\nkeyboard = true\nport = {port}\n"
    )
    with house.program("desk"), house.program("station") as process:
        vote(house, port)
        process.terminate()
        process.wait(PATIENCE)
    sealed, remark = house.urn().sealed[0], house.urn().remarks[0]
    subprocess.run(["umount", str(mounted)], check=True)
    blocks = image.read_bytes()
    assert sealed in blocks
    assert remark in blocks, "what is searched is what was written"
    assert not holds(blocks, OF_ALL)


def test_no_block_of_the_card_holds_an_older_urn(card: tuple[Path, Path]) -> None:
    """Two of them side by side would tell which ballot came between: a new file and a rename would leave both."""
    image, mounted = card
    file = UrnFile(mounted, "ballots.urn", 8192)
    for number in range(4):
        file.write(b"content %d of the urn" % number)
    subprocess.run(["umount", str(mounted)], check=True)
    blocks = image.read_bytes()
    assert [blocks.count(b"content %d of the urn" % number) for number in range(4)] == [0, 0, 0, 2]


def vote(house: VotingHouse, port: int) -> None:
    """By the page's program: the marked slip, the marked answers; then the recording is asked for."""
    url = f"http://127.0.0.1:{port}"
    until(house.view, "the station")
    until(house.urn, "the urn")
    token = until(lambda: re.findall(r'data-token="([^"]+)"', requests.get(url, timeout=5).text), "the page")[0]
    with closing(Line(house.run / "desk.sock")) as desk:
        desk.ask(GetDesk(), DeskView)  # as a page does that is there
    with closing(Line(house.run / "scan.sock")) as scanner:
        scanner._sock.sendall(json.dumps({"type": "shown", "text": slip_text(SLIP)}).encode() + b"\n")
        until(lambda: cast(house, url, token) == 204, "the ballot to be cast")
    with closing(Line(house.run / "control.sock", PATIENCE)) as control:
        recording = control.ask(GetRecording(), Recorded).data
    assert read_recording(recording).happened, "what is searched is what a technician replays"
    assert not holds(recording, OF_ALL)
    assert not holds(recording, sealed_forms(house)), "there it would stand beside its time"
    logs = b"".join(house.folder.joinpath(f"{name}.log").read_bytes() for name in ("station", "desk"))
    assert not holds(logs, sealed_forms(house) | {digest_of(SLIP).hex().encode()}), "nor has a log any of it"


def sealed_forms(house: VotingHouse) -> set[bytes]:
    """The ballot's envelopes and the remark's, as somebody could have written them down."""
    (sealed,), (remark,) = house.urn().sealed, house.urn().remarks
    ballot = open_ballot(house.held.id, OUTER_KEY, sealed)
    assert ballot
    return {
        form for each in (sealed, ballot.inner, remark) for form in (each, each.hex().encode(), base64.b64encode(each))
    }


def cast(house: VotingHouse, url: str, token: str) -> int:
    """What becomes of it; before the page's program has asked for the ballot there is none."""
    with closing(Line(house.run / "desk.sock")) as desk:
        ballot = desk.ask(GetDesk(), DeskView).ballot
    body = {"token": token, "number": ballot.number if ballot else 1, "answers": ANSWERS, "words": REMARK}
    return requests.post(f"{url}/cast", json=body, headers={"Origin": url}, timeout=PATIENCE).status_code


@pytest.fixture
def sent(tmp_path: Path) -> VotingHouse:
    """A station at which the marked slip has voted, and whose urn was sent."""
    house = VotingHouse(tmp_path / "house", poll(remarks=PREPARED))
    with house.voting() as voting:
        voting.vote(MARKED, ANSWERS, REMARK)
        voting.prove_time(NOW + 301 * DAY)
        until(lambda: house.urn().sent, "the urn to be sent")
    return house


def gathered(house: VotingHouse, folder: Path) -> bytes:
    """The sealed ballot, as the centre in that folder has gathered it from what the station sends."""
    with closing(CentralStore(folder)) as store:
        founded(folder, store, lambda: NOW)
        take(store, house.entries("services"), stream="services", code=CODES[0])
        assert sum(Gathering(store).gather(NOW)) > 0
        found = store.gathered_ballots(house.held.id.hex())
    assert found
    (sealed,) = found.ballots
    assert [open_remark(house.held.id, INNER_KEY, each) for each in found.remarks] == [REMARK]
    opened = open_ballot(house.held.id, OUTER_KEY, sealed)
    assert opened
    assert open_answers(house.held.id, INNER_KEY, opened.inner) == ANSWERS
    return sealed


def test_what_is_sent_and_gathered_holds_neither(sent: VotingHouse, tmp_path: Path) -> None:
    gathered(sent, tmp_path / "central")
    for path in (each for each in tmp_path.rglob("*") if each.is_file()):
        assert not holds(path.read_bytes(), OF_ALL), path


def test_no_file_or_log_holds_either_where_real_programs_carry_and_gather_it(tmp_path: Path) -> None:
    """Station, `kiosk sync` and `kiosk central serve`: their logs lie in the house's folder."""
    town, kept = Town(tmp_path), poll(remarks=PREPARED)
    urn = replace(
        urn_of(kept.id.hex(), kept.poll), sealed=(kept.cast(MARKED, ANSWERS),), remarks=(kept.remark(REMARK),)
    )
    book = Logbook(town.house.data, "before")
    book.append([(Stamp(1.0, time(), Quality.SYNCED), each) for each in entries_of(urn)])
    book.close()
    with town.server():
        town.enrol(town.port)
        with town.house.station(), town.house.program("sync"), closing(CentralStore(town.central)) as store:
            found = until(lambda: store.gathered_ballots(kept.id.hex()), "the ballot to be gathered")
    assert found
    assert (found.ballots, found.remarks) == (urn.sealed, urn.remarks)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"station.log", "sync.log", "central.log"} <= {path.name for path in files}
    assert any(urn.sealed[0] in each for each in files.values()), "what is searched is what was written"
    assert not [path for path, each in files.items() if holds(each, OF_ALL)]


@pytest.mark.usefixtures("postgresql")
def test_no_file_of_a_postgresql_centre_holds_either_its_write_ahead_log_included(
    sent: VotingHouse, tmp_path: Path
) -> None:
    folder, binaries = tmp_path / "central", programs()
    assert binaries
    with cluster(binaries) as own:  # what other tests have written holds seven digits in this order by chance
        own.give(folder)
        sealed = gathered(sent, folder)
        files = own.written()
    assert sum(sealed in each for each in files) > 1, "what is searched is what was written: the table and the log"
    assert not [len(each) for each in files if holds(each, OF_ALL)]
