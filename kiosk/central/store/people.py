"""The credentials: a number each, the union's pseudonym for whose it is, on which card, where and until when it holds.

No name of a person is here. What stations say of a credential they say by its number, its *index*: whoever knows whose that is
can follow somebody's way, so it is shown nowhere but where somebody has said why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.engine import Engine
from kiosk.central.store.highest import UNKNOWN, Highest
from kiosk.contract.issuing import State
from kiosk.trust.passes import PassClass
from kiosk.trust.status import Status

AT_ONCE: Final = 1000
"""Values of one question."""

LAST: Final = "\U0010ffff"
"""Behind every text that begins as it does."""


class PassFacts(Struct, frozen=True):
    """What is known of a credential beside its holder. `district`: the prefix of the stations whose issuers look after it.

    `until`: seconds since 1970. Whoever made or changed it last, when and why.
    """

    card: str = ""
    pass_class: int = PassClass.WORKER
    scope: str = ""
    district: str = ""
    until: float = 0.0
    made: float = 0.0
    changed: float = 0.0
    changed_by: str = ""
    reason: str = ""
    replaced_by: int = 0


class Sought(Struct, frozen=True):
    """Which credentials of workers and visitors are listed: whose holder begins so, in a state, ending before a time.

    They come behind the one of that holder and number; one more than `most`, where there are more.
    """

    begins: str = ""
    state: State | None = None
    ends_before: float | None = None
    after: tuple[str, int] = ("", 0)
    most: int = 100


class Credential(Struct, frozen=True):
    """A credential; `number` counts those of its holder, and names it to people in place of its index."""

    index: int
    holder: str
    number: int
    status: Status
    facts: PassFacts = PassFacts()

    @property
    def state(self) -> State:
        """A replaced one is revoked, too."""
        if self.facts.replaced_by:
            return "replaced"
        return {Status.VALID: "valid", Status.REVOKED: "revoked"}.get(self.status, "suspended")  # type: ignore[return-value]

    @property
    def counts(self) -> bool:
        """Whether it is one that its holder has: a suspended one may come back."""
        return self.status in {Status.VALID, Status.SUSPENDED}


class People:
    """That part of the store."""

    _engine: Engine
    _highest: Highest

    # Their numbers.

    def add_credential(self, holder: str) -> int:
        """A new credential's index; `holder` is the union's pseudonym for the person."""
        return self.add_credentials([holder])[0]

    def add_credentials(self, holders: Sequence[str]) -> list[int]:
        """The indexes of new credentials, in that order: none that was ever given, also by a database that is lost."""
        with self._engine.transaction():
            first = self.settle_highest() + 1
            indices = [*range(first, first + len(holders))]
            self._highest.raise_to(first + len(holders) - 1)
            self._engine.put("credentials", ("idx", "holder"), list(zip(indices, holders, strict=True)))
        return indices

    def settle_highest(self) -> int:
        """The highest index that was ever given, as the file and the database know it; both know it then."""
        with self._engine.transaction():
            held, known = self._highest_held(), self._highest.read()
            if known is None:
                known = held + UNKNOWN if held else 0
            if known > held:
                self._engine.run(
                    "INSERT INTO given (name, highest) VALUES ('index', ?)"
                    " ON CONFLICT (name) DO UPDATE SET highest = excluded.highest",
                    (known,),
                )
            self._highest.raise_to(max(held, known))
        return max(held, known)

    def _highest_held(self) -> int:
        found = self._engine.one(
            "SELECT coalesce(max(highest), 0) FROM (SELECT max(idx) AS highest FROM credentials"
            " UNION ALL SELECT highest FROM given WHERE name = 'index') each"
        )
        return int(found[0]) if found else 0

    # Whether they count.

    def set_status(self, index: int, status: Status) -> bool:
        """Revoke, suspend or restore; False when there is no such credential."""
        return self._engine.run("UPDATE credentials SET status = ? WHERE idx = ?", (int(status), index)) == 1

    def statuses(self) -> tuple[dict[int, Status], int]:
        """The credentials that are not valid, and how long the list is."""
        rows = self._engine.all("SELECT idx, status FROM credentials WHERE status != 0")
        return {index: Status(status) for index, status in rows}, self.indices()

    def indices(self) -> int:
        """The length of a list with a place for each credential."""
        newest = self._engine.one("SELECT coalesce(max(idx), 0) FROM credentials")
        return (newest[0] if newest else 0) + 1

    # What is known of them.

    def put_facts(self, facts: Iterable[tuple[int, PassFacts]]) -> None:
        """What is known of these credentials from now on, by their indexes."""
        columns = ", ".join(COLUMNS)
        changed = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
        self._engine.run_each(
            f"INSERT INTO passes (idx, {columns}) VALUES (?, {', '.join('?' * len(COLUMNS))})"
            f" ON CONFLICT (idx) DO UPDATE SET {changed}",
            [(index, *(getattr(each, name) for name in PassFacts.__struct_fields__)) for index, each in facts],
        )

    def credentials(self, holder: str, scope: Scope = EVERYWHERE) -> list[Credential]:
        """Those of one holder, the newest last."""
        return self._found("WHERE holder = ?", (holder,), scope, "ORDER BY credentials.idx")

    def credential(self, index: int) -> Credential | None:
        """The one of that index."""
        return next(iter(self._found("WHERE credentials.idx = ?", (index,))), None)

    def credential_of_card(self, card: str) -> Credential | None:
        """The one on that card."""
        return next(iter(self._found("WHERE card = ? AND card != ''", (card,))), None) if card else None

    def find_credentials(self, words: str, scope: Scope = EVERYWHERE, most: int = 50) -> list[Credential]:
        """Those whose holder's pseudonym or card number begins so, in their order; without words the newest."""
        if not words:
            return self._found("WHERE credentials.idx > 0", (), scope, f"ORDER BY credentials.idx DESC LIMIT {most:d}")
        begins = (words, words + LAST)
        of_holder = f"ORDER BY holder, credentials.idx DESC LIMIT {most:d}"
        found = self._found("WHERE holder >= ? AND holder < ?", begins, scope, of_holder)
        found += self._found(
            "WHERE card >= ? AND card < ? AND card != ''", begins, scope, f"ORDER BY card LIMIT {most:d}"
        )
        return [*{each.index: each for each in found}.values()][:most]

    def ending(self, after: float, until: float, scope: Scope = EVERYWHERE) -> list[Credential]:
        """Those that count and end within that time, the first to end first."""
        counting = (int(Status.VALID), int(Status.SUSPENDED))
        where = "WHERE until > ? AND until <= ? AND status IN (?, ?)"
        return self._found(where, (after, until, *counting), scope, "ORDER BY until, credentials.idx")

    def replaced_since(self, since: float, scope: Scope = EVERYWHERE) -> list[tuple[str, float]]:
        """Of each card that was replaced since then the district, and when."""
        within, bounds = scope.within("district")
        rows = self._engine.all(
            f"SELECT district, changed FROM passes WHERE replaced_by != 0 AND changed >= ? AND {within}",
            (since, *bounds),
        )
        return [(district, changed) for district, changed in rows]

    def count_by_class(self) -> dict[int, int]:
        """How many credentials of each class count."""
        known: Counter[int] = Counter(dict(self._engine.all("SELECT class, count(*) FROM passes GROUP BY class")))
        all_of_them = self._engine.one("SELECT count(*) FROM credentials")
        known[PassClass.WORKER] += (all_of_them[0] if all_of_them else 0) - known.total()
        rows = self._engine.all(
            "SELECT coalesce(class, 0) AS kind, count(*) FROM credentials LEFT JOIN passes ON passes.idx = credentials.idx"
            " WHERE status != 0 GROUP BY kind"
        )
        return dict(+(known - Counter(dict(rows))))

    def list_credentials(self, sought: Sought, scope: Scope) -> list[Credential]:
        """In the order of their holders and numbers."""
        holder, number = sought.after
        first = max(sought.begins, holder)
        where = (
            f"WHERE holder >= ? AND holder < ? AND (holder > ? OR {NUMBER} > ?)"
            f" AND coalesce(class, 0) NOT IN ({PassClass.TECHNICIAN:d}, {PassClass.STEWARD:d})"
        )
        values: list[object] = [first, sought.begins + LAST, holder, number]
        if sought.state:
            where += f" AND {STATES[sought.state]}"
        if sought.ends_before is not None:
            where += " AND until > 0 AND until < ?"
            values.append(sought.ends_before)
        order = f"ORDER BY holder, credentials.idx LIMIT {sought.most + 1:d}"
        return self._found(where, tuple(values), scope, order)

    def credentials_of(self, holders: Iterable[str], scope: Scope = EVERYWHERE) -> dict[str, list[Credential]]:
        """Those of many holders, by holder."""
        found: dict[str, list[Credential]] = {}
        for each in self._among("holder", holders, scope):
            found.setdefault(each.holder, []).append(each)
        return found

    def on_cards(self, cards: Iterable[str]) -> dict[str, Credential]:
        """Those on these cards, by card."""
        return {each.facts.card: each for each in self._among("card", cards)}

    def _among(self, column: str, values: Iterable[str], scope: Scope = EVERYWHERE) -> Iterable[Credential]:
        left = iter(values)
        while some := [*islice(left, AT_ONCE)]:
            yield from self._found(
                f"WHERE {self._engine.words.among(column)} AND {column} != ''",
                (some,),
                scope,
                "ORDER BY credentials.idx",
            )

    def _found(
        self, where: str, values: tuple[object, ...], scope: Scope = EVERYWHERE, order: str = ""
    ) -> list[Credential]:
        within, bounds = scope.within("coalesce(district, '')")
        rows = self._engine.all(
            f"SELECT {CREDENTIAL} FROM credentials LEFT JOIN passes ON passes.idx = credentials.idx"
            f" {where} AND {within} {order}",
            (*values, *bounds),
        )
        return [
            Credential(
                index, holder, number, Status(status), PassFacts(*facts) if facts[0] is not None else PassFacts()
            )
            for index, holder, number, status, *facts in rows
        ]


COLUMNS: Final = ("card", "class", *PassFacts.__struct_fields__[2:])
NUMBER: Final = (
    "(SELECT count(*) FROM credentials older WHERE older.holder = credentials.holder AND older.idx <= credentials.idx)"
)
CREDENTIAL: Final = f"credentials.idx, holder, {NUMBER}, status, " + ", ".join(COLUMNS)
STATES: Final[dict[State, str]] = {
    "valid": f"status = {Status.VALID:d}",
    "suspended": f"status NOT IN ({Status.VALID:d}, {Status.REVOKED:d})",
    "revoked": f"status = {Status.REVOKED:d} AND coalesce(replaced_by, 0) = 0",
    "replaced": "coalesce(replaced_by, 0) != 0",
}
"""As :attr:`Credential.state` says it."""
