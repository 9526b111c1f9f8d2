"""`kiosk enrol`, as it goes wrong: what stands in the way is said in words, and no code is spent in vain."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kiosk.cli.act.enrol import writable_or_exit
from kiosk.cli.doctor.network import road
from kiosk.contract.unanswered import why_unanswered
from kiosk.demo.place import free_port
from tests.certificates import Authority
from tests.programs import middle
from tests.programs.house import House, environment, until
from tests.programs.listener import Listener
from tests.programs.middle import Middle
from tests.programs.town import CODE, Town

CLAIM = "0123456789ABCDEF"
PYTHON = (
    "Traceback",
    "Error(",
    "Errno",
    "ConnectionPool",
    "urllib3",
    "requests.",
    "_ssl.c",
    "Exception",
    "object at 0x",
)
PROBLEM = "application/problem+json"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def refused(house: House, *words: str, code: int = 3, verb: tuple[str, ...] = ("enrol",)) -> str:
    """What is told of a verb that fails with that exit code, in which nothing is Python's."""
    done = house.kiosk(*verb, *words)
    assert done.returncode == code, done.stderr
    assert [each for each in PYTHON if each in done.stderr] == []
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("central.example", CLAIM), "did you mean https://central.example?"),
        (("http://central.example", CLAIM), "did you mean https://central.example?"),
        (("https://central.example /", CLAIM), "has a blank in it"),
        (("", CLAIM), "must begin with https://"),
        (("https://central.example:84200", CLAIM), "has a port or a number that is none"),
        ((CLAIM, "https://central.example"), "The address comes first"),
        (("https://central.example", "1234"), "no claim code: 4 characters"),
        (("https://central.example", "x" * 65), "no claim code"),
        (("https://central.example", "0123 4567 89AB"), "no claim code"),
        (("https://central.example", "一二三四五六七八"), "no claim code"),
    ],
)
def test_what_is_mistyped_is_said_before_anything_is_asked(words: tuple[str, ...], told: str, house: House) -> None:
    assert told in refused(house, *words, code=2)
    assert not house.data.exists()


class Tls(Listener):
    """Shows a certificate, and hangs up."""

    def __init__(self, cert: Path, key: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(cert, key)
        super().__init__()

    def _serve(self, near: socket.socket) -> None:
        try:
            self._context.wrap_socket(near, server_side=True).close()
        except OSError:
            near.close()


class Says(Listener):
    """Says the same to everybody, whatever they want; nothing at all until it is closed where that is empty."""

    def __init__(self, line: bytes) -> None:
        self._line, self._over = line, threading.Event()
        super().__init__()

    def _serve(self, near: socket.socket) -> None:
        with near:
            if self._line:
                near.recv(1)
                near.sendall(self._line)
            else:
                self._over.wait(60)

    def close(self) -> None:
        self._over.set()
        super().close()


@contextmanager
def certified(house: House, made: Callable[[Authority], tuple[Path, Path]], *, trusted: bool = True) -> Iterator[str]:
    """A server with such a certificate, whose authority the settings trust; its address."""
    authority = Authority(house.folder, "union")
    with closing(Tls(*made(authority))) as server:
        url = f"https://localhost:{server.port}"
        if trusted:
            table = f'[central]\nurl = "{url}"\nca_file = "{authority.file}"\n'
            house.config.write_text(house.config.read_text() + table)
        yield url


@pytest.mark.parametrize(
    ("made", "trusted", "told", "following"),
    [
        (lambda union: union.itself(), False, "vouches for itself alone", "kiosk config explain central.ca_file"),
        (lambda union: union.certify("localhost"), False, "nobody whom this station trusts vouches", "central.ca_file"),
        (
            lambda union: union.certify("localhost", (-30, -2)),
            True,
            "has expired, if this machine's clock",
            "timedatectl",
        ),
        (
            lambda union: union.certify("localhost", (2, 30)),
            True,
            "does not hold yet, if this machine's",
            "timedatectl",
        ),
        (lambda union: union.certify("login.hotel.example"), True, "proves to be login.hotel.example", "ca_file"),
    ],
)
def test_a_certificate_that_proves_nothing(
    made: Callable[[Authority], tuple[Path, Path]], trusted: bool, told: str, following: str, house: House
) -> None:
    with certified(house, made, trusted=trusted) as url:
        said = refused(house, url, CLAIM)
    assert told in said
    assert following in said


def test_an_authority_that_is_not_there_or_none(house: House) -> None:
    settings = house.config.read_text()
    with certified(house, lambda union: union.certify("localhost"), trusted=False) as url:
        for file, told in ((house.folder / "gone.pem", "cannot be read"), (house.config, "holds no certificate")):
            house.config.write_text(settings + f'[central]\nurl = "{url}"\nca_file = "{file}"\n')
            assert told in refused(house, url, CLAIM)


@pytest.mark.parametrize(
    ("scheme", "answer", "told"),
    [
        ("https", b"HTTP/1.1 400 Bad\r\n\r\n", "but not in TLS"),
        ("http", b"SSH-2.0-OpenSSH_9.2\r\n", "but not as a web server does"),
        ("http", b"\x15\x03\x03\x00\x02\x02\x16", "but not as a web server does"),
    ],
)
def test_something_else_listens_there(scheme: str, answer: bytes, told: str, house: House) -> None:
    with closing(Says(answer)) as server:
        assert told in refused(house, f"{scheme}://localhost:{server.port}", CLAIM)


def test_http_where_the_server_speaks_tls(house: House) -> None:
    with certified(house, lambda union: union.certify("localhost"), trusted=False) as url:
        assert f"did you mean {url}?" in refused(house, url.replace("https", "http"), CLAIM)


def test_nobody_listens(house: House) -> None:
    said = refused(house, f"http://127.0.0.1:{free_port()}", CLAIM)
    assert "refused: the machine is there" in said


def test_a_name_that_nobody_knows(house: House) -> None:
    said = refused(house, "https://no-such-station.invalid", CLAIM)
    assert "no-such-station.invalid" in said
    assert "Next: resolvectl query no-such-station.invalid" in said


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (middle.says("200 OK", "text/html", "<h1>Log in</h1>"), "a login page or a proxy: HTTP 200, text/html"),
        (middle.says("302 Found", "text/html", "", "Location: http://login.example/"), "→ http://login.example/"),
        (middle.says("407 Proxy Authentication Required", "text/html", "<p>no"), "HTTP 407, text/html"),
        (middle.says("404 Not Found", PROBLEM, '{"title": "x", "status": 404}'), "no central server at this address"),
        (middle.says("200 OK", "application/json", '{"ok": true}'), "no central server at this address"),
        (middle.says("503 Busy", "text/plain", "busy"), "HTTP 503, text/plain"),
        (middle.says("503 Busy", PROBLEM, '{"title": "Busy", "status": 503}'), "trouble of its own: HTTP 503"),
        (middle.says("401 No", PROBLEM, '{"title": "No", "status": 401, "detail": "go away"}'), "HTTP 401: go away"),
    ],
)
def test_something_that_does_not_enrol(answer: middle.Fault, told: str, house: House) -> None:
    with closing(Middle(1)) as man, man.doing(answer):
        assert told in refused(house, f"http://127.0.0.1:{man.port}", CLAIM)


