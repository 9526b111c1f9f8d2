"""The central server's store: stations, claims, credentials, documents, and the entries, each once."""

from __future__ import annotations

import hashlib
import math
import secrets
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.central.entries import Entries
from kiosk.central.published import Command, Publication, Published
from kiosk.trust.keyset import Use
from kiosk.trust.status import Status

DAY: Final = 86_400
MOST_VERSION: Final = 2**53 - 2
"""A station that says more than this leaves no number for a next command."""

KEPT_NEWS: Final = 10_000
"""Publications that are remembered."""

CLAIM_HOLDS: Final = 72 * 3600.0


class StoredKey(Struct, frozen=True):
    """A signing key's public half, its validity (seconds since 1970), and the file of its private half."""

    kid: bytes
    use: Use
    public: bytes
    not_before: int
    not_after: int
    file: str


class WrongClaim(Exception):
    """This claim code does not let this station enrol."""


class CentralStore(Entries):
    """The whole store. Every method is a transaction of its own, or a part of the one that its caller has begun."""

    def is_new(self) -> bool:
        """Whether nothing was published yet and no station has enrolled: no root key belongs to it."""
        with self._lock:
            used = "SELECT EXISTS(SELECT 1 FROM documents) + EXISTS(SELECT 1 FROM stations)"
            return not self._db.execute(used).fetchone()[0]

    # Stations.

    def make_claim(self, code: str, now: float) -> str:
        """A single-use code with which a technician enrols that station; only its digest is kept."""
        claim = secrets.token_hex(8).upper()
        with self.transaction():
            self._db.execute("INSERT INTO claims VALUES (?, ?, ?, NULL)", (_digest(claim), code, now))
        return claim

    def enrol(self, code: str, claim: str, public_key: bytes, now: float) -> None:
        """Pin the station's key; the claim is used up. Raises WrongClaim."""
        with self.transaction():
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
        with self.transaction():
            found = self._db.execute(
                "INSERT INTO credentials (idx, holder) VALUES ((SELECT coalesce(max(idx), 0) + 1 FROM credentials), ?)"
                " RETURNING idx",
                (holder,),
            ).fetchone()
        return int(found[0])

    def set_status(self, index: int, status: Status) -> bool:
        """Revoke, suspend or restore; False when there is no such credential."""
        with self.transaction():
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
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO documents (kind, version, body, published) VALUES (?, ?, ?, ?)",
                (kind, version, body, now),
            )

    def published_at(self, kind: str = "") -> float:
        """When the newest document of that kind, or of any, was published, in seconds since 1970; 0 for never."""
        with self._lock:
            newest = "SELECT coalesce(max(published), 0) FROM documents WHERE ?1 IN ('', kind)"
            return float(self._db.execute(newest, (kind,)).fetchone()[0])

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
        return self.published().versions(station)

    def published(self, now: float = math.inf) -> Published:
        """Everything that is published, with the commands that are still to be obeyed at `now`."""
        with self._lock:
            policies = self._db.execute("SELECT scope, version, body FROM policies").fetchall()
            newest = self._db.execute("SELECT station, max(seq) FROM commands GROUP BY station").fetchall()
            living = self._db.execute(
                "SELECT station, seq, expires, body FROM commands WHERE expires > ? ORDER BY station, seq", (now,)
            ).fetchall()
            documents = self.documents()
        commands: dict[str, list[Command]] = {}
        for station, *command in living:
            commands.setdefault(station, []).append(Command(*command))
        return Published(
            documents, {scope: (version, body) for scope, version, body in policies}, commands, dict(newest)
        )

    def news(self, after: int) -> list[Publication]:
        """What was published after the publication of that number, in order; for all, where some of it is forgotten."""
        with self._lock:
            rows = self._db.execute(
                "SELECT number, kind, scope FROM publications WHERE number > ? ORDER BY number", (after,)
            ).fetchall()
        news = [Publication(*row) for row in rows]
        gone = news[:1] if news and news[0].number > after + 1 else []
        return [*(Publication(each.number, "forgotten", "") for each in gone), *news]

    def forget_publications(self) -> None:
        """Keep the newest; whoever has been away for longer starts from what is published."""
        with self.transaction():
            self._db.execute(
                "DELETE FROM publications WHERE number <= (SELECT max(number) FROM publications) - ?", (KEPT_NEWS,)
            )

    def last_publication(self) -> int:
        """The number of the newest publication; 0 for none yet."""
        with self._lock:
            newest = "SELECT coalesce(max(number), 0) FROM publications"
            return int(self._db.execute(newest).fetchone()[0])

    def put_policy(self, scope: str, version: int, body: bytes) -> None:
        """Publish a policy for the stations of that prefix."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO policies VALUES (?, ?, ?)", (scope, version, body))

    def newest_policy(self, most: int) -> int:
        """The highest version of any policy, of those up to `most`; 0 for none."""
        with self._lock:
            newest = "SELECT coalesce(max(version), 0) FROM policies WHERE version <= ?"
            return int(self._db.execute(newest, (most,)).fetchone()[0])

    def put_command(self, station: str, number: int, id: str, expires: int, body: bytes) -> None:  # noqa: A002
        """Store a command under that number of the station's."""
        with self.transaction():
            row = (station, number, id, expires, body)
            self._db.execute("INSERT OR REPLACE INTO commands VALUES (?, ?, ?, ?, ?)", row)

    def last_command(self, station: str, now: float) -> int:
        """The number after which a station's next command comes: of those that it may still get, and the one it says it has.

        An expired number far ahead of the clock counts no longer: it was made to reach a station that somebody had led there.
        """
        with self._lock:
            found = self._db.execute(
                "SELECT coalesce(max(seq), 0) FROM commands WHERE station = ? AND (expires > ? OR seq <= ?)",
                (station, now, now + DAY),
            ).fetchone()[0]
        said = self.said(station).get("command", 0)
        return max(int(found), said if said < MOST_VERSION else 0)

    def drop_commands(self) -> None:
        """Forget all commands: the key that signed them is no longer believed, and neither are their numbers."""
        with self.transaction():
            self._db.execute("DELETE FROM commands")

    # What stations say that they have.

    def said(self, station: str) -> dict[str, int]:
        """By kind, the numbers that the station said last, where they are higher than the server's own."""
        with self._lock:
            return dict(self._db.execute("SELECT kind, version FROM ahead WHERE station = ?", (station,)).fetchall())

    def saying(self) -> set[str]:
        """The stations that said a number higher than the server's own when they were heard last."""
        with self._lock:
            return {code for (code,) in self._db.execute("SELECT DISTINCT station FROM ahead")}

    def note_said(self, station: str, ahead: dict[str, int]) -> None:
        """Remember in their place which numbers a station says that are higher than the server's own."""
        if self.said(station) == ahead:
            return
        with self.transaction():
            self._db.execute("DELETE FROM ahead WHERE station = ?", (station,))
            rows = [(station, kind, version) for kind, version in ahead.items()]
            self._db.executemany("INSERT INTO ahead VALUES (?, ?, ?)", rows)

    # Keys.

    def add_key(self, key: StoredKey) -> None:
        """Remember the public half of a new signing key."""
        with self.transaction():
            self._db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(key))

    def end_key(self, kid: bytes, not_after: int) -> None:
        """Let a key end earlier than it was made for."""
        with self.transaction():
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


def _digest(claim: str) -> bytes:
    return hashlib.sha256(claim.strip().upper().encode()).digest()
