"""What two persons must want: revocations by the hundred; a policy or a release for all. One proposes it, another confirms."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final, assert_never

import msgspec
from msgspec import Struct

from kiosk.central.issuer import Issuer
from kiosk.central.offering import offer, wrong_beside
from kiosk.central.passes import DAY, By, NotSo, Passes
from kiosk.central.policy_file import read_policy_text
from kiosk.central.polls import poll_service
from kiosk.central.refusals import TooLarge
from kiosk.central.service_file import Written, read_service_text
from kiosk.central.services import OtherService
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import Act
from kiosk.central.store.people import Credential
from kiosk.central.store.proposals import Outcome, Proposal
from kiosk.index.poll import NotAPoll
from kiosk.language import _
from kiosk.settings.table import BadSettings
from kiosk.trust.status import Status

MOST_AT_ONCE: Final = 100
"""Passes that one person may take away within a day."""

TAKING_AWAY: Final = ("pass revoked", "pass suspended", "pass replaced")
"""As the audit has it."""

SETTLES: Final = float(DAY)
"""Seconds for which nobody else may have made or changed the account of whoever confirms: or one person would be both."""


class Revocations(Struct, frozen=True, tag="revocations"):
    """Revoke these credentials."""

    indices: tuple[int, ...]


class Publication(Struct, frozen=True, tag="publication"):
    """Publish this policy (TOML) in place of the one of that version, 0 for none."""

    text: str
    version: int


class Withdrawal(Struct, frozen=True, tag="withdrawal"):
    """Withdraw the policy for that prefix."""

    scope: str


class ServicePublication(Struct, frozen=True, tag="service"):
    """Publish this service (TOML)."""

    text: str


class PollPublication(Struct, frozen=True, tag="poll"):
    """Publish the poll of this file, as it is."""

    poll: bytes


class RingOpening(Struct, frozen=True, tag="opening"):
    """Open that ring to a release, or let it go on there."""

    version: str
    ring: int


Proposed = Revocations | Publication | Withdrawal | ServicePublication | PollPublication | RingOpening


def read_act(proposal: Proposal) -> Proposed:
    """What is proposed."""
    act: Proposed = msgspec.json.decode(proposal.act, type=Proposed)
    return act


def what(act: Proposed) -> str:
    """As the audit and the pages call it."""
    match act:
        case Revocations():
            return "revoke passes"
        case Publication():
            return "publish a policy"
        case Withdrawal():
            return "withdraw a policy"
        case ServicePublication():
            return "publish a service"
        case PollPublication():
            return "publish a poll"
        case RingOpening():
            return "open a ring"
        case _:
            assert_never(act)


def propose(store: CentralStore, act: Proposed, scope: str, by: By, now: float) -> Proposal:
    """Let it wait for a second person."""
    made = Proposal(secrets.token_hex(6), scope, now, by.name, by.reason, msgspec.json.encode(act).decode())
    with store.transaction():
        store.propose(made)
        store.acted(Act(by.name, "proposed", f"{what(act)} {made.id}", scope, by.reason), now)
    return made


def decide(store: CentralStore, issuer: Issuer, proposal: Proposal, outcome: Outcome, by: By) -> None:
    """Confirm it, which does it, or decline it, in one transaction. Raises NotSo, NotOpened and CannotSign."""
    now = issuer.now()
    with store.transaction():
        if outcome == "confirmed" and not store.settled(by.name, now - SETTLES):
            raise NotSo(
                "", _("Your account is new, or somebody has changed it within a day: another person confirms this.")
            )
        if not store.decide(proposal.id, by.name, outcome, now):
            raise NotSo("", _("It waits no longer, or it is your own: another person decides."))
        store.acted(Act(by.name, outcome, f"{what(read_act(proposal))} {proposal.id}", proposal.scope, by.reason), now)
        if outcome == "confirmed":
            _do(store, issuer, read_act(proposal), By(f"{proposal.made_by}+{by.name}", proposal.reason))


def _do(store: CentralStore, issuer: Issuer, act: Proposed, by: By) -> None:
    match act:
        case Revocations(indices):
            held = [found for index in indices if (found := store.credential(index))]
            Passes(store, issuer).set_status(held, Status.REVOKED, by)
        case Publication(text, version):
            publish(store, issuer, text, version, by)
        case Withdrawal(scope):
            withdraw(store, issuer, scope, by)
        case ServicePublication(text):
            _offer(store, issuer, lambda: read_service_text(text, issuer.now(), _without_picture), by)
        case PollPublication(poll):
            _offer(store, issuer, lambda: poll_service(poll, issuer.now()), by)
        case RingOpening(version, ring):
            open_ring(store, version, ring, by, issuer.now())
        case _:
            assert_never(act)


def revoke(store: CentralStore, issuer: Issuer, held: list[Credential], scope: str, by: By) -> Proposal | None:
    """Revoke these at once; so many, with those of a day before, that two persons must want it are proposed."""
    if may_take_away(store, len(held), by.name, issuer.now()):
        Passes(store, issuer).set_status(held, Status.REVOKED, by)
        return None
    return propose(store, Revocations(tuple(each.index for each in held)), scope, by, issuer.now())


def may_take_away(store: CentralStore, count: int, who: str, now: float) -> bool:
    """Whether one person may take so many passes away, besides those of the last day."""
    return store.acts_since(who, TAKING_AWAY, now - DAY) + count <= MOST_AT_ONCE


def open_ring(store: CentralStore, version: str, ring: int, by: By, now: float) -> None:
    """Offer a release to a ring, too. Raises NotOpened."""
    with store.transaction():
        store.open_ring(version, ring, now)
        store.acted(Act(by.name, "ring opened", version, "", f"{ring}: {by.reason}"), now)


class Changed(Exception):
    """Somebody has published another policy meanwhile; `version`: its number, 0 for none."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


def publish(store: CentralStore, issuer: Issuer, text: str, version: int, by: By) -> int:
    """Publish a policy in place of the one of that version. Raises BadPolicy, Changed, CannotSign."""
    policy = read_policy_text(text)
    with store.transaction():
        held = store.published(services=False).policies.get(policy.station)
        if (held[0] if held else 0) != version:
            raise Changed(held[0] if held else 0)
        number = issuer.publish_policy(policy)
        store.acted(
            Act(by.name, "policy published", about_policy(policy.station), policy.station, by.reason), issuer.now()
        )
    return number


def _offer(store: CentralStore, issuer: Issuer, read: Callable[[], Written], by: By) -> None:
    """Publish what is read anew. Raises NotSo where it cannot be meant any longer."""
    try:
        written = read()
        if wrong := [*wrong_beside(store, written, issuer.now())]:
            raise NotSo("", "; ".join(what for _key, what in wrong))
        offer(store, issuer, written)
    except (BadSettings, NotAPoll, OtherService, TooLarge) as error:
        raise NotSo("", str(error)) from error
    store.acted(Act(by.name, "service published", written.head.id, written.head.station, by.reason), issuer.now())


def _without_picture(_name: str) -> bytes:
    """What two persons want are no events, which alone have pictures."""
    raise FileNotFoundError


def withdraw(store: CentralStore, issuer: Issuer, scope: str, by: By) -> None:
    """Withdraw the policy for a prefix. Raises NotSo, CannotSign."""
    with store.transaction():
        if issuer.withdraw_policy(scope) is None:
            raise NotSo("", _("There is no such policy."))
        store.acted(Act(by.name, "policy withdrawn", about_policy(scope), scope, by.reason), issuer.now())


def about_policy(scope: str) -> str:
    """A policy's name in the audit."""
    return f"policy {scope or '*'}"
