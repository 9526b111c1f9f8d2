"""The releases that stations are offered, which rings have them, and what became of them at each station."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.central.rings import (
    GONE_AFTER,
    Bearing,
    NotOpened,
    Opening,
    RingHealth,
    Rollout,
    Told,
    by_ring,
    goes_on,
    healths,
    living,
    may_open,
    offered,
    ripe,
    why_stop,
)
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.alarms import Alarms
from kiosk.central.store.audit import Act, Audit
from kiosk.central.store.batches import Kept
from kiosk.central.store.sightings import OpenFault
from kiosk.trust.release import NUMBER, Ring, order

OF_UPDATES: Final = "updated"
"""The kind of entry that tells what became of an update."""

OUTCOMES: Final = {"kept", "went_back", "refused"}
STOPPED: Final = "release_stopped"
"""The alarm of a release that stopped by itself."""

BY_ITSELF: Final = "@server"
"""Whom the audit names for what the server does by itself."""

LONGEST_DETAIL: Final = 200
AGENT: Final = re.compile(r"yizhan-kiosk/(\d{1,5}\.\d{1,5}\.\d{1,5})$")


class Bundle(Struct, frozen=True):
    """A release's package for one platform, in a file of that many bytes; `id` is its SHA-256 in hexadecimal."""

    id: str
    version: str
    platform: str
    size: int


class Released(Struct, frozen=True):
    """A release as it was published: its manifest, signed, for whom, and whether and why it is stopped or withdrawn."""

    version: str
    audience: Ring
    signed: bytes
    published: float
    quiet: float
    stopped: str
    withdrawn: str
    openings: tuple[Opening, ...] = ()

    @property
    def rollout(self) -> Rollout:
        """What decides to whom it is offered."""
        return Rollout(self.version, self.audience, self.quiet, self.withdrawn or self.stopped, self.openings)


