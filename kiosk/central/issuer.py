"""What the union's keys sign at the centre: status lists, policies, commands, times, passes; never a keyset."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.central.keys.files import remove_ended, signing_key
from kiosk.central.keys.making import OLD_ROOT, pinned_root
from kiosk.central.published import prefixes
from kiosk.central.refusals import TooLarge, WrongClock
from kiosk.central.services import OtherService, named_picture, read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.alarms import DOUBTED
from kiosk.central.store.keys import StoredKey
from kiosk.language import _
from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.documents import (
    MAX_DOCUMENT,
    NO_BODY,
    CommandDocument,
    Document,
    TimeDocument,
    sign_document,
)
from kiosk.trust.keyset import Use
from kiosk.trust.passes import Pass, make_pass
from kiosk.trust.policy import NO_POLICY, PolicyDocument, contradiction
from kiosk.trust.service import ServiceDocument
from kiosk.trust.status import Status, StatusDocument, pack

DAY: Final = 86_400
ENDING: Final = 60 * DAY
"""Seconds before the end of a use's last key from which on operators are asked for the next keyset."""

LIST_EVERY: Final = 20 * 3600
ANY: Final = 2**53

USES: Final[tuple[Use, ...]] = ("issuer", "document")


MOST_SILENT: Final = 30 * DAY
"""Seconds after the newest own document from which on the clock is not believed: one is published every day."""

SLACK: Final = 300
"""Seconds by which the clock may be set back."""

GATHERS: Final = 9.0
"""Seconds for which revocations gather: the list that says them is published within ten of the first."""

JUMP_EVERY: Final = 3600
"""Seconds within which what stations say makes the server publish a kind anew once."""


class Contradiction(ValueError):
    """A policy that contradicts itself; the text says where."""


