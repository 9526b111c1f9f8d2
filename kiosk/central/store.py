"""The central server's SQLite file: stations, claims, credentials, documents, and the entries, each once."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlite_utils import Database, Migrations

from kiosk.contract.bodies import MAX_ENTRY, Batch, Rejected
from kiosk.trust.keyset import Use
from kiosk.trust.status import Status

FILE: Final = "central.db"
POLICY: Final = (
    "SELECT version, body FROM policies WHERE substr(?1, 1, length(scope)) = scope ORDER BY length(scope) DESC LIMIT 1"
)
"""The policy of the longest prefix of a station's code."""

CLAIM_HOLDS: Final = 72 * 3600.0

central = Migrations("central")


@central()
def m001_first(db: Database) -> None:
    """Everything."""
    db.execute("CREATE TABLE stations (code TEXT PRIMARY KEY, public_key BLOB NOT NULL, enrolled REAL NOT NULL)")
    db.execute("CREATE TABLE claims (digest BLOB PRIMARY KEY, code TEXT NOT NULL, made REAL NOT NULL, used REAL)")
    db.execute(
        "CREATE TABLE credentials (idx INTEGER PRIMARY KEY, holder TEXT NOT NULL, status INTEGER NOT NULL DEFAULT 0)"
    )
    db.execute("CREATE TABLE documents (kind TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL)")
    db.execute(
        "CREATE TABLE marks (station TEXT, stream TEXT, epoch TEXT, acked INTEGER NOT NULL,"
        " PRIMARY KEY (station, stream, epoch)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE entries (station TEXT, stream TEXT, epoch TEXT, seq INTEGER, kind TEXT NOT NULL, boot_id TEXT NOT NULL,"
        " boot REAL NOT NULL, wall REAL NOT NULL, received REAL NOT NULL, body TEXT NOT NULL,"
        " PRIMARY KEY (station, stream, epoch, seq)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE rejected (station TEXT, stream TEXT, epoch TEXT, seq INTEGER, why TEXT NOT NULL, body TEXT NOT NULL,"
        " PRIMARY KEY (station, stream, epoch, seq)) WITHOUT ROWID"
    )


@central()
def m002_policies_commands_keys(db: Database) -> None:
    """Policies by station-code prefix, commands by station in order, signing keys, and when a document was published."""
    db.execute("ALTER TABLE documents ADD COLUMN published REAL NOT NULL DEFAULT 0")
    db.execute("CREATE TABLE policies (scope TEXT PRIMARY KEY, version INTEGER NOT NULL UNIQUE, body BLOB NOT NULL)")
    db.execute(
        "CREATE TABLE commands (station TEXT, seq INTEGER, id TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL,"
        " body BLOB NOT NULL, PRIMARY KEY (station, seq)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE keys (kid BLOB PRIMARY KEY, use TEXT NOT NULL, public BLOB NOT NULL, not_before INTEGER NOT NULL,"
        " not_after INTEGER NOT NULL, file TEXT NOT NULL)"
    )


class StoredKey(Struct, frozen=True):
    """A signing key's public half, its validity (seconds since 1970), and the file of its private half."""

    kid: bytes
    use: Use
    public: bytes
    not_before: int
    not_after: int
    file: str


class SharedCode(Struct, frozen=True):
    """One code, several stations. Of a bound pass (kind 2) that is a copy for certain; a live one may have walked."""

    index: int
    pass_kind: int
    shown_at: int
    stations: tuple[str, ...]