class Releases(Alarms, Audit):
    """That part of the store."""

    def publish_release(self, release: Released, bundles: Iterable[Bundle]) -> bool:
        """Keep it, open to nobody yet; whether it is new, or signed for all now that was for the ring early before."""
        with self._engine.transaction():
            before = self.release(release.version)
            if before and (before.audience, release.audience) != ("early", "all"):
                return False
            values = (release.version, release.audience, release.signed, release.published, release.quiet)
            insert = (
                "INSERT INTO releases (version, audience, signed, published, quiet) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (version) DO UPDATE SET audience = excluded.audience, signed = excluded.signed"
            )
            self._engine.run(insert, values)
            self._engine.run("DELETE FROM bundles WHERE version = ?", (release.version,))
            rows = [msgspec.structs.astuple(each) for each in bundles]
            self._engine.put("bundles", Bundle.__struct_fields__, rows)
        return True

    def releases(self) -> list[Released]:
        """All of them, the newest version first."""
        openings: dict[str, list[Opening]] = {}
        for version, ring, at in self._engine.all("SELECT version, ring, at FROM openings ORDER BY ring"):
            openings.setdefault(version, []).append(Opening(ring, at))
        rows = self._engine.all("SELECT version, audience, signed, published, quiet, stopped, withdrawn FROM releases")
        found = [msgspec.structs.replace(Released(*row), openings=tuple(openings.get(row[0], ()))) for row in rows]
        return sorted(found, key=lambda each: order(each.version), reverse=True)

    def release(self, version: str) -> Released | None:
        """That one; None where there is none."""
        return next((each for each in self.releases() if each.version == version), None)

    def bundles(self, version: str) -> list[Bundle]:
        """Its bundles, by platform."""
        rows = self._engine.all(
            "SELECT id, version, platform, size FROM bundles WHERE version = ? ORDER BY platform", (version,)
        )
        return [Bundle(*row) for row in rows]

    def wanted_bundles(self) -> set[str]:
        """Those of the releases that may still be offered to somebody."""
        rows = self._engine.all("SELECT id FROM bundles JOIN releases USING (version) WHERE withdrawn = ''")
        return {each for (each,) in rows}

    def offer(self, station: str) -> tuple[Released, list[Bundle]] | None:
        """What this station may have now, by the ring that it is in."""
        with self._engine.moment():
            found = {each.version: each for each in self.releases()}
            version = offered(station, [each.rollout for each in found.values()], self.rings())
            return (found[version], self.bundles(version)) if version else None

    # The rings.

    def rings(self) -> dict[int, list[str]]:
        """The codes, beginnings of codes and shares that each ring has, but for the last."""
        rings: dict[int, list[str]] = {}
        for ring, member in self._engine.all("SELECT ring, member FROM rings ORDER BY ring, member"):
            rings.setdefault(ring, []).append(member)
        return rings

    def set_ring(self, ring: int, members: Sequence[str]) -> None:
        """Let that ring have these, and no others."""
        with self._engine.transaction():
            self._engine.run("DELETE FROM rings WHERE ring = ?", (ring,))
            self._engine.put("rings", ("ring", "member"), [(ring, each) for each in sorted(set(members))])

    def open_ring(self, version: str, ring: int, now: float) -> None:
        """Offer it to that ring, too; or let it go on in the one that it was stopped in, counting anew. Raises NotOpened."""
        with self._engine.transaction():
            found = self.release(version)
            if found is None or found.withdrawn:
                raise NotOpened("it is withdrawn" if found else "there is no such release")
            may_open(found.rollout, self._healths(found, now), ring)
            if goes_on(found.rollout, ring):
                self._engine.run("UPDATE openings SET at = ? WHERE version = ?", (now, version))
            self._note_opening(version, ring, now)
            self._engine.run("UPDATE releases SET stopped = '' WHERE version = ?", (version,))
        self.over(STOPPED)

    def _note_opening(self, version: str, ring: int, now: float) -> None:
        self._engine.run("INSERT INTO openings VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (version, ring, now))

    def stop_release(self, version: str, reason: str) -> bool:
        """Offer it to nobody until a ring is opened again; whether there is one."""
        return bool(self._engine.run("UPDATE releases SET stopped = ? WHERE version = ?", (reason, version)))

    def withdraw_release(self, version: str, reason: str) -> bool:
        """Offer it to nobody for ever; whether there is one."""
        return bool(self._engine.run("UPDATE releases SET withdrawn = ? WHERE version = ?", (reason, version)))

    def health_of(self, version: str, now: float) -> list[RingHealth]:
        """How each ring does that has it."""
        found = self.release(version)
        return self._healths(found, now) if found else []

    def members(self, scope: Scope) -> dict[int, list[Bearing]]:
        """The stations of each ring, within a scope, and how they do."""
        return by_ring(self.bearings(scope), self.rings())

    def roll_out(self, now: float, heard_since: float) -> None:
        """Stop what does badly, and open the next ring where that is due; a job.

        Nobody counts as silent before stations could be heard for long enough, since that time.
        """
        silent_at = now if now - heard_since > GONE_AFTER else -math.inf
        rollouts = [each.rollout for each in self.releases()]
        for version in living(rollouts):
            if any(self._due(version, now, silent_at)):
                with self._engine.transaction():  # nobody waits for it while nothing is due
                    self._roll_out(version, now, *self._due(version, now, silent_at))

    def _due(self, version: str, now: float, silent_at: float) -> tuple[str, int]:
        """Why a release stops now, and which ring opens; mostly neither."""
        found = self.release(version)
        if found is None or found.rollout.stopped:
            return "", 0
        health = self._healths(found, silent_at)
        return why_stop(health), ripe(found.rollout, health, now)

    def _roll_out(self, version: str, now: float, bad: str, ring: int) -> None:
        if bad:
            self.stop_release(version, bad)
            self.acted(Act(BY_ITSELF, "release stopped", version, "", bad), now)
            self.alarm(STOPPED, f"release {version}: {bad}", now)
        elif ring:
            self._note_opening(version, ring, now)
            self.acted(Act(BY_ITSELF, "ring opened", version, "", f"ring {ring}"), now)

    def _healths(self, release: Released, now: float) -> list[RingHealth]:
        return healths(release.rollout, self.members(EVERYWHERE), now - GONE_AFTER)

    def bearings(self, scope: Scope) -> list[Bearing]:
        """Of each enrolled station within a scope, how it does."""
        where, values = scope.within("stations.code")
        rows = self._engine.all(
            "SELECT stations.code, coalesce(seen.version, ''), coalesce(seen.at, 0), coalesce(body, '[]'),"
            " updated.version, outcome, detail, received FROM stations"
            " LEFT JOIN seen ON seen.station = stations.code LEFT JOIN faults ON faults.station = stations.code"
            f" LEFT JOIN updated ON updated.station = stations.code WHERE {where} ORDER BY stations.code",
            values,
        )
        return [_bearing(*row) for row in rows]

    # What stations tell.

    def _remember_updates(self, told: Mapping[str, Sequence[Kept]], now: float) -> None:
        """By entries of that kind, the last of each station."""
        found = {station: _told(each[-1], now) for station, each in sorted(told.items()) if each}
        rows = [(station, *msgspec.structs.astuple(each)) for station, each in found.items() if each]
        again = (
            "ON CONFLICT (station) DO UPDATE SET version = excluded.version, outcome = excluded.outcome,"
            " detail = excluded.detail, received = excluded.received"
        )
        self._engine.put("updated", ("station", *Told.__struct_fields__), rows, again)


def _told(entry: Kept, now: float) -> Told | None:
    """What it says; a station may have sent anything under that name."""
    body: dict[str, Any] = msgspec.json.decode(entry.body)
    version, outcome, detail = (body.get(name, "") for name in ("version", "outcome", "detail"))
    good = isinstance(version, str) and re.fullmatch(NUMBER, version) and isinstance(detail, str)
    if not good or not isinstance(outcome, str) or outcome not in OUTCOMES:
        return None
    return Told(version, outcome, detail[:LONGEST_DETAIL], now)


def _bearing(code: str, agent: str, heard: float, faults: str, *told: Any) -> Bearing:
    version = AGENT.match(agent)
    since = {each.what: each.since for each in msgspec.json.decode(faults, type=list[OpenFault])}
    return Bearing(code, version[1] if version else "", heard, since, Told(*told) if told[0] is not None else None)