class Issuer:
    """Signs with the union's private keys, all but the root key, which is elsewhere. `clock`: seconds since 1970.

    Versions are seconds since 1970, or the one after the last where that is more, so a server that was restored from a backup
    does not fall behind its stations. What is published, its number and its signature are one
    transaction, also between processes.
    """

    def __init__(
        self, folder: Path, store: CentralStore, clock: Callable[[], float] = time.time, *, renew: bool = True
    ) -> None:
        """`renew=False`: nothing is published yet, so keys may be missing. Raises NotMade and KeyLost."""
        self._folder = folder
        self._store = store
        self._clock = clock
        self._private: dict[bytes, Ed25519PrivateKey] = {}
        self._jumped_at: dict[str, int] = {}
        if renew:
            with suppress(WrongClock):  # an alarm tells it; what is published already is still served
                self.renew()

    @property
    def root_public(self) -> bytes:
        """The raw public root key, which a station gets at enrolment. Raises NotMade and KeyLost."""
        return pinned_root(self._folder, self._store)

    def renew(self) -> None:
        """What time alone asks for: a status list of today, and an alarm in time for the next keyset.

        A list that says nothing new is still news: its age is what a station goes by. Called every hour.
        """
        pinned_root(self._folder, self._store)
        self._store.settle_highest()
        with self._publishing() as now:
            self._watch_keys(now)
            remove_ended(self._folder, self._store.signing_keys(), now)
            if self._store.published_at("status") < now - LIST_EVERY:
                self.publish_status()
            self._sign_again()
            self._store.forget_services(now)
            self._store.forget_pictures(now)

    def _watch_keys(self, now: int) -> None:
        """Tell in time that a new keyset is wanted, and that the root key of an older release is still here."""
        ends = min(max(self._ends(use), default=0) for use in USES)
        words = f"the keyset's keys end at {_iso(ends)}: without a new keyset nothing is signed after that"
        self._tell("keys_end", ends < now + ENDING, f"{words}. Next: kiosk central keys request --out FILE", now)
        path = self._folder / OLD_ROOT
        words = f"{path} is on this server: whoever takes it over has every station for good"
        self._tell("root_key_here", path.exists(), f"{words}. Next: kiosk root init --from {path} --out STICK", now)

    def _tell(self, what: str, is_so: bool, detail: str, now: int) -> None:
        if is_so:
            self._store.alarm(what, detail, now)
        else:
            self._store.over(what)

    def sign_anew(self) -> None:
        """A document key has left the keyset before its end: nothing that it signed holds any more.

        What is published is signed again, its commands are forgotten; its numbers count no longer where they are ahead of
        the clock.
        """
        with self._publishing() as now:
            self._store.drop_commands()
            self.publish_status(most=now + DAY)
            self._sign_again(most=now + DAY)

    def _sign_again(self, most: int = ANY) -> None:
        """Publish again each policy that an older key signed: a station that restarts after its end must still believe it."""
        kid = self._current("document").kid
        for body in self._store.policies():
            if read_sign1(body).kid == kid:
                continue
            try:
                self.publish_policy(read_policy_document(body), most)
            except TooLarge as error:  # an older release published it: no reason to keep a key that was stolen
                self._store.alarm("policy_too_large", str(error), self._now())
        self._services_again(lambda body: read_sign1(body).kid != kid, most)

    def _services_again(self, wanted: Callable[[bytes], bool] = lambda _: True, most: int = ANY) -> None:
        """Publish again, in their order, the wanted services that a station may still hold; with no number above `most`."""
        found = [each.body for each in self._store.services() if each.until > self._now() and wanted(each.body)]
        last = self._store.newest_service(most - len(found))
        for body in found:
            last = self.publish_service(*read_service(body), last=last).version

    def publish_status(self, most: int = ANY) -> None:
        """Sign and store the status list as the credentials are now. A last version above `most` does not count."""
        with self._publishing() as now:
            last = self._store.versions().get("status", 0)
            version = self._next("status", last if last <= most else 0, now)
            statuses, size = self._store.statuses()
            body = self._sign(StatusDocument(version, now, pack(statuses, size)))
            self._store.put_document("status", version, body, now)

    def set_status(self, index: int, status: Status) -> bool:
        """Revoke, suspend or restore a credential; False when there is none of that index.

        The list that says so is published by whoever calls :meth:`publish_gathered`. Raises CannotSign where it cannot be.
        """
        with self._publishing():
            self._signer("document")
            changed = self._store.set_status(index, status)
            if changed:
                self._store.gather("status", self._clock())
        return changed

    def publish_gathered(self, gathers: float = GATHERS) -> bool:
        """Publish the status list if the first change that it is to say is `gathers` seconds old; whether it was."""
        if not self._gathered(gathers):
            return False
        with self._publishing():
            due = self._gathered(gathers)  # another process may have published it meanwhile
            if due:
                self.publish_status()
        return due

    def _gathered(self, gathers: float) -> bool:
        since = self._store.gathered_since("status")
        return since is not None and not 0 <= self._clock() - since < gathers

    def publish_policy(self, policy: PolicyDocument, most: int = ANY) -> int:
        """Publish a policy for the stations of its prefix; its version is given here, and returned. Raises Contradiction."""
        if wrong := contradiction(policy):
            raise Contradiction(wrong)
        with self._publishing() as now:
            version = self._next("policy", self._store.newest_policy(most), now)
            body = self._sign(replace(policy, version=version, issued_at=now))
            self._store.put_policy(policy.station, version, body)
        return version

    def withdraw_policy(self, scope: str) -> str | None:
        """Give the stations of that prefix what they would have without its policy, under a number that they take.

        The prefix of what they have now: of the next shorter one, or of an empty one for everywhere, with which the settings
        hold. None where there is no such policy.
        """
        with self._publishing():
            found = self._store.published().policies
            if scope not in found:
                return None
            shorter = next((each for each in prefixes(scope)[1:] if each in found), None)
            left = NO_POLICY if shorter is None else read_policy_document(found[shorter][1])
            self.publish_policy(left)
            if left.station != scope:
                self._store.drop_policy(scope)
        return left.station

    def publish_service(
        self, head: ServiceDocument, said: Mapping[str, Any], picture: bytes = b"", last: int | None = None
    ) -> ServiceDocument:
        """Publish a service with that body, in place of the one of its id; its version and time are given here.

        `picture`: what it names, if that may not be held yet; `last`: the number after which its own comes, if not the newest.
        Raises OtherService.
        """
        with self._publishing() as now:
            before = self._store.service(head.id)
            if before and (before.kind, before.scope) != (head.kind, head.station):
                raise OtherService(before.kind, before.scope)
            version = self._next("service", self._store.newest_service() if last is None else last, now)
            head = replace(head, version=version, issued_at=now)
            self._store.put_service(head, self._sign(head, said))
            self._store.name_picture(head.id, named_picture(said), picture)
        return head

    def withdraw_service(self, id: str) -> ServiceDocument | None:  # noqa: A002
        """End a service wherever it is held; None when there is none of that id, or it has ended."""
        with self._publishing() as now:
            found = self._store.service(id)
            if found is None or found.ends <= now:
                return None
            head, _said = read_service(found.body)
            return self.publish_service(replace(head, ends=now), {})

    def command(self, command: CommandDocument, holds: float) -> CommandDocument:
        """Send a command that is to be obeyed within `holds` seconds; its number, id and times are given here."""
        with self._publishing() as now:
            number = max(self._store.last_command(command.station, now) + 1, now)
            times = {"issued_at": now, "expires": now + round(holds)}
            command = replace(command, version=number, id=secrets.token_hex(6), **times)
            self._store.put_command(command.station, number, command.id, command.expires, self._sign(command))
        return command

    def hear(self, station: str, known: dict[str, int]) -> None:
        """A station says which versions it has. One above our own means a server restored from a backup, or a thief.

        That station's next command exceeds the number that it says. What the whole fleet gets is published anew by the clock
        alone, and seldom, so no single station moves its numbers.
        """
        ours = self._store.versions(station)
        ahead = {kind: version for kind, version in known.items() if version > ours.get(kind, 0)}
        self._store.note_said(station, ahead)
        now = self._now()
        for kind, version in ahead.items():
            words = f"says that it has {version}, and the newest here is {ours.get(kind, 0)}: {_meaning(kind, version, now)}"
            self._store.alarm(f"{kind}_ahead", words, now, station)
        for kind in [kind for kind, version in ahead.items() if version < now]:
            self._publish_again(kind, station, now)

    def _publish_again(self, kind: str, station: str, now: int) -> None:
        """Anew what that station has of this kind; each policy, of whatever prefix, has an hour of its own."""
        held = self._store.policy_of(station) if kind == "policy" else None
        policy = read_policy_document(held) if held else None
        what = f"policy {policy.station}" if policy else kind
        if now - self._jumped_at.get(what, -JUMP_EVERY) < JUMP_EVERY:
            return
        if policy:
            self.publish_policy(policy)
        elif kind == "status":
            self.publish_status()
        elif kind == "service":
            self._services_again()
        self._jumped_at[what] = now

    def time_document(self, nonce: str) -> bytes:
        """The time now, in answer to a station's nonce. Raises CannotSign."""
        self._check_clock()
        return self._sign(TimeDocument(self._now(), nonce))

    def issue(self, claims: Pass, holder: str = "") -> tuple[Pass, str]:
        """Sign a pass; with index 0 for a new credential of `holder`. Returns the claims with their index, and the text."""
        if claims.index == 0:
            claims = replace(claims, index=self._store.add_credential(holder))
        stored, key = self._signer("issuer")
        return claims, make_pass(claims, key, stored.kid)

    def now(self) -> int:
        """The time in whole seconds, of a clock that nothing speaks against. Raises WrongClock."""
        now = self._check_clock()
        if now < self._store.published_at() - SLACK:
            raise WrongClock(_("The clock is behind what was published already. Is it right?"))
        return now

    def ready(self) -> None:
        """Raises CannotSign unless there are a root key, known by its public half, and a key of each use that holds now."""
        pinned_root(self._folder, self._store)
        for use in USES:
            self._signer(use)

    def trust_clock(self) -> None:
        """Somebody vouches for the clock: publish by it."""
        with self._store.transaction():
            if held := self._store.documents().get("status"):
                self._store.put_document("status", *held, self._now())
            self.publish_status()
            self._services_again(lambda body: read_service(body)[0].issued_at > self._now())
            self._store.forget_alarm(DOUBTED, "")

    @contextmanager
    def _publishing(self) -> Iterator[int]:
        """A transaction in which documents are signed and stored; gives the time. Raises WrongClock."""
        now = self._check_clock()
        with self._store.transaction():
            yield now

    def _check_clock(self) -> int:
        """The time in whole seconds, judged by when the newest own document was published. Raises WrongClock."""
        now, newest = self._now(), self._store.published_at()
        if now < newest - SLACK:
            self._store.alarm(
                "clock_behind", f"the clock says {_iso(now)}; a document was published at {_iso(newest)}", now
            )
        elif newest and now > newest + MOST_SILENT:
            words = f"the clock says {_iso(now)}, and the newest document is of {_iso(newest)}: nothing is signed"
            self._store.alarm("clock_ahead", words, now)
            remedy = _("Set the clock, or if it is right: kiosk central clock --trust")
            raise WrongClock(f"{words}. {remedy}")
        return now

    def _next(self, kind: str, last: int, now: int) -> int:
        """The version after `last`."""
        if last > now + DAY:
            words = f"version {last} is more than a day ahead of the clock; stations may refuse what is published"
            self._store.alarm(f"{kind}_beyond", words, now)
        return max(last + 1, now)

    def _sign(self, document: Document, said: Mapping[str, Any] = NO_BODY) -> bytes:
        """Raises CannotSign: what no station takes is not published, or it would stand before all else on the road for ever."""
        stored, key = self._signer("document")
        body = sign_document(document, key, stored.kid, said)
        if len(body) > MAX_DOCUMENT:
            raise TooLarge(
                _("a document of {bytes} bytes; stations take {most} at the most", bytes=len(body), most=MAX_DOCUMENT)
            )
        return body

    def _signer(self, use: Use) -> tuple[StoredKey, Ed25519PrivateKey]:
        """The newest key of that use that holds now. Raises CannotSign."""
        found = self._current(use)
        if found.kid not in self._private:
            self._private[found.kid] = signing_key(self._folder, found)
        return found, self._private[found.kid]

    def _current(self, use: Use) -> StoredKey:
        now = self._now()
        keys = [key for key in self._store.signing_keys() if key.use == use and key.not_before <= now <= key.not_after]
        if not keys:
            raise WrongClock(_("No {use} key holds at {time}. Is the clock right?", use=_(use), time=_iso(now)))
        return keys[-1]

    def _ends(self, use: Use) -> list[int]:
        return [key.not_after for key in self._store.signing_keys() if key.use == use]

    def _now(self) -> int:
        return int(self._clock())


def read_policy_document(body: bytes) -> PolicyDocument:
    """The policy that this server itself has signed."""
    return msgspec.convert(read_cbor(read_sign1(body).payload), PolicyDocument, builtin_types=(bytes,))


def _meaning(kind: str, version: int, now: int) -> str:
    """What it means that a station has a version that this server has not, and what becomes of it."""
    if version > now + DAY:
        return (
            "more than this server ever signs: a document key may be stolen, or the station lies. Nothing is published"
        )
    if kind == "command":
        return "was this server restored from a backup? The station's next command comes after that number"
    if kind == "keyset":
        return (
            "was this server restored from a backup? Install the newest keyset again, or ask for the next one: "
            "kiosk central keys request --out FILE"
        )
    return "was this server restored from a backup? It publishes anew what it has. Repeat what came since: revocations, too"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
