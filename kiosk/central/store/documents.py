"""What is published, and the keys that sign it; and which numbers stations say that they have."""

from __future__ import annotations

import math
from typing import Final

from kiosk.central.published import Command, Publication, Published, Service, prefixes
from kiosk.central.store.engine import Engine, Row
from kiosk.trust.cose import read_cbor, read_sign1

DAY: Final = 86_400
MOST_VERSION: Final = 2**53 - 2
"""A station that says more than this leaves no number for a next command."""

KEPT_NEWS: Final = 10_000
"""Publications that are remembered."""

FORGOTTEN: Final = "forgotten"
"""The kind of news that stands for those which are not, of whatever kinds they were."""


class Documents:
    """That part of the store."""

    _engine: Engine

    def put_document(self, kind: str, version: int, body: bytes, now: float) -> None:
        """Publish a signed document."""
        self._engine.run(
            "INSERT INTO documents (kind, version, body, published) VALUES (?, ?, ?, ?) ON CONFLICT (kind)"
            " DO UPDATE SET version = excluded.version, body = excluded.body, published = excluded.published",
            (kind, version, body, now),
        )
        self._engine.run("DELETE FROM gathered WHERE kind = ?", (kind,))

    def gather(self, kind: str, now: float) -> None:
        """Something has changed that the next document of that kind will say; who publishes it waits for more."""
        self._engine.run("INSERT INTO gathered VALUES (?, ?) ON CONFLICT DO NOTHING", (kind, now))

    def gathered_since(self, kind: str) -> float | None:
        """Since when the newest document of that kind does not say all; None where it does."""
        found = self._engine.one("SELECT since FROM gathered WHERE kind = ?", (kind,))
        return float(found[0]) if found else None

    def published_at(self, kind: str = "") -> float:
        """When the newest document of that kind, or of any, was published, in seconds since 1970; 0 for never."""
        newest = "SELECT coalesce(max(published), 0) FROM documents WHERE ? IN ('', kind)"
        found = self._engine.one(newest, (kind,))
        return float(found[0]) if found else 0.0

    def documents(self) -> dict[str, tuple[int, bytes]]:
        """The newest of each kind: version and body. The keyset comes first, since its keys prove the rest."""
        rows = self._engine.all("SELECT kind, version, body FROM documents ORDER BY kind != 'keyset', kind")
        return {kind: (version, body) for kind, version, body in rows}

    def versions(self, station: str = "") -> dict[str, int]:
        """The newest version of each kind; with a station's code also its policy's, and its newest command's number."""
        return self.published_bare(station).versions(station)

    def published_bare(self, station: str | None = None) -> Published:
        """What is published without its bodies; of one station the services for it alone, and how many commands it was sent."""
        newest = "SELECT station, max(seq) FROM commands WHERE station = ? GROUP BY station"
        within = "1 = 1" if station is None else self._engine.words.among("scope")
        offer = f"SELECT scope, max(version) FROM services WHERE {within} GROUP BY scope"
        with self._engine.moment():
            documents = self._engine.all("SELECT kind, version FROM documents")
            policies = self._engine.all("SELECT scope, version FROM policies")
            services = self._engine.all(offer, () if station is None else (prefixes(station),))
            commands = self._engine.all(newest, (station or "",))
        offered = {scope: [Service(version, scope, b"")] for scope, version in services}
        return Published(_bare(documents), _bare(policies), {}, dict(commands), offered)

    def published(self, now: float = math.inf, *, services: bool = True) -> Published:
        """Everything that is published, with the commands that are still to be obeyed at `now`; without services on request."""
        with self._engine.moment():
            policies = self._engine.all("SELECT scope, version, body FROM policies")
            newest = self._engine.all("SELECT station, max(seq) FROM commands GROUP BY station")
            living = self._engine.all(
                "SELECT station, seq, expires, body FROM commands WHERE expires > ? ORDER BY station, seq", (now,)
            )
            offer = "SELECT scope, version, body FROM services ORDER BY version"
            offered = self._engine.all(offer) if services else []
            documents = self.documents()
        commands: dict[str, list[Command]] = {}
        for station, number, expires, command in living:
            commands.setdefault(station, []).append(Command(number, expires, command, _admits(command)))
        found = {scope: (version, body) for scope, version, body in policies}
        by_scope: dict[str, list[Service]] = {}
        for scope, version, body in offered:
            by_scope.setdefault(scope, []).append(Service(version, scope, body))
        return Published(documents, found, commands, dict(newest), by_scope)

    def news(self, after: int) -> list[Publication]:
        """What was published after the publication of that number, in order; for all, where some of it is forgotten."""
        rows = self._engine.all(
            "SELECT number, kind, scope FROM publications WHERE number > ? ORDER BY number", (after,)
        )
        news = [Publication(*row) for row in rows]
        gone = news[:1] if news and news[0].number > after + 1 else []
        return [*(Publication(each.number, FORGOTTEN, "") for each in gone), *news]

    def forget_publications(self) -> None:
        """Keep the newest; whoever has been away for longer starts from what is published."""
        self._engine.run("DELETE FROM publications WHERE number <= ?", (self.last_publication() - KEPT_NEWS,))

    def last_publication(self) -> int:
        """The number of the newest publication; 0 for none yet."""
        found = self._engine.one("SELECT coalesce(max(number), 0) FROM publications")
        return int(found[0]) if found else 0

    # Policies and commands.

    def policies(self) -> list[bytes]:
        """Every policy, as signed."""
        return [body for (body,) in self._engine.all("SELECT body FROM policies ORDER BY scope")]

    def policy_of(self, station: str) -> bytes | None:
        """The one with the longest prefix of the station's code, as signed."""
        select = (
            f"SELECT body FROM policies WHERE {self._engine.words.among('scope')} ORDER BY length(scope) DESC LIMIT 1"
        )
        found = self._engine.one(select, (prefixes(station),))
        return bytes(found[0]) if found else None

    def put_policy(self, scope: str, version: int, body: bytes) -> None:
        """Publish a policy for the stations of that prefix."""
        self._engine.run(
            "INSERT INTO policies VALUES (?, ?, ?) ON CONFLICT (scope)"
            " DO UPDATE SET version = excluded.version, body = excluded.body",
            (scope, version, body),
        )

    def drop_policy(self, scope: str) -> None:
        """Publish it no longer; who had it is to get another."""
        self._engine.run("DELETE FROM policies WHERE scope = ?", (scope,))

    def newest_policy(self, most: int) -> int:
        """The highest version of any policy, of those up to `most`; 0 for none."""
        found = self._engine.one("SELECT coalesce(max(version), 0) FROM policies WHERE version <= ?", (most,))
        return int(found[0]) if found else 0

    def put_command(self, station: str, number: int, id: str, expires: int, body: bytes) -> None:  # noqa: A002
        """Store a command under that number of the station's."""
        self._engine.run(
            "INSERT INTO commands VALUES (?, ?, ?, ?, ?) ON CONFLICT (station, seq)"
            " DO UPDATE SET id = excluded.id, expires = excluded.expires, body = excluded.body",
            (station, number, id, expires, body),
        )

    def last_command(self, station: str, now: float) -> int:
        """The number after which a station's next command comes: of those that it may still get, and the one it says it has.

        An expired number far ahead of the clock counts no longer: it was made to reach a station that somebody had led there.
        """
        found = self._engine.one(
            "SELECT coalesce(max(seq), 0) FROM commands WHERE station = ? AND (expires > ? OR seq <= ?)",
            (station, now, now + DAY),
        )
        said = self.said(station).get("command", 0)
        return max(int(found[0]) if found else 0, said if said < MOST_VERSION else 0)

    def commands(self, station: str, count: int) -> list[Command]:
        """The newest commands of a station, in their order."""
        rows = self._engine.all(
            "SELECT seq, expires, body FROM commands WHERE station = ? ORDER BY seq DESC LIMIT ?", (station, count)
        )
        return [Command(*row) for row in reversed(rows)]

    def drop_commands(self) -> None:
        """Forget all commands: the key that signed them is no longer believed, and neither are their numbers."""
        self._engine.run("DELETE FROM commands")

    # What stations say that they have.

    def said(self, station: str) -> dict[str, int]:
        """By kind, the numbers that the station said last, where they are higher than the server's own."""
        rows = self._engine.all("SELECT kind, version FROM ahead WHERE station = ?", (station,))
        return dict(rows)

    def saying(self) -> set[str]:
        """The stations that said a number higher than the server's own when they were heard last."""
        return {code for (code,) in self._engine.all("SELECT DISTINCT station FROM ahead")}

    def note_said(self, station: str, ahead: dict[str, int]) -> None:
        """Remember in their place which numbers a station says that are higher than the server's own."""
        if self.said(station) == ahead:
            return
        with self._engine.transaction():
            self._engine.run("DELETE FROM ahead WHERE station = ?", (station,))
            rows = [(station, kind, version) for kind, version in ahead.items()]
            self._engine.run_each("INSERT INTO ahead VALUES (?, ?, ?)", rows)


def _admits(body: bytes) -> bool:
    """Whether it is a command that only some stations understand."""
    return bool(read_cbor(read_sign1(bytes(body)).payload).get("verb") == "admit")


def _bare(versions: list[Row]) -> dict[str, tuple[int, bytes]]:
    return {name: (version, b"") for name, version in versions}
