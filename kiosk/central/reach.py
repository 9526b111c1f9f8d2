"""Whom a policy reaches, and what changes for them, before it is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.issuer import read_policy_document
from kiosk.central.policy_preview import Effect, effects
from kiosk.central.published import prefixes
from kiosk.central.store import CentralStore
from kiosk.central.store.services import StoredService
from kiosk.core.held import MOST_BYTES, MOST_OF_A_KIND
from kiosk.language import _
from kiosk.settings.table import did_you_mean
from kiosk.trust.passes import PassClass
from kiosk.trust.policy import NO_POLICY, PolicyDocument
from kiosk.trust.service import CAMPAIGN, ServiceDocument

MOST_CAMPAIGNS: Final = 8
"""Of a station: each has eight documents at the most that say who has had one, and what is left where."""

NOT_SHOWN = {"type", "version", "issued_at", "station"}


class Change(Struct, frozen=True):
    """One key of a policy, what it is and what it becomes; empty where it is not there."""

    key: str
    before: str
    after: str


class Affected(Struct, frozen=True):
    """A station that the policy is for; `keeps` is the prefix of the more particular policy that it has instead."""

    station: str
    changes: tuple[Change, ...] = ()
    keeps: str | None = None


def meant(store: CentralStore, scope: str) -> list[str]:
    """Every enrolled station whose code begins so."""
    return [code for code, _key, _at in store.stations() if code.startswith(scope)]


def crowded(store: CentralStore, head: ServiceDocument, size: int, now: float) -> list[str]:
    """The stations, enrolled or not, at which there is no room for one more service of that kind and that many bytes."""
    others = [each for each in store.services() if each.id != head.id and each.ends > now]
    places = {
        *meant(store, head.station),
        head.station,
        *(each.scope for each in others if each.scope.startswith(head.station)),
    }
    by_scope: dict[str, list[StoredService]] = {}
    for each in others:
        by_scope.setdefault(each.scope, []).append(each)
    return sorted(place for place in places if _full(_held_at(place, by_scope), head, size))


def _held_at(place: str, by_scope: Mapping[str, list[StoredService]]) -> list[StoredService]:
    return [each for prefix in prefixes(place) for each in by_scope.get(prefix, ())]


def _full(others: list[StoredService], head: ServiceDocument, size: int) -> bool:
    alike = sum(each.kind == head.kind for each in others)
    most = MOST_CAMPAIGNS if head.kind == CAMPAIGN else MOST_OF_A_KIND
    return alike >= most or sum(len(each.body) for each in others) + size > MOST_BYTES


def reached(store: CentralStore, policy: PolicyDocument) -> list[Affected]:
    """Every enrolled station whose code begins as the policy says."""
    published = store.published(services=False)
    found: dict[int, Affected] = {}  # of each policy once: thousands of stations have a handful of them
    affected = []
    for code in meant(store, policy.station):
        version, body = published.policy(code) or (0, b"")
        if version not in found:
            found[version] = _affected(read_policy_document(body) if body else NO_POLICY, policy)
        affected.append(replace(found[version], station=code))
    return affected


def _affected(held: PolicyDocument, policy: PolicyDocument) -> Affected:
    if len(held.station) > len(policy.station):
        return Affected("", keeps=held.station)
    return Affected("", changes(held, policy))


def changes(held: PolicyDocument, policy: PolicyDocument) -> tuple[Change, ...]:
    """Each key in which they differ."""
    before, after = flat(held), flat(policy)
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return tuple(Change(key, before.get(key, ""), after.get(key, "")) for key in keys)


class EffectAt(Struct, frozen=True):
    """What a class gains or loses at a door, at so many stations."""

    stations: int
    effect: Effect


def effects_at(store: CentralStore, policy: PolicyDocument, affected: list[Affected], now: float) -> list[EffectAt]:
    """What the policy changes in the week from now on, at stations that have another one now."""
    published = store.published(services=False)
    held = Counter(found[1] for each in affected if each.keeps is None and (found := published.policy(each.station)))
    return [
        EffectAt(count, effect)
        for body, count in held.items()
        for effect in effects(read_policy_document(body), policy, now)
    ]


def flat(policy: PolicyDocument) -> dict[str, str]:
    """What a policy says, as JSON by dotted keys."""
    raw = msgspec.to_builtins(policy)
    for door in raw["doors"].values():
        door["always"] = [PassClass(each).name.lower() if each in iter(PassClass) else each for each in door["always"]]
        door["programmes"] = {each.pop("name"): each for each in door["programmes"]}
    return dict(_pairs({key: value for key, value in raw.items() if key not in NOT_SHOWN}))


def _pairs(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _pairs(each, f"{at}.{key}" if at else key)
    elif value is not None:
        yield at, msgspec.json.encode(value).decode()


def strange_doors(store: CentralStore, policy: PolicyDocument, stations: list[str]) -> tuple[list[str], list[str]]:
    """Of the doors that the policy names: what is wrong with those that no station has, and a word on those that some lack."""
    known = {code: doors for code in stations if (doors := store.doors(code))}
    wrong, notes = [], []
    for name in policy.doors:
        having = sum(name in doors for doors in known.values())
        names = sorted({each for doors in known.values() for each in doors})
        if known and not having:
            words = _("doors.{name}: none of the {count} stations has such a door", name=name, count=len(known))
            wrong.append(words + did_you_mean(name, names))
        elif having < len(known):
            lack = len(known) - having
            notes.append(
                _("doors.{name}: {lack} of {count} stations have no such door", name=name, lack=lack, count=len(known))
            )
    if policy.doors and len(known) < len(stations):
        notes.append(
            _("of {count} stations it is not known here which doors they have", count=len(stations) - len(known))
        )
    return wrong, notes
