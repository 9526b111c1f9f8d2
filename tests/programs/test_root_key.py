"""The root key and the files that are carried: whatever goes wrong on the way has a plain answer, and nothing is lost."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from time import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from msgspec.structs import replace

from kiosk.central.issuer import DAY, ENDING, Issuer
from kiosk.central.keys.installing import install
from kiosk.central.keys.papers import (
    KeyRequest,
    SignedKeyset,
    read_request,
    read_signed,
    words_of_request,
    words_of_root,
    write_paper,
)
from kiosk.central.keys.requesting import request_keys
from kiosk.central.keys.root import KEY, LOG, Root, SignedKeys, make_root
from kiosk.central.keys.windows import HOLDS, LEAST, PERIOD, windows
from kiosk.central.refusals import KeyLost, NotMade, NotTaken
from kiosk.central.store import CentralStore
from kiosk.central.store.keys import StoredKey
from kiosk.cli.main import main
from kiosk.demo.founding import found, stick_of
from kiosk.keyfiles import write_raw
from kiosk.trust.cose import read_sign1
from kiosk.trust.documents import ROOT_KID, read_document, sign_document
from kiosk.trust.keyset import NO_KEYS, Keyset, key_id
from tests.keys import DOCUMENT, ISSUER, KEYSET, ROOT, STRANGER, private, public, trusted

NOW = 1_795_392_000
REQUEST = KeyRequest("0123456789ab", NOW, 0, KEYSET.keys)


class Office:
    """A central server that was founded at NOW, the clock, and the stick beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, NOW
        found(folder, lambda: self.now)
        self.store = CentralStore(folder)
        self.issuer = Issuer(folder, self.store, lambda: self.now)
        self.root = Root(stick_of(folder))

    def request(self, **more: str) -> KeyRequest:
        return request_keys(self.folder, self.store, self.now, **more)  # type: ignore[arg-type]

    def signed(self, request: KeyRequest | None = None, now: int | None = None) -> SignedKeyset:
        request = request or self.request()
        return self.root.sign(self.root.keyset(request, self.now if now is None else now), request.database)

    def install(self, signed: SignedKeyset) -> bool:
        return install(self.folder, self.store, self.issuer, signed, self.now).news

    def keyset(self) -> Keyset:
        found = read_document(self.store.documents()["keyset"][1], self.root.public, NO_KEYS)
        assert isinstance(found, Keyset)
        return found


@pytest.fixture
def office(central_folder: Path) -> Iterator[Office]:
    office = Office(central_folder)
    yield office
    office.store.close()


@given(st.integers(-HOLDS, 2 * HOLDS))
def test_keys_are_made_for_all_of_thirteen_months_and_each_for_a_quarter(since: int) -> None:
    made = windows(NOW + since, NOW)
    if since + LEAST > HOLDS:
        assert made == []
        return
    assert (made[0][0], made[-1][1]) == (NOW + since, NOW + HOLDS)
    assert all(one[1] == other[0] for one, other in pairwise(made))
    assert all(end - begin <= PERIOD for begin, end in made)