class GapFound(Exception):
    """A batch begins after the number that is wanted."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


class WrongClaim(Exception):
    """This claim code does not let this station enrol."""


class Head(Struct, frozen=True):
    """What every entry on the wire must have; the rest is the fact itself, which the server keeps and does not judge."""

    seq: int
    kind: str
    boot_id: str
    boot: float
    wall: float


class CentralStore:
    """Every method is a transaction of its own and may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()  # a document is signed within its transaction
        self._db = sqlite3.connect(folder / FILE, isolation_level=None, timeout=10.0, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        central.apply(Database(self._db, execute_plugins=False))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # Stations.

    def make_claim(self, code: str, now: float) -> str:
        """A single-use code with which a technician enrols that station; only its digest is kept."""
        claim = secrets.token_hex(8).upper()
        with self._transaction():
            self._db.execute("INSERT INTO claims VALUES (?, ?, ?, NULL)", (_digest(claim), code, now))
        return claim

    def enrol(self, code: str, claim: str, public_key: bytes, now: float) -> None:
        """Pin the station's key; the claim is used up. Raises WrongClaim."""
        with self._transaction():
            found = self._db.execute(
                "UPDATE claims SET used = ? WHERE digest = ? AND code = ? AND used IS NULL AND made > ? RETURNING code",
                (now, _digest(claim), code, now - CLAIM_HOLDS),
            ).fetchone()
            if found is None:
                raise WrongClaim
            self._db.execute("INSERT OR REPLACE INTO stations VALUES (?, ?, ?)", (code, public_key, now))

    def station_key(self, code: str) -> bytes | None:
        """The public key of an enrolled station."""
        with self._lock:
            found = self._db.execute("SELECT public_key FROM stations WHERE code = ?", (code,)).fetchone()
        return found[0] if found else None

    # Credentials and documents.

    def add_credential(self, holder: str) -> int:
        """A new credential's index; `holder` is the union's pseudonym for the person."""
        with self._transaction():
            found = self._db.execute(
                "INSERT INTO credentials (idx, holder) VALUES ((SELECT coalesce(max(idx), 0) + 1 FROM credentials), ?)"
                " RETURNING idx",
                (holder,),
            ).fetchone()
        return int(found[0])

    def set_status(self, index: int, status: Status) -> bool:
        """Revoke, suspend or restore; False when there is no such credential."""
        with self._transaction():
            changed = self._db.execute("UPDATE credentials SET status = ? WHERE idx = ?", (int(status), index)).rowcount
        return changed == 1

    def statuses(self) -> tuple[dict[int, Status], int]:
        """The credentials that are not valid, and how long the list is."""
        with self._lock:
            rows = self._db.execute("SELECT idx, status FROM credentials WHERE status != 0").fetchall()
            newest = self._db.execute("SELECT coalesce(max(idx), 0) FROM credentials").fetchone()[0]
        return {index: Status(status) for index, status in rows}, newest + 1

    def put_document(self, kind: str, version: int, body: bytes, now: float) -> None:
        """Publish a signed document."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO documents (kind, version, body, published) VALUES (?, ?, ?, ?)",
                (kind, version, body, now),
            )

    def published(self, kind: str) -> float:
        """When the newest document of that kind was published, in seconds since 1970; 0 for never."""
        with self._lock:
            found = self._db.execute("SELECT published FROM documents WHERE kind = ?", (kind,)).fetchone()
        return float(found[0]) if found else 0.0

    def policies(self) -> list[bytes]:
        """Every policy, as signed."""
        with self._lock:
            return [body for (body,) in self._db.execute("SELECT body FROM policies ORDER BY scope")]

    def documents(self) -> dict[str, tuple[int, bytes]]:
        """The newest of each kind: version and body. The keyset comes first, since its keys prove the rest."""
        with self._lock:
            rows = self._db.execute("SELECT kind, version, body FROM documents ORDER BY kind != 'keyset'").fetchall()
        return {kind: (version, body) for kind, version, body in rows}

    def versions(self, station: str = "") -> dict[str, int]:
        """The newest version of each kind; with a station's code also its policy's, and its newest command's number."""
        with self._lock:
            found = dict(self._db.execute("SELECT kind, version FROM documents").fetchall())
            policy = self._db.execute(POLICY, (station,)).fetchone()
            newest = self._db.execute("SELECT max(seq) FROM commands WHERE station = ?", (station,)).fetchone()[0]
        return found | ({"policy": policy[0]} if policy else {}) | ({"command": newest} if newest else {})

    def newer(self, station: str, known: dict[str, int], now: float) -> list[bytes]:
        """What a station that knows these versions lacks, in the order in which it can prove and obey it."""
        bodies = [body for kind, (version, body) in self.documents().items() if version > known.get(kind, 0)]
        with self._lock:
            policy = self._db.execute(POLICY, (station,)).fetchone()
            commands = self._db.execute(
                "SELECT body FROM commands WHERE station = ? AND seq > ? AND expires > ? ORDER BY seq LIMIT 8",
                (station, known.get("command", 0), int(now)),
            ).fetchall()
        bodies += [policy[1]] if policy and policy[0] > known.get("policy", 0) else []
        return bodies + [body for (body,) in commands]

    def put_policy(self, scope: str, sign: Callable[[int], bytes]) -> int:
        """Publish a policy for the stations of that prefix; `sign` makes its document with the next version, returned."""
        with self._transaction():
            version = int(self._db.execute("SELECT coalesce(max(version), 0) + 1 FROM policies").fetchone()[0])
            self._db.execute("INSERT OR REPLACE INTO policies VALUES (?, ?, ?)", (scope, version, sign(version)))
        return version

    def put_command(self, station: str, id: str, expires: int, sign: Callable[[int], bytes]) -> int:  # noqa: A002
        """Store a command under the station's next number, returned; `sign` makes its document."""
        with self._transaction():
            seq = int(
                self._db.execute(
                    "SELECT coalesce(max(seq), 0) + 1 FROM commands WHERE station = ?", (station,)
                ).fetchone()[0]
            )
            self._db.execute("INSERT INTO commands VALUES (?, ?, ?, ?, ?)", (station, seq, id, expires, sign(seq)))
        return seq

    def changes(self) -> int:
        """A number that differs whenever anybody has written to the file."""
        with self._lock:
            outside = self._db.execute("PRAGMA data_version").fetchone()[0]
            return int(outside) + self._db.total_changes

    def add_key(self, key: StoredKey) -> None:
        """Remember the public half of a new signing key."""
        with self._transaction():
            self._db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(key))

    def end_key(self, kid: bytes, not_after: int) -> None:
        """Let a key end earlier than it was made for."""
        with self._transaction():
            self._db.execute("UPDATE keys SET not_after = min(not_after, ?) WHERE kid = ?", (not_after, kid))

    def signing_keys(self) -> list[StoredKey]:
        """All signing keys, the oldest first."""
        with self._lock:
            return [StoredKey(*row) for row in self._db.execute("SELECT * FROM keys ORDER BY not_before, kid")]

    def stations(self) -> list[tuple[str, bytes, float]]:
        """Code, public key and time of enrolment of every station."""
        with self._lock:
            found = self._db.execute("SELECT code, public_key, enrolled FROM stations ORDER BY code").fetchall()
        return [(code, key, at) for code, key, at in found]

    # Entries.

    def take(self, station: str, stream: str, batch: Batch, now: float) -> tuple[int, list[Rejected]]:
        """Insert what is above the mark, move the mark, in one transaction: a batch that comes twice is stored once.

        Returns the mark and the entries that were refused. Raises GapFound.
        """
        key = (station, stream, batch.epoch)
        with self._transaction():
            mark = self._mark(key)
            if batch.first > mark + 1:
                raise GapFound(mark + 1)
            rejected: list[Rejected] = []
            reached = mark
            for seq, entry in _in_order(batch):
                if seq <= mark:
                    continue
                if seq != reached + 1:
                    break
                reached = seq
                if entry is not None:
                    rejected += self._insert(key, seq, entry, now)
            self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", (*key, reached))
        return reached, rejected

    def counts(self) -> dict[str, int]:
        """For each stream: the entries stored."""
        with self._lock:
            return dict(self._db.execute("SELECT stream, count(*) FROM entries GROUP BY stream").fetchall())

    def numbers(self, station: str) -> list[tuple[str, str, int]]:
        """Epoch, stream and number of every entry of a station."""
        with self._lock:
            found = self._db.execute("SELECT epoch, stream, seq FROM entries WHERE station = ?", (station,))
            return [(epoch, stream, seq) for epoch, stream, seq in found]

    def duplicates(self) -> int:
        """Facts that are stored more than once, whatever their numbers: same station, boot, instant and content."""
        with self._lock:
            found = self._db.execute(
                "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) n FROM entries"
                " GROUP BY station, stream, boot_id, boot, json_remove(body, '$.seq'))"
            ).fetchone()
        return int(found[0])

    def shared_codes(self) -> list[SharedCode]:
        """Codes that opened at more than one station: the same moment of a phone's, or one live pass."""
        with self._lock:
            rows = self._db.execute(
                "SELECT json_extract(body, '$.index'), json_extract(body, '$.pass_kind'),"
                " coalesce(json_extract(body, '$.shown_at'), 0) shown, group_concat(DISTINCT station)"
                " FROM entries WHERE kind = 'granted' AND json_extract(body, '$.pass_kind') != 0"
                " GROUP BY json_extract(body, '$.token'), shown HAVING count(DISTINCT station) > 1"
            ).fetchall()
        return [
            SharedCode(index, kind, shown, tuple(sorted(stations.split(",")))) for index, kind, shown, stations in rows
        ]

    def entries(self, station: str, stream: str, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Stored entries in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM entries WHERE station = ? AND stream = ? AND seq > ? ORDER BY epoch, seq LIMIT ?",
                (station, stream, after, limit),
            ).fetchall()
        return [msgspec.json.decode(body) for (body,) in rows]

    def _mark(self, key: tuple[str, str, str]) -> int:
        found = self._db.execute("SELECT acked FROM marks WHERE (station, stream, epoch) = (?, ?, ?)", key).fetchone()
        return int(found[0]) if found else 0

    def _insert(self, key: tuple[str, str, str], seq: int, entry: dict[str, Any], now: float) -> list[Rejected]:
        body = msgspec.json.encode(entry).decode()
        try:
            head = _head(entry, body)
        except msgspec.ValidationError as error:
            self._db.execute(
                "INSERT INTO rejected VALUES (?, ?, ?, ?, ?, ?)", (*key, seq, str(error), body[:MAX_ENTRY])
            )
            return [Rejected(seq, str(error))]
        self._db.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, seq, head.kind, head.boot_id, head.boot, head.wall, now, body),
        )
        return []

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")


def _head(entry: dict[str, Any], body: str) -> Head:
    if len(body) > MAX_ENTRY:
        raise msgspec.ValidationError(f"an entry of more than {MAX_ENTRY} bytes")
    return msgspec.convert(entry, Head)


def _in_order(batch: Batch) -> list[tuple[int, dict[str, Any] | None]]:
    """The batch's numbers in order, each with its entry or None for a tombstone."""
    numbered: dict[int, dict[str, Any] | None] = dict.fromkeys(batch.tombstones)
    for place, entry in enumerate(batch.entries):
        seq = entry.get("seq")
        numbered[seq if isinstance(seq, int) else batch.first + place] = entry
    return sorted(numbered.items(), key=lambda item: item[0])


def _digest(claim: str) -> bytes:
    return hashlib.sha256(claim.strip().upper().encode()).digest()
