"""`kiosk central check`: asks any central server, as a station would, for all that the contract promises (docs/wire.md).

A case is a function whose docstring is the promise; it raises Broken with what was found instead. All of it is black-box: a
server that stores an entry twice and answers as if it had not is not found out here.
"""

from __future__ import annotations

import gzip
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Final

import jwt
import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk.contract.bodies import (
    AUDIENCE,
    CAPABILITIES,
    CONFLICT,
    MAX_BATCH,
    MAX_ENTRIES,
    UNDERSTANDS_CONFLICT,
    UNDERSTANDS_RELEASE,
    BatchAnswer,
    Documents,
    Enrolled,
    Enrolment,
    OfferedRelease,
)
from kiosk.contract.peer import TIMEOUT, Broken, Peer, Stream, expect, read, refused
from kiosk.contract.unanswered import why_unanswered
from kiosk.trust.documents import TimeDocument, payload, read_document
from kiosk.trust.keyset import NO_KEYS, Keyset
from kiosk.trust.release import Release, read_release
from kiosk.trust.service import Picture, ServiceDocument

HELD_BACK: Final = 2.0
CLOCK_SLACK: Final = 60.0


class Outcome(Struct, frozen=True):
    """Of one case: the promise, and what is wrong, or empty."""

    id: str
    promise: str
    wrong: str


def enrolment(peer: Peer) -> None:
    """A claim code enrols its station once, and the answer has the root key and a keyset that it signed."""
    wanted = Enrolment(peer.station, peer.claim, peer.key.public_key().public_bytes_raw())
    other = msgspec.structs.replace(wanted, station=peer.station[:-1] + ("0" if peer.station[-1] != "0" else "1"))
    refused(peer.post("/v1/enrol", other), 403)
    answer = read(peer.post("/v1/enrol", wanted), Enrolled)
    peer.root = answer.root_key
    expect(answer.documents, "there are no documents")
    expect(isinstance(read_document(answer.documents[0], peer.root, NO_KEYS), Keyset), "the first is no valid keyset")
    refused(peer.post("/v1/enrol", wanted), 403)


def tokens(peer: Peer) -> None:
    """Only a token that the station's own key signed for it, and that holds now, gets in."""
    path, now = Stream(peer).path, int(time.time())
    for token in (
        "",
        "rubbish",
        peer.token(Ed25519PrivateKey.generate()),
        peer.token(exp=now - 3600),
        peer.token(aud="others"),
        peer.token(sub="0000"),
        jwt.encode({"sub": peer.station, "aud": AUDIENCE, "exp": now + 60}, "", algorithm="none"),
    ):
        refused(peer.send("POST", path, b"{}", token), 401, 403)


def once(peer: Peer) -> None:
    """The same batch twice is taken once, and answered with the same mark."""
    stream = Stream(peer)
    body = stream.body(1, [1, 2, 3])
    for _ in range(2):
        stream.up_to(3, read(peer.post(stream.path, body), BatchAnswer))


def overlap(peer: Peer) -> None:
    """Of a batch that overlaps what is held, the rest is taken."""
    stream = Stream(peer)
    stream.take(1, 1, 2, 3)
    stream.up_to(5, stream.take(2, 2, 3, 4, 5))
    stream.up_to(5, stream.take(1, 1, 2))


def at_once(peer: Peer) -> None:
    """The same batch on several connections at the same time is taken once."""
    stream = Stream(peer)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: stream.take(1, *range(1, 101)), range(8)))
    for answer in answers:
        stream.up_to(100, answer)


def gap(peer: Peer) -> None:
    """A batch that begins too far on is refused with the number that is wanted, and nothing of it is taken."""
    stream = Stream(peer)
    stream.take(1, 1)
    problem = refused(peer.post(stream.path, stream.body(5, [5, 6])), 409)
    expect(problem.expected == 2, f"expected is {problem.expected}, and should be 2")
    stream.up_to(2, stream.take(2, 2))


def hole(peer: Peer) -> None:
    """In a batch with a hole the mark stops before it."""
    stream = Stream(peer)
    stream.up_to(2, stream.take(1, 1, 2, 4))
    stream.up_to(4, stream.take(3, 3, 4))