def test_a_wrong_code_is_told_with_the_station_and_what_is_typed_at_the_centre(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with town.server():
        said = refused(town.house, f"http://127.0.0.1:{town.port}", CLAIM, code=1)
    assert f"does not take this code for station {CODE}" in said
    assert f"kiosk central claim {CODE}" in said


def test_a_code_in_small_letters_with_blanks_around_it_is_the_same_code(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with town.server():
        claim = town.house.kiosk("central", "claim", CODE, "--data", str(town.central)).stdout
        done = town.house.kiosk("enrol", f"http://127.0.0.1:{town.port}/", f" {claim.lower()}")
    assert done.returncode == 0, done.stderr
    assert f'url = "http://127.0.0.1:{town.port}/"' in done.stdout, "the settings have no [central] yet"


def test_no_code_is_spent_where_its_fruits_cannot_be_kept(house: House) -> None:
    house.data.write_text("a file, where the folder should be")
    with closing(Middle(1)) as man:
        assert "cannot be written" in refused(house, f"http://127.0.0.1:{man.port}", CLAIM, code=1)
        assert man.hits == 0


def test_whoever_may_not_write_there_is_told_to_be_root(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if os.geteuid():
        pytest.skip("ROOT IS ABSENT: nobody else becomes somebody else")
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(SystemExit):
            writable_or_exit(tmp_path / "data")
    finally:
        os.seteuid(0)
    assert "sudo kiosk enrol" in capsys.readouterr().err


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_hangs_ends_the_road(scheme: str) -> None:
    with closing(Says(b"")) as server:
        *fine, last = road(f"{scheme}://localhost:{server.port}", None, CODE, patience=0.2)
    assert [check.severity for check in fine] == ["fine", "fine"]
    assert "and then says nothing" in last.evidence


def test_ctrl_c_ends_it_without_python(house: House) -> None:
    with closing(Middle(1)) as man, man.doing(middle.blackholed):
        words = house._command("enrol", f"http://127.0.0.1:{man.port}", CLAIM)
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        until(lambda: man.hits, "its question")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "\nAborted!\n")
        assert process.returncode == 1


VERBS: dict[str, tuple[str, ...]] = {
    "check": ("central", "check", "--station", CODE, "--claim", CLAIM),
    "update": ("update",),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_with_an_address_goes_the_same_road(verb: str, house: House) -> None:
    if verb == "update" and (os.geteuid() or not Path("/run/systemd/system").is_dir()):
        pytest.skip("SYSTEMD IS ABSENT: nothing is updated here")
    assert "has a blank in it" in refused(house, "https://central .example", code=2, verb=VERBS[verb])
    assert "nobody knows" in refused(house, "https://no-such-station.invalid", verb=VERBS[verb])


def test_a_server_without_an_answer_is_asked_for_one_promise_alone(house: House) -> None:
    with closing(Middle(1)) as man, man.doing(middle.says("200 OK", "text/html", "<h1>Log in</h1>")):
        done = house.kiosk("central", "check", f"http://127.0.0.1:{man.port}", "--station", CODE, "--claim", CLAIM)
        assert man.hits <= 2
    assert done.returncode == 1


def test_a_cause_that_goes_round_in_a_circle_is_told_all_the_same() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert why_unanswered(one).startswith("no HTTP answer: ")
