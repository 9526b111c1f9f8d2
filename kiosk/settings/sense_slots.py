"""What is well-formed in the tables of slots and lock boards but cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.language import _
from kiosk.settings import DoorTable, Settings
from kiosk.settings.boards import SAYS_WHICH, AnyBoard, LineBoardTable, LockBoardProtocol, ModbusBoardTable
from kiosk.settings.table import Path, Wrong, did_you_mean

OF_AN_ENTRANCE = ("exit", "hours", "holders", "programmes", "interlock")
"""What only a door has that people walk through, or whose passes open it."""


def check_slots(settings: Settings) -> Iterator[Wrong]:
    """Doors by what moves them; slots and boards that name what is not there, or contradict one another."""
    for name, table in settings.doors.items():
        yield from _check_lock(settings, ("doors", name), table)
        if table.slot is not None:
            yield from _check_slot(settings, ("doors", name), table)
    yield from _check_numbers(settings)
    yield from _check_lines(settings)
    for name, protocol in settings.protocols.items():
        if isinstance(protocol, LockBoardProtocol):
            yield from _check_frames(("protocols", name), protocol)


def _check_lock(settings: Settings, at: Path, table: DoorTable) -> Iterator[Wrong]:
    """A pin of our own or a place on a board; a door that people walk through has a pin, which needs no line to free it."""
    if table.board is None:
        if table.lock is None:
            yield (*at, "lock"), _("is missing")
        return
    if table.lock is not None:
        yield (*at, "board"), _("is in place of a lock: there is one")
    if table.slot is None:
        yield (*at, "board"), _("is for a slot: a door that people walk through needs a lock on a pin")
    if table.contact is not None:
        yield (*at, "contact"), _("the board has it")
    if any(getattr(table.lamps, lamp) is not None for lamp in table.lamps.__struct_fields__):
        yield (*at, "lamps"), _("a slot on a board has none")
    if table.board.name not in settings.boards:
        yield (*at, "board", "name"), _("no such board") + did_you_mean(table.board.name, settings.boards)


def _check_slot(settings: Settings, at: Path, table: DoorTable) -> Iterator[Wrong]:
    for key in OF_AN_ENTRANCE:
        if getattr(table, key):
            yield (*at, key), _("is for a door that people walk through: this is a slot")
    if table.board is None and table.contact is None:
        yield (*at, "contact"), _("is missing: only a slot's contact says that something was taken")
    slot = table.slot
    if slot is None:
        return
    if slot.sensor is not None and slot.sensor not in settings.sensors:
        yield (*at, "slot", "sensor"), _("no such sensor") + did_you_mean(slot.sensor, settings.sensors)
    if slot.keeps is not None and slot.sensor is None:
        yield (*at, "slot", "keeps"), _("needs a sensor")
    if slot.keeps is not None and slot.keeps[0] >= slot.keeps[1]:
        yield (*at, "slot", "keeps"), _("must be the lowest and the highest, e.g. [2.0, 8.0]")


def _check_numbers(settings: Settings) -> Iterator[Wrong]:
    """Two slots at one place: whoever is granted the one would be given the other."""
    first: dict[tuple[str, int], str] = {}
    for name, table in settings.doors.items():
        if table.board is None:
            continue
        user = first.setdefault((table.board.name, table.board.number), name)
        if user != name:
            number = table.board.number
            yield (
                ("doors", name, "board", "number"),
                _("{number} is already used by doors.{name}", number=number, name=user),
            )


def _check_lines(settings: Settings) -> Iterator[Wrong]:
    """A line of boards is theirs alone, so that nobody waits for a meter; it is spoken to in one way, each by its address."""
    others = dict(_other_ports(settings))
    ways: dict[str, tuple[str, tuple[object, ...]]] = {}
    places: dict[tuple[str, int], str] = {}
    for name, table in settings.boards.items():
        at = ("boards", name)
        if table.port in others:
            words = _("is already used by {user}: lock boards need a line of their own", user=others[table.port])
            yield (*at, "port"), words
        yield from _check_way(at, table, *ways.setdefault(table.port, (name, _way(table))))
        key, address = ("address", table.address) if isinstance(table, LineBoardTable) else ("device", table.device)
        first = places.setdefault((table.port, address), name)
        if first != name:
            yield (*at, key), _("{number} is already used by {name}", number=address, name=f"boards.{first}")
        yield from _check_protocol(settings, at, table)


def _other_ports(settings: Settings) -> Iterator[tuple[str, str]]:
    """The serial ports that others have, and who."""
    for group in ("sensors", "relays"):
        for name, table in getattr(settings, group).items():
            if hasattr(table, "port"):
                yield table.port, f"{group}.{name}"
    if settings.gps:
        yield settings.gps.port, "gps"


def _check_way(at: Path, table: AnyBoard, first: str, how: tuple[object, ...]) -> Iterator[Wrong]:
    if how != _way(table):
        here, there = (" ".join(map(str, each)) for each in (_way(table), how))
        words = _("is used as {here} here and as {there} by {name}", here=here, there=there, name=f"boards.{first}")
        yield (*at, "port"), words


def _way(table: AnyBoard) -> tuple[object, ...]:
    if isinstance(table, ModbusBoardTable):
        return (
            "modbus",
            table.baud,
            table.parity,
            table.stop_bits,
            f"timeout={table.timeout:g}",
            *(["echo"] if table.echo else []),
        )
    return (table.protocol, table.baud, f"timeout={table.timeout:g}")


def _check_protocol(settings: Settings, at: Path, table: AnyBoard) -> Iterator[Wrong]:
    if not isinstance(table, LineBoardTable):
        return
    if not isinstance(settings.protocols[table.protocol], LockBoardProtocol):
        yield (*at, "protocol"), _('must be of kind = "lock_board"')


def _check_frames(at: Path, protocol: LockBoardProtocol) -> Iterator[Wrong]:
    ask, answer = set(protocol.ask.split()), protocol.answer.split()
    told = [each for each in answer if each == "state" or each.startswith("bits")]
    if not SAYS_WHICH & set(protocol.open.split()):
        yield (*at, "open"), _("must say which slot: with `slot` or `both`")
    if len(told) != 1:
        yield (*at, "answer"), _("must have one of `state`, `bits1` to `bits8`")
    elif told == ["state"] and not SAYS_WHICH & ask:
        yield (*at, "ask"), _("must say which slot: with `slot` or `both`")
    for key in ("open", "ask"):
        if {"state", "any"} & set(getattr(protocol, key).split()) or "bits" in getattr(protocol, key):
            yield (*at, key), _("is what we send: `state`, `bits` and `any` are for answers")