def tombstones(peer: Peer) -> None:
    """Numbers that will never come close a gap."""
    stream = Stream(peer)
    stream.up_to(4, stream.take(1, 2, 4, tombstones=(1, 3)))
    stream.up_to(6, stream.take(5, tombstones=(5, 6)))


def epochs(peer: Peer) -> None:
    """Each epoch and each stream has a mark of its own."""
    stream = Stream(peer)
    stream.take(1, 1, 2, 3)
    stream.up_to(1, Stream(peer).take(1, 1))
    stream.up_to(2, Stream(peer, "telemetry", stream.epoch).take(1, 1, 2))
    stream.up_to(4, stream.take(4, 4))


def unknown_stream(peer: Peer) -> None:
    """A stream that the server does not know is answered with 404; of `services` that, or as of the others."""
    refused(peer.post(Stream(peer, "of_a_later_version").path, Stream(peer).body(1, [1])), 404)
    stream = Stream(peer, "services")
    body = stream.body(1, [1, 2], kind="of_a_later_version")
    response = peer.post(stream.path, body)
    if response.status_code == 404:
        refused(response, 404)
    else:
        stream.up_to(2, read(response, BatchAnswer))
        stream.up_to(2, read(peer.post(stream.path, body), BatchAnswer))


def bad_entry(peer: Peer) -> None:
    """An entry that cannot be taken is named in `rejected`, and holds nothing up."""
    stream = Stream(peer)
    body = stream.body(1, [1, 2, 3])
    body["entries"][1] = {"seq": 2}
    answer = read(peer.post(stream.path, body), BatchAnswer)
    stream.up_to(3, answer)
    expect([each.seq for each in answer.rejected] == [2], f"rejected is {answer.rejected}")
    stream.up_to(4, stream.take(4, 4))


def deep_entry(peer: Peer) -> None:
    """An entry that is nested without end is refused alone, or with its batch, and ends nothing."""
    stream = Stream(peer)
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    response = peer.post(stream.path, stream.body(1, [1], more=deep))
    if response.status_code == 200:
        stream.up_to(1, read(response, BatchAnswer))
    else:
        refused(response, 400, 413, 422)
    nested = b"[" * 5000 + b"]" * 5000
    refused(peer.send("POST", stream.path, nested), 400)


def conflict(peer: Peer) -> None:
    """A number that is held with other content, or from a boot that another has followed, is a conflict to whom it is known."""
    stream = Stream(peer)
    stream.take(1, 1, 2, 3)
    stream.take(4, 4, boot_id="check 2")
    knows = {CAPABILITIES.replace("-", "_"): UNDERSTANDS_CONFLICT}
    stream.up_to(4, read(peer.post(stream.path, stream.body(1, [1, 2, 3]), **knows), BatchAnswer))
    other = (stream.body(2, [2, 3], door="other"), 2), (stream.body(5, [5]), 5)
    for body, expected in other:
        problem = refused(peer.post(stream.path, body, **knows), 409)
        expect(problem.type == CONFLICT, f"type is {problem.type}, and should be {CONFLICT}")
        expect(problem.expected == expected, f"expected is {problem.expected}, and should be {expected}")
    problem = refused(peer.post(stream.path, stream.body(9, [9]), **knows), 409)
    expect(problem.type != CONFLICT, "a gap has the type of a conflict")


def older_firmware(peer: Peer) -> None:
    """To a station that does not name the capability a conflict is acknowledged, as a batch that comes twice."""
    stream = Stream(peer)
    stream.take(1, 1, 2, 3)
    stream.up_to(4, stream.take(2, 2, 3, 4, door="other"))


def facts(peer: Peer) -> None:
    """What happened is not judged: unknown kinds, fields and clocks that are wrong are taken."""
    stream = Stream(peer)
    answer = stream.take(1, 1, kind="of_a_later_version", more={"deep": [1]}, wall=-1.0, quality="unset")
    stream.up_to(1, answer)
    expect(not answer.rejected, f"rejected is {answer.rejected}")