class AnyHistory(RuleBasedStateMachine):
    """A root key that signs under any clock, for a server that is restored from any backup: its numbers only rise."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.stick, self.copy = Path(self.folder.name, "root"), Path(self.folder.name, "copy")
        self.root = make_root(self.stick, NOW)
        shutil.copytree(self.stick, self.copy)
        self.signed = [0]
        self.server = 0

    @rule(made=st.integers(0, 2 * NOW), late=st.integers(-2 * DAY, NOW))
    def sign(self, made: int, late: int) -> None:
        request = replace(REQUEST, made=made, newest=self.server)
        try:
            keyset = self.root.keyset(request, max(0, made + late))
        except NotTaken:
            assert late < -DAY
            return
        self.root.sign(keyset, request.database)
        assert keyset.version > max(self.signed)
        self.signed.append(keyset.version)

    @rule()
    def install(self) -> None:
        self.server = self.signed[-1]

    @rule(which=st.randoms())
    def restore_the_server(self, which: object) -> None:
        self.server = which.choice(self.signed)  # type: ignore[attr-defined]

    @rule()
    def take_the_stick_out_and_in(self) -> None:
        self.root = Root(self.stick)
        assert [each.number for each in self.root.log if isinstance(each, SignedKeys)][-1:] in ([], self.signed[-1:])

    @precondition(lambda self: self.server == max(self.signed))
    @rule(late=st.integers(0, DAY))
    def go_on_with_the_second_stick(self, late: int) -> None:
        shutil.rmtree(self.stick)
        shutil.copytree(self.copy, self.stick)
        self.root = Root(self.stick)
        self.sign(NOW, late)

    def teardown(self) -> None:
        self.folder.cleanup()


AnyHistory.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestAnyHistory = AnyHistory.TestCase


def test_a_year_after_another_has_the_keys_that_still_hold_and_those_of_the_next(office: Office) -> None:
    first = office.keyset()
    assert office.request().keys == first.keys, "nothing is due"
    office.now += 350 * DAY
    asked = office.request()
    assert office.request() == asked, "nor is more, asked again"
    for use in ("issuer", "document"):
        ends = sorted((key.not_before, key.not_after) for key in asked.keys if key.use == use)
        assert ends[-1][1] == office.now + HOLDS
        assert all(one[1] == other[0] for one, other in pairwise(ends))
    kept = {key for key in first.keys if key.use == "issuer" or key.not_after > office.now}
    assert kept < set(asked.keys), "an issuer's passes are still shown"
    office.now += 3 * DAY
    assert office.install(office.signed(asked))
    assert office.keyset().issued_at == office.now, "it is dated the day of its signing"
    assert office.store.requested_keys() == []


def test_operators_are_asked_in_time_and_not_before(office: Office) -> None:
    def asked() -> bool:
        office.store.put_document("status", *office.store.documents()["status"], office.now)
        office.issuer.renew()
        return "keys_end" in {alarm.what for alarm in office.store.alarms()}

    end = NOW + HOLDS
    office.now = end - ENDING
    assert not asked()
    office.now += 1
    assert asked()
    assert office.install(office.signed())
    assert not asked()


def test_a_stolen_key_is_in_no_keyset_again(office: Office) -> None:
    waiting = office.signed(replace(office.request(), newest=NOW + 5))
    before = {key.kid for key in office.keyset().keys if key.use == "document"}
    asked = office.request(compromised="document")
    assert not before & {key.kid for key in asked.keys}
    assert min(key.not_before for key in asked.keys if key.use == "document") == NOW
    assert office.request() == asked, "also when it is asked for again without the word"
    with pytest.raises(NotTaken, match="a compromised one: it answers an older request"):
        office.install(waiting)
    assert office.install(office.signed(asked))
    assert read_sign1(office.store.documents()["status"][1]).kid in {key.kid for key in asked.keys}


def test_what_was_signed_in_the_quarters_before_outlives_a_theft(office: Office) -> None:
    first, second, *_later = sorted({key.not_after for key in office.keyset().keys})
    office.now = second + 8 * DAY
    office.store.put_document("status", *office.store.documents()["status"], office.now)
    office.issuer.renew()
    by_end = {(key.use, key.not_after): key for key in office.store.signing_keys()}
    gone = {end for (_use, end), key in by_end.items() if not (office.folder / key.file).exists()}
    assert gone == {first}, "nobody can sign anything more that is dated back to it"
    office.request(compromised="issuer")
    asked = office.request(compromised="document")
    kids = {key.kid: key.not_after for key in asked.keys}
    assert by_end["issuer", first].kid in kids, "its passes cannot be forged"
    assert by_end["issuer", second].kid not in kids
    void = by_end["document", second].kid
    assert kids[void] == 0
    assert office.install(office.signed(asked))
    office.now += DAY
    assert void in {key.kid for key in office.request().keys if not key.not_after}, "some station has been away"


def strange(_office: Office) -> SignedKeyset:
    return SignedKeyset(public(STRANGER), sign_document(KEYSET, STRANGER, ROOT_KID))


def forged(office: Office) -> SignedKeyset:
    return SignedKeyset(office.root.public, sign_document(KEYSET, STRANGER, ROOT_KID))


def older(office: Office) -> SignedKeyset:
    signed = office.signed()
    office.install(office.signed())
    return signed


def of_another_database(office: Office) -> SignedKeyset:
    keys = (trusted(ISSUER, "issuer"), trusted(DOCUMENT, "document"))
    return office.signed(replace(REQUEST, keys=keys))


def ahead(office: Office) -> SignedKeyset:
    return office.signed(now=NOW + DAY)


def numbered_by_nobody(office: Office) -> SignedKeyset:
    request = office.request()
    return office.root.sign(Keyset(NOW + 20 * DAY, NOW, request.keys), request.database)


def over(office: Office) -> SignedKeyset:
    signed = office.signed()
    office.now += HOLDS + DAY
    return signed


WRONG: dict[Callable[[Office], SignedKeyset], str] = {
    strange: "by another root key than the one that every enrolled station trusts",
    forged: "no keyset of that root key: Its signature is wrong",
    older: "an older one",
    of_another_database: "is not this server's: it answers a request of another database",
    ahead: "dated ahead of this server's clock",
    numbered_by_nobody: "far ahead of its date",
    over: "no issuer key that holds now",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_keyset_that_is_not_the_next_one_changes_nothing(
    wrong: Callable[[Office], SignedKeyset], tmp_path: Path
) -> None:
    office = Office(tmp_path / "central")
    signed = wrong(office)
    before = office.store.documents(), office.store.signing_keys(), office.store.root()
    with pytest.raises(NotTaken, match=WRONG[wrong]) as told:
        office.install(signed)
    assert "Next: " in str(told.value)
    assert (office.store.documents(), office.store.signing_keys(), office.store.root()) == before
    office.store.close()


def test_a_keyset_waits_for_the_private_halves_and_is_installed_once(office: Office) -> None:
    signed = office.signed()
    path = office.folder / office.store.signing_keys()[0].file
    path.rename(path.with_suffix(".away"))
    with pytest.raises(KeyLost, match="Put it back from a backup"):
        office.install(signed)
    path.with_suffix(".away").rename(path)
    assert [office.install(signed) for _ in range(2)] == [True, False]


def test_a_restored_server_asks_beyond_what_stations_have_and_believes_no_absurd_number(office: Office) -> None:
    office.store.note_said("37081101", {"keyset": NOW + 1000})
    office.store.note_said("37081102", {"keyset": 2**50})
    assert office.request().newest == NOW + 1000
    assert office.install(office.signed())
    assert office.keyset().version == NOW + 1001


@pytest.mark.parametrize("paper", [REQUEST, SignedKeyset(public(ROOT), sign_document(KEYSET, ROOT, ROOT_KID))])
def test_a_file_that_is_cut_off_or_changed_is_no_such_file(paper: KeyRequest | SignedKeyset, tmp_path: Path) -> None:
    """Or what has changed is proven wrong later: a request by its words, a keyset by its signature and its root key."""
    path, read = tmp_path / "paper", read_request if isinstance(paper, KeyRequest) else read_signed
    write_paper(path, paper)
    raw = path.read_bytes()
    assert read(path) == paper
    for size in range(0, len(raw.rstrip()), 5):
        path.write_bytes(raw[:size])
        with pytest.raises(NotTaken):
            read(path)
    for place in range(0, len(raw), 3):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        try:
            found = read(path)
        except NotTaken:
            continue
        assert found == paper or proven_wrong(found, paper)


def proven_wrong(found: KeyRequest | SignedKeyset, right: KeyRequest | SignedKeyset) -> bool:
    match found:
        case KeyRequest():
            return isinstance(right, KeyRequest) and words_of_request(found) != words_of_request(right)
        case SignedKeyset():
            return found.root != public(ROOT) or not isinstance(
                read_document(found.keyset, found.root, NO_KEYS), Keyset
            )


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (KEYSET.keys[:1], "one use"),
        (KEYSET.keys * 2, "twice"),
        ((*KEYSET.keys, replace(KEYSET.keys[0], kid=b"else")), "another name"),
        ((*KEYSET.keys, replace(trusted(private(40), "issuer"), not_after=0, not_before=1)), "backwards"),
        ((*KEYSET.keys, replace(KEYSET.keys[0], public=bytes(32), kid=key_id(bytes(32)))), "everybody's key"),
    ],
)
def test_a_request_for_keys_that_no_server_makes_is_refused(
    keys: tuple[msgspec.Struct, ...], why: str, tmp_path: Path
) -> None:
    write_paper(tmp_path / "paper", replace(REQUEST, keys=keys))
    with pytest.raises(NotTaken, match="not as a server makes them"):
        read_request(tmp_path / "paper")
    assert why


def test_files_that_were_mixed_up_are_named(tmp_path: Path) -> None:
    write_paper(tmp_path / "request", REQUEST)
    with pytest.raises(NotTaken, match=r"is a request\. It goes to the root key: kiosk root sign FILE"):
        read_signed(tmp_path / "request")
    write_paper(tmp_path / "signed", SignedKeyset(public(ROOT), b""))
    with pytest.raises(NotTaken, match=r"is a signed keyset\. It goes to the server: kiosk central keys install FILE"):
        read_request(tmp_path / "signed")


@pytest.mark.parametrize("log", [b"", b"{}\n", b"\xff\n", b'{"what":"begun","at":1}', b"[" * 10_000 + b"\n", None])
def test_without_its_log_a_root_key_signs_nothing(log: bytes | None, tmp_path: Path) -> None:
    make_root(tmp_path / "root", NOW)
    if log is None:
        (tmp_path / "root" / LOG).unlink()
    else:
        (tmp_path / "root" / LOG).write_bytes(log)
    if log == b"":
        return
    with pytest.raises(NotTaken, match="Put it back from the second stick"):
        Root(tmp_path / "root")


def test_a_root_key_is_never_replaced(tmp_path: Path) -> None:
    made = make_root(tmp_path / "root", NOW)
    with pytest.raises(NotTaken, match="no root key is ever replaced"):
        make_root(tmp_path / "root", NOW)
    assert Root(tmp_path / "root").public == made.public
    (tmp_path / "root" / KEY).write_bytes(b"AAAA")
    with pytest.raises(NotTaken, match="holds no key"):
        Root(tmp_path / "root")
    (tmp_path / "root" / KEY).unlink()
    with pytest.raises(NotTaken, match="there is no root key"):
        Root(tmp_path / "root")


@contextmanager
def full(size: int) -> Iterator[None]:
    """No file may become larger than that, as on a stick with no more room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_stick_that_is_full_nothing_is_signed_and_nothing_lost(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", NOW)
    root.sign(root.keyset(REQUEST, NOW), REQUEST.database)
    log = (tmp_path / "root" / LOG).read_bytes()
    with full(len(log)), pytest.raises(OSError, match="File too large"):
        root.sign(root.keyset(REQUEST, NOW), REQUEST.database)
    assert (tmp_path / "root" / LOG).read_bytes() == log
    assert root.keyset(REQUEST, NOW).version == Root(tmp_path / "root").keyset(REQUEST, NOW).version == NOW + 1


# A folder of version 0.4, which had the root key itself.


@pytest.fixture
def old(central_folder: Path) -> Path:
    """As version 0.4 left it."""
    keyset = replace(
        KEYSET, version=NOW, issued_at=NOW, keys=tuple(replace(key, not_after=NOW + HOLDS) for key in KEYSET.keys)
    )
    for name, key in (("root", ROOT), ("issuer", ISSUER), ("document", DOCUMENT)):
        write_raw(central_folder / f"{name}.key", key.private_bytes_raw(), 0o600)
    store = CentralStore(central_folder)
    for each in keyset.keys:
        store.add_key(StoredKey(each.kid, each.use, each.public, each.not_before, each.not_after, f"{each.use}.key"))
    store.put_document("keyset", NOW, sign_document(keyset, ROOT, ROOT_KID), NOW)
    store.close()
    return central_folder


def test_a_folder_of_an_older_release_goes_on_and_its_root_key_moves_to_a_stick(old: Path, tmp_path: Path) -> None:
    store = CentralStore(old)
    issuer = Issuer(old, store, lambda: NOW)
    assert (issuer.root_public, store.root()) == (public(ROOT), public(ROOT))
    (alarm,) = store.alarms()
    assert f"Next: kiosk root init --from {old}/root.key --out STICK" in alarm.detail
    main.main(["root", "init", "--from", str(old / "root.key"), "--out", str(tmp_path / "root")], standalone_mode=False)
    assert not (old / "root.key").exists()
    issuer.renew()
    assert (Issuer(old, store, lambda: NOW).root_public, store.alarms()) == (public(ROOT), [])
    root, request = Root(tmp_path / "root"), request_keys(old, store, NOW)
    signed = root.sign(root.keyset(request, NOW), request.database)
    assert install(old, store, issuer, signed, NOW).keyset.version == NOW + 1, "above what that release had signed"
    store.close()


def test_a_root_key_that_went_too_early_is_known_again_by_what_it_signed(old: Path, tmp_path: Path) -> None:
    (old / "root.key").unlink()
    store = CentralStore(old)
    with pytest.raises(KeyLost, match="Put the one back that this server had"):
        Issuer(old, store, lambda: NOW)
    issuer, request = Issuer(old, store, lambda: NOW, renew=False), request_keys(old, store, NOW)
    for key, right in ((STRANGER, False), (ROOT, True)):
        root = make_root(tmp_path / str(right), NOW, key)
        signed = root.sign(root.keyset(request, NOW), request.database)
        if right:
            assert install(old, store, issuer, signed, NOW).news
        else:
            with pytest.raises(NotTaken, match="by another root key"):
                install(old, store, issuer, signed, NOW)
    assert Issuer(old, store, lambda: NOW).root_public == public(ROOT)
    store.close()


def test_another_root_key_in_an_old_folder_is_not_pinned(old: Path) -> None:
    write_raw(old / "root.key", STRANGER.private_bytes_raw(), 0o600)
    store = CentralStore(old)
    with pytest.raises(KeyLost, match="is not the key that signed this server's keysets"):
        Issuer(old, store, lambda: NOW)
    assert store.root() is None
    store.close()


def test_a_server_without_a_keyset_says_what_to_type(central_folder: Path) -> None:
    store = CentralStore(central_folder)
    with pytest.raises(NotMade, match="kiosk root sign REQUEST"):
        Issuer(central_folder, store)
    store.close()


def test_it_needs_nothing_that_only_a_server_has() -> None:
    servers = ("psycopg", "psycopg_pool", "httptools", "uvloop", "starlette", "uvicorn", "requests")
    code = f"import sys; sys.modules.update(dict.fromkeys({servers})); import kiosk.cli.root"
    subprocess.run([sys.executable, "-c", code], check=True)


# What is typed.


class Desk:
    """Verbs that are typed one after the other, in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.root = folder / "root"
        self.key = make_root(self.root, NOW)

    def kiosk(self, *words: object) -> tuple[int, str]:
        """Exit code, and what was said on both outputs."""
        code = 0
        try:
            main.main([str(word) for word in words], prog_name="kiosk", standalone_mode=False)
        except SystemExit as end:
            code = int(end.code or 0)
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def sign(self, *more: object) -> tuple[int, str]:
        return self.kiosk(
            "root", "sign", self.folder / "request", "--root", self.root, "--out", self.folder / "signed", *more
        )


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(tmp_path, capsys)
    write_paper(tmp_path / "request", replace(REQUEST, made=1_700_000_000))
    return desk


def test_what_is_signed_is_shown_first(desk: Desk) -> None:
    code, said = desk.sign("--yes")
    assert code == 0
    request = read_request(desk.folder / "request")
    for words in (
        words_of_request(request),
        words_of_root(desk.key.public),
        "issuer",
        "document",
        "THE REQUEST IS OLD",
    ):
        assert words in said
    assert "It leaves out" not in said
    write_paper(desk.folder / "request", replace(request, keys=(KEYSET.keys[0], trusted(private(41), "document"))))
    code, said = desk.sign("--yes")
    assert (code, "It leaves out" in said, "STILL HOLDS" in said) == (0, True, True)
    assert desk.kiosk("root", "log", "--root", desk.root)[1].count("keyset 17000000") == 2


def test_without_a_yes_nothing_is_signed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with (desk.folder / "answers").open("w+") as answers:
        answers.write("n\n")
        answers.seek(0)
        monkeypatch.setattr("sys.stdin", answers)
        code, said = desk.sign()
    assert (code, "Nothing was signed." in said) == (1, True)
    assert len(Root(desk.root).log) == 1
    assert not (desk.folder / "signed").exists()


def test_another_database_is_signed_for_only_when_it_is_said(desk: Desk) -> None:
    assert desk.sign("--yes")[0] == 0
    request = read_request(desk.folder / "request")
    write_paper(desk.folder / "request", replace(request, database="ba9876543210"))
    code, said = desk.sign("--yes")
    assert (code, "--other-database" in said, len(Root(desk.root).log)) == (1, True, 2)
    assert desk.sign("--yes", "--other-database")[0] == 0


def test_a_clock_before_the_request_signs_nothing(desk: Desk) -> None:
    write_paper(desk.folder / "request", replace(REQUEST, made=2**39))
    code, said = desk.sign("--yes")
    assert (code, "Next: set the clock" in said, len(Root(desk.root).log)) == (1, True, 1)


def test_a_number_that_this_key_cannot_have_signed_ends_no_root_key(desk: Desk) -> None:
    """Whoever took the server over asks beyond it: each number after that one is absurd, and no station takes it."""
    assert desk.sign("--yes")[0] == 0
    request = read_request(desk.folder / "request")
    last = Root(desk.root).log
    for newest in (2**52 - 1, int(time()) + 20 * DAY):
        write_paper(desk.folder / "request", replace(request, newest=newest))
        code, said = desk.sign("--yes")
        assert (code, "Next: find out what is wrong" in said, Root(desk.root).log) == (1, True, last)
    write_paper(desk.folder / "request", request)
    assert desk.sign("--yes")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("root", "sign", "none", "--root", "ROOT"), "none: there is no such file"),
        (("root", "sign", "root/root.key", "--root", "ROOT"), "is cut off, damaged, or something else"),
        (("root", "log", "--root", "none"), "Next: name the folder on the stick with --root"),
        (("root", "init", "--out", "ROOT"), "no root key is ever replaced. Next: kiosk root log"),
        (("root", "init", "--out", "none/none"), "there is no such file or folder"),
        (("root", "init", "--from", "none", "--out", "new"), "there is no such file or folder"),
        (("central", "rotate"), "kiosk central keys list"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(
    words: tuple[str, ...], told: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    before = sorted(desk.folder.iterdir())
    code, said = desk.kiosk(*(desk.root if word == "ROOT" else word for word in words))
    assert (code > 0, told in said, said) == (True, True, said)
    assert sorted(desk.folder.iterdir()) == before