def limits(peer: Peer) -> None:
    """A batch of 500 entries and 256 KiB is taken; more of either is refused with 413 or 400, packed or not."""
    stream = Stream(peer)
    stream.up_to(MAX_ENTRIES, stream.take(1, *range(1, MAX_ENTRIES + 1)))
    refused(peer.post(stream.path, stream.body(501, list(range(501, 1002)))), 400, 413)
    filled = stream.body(501, list(range(501, 541)), note="x" * 6200)
    size = len(msgspec.json.encode(filled))
    expect(MAX_BATCH * 0.95 < size <= MAX_BATCH, f"this check's own batch has {size} bytes")
    stream.up_to(540, read(peer.post(stream.path, filled), BatchAnswer))
    refused(peer.send("POST", stream.path, b" " * (4 * MAX_BATCH)), 413)
    bomb = gzip.compress(b" " * 50_000_000)
    refused(peer.send("POST", stream.path, bomb, Content_Encoding="gzip"), 413)


def compression(peer: Peer) -> None:
    """Gzip and none are taken; another is refused with 415, a broken one with 400."""
    stream = Stream(peer)
    plain = msgspec.json.encode(stream.body(1, [1]))
    stream.up_to(1, read(peer.send("POST", stream.path, plain), BatchAnswer))
    refused(peer.send("POST", stream.path, plain, Content_Encoding="br"), 415)
    refused(peer.send("POST", stream.path, b"rubbish", Content_Encoding="gzip"), 400)
    refused(peer.send("POST", stream.path, gzip.compress(plain)[:-6], Content_Encoding="gzip"), 400)


def problems(peer: Peer) -> None:
    """What is wrong is told as application/problem+json (RFC 9457)."""
    stream = Stream(peer)
    for body in (b"", b"rubbish", b"\xff\xfe", b"[]", b'{"epoch": 7}'):
        refused(peer.send("POST", stream.path, body), 400)
    refused(peer.send("GET", "/v1/nothing"), 404)
    refused(peer.send("GET", stream.path), 405)
    refused(peer.documents("wait=for-ever"), 400)


def documents(peer: Peer) -> None:
    """Documents come when they are newer than the query says; with `wait`, the answer is held back."""
    everything = read(peer.documents(), Documents).documents
    keyset = read_document(everything[0], peer.root, NO_KEYS) if everything else None
    expect(isinstance(keyset, Keyset), "the first document is no valid keyset")
    newest = "&".join(f"{kind}={2**53 - 1}" for kind in ("keyset", "status", "policy", "command"))
    expect(not read(peer.documents(newest), Documents).documents, "nothing is newer, and yet something came")
    began = monotonic()
    read(peer.documents(f"{newest}&wait={HELD_BACK:g}"), Documents)
    took = monotonic() - began
    expect(HELD_BACK * 0.9 <= took < HELD_BACK + TIMEOUT / 2, f"held back for {took:.1f} s instead of {HELD_BACK:g} s")


def service_documents(peer: Peer) -> None:
    """Services come to whoever names their number, ascending, 16 at the most; an unknown parameter changes nothing."""
    keyset = read_document(read(peer.documents(), Documents).documents[0], peer.root, NO_KEYS)
    expect(isinstance(keyset, Keyset), "the first document is no valid keyset")
    assert isinstance(keyset, Keyset)  # noqa: S101  for mypy
    unasked = _services(peer, "", keyset)
    expect(not unasked, f"{len(unasked)} services came to a station that does not name their number")
    found = _services(peer, "service=0&of_a_later_version=1", keyset)
    expect(found == sorted(set(found)), f"their numbers do not ascend: {found}")
    rest = _services(peer, f"service={found[0]}", keyset) if found else []
    expect(found[:1] != rest[:1] or not found, "one came that is no newer than the query says")


def _services(peer: Peer, query: str, keyset: Keyset) -> list[int]:
    """The numbers of the services that come; each must be a valid one, and for this station."""
    numbers = []
    for body in read(peer.documents(query), Documents).documents:
        found = read_document(body, peer.root, keyset)
        if isinstance(found, ServiceDocument):
            expect(peer.station.startswith(found.station), f"service {found.id} is for {found.station}")
            numbers.append(found.version)
    return numbers


def clock(peer: Peer) -> None:
    """Each answer has a Date, and a nonce comes back signed with the time."""
    nonce = secrets.token_hex(8)
    response = peer.documents(f"nonce={nonce}")
    found = read(response, Documents).documents
    keyset = read_document(found[0], peer.root, NO_KEYS)
    signed = read_document(found[-1], peer.root, keyset) if isinstance(keyset, Keyset) else None
    expect(isinstance(signed, TimeDocument), "the last document is no valid time")
    assert isinstance(signed, TimeDocument)  # noqa: S101  for mypy
    expect(signed.nonce == nonce, "the time names another nonce")
    date = response.headers.get("Date", "")
    expect(date, "there is no Date")
    apart = abs(parsedate_to_datetime(date).timestamp() - signed.version)
    expect(apart < CLOCK_SLACK, f"Date and the signed time are {apart:.0f} s apart")


def releases(peer: Peer) -> None:
    """A release is offered to whoever names the capability alone, with the bundle that it names; 404: there are none."""
    path = f"/v1/stations/{peer.station}/release?platform=deb12_arm64&version=0.0.0"
    unasked = peer.send("GET", path)
    if unasked.status_code == 404:
        refused(unasked, 404)
        return
    expect(unasked.status_code == 204, f"HTTP {unasked.status_code} to a station that does not name the capability")
    knows = {CAPABILITIES.replace("-", "_"): UNDERSTANDS_RELEASE}
    response = peer.send("GET", path, None, None, **knows)
    if response.status_code == 204:
        return
    found = read(response, OfferedRelease)
    release = read_release(found.manifest, peer.root)
    good = isinstance(release, Release) and release.version == found.version
    expect(good, "its manifest is none that the root key signed for that version")
    place = f"/v1/stations/{peer.station}/releases/{found.bundle}/bundle"
    piece = peer.send("GET", place, Range="bytes=8-15")
    expect(piece.status_code == 206 and len(piece.content) == 8, f"HTTP {piece.status_code} to a question for a piece")
    expect(piece.headers.get("Content-Range") == f"bytes 8-15/{found.size}", "the piece does not say where it belongs")


def pictures(peer: Peer) -> None:
    """A picture that a service names comes by its hash, whole or a piece of it; another, and one of a stranger's, does not."""
    path = f"/v1/stations/{peer.station}/pictures/"
    refused(peer.send("GET", path + "0" * 64), 404)
    refused(peer.send("GET", path + "0" * 64, None, "rubbish"), 401, 403)
    for picture in _pictures(peer):
        piece = peer.send("GET", path + picture.sha256, Range="bytes=8-15")  # first, for who gives much may rest then
        whole = peer.send("GET", path + picture.sha256)
        expect(whole.status_code == 200, f"HTTP {whole.status_code} to a question for a picture")
        good = (hashlib.sha256(whole.content).hexdigest(), len(whole.content)) == (picture.sha256, picture.size)
        expect(good, "the picture is not the one that the service names")
        expect(piece.status_code == 206 and piece.content == whole.content[8:16], "a piece of it is another's")
        place = piece.headers.get("Content-Range")
        expect(place == f"bytes 8-15/{picture.size}", "the piece does not say where it belongs")


def _pictures(peer: Peer) -> Iterator[Picture]:
    """Those that the first services of the station name."""
    for body in read(peer.documents("service=0"), Documents).documents:
        said = payload(body)
        if said.get("type") == "service" and isinstance(said.get("picture"), dict):
            yield msgspec.convert(said["picture"], Picture)


CASES: Final[tuple[Callable[[Peer], None], ...]] = (
    enrolment,
    tokens,
    once,
    overlap,
    at_once,
    gap,
    hole,
    tombstones,
    epochs,
    unknown_stream,
    bad_entry,
    deep_entry,
    conflict,
    older_firmware,
    facts,
    limits,
    compression,
    problems,
    documents,
    service_documents,
    clock,
    releases,
    pictures,
)


def check(peer: Peer, cases: tuple[Callable[[Peer], None], ...] = CASES) -> Iterator[Outcome]:
    """Every case in order; after a failed enrolment no other. Raises requests.RequestException for the first of them."""
    for case in cases:
        promise = (case.__doc__ or "").strip()
        try:
            case(peer)
        except requests.RequestException as error:
            if case is cases[0]:
                raise
            yield Outcome(case.__name__, promise, why_unanswered(error))
        except Broken as broken:
            yield Outcome(case.__name__, promise, str(broken))
            if case is enrolment:
                return
        else:
            yield Outcome(case.__name__, promise, "")
